import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

import { METRICS } from '../../shared/domain/metrics.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { functionMetrics } from '../../shared/runtime/function-metrics.ts';
import { impatientClient } from '../../shared/runtime/impatient-client.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';
import { processBatch } from '../../shared/runtime/sqs-batch.ts';
import { createQuarantineStore } from '../../shared/store/quarantine-store.ts';
import { createTransactionStore } from '../../shared/store/transaction-store.ts';
import { applyDeferred, type ApplyDeferredPorts } from './apply-deferred.ts';
import { EnvironmentSchema } from './env.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
/** One event's read, write and quarantine, each hanging, take no longer than `EVENT_TIME_MS`. */
const IMPATIENT = impatientClient(1000);
const dynamodb = new DynamoDBClient(IMPATIENT);
const sqs = new SQSClient(IMPATIENT);
const metrics = functionMetrics(METRICS, process.env);

const ports: ApplyDeferredPorts = {
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
  hide: async (receiptHandle, seconds) => {
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: env.FALLBACK_QUEUE_URL,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }),
    );
  },
  maxReceives: env.MAX_RECEIVES,
  ...(env.LIVE_FROM === undefined ? {} : { liveFrom: env.LIVE_FROM }),
  metrics,
  now: () => new Date(),
};

/** Enough for the calls that one event needs, with the client's own retries. */
const EVENT_TIME_MS = 8000;

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(flushMetrics(metrics))
  .handler(({ Records: records }, context) =>
    processBatch({
      records,
      timeLeft: () => context.getRemainingTimeInMillis() > EVENT_TIME_MS,
      handle: async ({ body, receiptHandle, attributes }) => {
        const receives = Number(attributes.ApproximateReceiveCount);
        const outcome = await applyDeferred({ body, receiptHandle, receives }, ports);
        if (outcome === 'waiting') throw new RetryableError('The event waits on the queue');
      },
    }),
  );
