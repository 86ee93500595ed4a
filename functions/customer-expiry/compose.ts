import * as z from 'zod';

import { CUSTOMER_EXPIRY_KEY, ORDER_LEDGER_TABLE } from '../../shared/dynamodb/table.ts';
import { createPassStore, PASS_FIELDS } from '../../shared/dynamodb/weekly-pass.ts';
import type { OrderState } from '../../shared/orders/rules/order-ledger.ts';
import { scanOrdersThatAreOver, type LedgerPage } from '../../shared/orders/store/order-ledger-scan.ts';
import { writeOrder } from '../../shared/orders/store/order-ledger-store.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { EnvironmentSchema } from './env.ts';
import { expireCustomers, type ExpiryRun } from './expire-customers.ts';

/** A page is begun only while there is time for a thousand writes, in case every customer on it expires. */
const PAGE_TIME_MS = 120_000;

/**
 * Composes the scheduled function that erases the customers of old orders. It returns how far its run has
 * got.
 */
export function composeCustomerExpiry({
  env: variables,
  aws,
  metrics,
  now,
}: Runtime<'dynamodb'>): ComposedFunction<unknown, ExpiryRun> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const ledger = { client: aws.dynamodb(), table: env.ORDER_LEDGER_TABLE };
  const key = { [ORDER_LEDGER_TABLE.partitionKey]: { S: CUSTOMER_EXPIRY_KEY } };
  const ports = {
    passes: createPassStore({ ...ledger, key, schema: z.object(PASS_FIELDS) }),
    scanPage: (after: string | undefined): Promise<LedgerPage> => scanOrdersThatAreOver(ledger, after),
    write: async (state: OrderState, revision: number): Promise<boolean> =>
      (await writeOrder(ledger, state, revision)).ok,
    metrics,
    now,
  };
  return {
    handle: (_event, context) =>
      expireCustomers(env.CUSTOMER_DAYS, {
        ...ports,
        timeLeft: () => context.getRemainingTimeInMillis() > PAGE_TIME_MS,
      }),
  };
}
