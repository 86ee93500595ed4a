import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';

import { METRICS } from '../../shared/domain/metrics.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { functionMetrics } from '../../shared/runtime/function-metrics.ts';
import { deletePart, scanAll } from '../../shared/store/transaction-scan.ts';
import { createTransactionStore } from '../../shared/store/transaction-store.ts';
import { EnvironmentSchema } from './env.ts';
import { scanTransactions, type WeeklyScan } from './scan-transactions.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
const metrics = functionMetrics(METRICS, process.env);
const table = { client: new DynamoDBClient(), table: env.TRANSACTIONS_TABLE };
// What is written here has no shopper any more, so there is nothing to put into the index.
const transactions = createTransactionStore({ ...table, shopperField: 'none' });

export const handler = middy<unknown, WeeklyScan>()
  .use(flushMetrics(metrics))
  .handler(() =>
    scanTransactions(
      { personalDataDays: env.PERSONAL_DATA_DAYS, stalePendingDays: env.STALE_PENDING_DAYS },
      {
        all: scanAll(table),
        transactions,
        deletePart: (partKey) => deletePart(table, partKey),
        metrics,
        now: () => new Date(),
      },
    ),
  );
