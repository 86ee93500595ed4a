import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

import { apiKeyProblem, parseApiKey } from '../../shared/button/api-key.ts';
import { createButtonHttp } from '../../shared/button/button-http.ts';
import { createTransactionsApi } from '../../shared/button/transactions-api.ts';
import { readStreamWakeUp } from '../../shared/domain/wake-up.ts';
import { METRICS } from '../../shared/domain/metrics.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { functionMetrics } from '../../shared/runtime/function-metrics.ts';
import { log } from '../../shared/runtime/logger.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { processBatch } from '../../shared/runtime/sqs-batch.ts';
import { createPositionStore } from '../../shared/store/position-store.ts';
import { createQuarantineStore } from '../../shared/store/quarantine-store.ts';
import { createTransactionStore } from '../../shared/store/transaction-store.ts';
import { EnvironmentSchema } from './env.ts';
import { reconcile, type ReconcilePorts } from './reconcile.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
const dynamodb = new DynamoDBClient();
const metrics = functionMetrics(METRICS, process.env);
const apiKey = cachedSecret({
  client: new SecretsManagerClient(),
  secretId: env.API_KEY_SECRET_ID,
  parse: parseApiKey,
});

/** A page is begun only while there is time for the call, its writes and the position. */
const PAGE_TIME_MS = env.BUTTON_TIMEOUT_MS + 10_000;

const lasting = {
  positions: createPositionStore({ client: dynamodb, table: env.POSITIONS_TABLE }),
  transactions: createTransactionStore({
    client: dynamodb,
    table: env.TRANSACTIONS_TABLE,
    shopperField: env.SHOPPER_FIELD,
  }),
  quarantine: createQuarantineStore({
    client: dynamodb,
    table: env.QUARANTINE_TABLE,
    retentionDays: env.QUARANTINE_RETENTION_DAYS,
  }),
  send: createFifoSender({ client: new SQSClient(), queueUrl: env.WAKE_UP_QUEUE_URL }),
  metrics,
  windows: { overlapMs: env.OVERLAP_SECONDS * 1000, lagMs: env.LAG_SECONDS * 1000 },
  pageSize: env.PAGE_SIZE,
  driftRetentionDays: env.DRIFT_RETENTION_DAYS,
  ...(env.LIVE_FROM === undefined ? {} : { liveFrom: env.LIVE_FROM }),
  now: () => new Date(),
} satisfies Partial<ReconcilePorts>;

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(flushMetrics(metrics))
  .handler(async ({ Records: records }, context) => {
    const http = createButtonHttp({ baseUrl: env.BUTTON_API_URL, timeoutMs: env.BUTTON_TIMEOUT_MS });
    const key = await apiKey.read();
    const sliceEndsAt = Date.now() + env.SLICE_SECONDS * 1000;
    const timeLeft = (): boolean =>
      Date.now() < sliceEndsAt && context.getRemainingTimeInMillis() > PAGE_TIME_MS;
    const ports: ReconcilePorts = {
      ...lasting,
      api: key.status === 'set' ? createTransactionsApi(http, key.value) : apiKeyProblem(key),
      timeLeft,
    };
    try {
      return await processBatch({
        records,
        timeLeft,
        handle: async ({ body }) => {
          const wakeUp = readStreamWakeUp(body);
          const result = await reconcile(wakeUp, ports);
          log.info('stream_reconciled', { ...wakeUp, ...result });
        },
      });
    } finally {
      http.close();
    }
  });
