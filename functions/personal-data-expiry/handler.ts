import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';

import { METRICS } from '../../shared/domain/metrics.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { functionMetrics } from '../../shared/runtime/function-metrics.ts';
import { createExpiryPassStore } from '../../shared/store/expiry-pass-store.ts';
import { deletePart, readOwner, scanPage } from '../../shared/store/transaction-scan.ts';
import { createTransactionStore } from '../../shared/store/transaction-store.ts';
import { EnvironmentSchema } from './env.ts';
import { scanTransactions, type ScanRun } from './scan-transactions.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
const metrics = functionMetrics(METRICS, process.env);
const client = new DynamoDBClient();
const table = { client, table: env.TRANSACTIONS_TABLE };
const passes = createExpiryPassStore({ client, table: env.POSITIONS_TABLE });
// What is written here has no shopper any more, so there is nothing to put into the index.
const transactions = createTransactionStore({ ...table, shopperField: 'none' });

/** A page is begun only while there is time for its thousand writes, should everything on it expire. */
const PAGE_TIME_MS = 120_000;

export const handler = middy<unknown, ScanRun>()
  .use(flushMetrics(metrics))
  .handler((_event, context) =>
    scanTransactions(
      { personalDataDays: env.PERSONAL_DATA_DAYS, stalePendingDays: env.STALE_PENDING_DAYS },
      {
        passes,
        scanPage: (after) => scanPage(table, after),
        timeLeft: () => context.getRemainingTimeInMillis() > PAGE_TIME_MS,
        transactions,
        readOwner: (key) => readOwner(table, key),
        deletePart: (partKey) => deletePart(table, partKey),
        metrics,
        now: () => new Date(),
      },
    ),
  );
