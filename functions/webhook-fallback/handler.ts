import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

import { METRICS, METRICS_NAMESPACE } from '../../shared/domain/metrics.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { createMetrics } from '../../shared/runtime/metrics.ts';
import { processBatch } from '../../shared/runtime/sqs-batch.ts';
import { applyWebhook, type ApplyWebhookPorts } from '../../shared/ingest/apply-webhook.ts';
import { readFallbackMessage } from '../../shared/ingest/fallback-event.ts';
import { createQuarantineStore } from '../../shared/store/quarantine-store.ts';
import { createTransactionStore } from '../../shared/store/transaction-store.ts';
import { EnvironmentSchema } from './env.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
const dynamodb = new DynamoDBClient();
const metrics = createMetrics({ namespace: METRICS_NAMESPACE, definitions: METRICS });

const ports: ApplyWebhookPorts = {
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
  now: () => new Date(),
};

/** Enough for one event's read and write, with the client's own retries. */
const EVENT_TIME_MS = 5000;

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(flushMetrics(metrics))
  .handler(({ Records: records }, context) =>
    processBatch({
      records,
      timeLeft: () => context.getRemainingTimeInMillis() > EVENT_TIME_MS,
      handle: async ({ body }) => {
        await applyWebhook(readFallbackMessage(body), ports);
        metrics.add({ name: 'DeferredWebhooksApplied', value: 1 });
      },
    }),
  );
