import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

import type { ConflictNote } from '../../shared/reconciliation/rules/conflict-note.ts';
import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';
import { shortTimeouts } from '../../shared/runtime/short-timeouts.ts';
import { processBatch } from '../../shared/runtime/sqs-batch.ts';
import { cachedCutOver } from '../../shared/reconciliation/store/cut-over.ts';
import { leaveConflictNotes } from '../../shared/reconciliation/store/conflict-note-store.ts';
import { listErasureNotes } from '../../shared/transactions/store/erasure-note-store.ts';
import { createQuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import { cachedFinalizationWindows } from '../../shared/transactions/store/cached-finalization-windows.ts';
import { createCheckoutStore } from '../../shared/transactions/store/checkout-store.ts';
import { createTransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import { applyDeferred, type ApplyDeferredPorts } from './apply-deferred.ts';
import { EnvironmentSchema } from './env.ts';

/** One webhook's read, write and quarantine take no longer than `EVENT_TIME_MS`, even if each hangs. */
const SHORT_TIMEOUTS = shortTimeouts(1000);
/** Enough for the calls of one webhook, with the client's own retries. */
const EVENT_TIME_MS = 8000;

/** Composes the function that applies the webhooks on the queue of deferred webhooks. */
export function composeDeferredWebhooks({
  env: variables,
  aws,
  metrics,
  now,
}: Runtime<'dynamodb' | 'sqs'>): ComposedFunction<SQSEvent, SQSBatchResponse> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const dynamodb = aws.dynamodb(SHORT_TIMEOUTS);
  const sqs = aws.sqs(SHORT_TIMEOUTS);
  const positions = { client: dynamodb, table: env.POSITIONS_TABLE };
  const ports: ApplyDeferredPorts = {
    transactions: createTransactionStore({
      client: dynamodb,
      table: env.TRANSACTIONS_TABLE,
      shopperField: env.SHOPPER_FIELD,
    }),
    finalizationMinutes: cachedFinalizationWindows(positions, now).minutes,
    checkouts: createCheckoutStore({ client: dynamodb, table: env.TRANSACTIONS_TABLE }),
    rewardableCategories: env.REWARDABLE_CATEGORIES,
    noteConflicts: (notes: readonly ConflictNote[]) => leaveConflictNotes(positions, notes),
    quarantine: createQuarantineStore({
      client: dynamodb,
      table: env.QUARANTINE_TABLE,
      retentionDays: env.QUARANTINE_RETENTION_DAYS,
    }),
    hide: async (receiptHandle, seconds) => {
      await sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: env.DEFERRED_WEBHOOKS_QUEUE_URL,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    },
    maxReceives: env.MAX_RECEIVES,
    erasures: () => listErasureNotes(positions, now()),
    cutOver: cachedCutOver(env.LIVE_FROM, positions).at,
    metrics,
    now,
  };
  return {
    handle: ({ Records: records }, context) =>
      processBatch({
        records,
        timeLeft: () => context.getRemainingTimeInMillis() > EVENT_TIME_MS,
        handle: async ({ body, receiptHandle, attributes }) => {
          const receives = Number(attributes.ApproximateReceiveCount);
          const outcome = await applyDeferred({ body, receiptHandle, receives }, ports);
          if (outcome === 'waiting') throw new RetryableError('It waits on the queue');
        },
      }),
  };
}
