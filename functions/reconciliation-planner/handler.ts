import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';

import { apiKeyProblem, parseApiKey } from '../../shared/button/api-key.ts';
import { createButtonHttp } from '../../shared/button/button-http.ts';
import { createTransactionsApi } from '../../shared/button/transactions-api.ts';
import { METRICS } from '../../shared/domain/metrics.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { functionMetrics } from '../../shared/runtime/function-metrics.ts';
import { log } from '../../shared/runtime/logger.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { createPositionStore } from '../../shared/store/position-store.ts';
import { EnvironmentSchema } from './env.ts';
import { planReconciliation, type PlanOutcome } from './plan-reconciliation.ts';
import { streamsOf } from './tick.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
const metrics = functionMetrics(METRICS, process.env);
const apiKey = cachedSecret({
  client: new SecretsManagerClient(),
  secretId: env.API_KEY_SECRET_ID,
  parse: parseApiKey,
});
const positions = createPositionStore({ client: new DynamoDBClient(), table: env.POSITIONS_TABLE });
const send = createFifoSender({ client: new SQSClient(), queueUrl: env.WAKE_UP_QUEUE_URL });

export const handler = middy<unknown, PlanOutcome>()
  .use(flushMetrics(metrics))
  .handler(async (event, context) => {
    const http = createButtonHttp({ baseUrl: env.BUTTON_API_URL, timeoutMs: env.BUTTON_TIMEOUT_MS });
    const key = await apiKey.read();
    try {
      const plan = await planReconciliation({
        api: key.status === 'set' ? createTransactionsApi(http, key.value) : apiKeyProblem(key),
        positions,
        send,
        metrics,
        firstRead: env.FIRST_READ,
        readFrom: env.READ_FROM,
        streams: streamsOf(event),
        sweepDays: env.SWEEP_DAYS,
        now: () => new Date(),
        // Lambda's own retries of a tick keep the request id.
        tickId: context.awsRequestId,
      });
      log.info('reconciliation_planned', plan);
      return plan;
    } finally {
      http.close();
    }
  });
