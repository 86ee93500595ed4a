import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { createExpiryPassStore } from '../../shared/transactions/store/expiry-pass-store.ts';
import { readFinalizationWindows } from '../../shared/transactions/store/finalization-windows.ts';
import { deletePart, readOwner, scanPage } from '../../shared/transactions/store/transaction-scan.ts';
import { createTransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import { EnvironmentSchema } from './env.ts';
import { scanTransactions, type ScanRun } from './scan-transactions.ts';

/** A page is begun only while there is time for a thousand writes, in case everything on it expires. */
const PAGE_TIME_MS = 120_000;

/** Composes the scheduled function that erases old personal data. It returns how far its run has got. */
export function composePersonalDataExpiry({
  env: variables,
  aws,
  metrics,
  now,
}: Runtime<'dynamodb'>): ComposedFunction<unknown, ScanRun> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const client = aws.dynamodb();
  const table = { client, table: env.TRANSACTIONS_TABLE };
  const ports = {
    passes: createExpiryPassStore({ client, table: env.POSITIONS_TABLE }),
    windows: async () =>
      (await readFinalizationWindows({ client, table: env.POSITIONS_TABLE }))?.minutes ??
      new Map<string, number>(),
    scanPage: (after: Parameters<typeof scanPage>[1]) => scanPage(table, after),
    // The items written here have no shopper any more, so nothing goes into the index.
    transactions: createTransactionStore({ ...table, shopperField: 'none' }),
    readOwner: (key: string) => readOwner(table, key),
    deletePart: (part: Parameters<typeof deletePart>[1]) => deletePart(table, part),
    metrics,
    now,
  };
  const limits = {
    personalDataDays: env.PERSONAL_DATA_DAYS,
    finalizationDays: env.FINALIZATION_DAYS,
    graceDays: env.OVERDUE_GRACE_DAYS,
  };
  return {
    handle: (_event, context) =>
      scanTransactions(limits, {
        ...ports,
        timeLeft: () => context.getRemainingTimeInMillis() > PAGE_TIME_MS,
      }),
  };
}
