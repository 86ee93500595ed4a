import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

import { checkSignature } from '../../shared/button/signature.ts';
import { readWebhook } from '../../shared/button/transaction-wire.ts';
import { parseWebhookSecrets } from '../../shared/button/webhook-secrets.ts';
import { METRICS } from '../../shared/domain/metrics.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { functionMetrics } from '../../shared/runtime/function-metrics.ts';
import { impatientClient } from '../../shared/runtime/impatient-client.ts';
import { createPrime } from '../../shared/runtime/prime.ts';
import { createSampler } from '../../shared/runtime/sampler.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { fallbackMessage } from '../../shared/ingest/fallback-event.ts';
import { createQuarantineStore } from '../../shared/store/quarantine-store.ts';
import { TRANSACTIONS_TABLE } from '../../shared/store/table.ts';
import { createTransactionStore } from '../../shared/store/transaction-store.ts';
import { EnvironmentSchema } from './env.ts';
import { receiveEvent, type ReceiveEventPorts } from './receive-event.ts';
import { STATUS_OF_OUTCOME } from './status-of-outcome.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
/** The secrets, the table, the queue and quarantine, each hanging: even then there is an answer within the function's ten seconds. */
const IMPATIENT = impatientClient(1000);
const dynamodb = new DynamoDBClient(IMPATIENT);
const sqs = new SQSClient(IMPATIENT);
const metrics = functionMetrics(METRICS, process.env);

/** At most one line and one metric about forgeries in so many milliseconds, for each instance of the function. */
const FORGERY_INTERVAL_MS = 10_000;

const ports: ReceiveEventPorts = {
  secrets: cachedSecret({
    client: new SecretsManagerClient(IMPATIENT),
    secretId: env.WEBHOOK_SECRETS_ID,
    parse: parseWebhookSecrets,
  }),
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
  defer: async (event) => {
    await sqs.send(
      new SendMessageCommand({ QueueUrl: env.FALLBACK_QUEUE_URL, MessageBody: fallbackMessage(event) }),
    );
  },
  forgeries: createSampler(FORGERY_INTERVAL_MS),
  ...(env.LIVE_FROM === undefined ? {} : { liveFrom: env.LIVE_FROM }),
  metrics,
  now: () => new Date(),
};

const SAMPLE_WEBHOOK = Buffer.from(
  '{"id":"hook-0","event_type":"tx-pending","data":{"id":"tx-0","status":"pending","category":"new-user-order",' +
    '"created_date":"2024-01-01T00:00:00Z","modified_date":"2024-01-01T00:00:00Z"}}',
);

export const prime = createPrime({
  client: dynamodb,
  table: env.TRANSACTIONS_TABLE,
  // Keys of transactions begin with "order#" or "tx#".
  absentKey: { [TRANSACTIONS_TABLE.partitionKey]: { S: 'prime' } },
  secret: ports.secrets,
  rehearse: () => {
    checkSignature(SAMPLE_WEBHOOK, '0'.repeat(64), [{ name: 'sample', secret: 'sample' }]);
    readWebhook(SAMPLE_WEBHOOK);
  },
});

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
  .use(flushMetrics(metrics))
  .handler(async ({ body = '', headers, isBase64Encoded }) => {
    const outcome = await receiveEvent(
      {
        body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
        signature: headers['x-button-signature'],
      },
      ports,
    );
    return {
      statusCode: STATUS_OF_OUTCOME[outcome],
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ outcome: outcome === 'not-configured' ? 'NOT_CONFIGURED' : outcome }),
    };
  });
