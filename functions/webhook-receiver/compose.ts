import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as z from 'zod';

import { checkSignature, readWebhook, type WebhookSecret } from '@button-serverless/validation/webhooks';
import {
  parseWebhookSecrets,
  webhookSecretProblems,
  withLastValidSecrets,
} from '../../shared/button/webhook-secrets.ts';
import { deferredMessage } from '../../shared/transactions/deferred-webhook.ts';
import type { ConflictNote } from '../../shared/reconciliation/rules/conflict-note.ts';
import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { shortTimeouts } from '../../shared/runtime/short-timeouts.ts';
import { createPrime } from '../../shared/runtime/prime.ts';
import { createSampler } from '../../shared/runtime/sampler.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { cachedCutOver } from '../../shared/reconciliation/store/cut-over.ts';
import { leaveConflictNotes } from '../../shared/reconciliation/store/conflict-note-store.ts';
import { createQuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import type { DynamoDB } from '../../shared/dynamodb/table-access.ts';
import { cachedFinalizationWindows } from '../../shared/transactions/store/cached-finalization-windows.ts';
import { createCheckoutStore } from '../../shared/transactions/store/checkout-store.ts';
import { createTransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import { EnvironmentSchema } from './env.ts';
import { receiveEvent, type ReceiveEventPorts } from './receive-event.ts';
import { toResponse } from './to-response.ts';

/**
 * Time limits for the secrets, the table, the queue and quarantine. Even if each hangs, there is a response
 * within the function's ten seconds.
 */
const SHORT_TIMEOUTS = shortTimeouts(1000);
/**
 * Each instance of the function writes at most one line and one metric about forgeries in this number of
 * milliseconds.
 */
const FORGERY_INTERVAL_MS = 10_000;

const SAMPLE_WEBHOOK = Buffer.from(
  '{"id":"hook-0","event_type":"tx-pending","data":{"id":"tx-0","status":"pending","category":"new-user-order",' +
    '"created_date":"2024-01-01T00:00:00Z","modified_date":"2024-01-01T00:00:00Z"}}',
);

type ReceiverRuntime = Runtime<'dynamodb' | 'secretsManager' | 'sqs'>;

/** Composes the function behind the webhook URL. It answers the requests that the HTTP API passes on. */
export function composeWebhookReceiver(
  runtime: ReceiverRuntime,
): ComposedFunction<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> {
  const env = parseEnvironment(EnvironmentSchema, runtime.env);
  const dynamodb = runtime.aws.dynamodb(SHORT_TIMEOUTS);
  const positions = { client: dynamodb, table: env.POSITIONS_TABLE };
  const cutOver = cachedCutOver(env.LIVE_FROM, positions);
  const windows = cachedFinalizationWindows(positions, runtime.now);
  const ports = {
    ...composePorts(env, dynamodb, runtime),
    cutOver: cutOver.at,
    finalizationMinutes: windows.minutes,
  };
  return {
    handle: async ({ body = '', headers, isBase64Encoded }) =>
      toResponse(
        await receiveEvent(
          {
            body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
            signature: headers['x-button-signature'],
          },
          ports,
        ),
      ),
    prime: createPrime({
      // What the first webhook would have to read; one after the other, on one connection.
      readTables: async (signal) => {
        await cutOver.readAhead(signal);
        await windows.readAhead(signal);
      },
      secret: ports.secrets,
      rehearse: () => {
        checkSignature(SAMPLE_WEBHOOK, '0'.repeat(64), [{ name: 'sample', secret: 'sample' }]);
        readWebhook(SAMPLE_WEBHOOK);
      },
    }),
  };
}

function composePorts(
  env: z.infer<typeof EnvironmentSchema>,
  dynamodb: DynamoDB,
  { aws, metrics, now }: ReceiverRuntime,
): Omit<ReceiveEventPorts, 'cutOver' | 'finalizationMinutes'> {
  const nowMs = (): number => now().getTime();
  // Made with the first webhook that is deferred: most instances never defer one.
  let sqs: ReturnType<typeof aws.sqs> | undefined;
  return {
    secrets: cachedSecret<readonly WebhookSecret[]>({
      client: aws.secretsManager(SHORT_TIMEOUTS),
      secretId: env.WEBHOOK_SECRETS_ID,
      parse: parseWebhookSecrets,
      findProblems: webhookSecretProblems,
      withLastValid: withLastValidSecrets,
      onProblem: () => {
        metrics.add({ name: 'MalformedWebhookSecrets', value: 1 });
      },
      now: nowMs,
    }),
    transactions: createTransactionStore({
      client: dynamodb,
      table: env.TRANSACTIONS_TABLE,
      shopperField: env.SHOPPER_FIELD,
    }),
    checkouts: createCheckoutStore({ client: dynamodb, table: env.TRANSACTIONS_TABLE }),
    rewardableCategories: env.REWARDABLE_CATEGORIES,
    noteConflicts: (notes: readonly ConflictNote[]) =>
      leaveConflictNotes({ client: dynamodb, table: env.POSITIONS_TABLE }, notes),
    quarantine: createQuarantineStore({
      client: dynamodb,
      table: env.QUARANTINE_TABLE,
      retentionDays: env.QUARANTINE_RETENTION_DAYS,
    }),
    defer: async (event) => {
      sqs ??= aws.sqs(SHORT_TIMEOUTS);
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: env.DEFERRED_WEBHOOKS_QUEUE_URL,
          MessageBody: deferredMessage(event),
        }),
      );
    },
    forgeries: createSampler(FORGERY_INTERVAL_MS, nowMs),
    metrics,
    now,
  };
}
