import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';

import { apiKeyProblem, parseApiKey } from '../../shared/button/api-key.ts';
import { createButtonHttp } from '../../shared/button/button-http.ts';
import { createOrderApi } from '../../shared/button/order-api.ts';
import { REPLAY_ATTRIBUTE } from '../../shared/ingest/replay-order-message.ts';
import { METRICS } from '../../shared/domain/metrics.ts';
import { parseOrderEvent } from '../../shared/domain/order-event.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { functionMetrics } from '../../shared/runtime/function-metrics.ts';
import { createPrime } from '../../shared/runtime/prime.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { processBatch } from '../../shared/runtime/sqs-batch.ts';
import { createBreakerStore } from '../../shared/store/breaker-store.ts';
import { createOrderReportStore } from '../../shared/store/order-report-store.ts';
import { createQuarantineStore } from '../../shared/store/quarantine-store.ts';
import { ORDER_REPORTS_TABLE } from '../../shared/store/table.ts';
import { createBreakerWatch } from './breaker-watch.ts';
import { EnvironmentSchema } from './env.ts';
import { reportOrder, type OrderMessage, type ReportOrderPorts } from './report-order.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
const dynamodb = new DynamoDBClient();
const metrics = functionMetrics(METRICS, process.env);
const now = (): Date => new Date();
const ofBrand = { client: dynamodb, table: env.ORDER_REPORTS_TABLE, brand: env.BRAND_ID };
const apiKey = cachedSecret({
  client: new SecretsManagerClient(),
  secretId: env.API_KEY_SECRET_ID,
  parse: parseApiKey,
});

/** A claim outlives the invocation that made it by so much: nothing that a dying run has sent may still be under way unclaimed. */
const LEASE_MARGIN_MS = 5000;
/**
 * One order takes two calls to Button that last, and some time for the ledger. A third call follows quick answers only; should time run
 * out in it nevertheless, the claim is found standing.
 */
const ORDER_TIME_MS = 2 * env.BUTTON_TIMEOUT_MS + 2000;

const lasting = {
  brand: env.BRAND_ID,
  settings: {
    orderBy: env.ORDER_BY,
    testTokens: env.TEST_TOKENS,
    allowFinalizationDate: env.ALLOW_FINALIZATION_DATE,
  },
  policy: {
    quietTimeMs: env.QUIET_TIME_SECONDS * 1000,
    retryBaseMs: env.RETRY_BASE_SECONDS * 1000,
    retryMaxMs: env.RETRY_MAX_SECONDS * 1000,
    jitter: Math.random,
  },
  ledger: createOrderReportStore(ofBrand),
  breaker: createBreakerWatch({ store: createBreakerStore(ofBrand), now }),
  ...(env.VERIFY_BEFORE === undefined ? {} : { verifyBefore: env.VERIFY_BEFORE }),
  quarantine: createQuarantineStore({
    client: dynamodb,
    table: env.QUARANTINE_TABLE,
    retentionDays: env.QUARANTINE_RETENTION_DAYS,
  }),
  metrics,
  now,
} satisfies Partial<ReportOrderPorts>;

export const prime = createPrime({
  client: dynamodb,
  table: env.ORDER_REPORTS_TABLE,
  // The brand's own keys go on with "order#" or "breaker"; others the function may not read.
  absentKey: { [ORDER_REPORTS_TABLE.partitionKey]: { S: `${env.BRAND_ID}#prime` } },
  secret: apiKey,
  rehearse: () => {
    parseOrderEvent('{}', lasting.settings);
  },
});

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(flushMetrics(metrics))
  .handler(async ({ Records: records }, context) => {
    const http = createButtonHttp({ baseUrl: env.BUTTON_API_URL, timeoutMs: env.BUTTON_TIMEOUT_MS });
    const key = await apiKey.read();
    const ports: ReportOrderPorts = {
      ...lasting,
      orderApi: key.status === 'set' ? createOrderApi(http, key.value) : apiKeyProblem(key),
      claimant: () => ({
        owner: context.awsRequestId,
        leaseMs: context.getRemainingTimeInMillis() + LEASE_MARGIN_MS,
      }),
    };
    try {
      return await processBatch({
        records,
        timeLeft: () => context.getRemainingTimeInMillis() > ORDER_TIME_MS,
        handle: async (record) => {
          await reportOrder(toOrderMessage(record), ports);
        },
      });
    } finally {
      http.close();
    }
  });

function toOrderMessage({ messageId, body, attributes, messageAttributes }: SQSRecord): OrderMessage {
  return {
    messageId,
    body,
    sentAt: new Date(Number(attributes.SentTimestamp)),
    isReplay: REPLAY_ATTRIBUTE in messageAttributes,
  };
}
