import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  DynamoDBBatchResponse,
  DynamoDBStreamEvent,
  SQSBatchResponse,
  SQSEvent,
} from 'aws-lambda';

import { composeCustomerExpiry } from '../../functions/customer-expiry/compose.ts';
import { composeEventDelivery } from '../../functions/event-delivery/compose.ts';
import type { OpenPost } from '../../functions/event-delivery/post.ts';
import { composeEventPublisher } from '../../functions/event-publisher/compose.ts';
import { composeOrderAudit } from '../../functions/order-audit/compose.ts';
import { composeOrderReporter } from '../../functions/order-reporter/compose.ts';
import { composePersonalDataExpiry } from '../../functions/personal-data-expiry/compose.ts';
import { composePublisherApi } from '../../functions/publisher-api/compose.ts';
import { composeReconciliationPlanner } from '../../functions/reconciliation-planner/compose.ts';
import { composeRetrySweep } from '../../functions/retry-sweep/compose.ts';
import { composeTransactionReconciler } from '../../functions/transaction-reconciler/compose.ts';
import { composeDeferredWebhooks } from '../../functions/deferred-webhooks/compose.ts';
import { composeWebhookReceiver } from '../../functions/webhook-receiver/compose.ts';
import * as environments from '../../infra/function-environments.ts';
import { EVENT_DELIVERY_TIMEOUT_SECONDS } from '../../infra/queue-limits.ts';
import { plannerTimeoutSeconds, TIMEOUT_SECONDS } from '../../infra/fixed-settings.ts';
import type { BrandConfig } from '../../infra/order-reporting-config.ts';
import type { TransactionsConfig } from '../../infra/transactions-config.ts';
import type { Exchange } from '../../tooling/button-simulator/exchange.ts';
import type { OpenButtonHttp } from '../../shared/button/button-http.ts';
import type { AwsClientFactories, ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { createAwsClients, type AwsModel } from './aws-model.ts';
import { createModelHttp } from './button-model.ts';
import { LambdaModel, type Ground, type Host } from './lambda-model.ts';
import { QUEUES, SECRETS, TABLES, urlOf } from './resources.ts';

/** What the functions are composed with. */
export type FunctionsGround = AwsModel & {
  clock: Exchange['clock'];
  exchange: Exchange;
  brand: BrandConfig;
  transactions: TransactionsConfig;
  /** How many days after its end an order keeps its customer. */
  customerDays: number;
  /** Set after a restore of the ledger: what was reported before this instant is in doubt. */
  verifyBefore: () => string | undefined;
  /** A number from 0 up to but not including 1. */
  random: () => number;
  /** Overrides of the environment variables that the stacks would set. */
  environment?: () => Readonly<Record<string, string>>;
};

/** One execution environment of a function: its clock, its metrics, and its only access to other services. */
export type Process = Pick<Host, 'call' | 'now' | 'wait' | 'metrics'>;

/** The functions by the names of their folders. Each one composes its function in a process. */
export type Compositions = {
  'customer-expiry': Compose<unknown, unknown>;
  'event-delivery': Compose<SQSEvent, SQSBatchResponse>;
  'event-publisher': Compose<DynamoDBStreamEvent, DynamoDBBatchResponse>;
  'order-audit': Compose<unknown, unknown>;
  'order-reporter': Compose<SQSEvent, SQSBatchResponse>;
  'personal-data-expiry': Compose<unknown, unknown>;
  'publisher-api': Compose<
    Pick<APIGatewayProxyEventV2, 'routeKey' | 'rawQueryString'>,
    APIGatewayProxyStructuredResultV2
  >;
  'reconciliation-planner': Compose<unknown, unknown>;
  'retry-sweep': Compose<unknown, unknown>;
  'transaction-reconciler': Compose<SQSEvent, SQSBatchResponse>;
  'deferred-webhooks': Compose<SQSEvent, SQSBatchResponse>;
  'webhook-receiver': Compose<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>;
};

type Compose<Event, Result> = (process: Process) => ComposedFunction<Event, Result>;

/** The name of a deployed function, which is also that of its folder. */
export type FunctionName = keyof Compositions;

const QUARANTINE_DAYS = 90;
/** The publisher's own URL, which accepts every event. */
const DELIVERY = { url: 'https://rewards.example.com/button', timeoutMs: 10_000, maxConcurrency: 2 };
/** Used when an audit is started for a brand that has no scheduled audit. */
const DEFAULT_AUDIT = { schedule: 'rate(1 day)', days: 7, sample: 200, perSecond: 2 };
const BUTTON_API_URL = 'https://api.usebutton.com';
const ORDERS = { orderLedger: TABLES.orderLedger, quarantine: TABLES.orderQuarantine };
const PUBLISHER_TABLES = {
  transactions: TABLES.transactions,
  positions: TABLES.positions,
  quarantine: TABLES.webhookQuarantine,
};
const INTAKE = { ...PUBLISHER_TABLES, deferredWebhooksQueueUrl: urlOf(QUEUES.deferredWebhooks) };
const RECONCILIATION = {
  positions: TABLES.positions,
  wakeUpQueueUrl: urlOf(QUEUES.readQueue),
  apiKeyId: SECRETS.publisherApiKey,
  buttonApiUrl: BUTTON_API_URL,
};

/**
 * The real composition of every deployed function, over the models and on the virtual clock. The environment
 * variables are those that the stacks make of the same configuration. Nothing primes a function here, so the
 * first event does what priming would.
 */
export function createCompositions(ground: FunctionsGround): Compositions {
  const { brand, transactions } = ground;
  const over =
    <Event, Result>(
      compose: (
        runtime: Runtime<keyof AwsClientFactories> & { openButton: OpenButtonHttp; openPost: OpenPost },
      ) => ComposedFunction<Event, Result>,
      environment: () => Runtime['env'],
    ): Compose<Event, Result> =>
    (process) =>
      compose({
        env: { ...environment(), ...ground.environment?.() },
        aws: createAwsClients(process, ground),
        metrics: process.metrics,
        now: process.now,
        wait: process.wait,
        random: ground.random,
        openPost: () => () =>
          process.call({ service: 'button', target: DELIVERY.url, operation: 'POST' }, () =>
            Promise.resolve({ status: 204 }),
          ),
        openButton: ({ timeoutMs }) => createModelHttp(process, { ...ground, timeoutMs }),
      });
  return {
    'customer-expiry': over(composeCustomerExpiry, () =>
      environments.customerExpiryEnvironment({ customerDays: ground.customerDays }, ORDERS),
    ),
    'event-delivery': over(composeEventDelivery, () =>
      environments.eventDeliveryEnvironment(DELIVERY, {
        secretsId: 'event-delivery-secrets',
        rewardQueueUrl: urlOf('rewards'),
      }),
    ),
    'event-publisher': over(composeEventPublisher, () =>
      environments.eventPublisherEnvironment(transactions, {
        eventBusName: 'bus',
        transactionsTable: TABLES.transactions,
      }),
    ),
    'order-audit': over(composeOrderAudit, () =>
      environments.orderAuditEnvironment(brand, brand.audit ?? DEFAULT_AUDIT, {
        ...ORDERS,
        apiKeyId: SECRETS.brandApiKey,
        buttonApiUrl: BUTTON_API_URL,
      }),
    ),
    'order-reporter': over(composeOrderReporter, () =>
      environments.orderReporterEnvironment(brand, {
        ...ORDERS,
        apiKeyId: SECRETS.brandApiKey,
        buttonApiUrl: BUTTON_API_URL,
        quarantineRetentionDays: QUARANTINE_DAYS,
        verifyBefore: ground.verifyBefore(),
      }),
    ),
    'personal-data-expiry': over(composePersonalDataExpiry, () =>
      environments.personalDataExpiryEnvironment(transactions, PUBLISHER_TABLES),
    ),
    'publisher-api': over(composePublisherApi, () =>
      environments.publisherApiEnvironment(transactions, PUBLISHER_TABLES),
    ),
    'reconciliation-planner': over(composeReconciliationPlanner, () =>
      environments.reconciliationPlannerEnvironment(transactions, RECONCILIATION),
    ),
    'retry-sweep': over(composeRetrySweep, () =>
      environments.retrySweepEnvironment(brand, { ...ORDERS, orderQueueUrl: urlOf(QUEUES.orders) }),
    ),
    'transaction-reconciler': over(composeTransactionReconciler, () =>
      environments.transactionReconcilerEnvironment(transactions, { ...RECONCILIATION, ...PUBLISHER_TABLES }),
    ),
    'deferred-webhooks': over(composeDeferredWebhooks, () =>
      environments.deferredWebhooksFunctionEnvironment(transactions, INTAKE),
    ),
    'webhook-receiver': over(composeWebhookReceiver, () =>
      environments.webhookReceiverEnvironment(transactions, {
        ...INTAKE,
        webhookSecretsId: SECRETS.webhooks,
      }),
    ),
  };
}

/** The functions as Lambda runs them. */
export type Functions = {
  [Name in FunctionName]: Compositions[Name] extends Compose<infer Event, unknown>
    ? LambdaModel<Event>
    : never;
};

/**
 * Every function on the Lambda model, with the timeout that the stacks set. `onMessageDone` is called with
 * the id of each message that the order reporter does not return as failed.
 */
export function createFunctions(
  ground: FunctionsGround,
  lambda: Ground & { onMessageDone: (messageId: string) => void },
): Functions {
  const { brand, transactions } = ground;
  const { reconciler, deferredWebhooks } = transactions;
  const compositions = createCompositions(ground);
  const run = <Event>(
    name: FunctionName,
    timeoutSeconds: number,
    compose: Compose<Event, unknown>,
  ): LambdaModel<Event> =>
    new LambdaModel({ name, timeoutMs: timeoutSeconds * 1000, boot: (host) => compose(host).handle }, lambda);
  const reporter: Compose<SQSEvent, unknown> = (process) =>
    noting(compositions['order-reporter'](process), lambda.onMessageDone);
  return {
    'customer-expiry': run(
      'customer-expiry',
      TIMEOUT_SECONDS.customerExpiry,
      compositions['customer-expiry'],
    ),
    'event-delivery': run('event-delivery', EVENT_DELIVERY_TIMEOUT_SECONDS, compositions['event-delivery']),
    'event-publisher': run(
      'event-publisher',
      TIMEOUT_SECONDS.eventPublisher,
      compositions['event-publisher'],
    ),
    'order-audit': run('order-audit', TIMEOUT_SECONDS.orderAudit, compositions['order-audit']),
    'order-reporter': run('order-reporter', brand.reporterTimeoutSeconds, reporter),
    'personal-data-expiry': run(
      'personal-data-expiry',
      TIMEOUT_SECONDS.personalDataExpiry,
      compositions['personal-data-expiry'],
    ),
    'publisher-api': run('publisher-api', TIMEOUT_SECONDS.publisherApi, compositions['publisher-api']),
    'reconciliation-planner': run(
      'reconciliation-planner',
      plannerTimeoutSeconds(reconciler),
      compositions['reconciliation-planner'],
    ),
    'retry-sweep': run('retry-sweep', TIMEOUT_SECONDS.retrySweep, compositions['retry-sweep']),
    'transaction-reconciler': run(
      'transaction-reconciler',
      reconciler.timeoutSeconds,
      compositions['transaction-reconciler'],
    ),
    'deferred-webhooks': run(
      'deferred-webhooks',
      deferredWebhooks.timeoutSeconds,
      compositions['deferred-webhooks'],
    ),
    'webhook-receiver': run(
      'webhook-receiver',
      TIMEOUT_SECONDS.webhookReceiver,
      compositions['webhook-receiver'],
    ),
  };
}

/** The same function, which also reports the messages it has handled. */
function noting(
  { handle }: ComposedFunction<SQSEvent, SQSBatchResponse>,
  onMessageDone: (messageId: string) => void,
): ComposedFunction<SQSEvent, SQSBatchResponse> {
  return {
    handle: async (event, context) => {
      const response = await handle(event, context);
      const givenBack = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const { messageId } of event.Records) if (!givenBack.has(messageId)) onMessageDone(messageId);
      return response;
    },
  };
}
