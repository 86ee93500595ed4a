import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

import { parseApiKey } from '../../shared/button/api-key.ts';
import type { ButtonHttp, OpenButtonHttp } from '../../shared/button/button-http.ts';
import { withKeyWait } from '../../shared/button/key-wait.ts';
import { createTransactionsApi } from '../../shared/button/transactions-api.ts';
import { withButton } from '../../shared/button/with-button.ts';
import { readReadMessage } from '../../shared/reconciliation/rules/read-message.ts';
import type { ConflictNote } from '../../shared/reconciliation/rules/conflict-note.ts';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { log } from '../../shared/runtime/logger.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { processBatch } from '../../shared/runtime/sqs-batch.ts';
import { createKeyWaitStore, createListWaitStore } from '../../shared/reconciliation/store/key-wait-store.ts';
import { createPositionStore } from '../../shared/reconciliation/store/position-store.ts';
import { leaveConflictNotes } from '../../shared/reconciliation/store/conflict-note-store.ts';
import { createQuarantineStore, type QuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import { cachedFinalizationWindows } from '../../shared/transactions/store/cached-finalization-windows.ts';
import { createTransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import { EnvironmentSchema } from './env.ts';
import { reconcile } from '../../shared/reconciliation/reconcile.ts';

/**
 * A page is begun only while there is time for its call to Button, and this much time for its writes and the
 * position.
 */
const WRITE_TIME_MS = 10_000;

/** Composes the function that reads transactions from Button, one read message of a stream at a time. */
export function composeTransactionReconciler({
  env: variables,
  aws,
  openButton,
  metrics,
  now,
}: Runtime<'dynamodb' | 'secretsManager' | 'sqs'> & { openButton: OpenButtonHttp }): ComposedFunction<
  SQSEvent,
  SQSBatchResponse
> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const nowMs = (): number => now().getTime();
  const dynamodb = aws.dynamodb();
  const positions = { client: dynamodb, table: env.POSITIONS_TABLE };
  const waits = { wait: createKeyWaitStore(positions), listWait: createListWaitStore(positions) };
  const button = {
    openHttp: () => openButton({ baseUrl: env.BUTTON_API_URL, timeoutMs: env.BUTTON_TIMEOUT_MS }),
    apiKey: cachedSecret({
      client: aws.secretsManager(),
      secretId: env.API_KEY_SECRET_ID,
      parse: parseApiKey,
      now: nowMs,
    }),
    createApi: (http: ButtonHttp, apiKey: string) =>
      withKeyWait(createTransactionsApi(http, apiKey), { ...waits, now }),
  };
  const ports = {
    positions: createPositionStore(positions),
    transactions: createTransactionStore({
      client: dynamodb,
      table: env.TRANSACTIONS_TABLE,
      shopperField: env.SHOPPER_FIELD,
    }),
    finalizationMinutes: cachedFinalizationWindows(positions, now).minutes,
    rewardableCategories: env.REWARDABLE_CATEGORIES,
    noteConflicts: (notes: readonly ConflictNote[]) => leaveConflictNotes(positions, notes),
    quarantine: createQuarantineStore({
      client: dynamodb,
      table: env.QUARANTINE_TABLE,
      retentionDays: env.QUARANTINE_RETENTION_DAYS,
    }),
    send: createFifoSender({ client: aws.sqs(), queueUrl: env.READ_QUEUE_URL }),
    metrics,
    windows: { overlapMs: env.OVERLAP_SECONDS * 1000, lagMs: env.LAG_SECONDS * 1000 },
    pageSize: env.PAGE_SIZE,
    driftRetentionDays: env.DRIFT_RETENTION_DAYS,
    ...(env.LIVE_FROM === undefined ? {} : { liveFrom: env.LIVE_FROM }),
    now,
  };
  const pageTimeMs = env.BUTTON_TIMEOUT_MS + WRITE_TIME_MS;
  return {
    handle: ({ Records: records }, context) =>
      withButton(button, (api) => {
        const sliceEndsAtMs = nowMs() + env.SLICE_SECONDS * 1000;
        const timeLeft = (): boolean =>
          nowMs() < sliceEndsAtMs && context.getRemainingTimeInMillis() > pageTimeMs;
        return processBatch({
          records,
          timeLeft,
          handle: async ({ body, messageId }) => {
            const toRead = readReadMessage(body);
            if (!toRead) return quarantineMessage({ body, messageId }, ports);
            const result = await reconcile(toRead, { ...ports, api, timeLeft });
            log.info('stream_reconciled', { ...toRead, ...result });
          },
        });
      }),
  };
}

/** A message that is not a read message would block its message group, and would never become one. */
async function quarantineMessage(
  { body, messageId }: { body: string; messageId: string },
  { quarantine, metrics, now }: { quarantine: QuarantineStore; metrics: Metrics; now: () => Date },
): Promise<void> {
  await quarantine.put({
    kind: 'read-message',
    id: messageId,
    bytes: body,
    reasons: [
      { code: 'no_read_message', problem: 'This is no read message: only this system may send them' },
    ],
    refusedAt: now().toISOString(),
    origin: `sqs:${messageId}`,
  });
  log.error('read_message_unreadable', { messageId });
  metrics.add({ name: 'UnreadableReadMessages', value: 1 });
}
