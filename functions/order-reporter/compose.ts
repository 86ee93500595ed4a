import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type * as z from 'zod';

import { parseApiKey } from '../../shared/button/api-key.ts';
import type { OpenButtonHttp } from '../../shared/button/button-http.ts';
import { createOrderApi } from '../../shared/button/order-api.ts';
import { keepOpen, withButton } from '../../shared/button/with-button.ts';
import { parseOrderEvent } from '@button-serverless/validation/orders';
import { REPLAY_ATTRIBUTE } from '../../shared/orders/replay-order-message.ts';
import type { AwsClients, ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { createPrime } from '../../shared/runtime/prime.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { processBatch } from '../../shared/runtime/sqs-batch.ts';
import { createBreakerStore } from '../../shared/orders/store/breaker-store.ts';
import { createOrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import { createQuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import { ORDER_LEDGER_TABLE } from '../../shared/dynamodb/table.ts';
import { reportUnreadable } from '../../shared/dynamodb/unreadable-item.ts';
import { createBreakerWatch } from './breaker-watch.ts';
import { EnvironmentSchema } from './env.ts';
import { reportOrder, type OrderMessage, type ReportOrderPorts } from './report-order.ts';

/**
 * A claim outlives its invocation by this time: nothing that a dying run has sent may still be in progress
 * without a claim.
 */
const LEASE_MARGIN_MS = 5000;
/** Besides its calls to Button, one order takes some time for the ledger. */
const LEDGER_TIME_MS = 2000;

/** What the order reporter is composed from. */
export type OrderReporterRuntime = Runtime<'dynamodb' | 'secretsManager'> & { openButton: OpenButtonHttp };

/** Composes the function that works on a brand's order queue. */
export function composeOrderReporter(
  runtime: OrderReporterRuntime,
): ComposedFunction<SQSEvent, SQSBatchResponse> {
  const env = parseEnvironment(EnvironmentSchema, runtime.env);
  const dynamodb = runtime.aws.dynamodb();
  const apiKey = cachedSecret({
    client: runtime.aws.secretsManager(),
    secretId: env.API_KEY_SECRET_ID,
    parse: parseApiKey,
    now: () => runtime.now().getTime(),
  });
  const ports = composePorts(env, runtime, dynamodb);
  const http = runtime.openButton({ baseUrl: env.BUTTON_API_URL, timeoutMs: env.BUTTON_TIMEOUT_MS });
  const button = {
    openHttp: keepOpen(http),
    apiKey,
    createApi: createOrderApi,
  };
  /**
   * One order takes two full calls to Button. A third call only follows quick answers. If time still runs
   * out, the next run finds the claim.
   */
  const orderTimeMs = 2 * env.BUTTON_TIMEOUT_MS + LEDGER_TIME_MS;
  return {
    handle: ({ Records: records }, context) =>
      withButton(button, (orderApi) =>
        processBatch({
          records,
          timeLeft: () => context.getRemainingTimeInMillis() > orderTimeMs,
          handle: async (record) => {
            await reportOrder(toOrderMessage(record), {
              ...ports,
              orderApi,
              claimant: () => ({
                owner: context.awsRequestId,
                leaseMs: context.getRemainingTimeInMillis() + LEASE_MARGIN_MS,
              }),
            });
          },
        }),
      ),
    prime: createPrime({
      readTables: (abortSignal) => {
        // The brand's own keys continue with "order#" or "breaker"; the function may not read other keys.
        const Key = { [ORDER_LEDGER_TABLE.partitionKey]: { S: `${env.BRAND_ID}#prime` } };
        return dynamodb.send(new GetItemCommand({ TableName: env.ORDER_LEDGER_TABLE, Key }), { abortSignal });
      },
      secret: apiKey,
      rehearse: () => {
        parseOrderEvent('{}', ports.settings);
      },
    }),
  };
}

/** What stays the same between invocations. */
function composePorts(
  env: z.output<typeof EnvironmentSchema>,
  { metrics, now, random }: OrderReporterRuntime,
  dynamodb: AwsClients['dynamodb'],
): Omit<ReportOrderPorts, 'orderApi' | 'claimant'> {
  const brandTable = { client: dynamodb, table: env.ORDER_LEDGER_TABLE, brand: env.BRAND_ID };
  const onUnreadable = reportUnreadable(metrics, 'UnreadableLedgerItems');
  return {
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
      jitter: random,
    },
    ledger: createOrderLedger(brandTable),
    breaker: createBreakerWatch({ store: createBreakerStore({ ...brandTable, onUnreadable }), now }),
    ...(env.VERIFY_BEFORE === undefined ? {} : { verifyBefore: env.VERIFY_BEFORE }),
    quarantine: createQuarantineStore({
      client: dynamodb,
      table: env.QUARANTINE_TABLE,
      retentionDays: env.QUARANTINE_RETENTION_DAYS,
    }),
    metrics,
    now,
  };
}

function toOrderMessage({ messageId, body, attributes, messageAttributes }: SQSRecord): OrderMessage {
  return {
    messageId,
    body,
    sentAt: new Date(Number(attributes.SentTimestamp)),
    replayOf: messageAttributes[REPLAY_ATTRIBUTE]?.stringValue,
  };
}
