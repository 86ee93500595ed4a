import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutEventsCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBStreamEvent, SQSEvent } from 'aws-lambda';

import { publishChanges } from '../../functions/event-publisher/publish-changes.ts';
import { createBreakerWatch } from '../../functions/order-reporter/breaker-watch.ts';
import {
  reportOrder,
  type ReportOrderPorts,
  type ReportOutcome,
} from '../../functions/order-reporter/report-order.ts';
import { planReconciliation } from '../../functions/reconciliation-planner/plan-reconciliation.ts';
import { streamsOf } from '../../functions/reconciliation-planner/tick.ts';
import { wakeDueOrders } from '../../functions/retry-sweep/wake-due-orders.ts';
import { reconcile, type ReconcilePorts } from '../../functions/transaction-reconciler/reconcile.ts';
import { applyDeferred, type ApplyDeferredPorts } from '../../functions/webhook-fallback/apply-deferred.ts';
import {
  receiveEvent,
  type ReceiveEventPorts,
  type WebhookRequest,
} from '../../functions/webhook-receiver/receive-event.ts';
import { STATUS_OF_OUTCOME } from '../../functions/webhook-receiver/status-of-outcome.ts';
import type { BrandConfig } from '../../infra/order-reporting-config.ts';
import type { TransactionsConfig } from '../../infra/transactions-config.ts';
import type { Exchange } from '../../local/button-simulator/exchange.ts';
import { apiKeyProblem, parseApiKey } from '../../shared/button/api-key.ts';
import type { ButtonHttp } from '../../shared/button/button-http.ts';
import { createOrderApi } from '../../shared/button/order-api.ts';
import { createTransactionsApi } from '../../shared/button/transactions-api.ts';
import { parseWebhookSecrets } from '../../shared/button/webhook-secrets.ts';
import { readStreamWakeUp } from '../../shared/domain/wake-up.ts';
import { createEventBus } from '../../shared/events/event-bus.ts';
import { fallbackMessage } from '../../shared/ingest/fallback-event.ts';
import { REPLAY_ATTRIBUTE } from '../../shared/ingest/replay-order-message.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { createSampler } from '../../shared/runtime/sampler.ts';
import { cachedSecret, type Secret } from '../../shared/runtime/secret.ts';
import { processBatch } from '../../shared/runtime/sqs-batch.ts';
import { createBreakerStore } from '../../shared/store/breaker-store.ts';
import { createOrderReportStore } from '../../shared/store/order-report-store.ts';
import { createPositionStore } from '../../shared/store/position-store.ts';
import { createQuarantineStore } from '../../shared/store/quarantine-store.ts';
import { createTransactionStore } from '../../shared/store/transaction-store.ts';
import { createModelHttp } from './button-model.ts';
import type { DynamoDBModel } from './dynamodb-model.ts';
import { LambdaModel, type FunctionSettings, type Ground, type Host } from './lambda-model.ts';
import type { SqsModel } from './sqs-model.ts';

/** The queues by name, which is also their URL. */
export const QUEUES = {
  orders: 'orders.fifo',
  orderDeadLetters: 'orders-dead-letters.fifo',
  fallback: 'webhook-fallback',
  fallbackDeadLetters: 'webhook-fallback-dead-letters',
  wakeUps: 'wake-ups.fifo',
  wakeUpDeadLetters: 'wake-ups-dead-letters.fifo',
} as const;

/** The tables by name. */
export const TABLES = {
  orderReports: 'order-reports',
  transactions: 'transactions',
  positions: 'positions',
  orderQuarantine: 'order-quarantine',
  webhookQuarantine: 'webhook-quarantine',
} as const;

/** The secrets by name. */
export const SECRETS = {
  brandApiKey: 'brand-api-key',
  publisherApiKey: 'publisher-api-key',
  webhooks: 'webhooks',
} as const;

/** What the functions are wired to. */
export type FunctionsGround = Ground & {
  dynamodb: DynamoDBModel;
  sqs: SqsModel;
  /** The values of secrets by name; one without a value is not there. */
  secrets: ReadonlyMap<string, string>;
  /** The details of published events, as the bus has taken them. */
  bus: { type: string; detail: string }[];
  exchange: Exchange;
  brand: BrandConfig;
  transactions: TransactionsConfig;
  /** After a restore of the ledger: what was reported before is in doubt. */
  verifyBefore: () => string | undefined;
  onReported: (messageId: string, outcome: ReportOutcome) => void;
};

/** Every function, wired as its handler wires it, but for clients, clock and HTTP. */
export type Functions = {
  orderReporter: LambdaModel<SQSEvent>;
  retrySweep: LambdaModel<unknown>;
  webhookReceiver: LambdaModel<WebhookRequest>;
  webhookFallback: LambdaModel<SQSEvent>;
  eventPublisher: LambdaModel<DynamoDBStreamEvent>;
  reconciliationPlanner: LambdaModel<unknown>;
  transactionReconciler: LambdaModel<SQSEvent>;
};

const LEASE_MARGIN_MS = 5000;
const FORGERY_INTERVAL_MS = 10_000;
const EVENT_TIME_MS = 8000;
const QUARANTINE_DAYS = 90;

/** The functions on their ground. */
export function createFunctions(ground: FunctionsGround): Functions {
  const { brand, transactions } = ground;
  const { reconciler, fallback } = transactions;
  const lambda = <Event>(
    name: string,
    timeoutSeconds: number,
    boot: FunctionSettings<Event>['boot'],
  ): LambdaModel<Event> => new LambdaModel({ name, timeoutMs: timeoutSeconds * 1000, boot }, ground);
  return {
    orderReporter: lambda('order-reporter', brand.reporterTimeoutSeconds, (host) =>
      bootOrderReporter(host, ground),
    ),
    retrySweep: lambda('retry-sweep', 30, (host) => bootRetrySweep(host, ground)),
    webhookReceiver: lambda('webhook-receiver', 10, (host) => bootWebhookReceiver(host, ground)),
    webhookFallback: lambda('webhook-fallback', fallback.timeoutSeconds, (host) =>
      bootWebhookFallback(host, ground),
    ),
    eventPublisher: lambda('event-publisher', 30, (host) => bootEventPublisher(host, ground)),
    reconciliationPlanner: lambda(
      'reconciliation-planner',
      Math.ceil(reconciler.buttonTimeoutMs / 1000) + 30,
      (host) => bootPlanner(host, ground),
    ),
    transactionReconciler: lambda('transaction-reconciler', reconciler.timeoutSeconds, (host) =>
      bootReconciler(host, ground),
    ),
  };
}

/** The clients of one process. */
type Clients = {
  dynamodb: Pick<DynamoDBClient, 'send'>;
  sqs: Pick<SQSClient, 'send'>;
  secretsManager: Pick<SecretsManagerClient, 'send'>;
  eventBridge: Pick<EventBridgeClient, 'send'>;
};

/** AWS as one process reaches it. */
function createClients(
  host: Host,
  {
    dynamodb,
    sqs,
    secrets,
    bus,
    weather,
  }: Pick<FunctionsGround, 'dynamodb' | 'sqs' | 'secrets' | 'bus' | 'weather'>,
): Clients {
  const client = (
    service: 'dynamodb' | 'sqs' | 'secrets' | 'events',
    perform: (command: Sent, staleForMs: number | undefined) => object,
  ): { send: never } => {
    const send = (command: Sent): Promise<object> => {
      const call = { service, target: targetOf(command.input), operation: command.constructor.name };
      return host.call(call, ({ staleForMs }) => perform(command, staleForMs));
    };
    return { send: send as never };
  };
  return {
    dynamodb: client('dynamodb', (command, staleForMs) =>
      dynamodb.execute(command, staleForMs === undefined ? {} : { staleForMs }),
    ),
    sqs: client('sqs', (command) => sqs.execute(command)),
    secretsManager: client('secrets', (command) => readSecret(command, secrets)),
    eventBridge: client('events', (command) => putEvents(command, bus, () => weather.losesEvent())),
  };
}

type Sent = { input: object; constructor: { name: string } };

function targetOf(input: object): string {
  const {
    TableName: table,
    QueueUrl: queue,
    SecretId: secret,
    RequestItems: batch,
  } = input as Record<string, unknown>;
  const named = table ?? queue ?? secret ?? (batch ? Object.keys(batch)[0] : undefined);
  if (typeof named === 'string') return named;
  return 'TransactItems' in input ? TABLES.positions : 'bus';
}

function readSecret(command: object, secrets: ReadonlyMap<string, string>): object {
  if (!(command instanceof GetSecretValueCommand))
    throw new Error('The model of Secrets Manager reads values only');
  const value = secrets.get(command.input.SecretId ?? '');
  if (value === undefined)
    throw new ResourceNotFoundException({ message: 'There is no value', $metadata: {} });
  return { SecretString: value };
}

/** A call that succeeds may have lost some of its entries. */
function putEvents(command: object, bus: FunctionsGround['bus'], isLost: () => boolean): object {
  if (!(command instanceof PutEventsCommand)) throw new Error('The model of EventBridge takes events only');
  const { Entries: entries = [] } = command.input;
  const results = entries.map(({ DetailType: type = '', Detail: detail = '' }) => {
    if (isLost()) return { ErrorCode: 'InternalFailure' };
    bus.push({ type, detail });
    return { EventId: String(bus.length) };
  });
  return { Entries: results, FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length };
}

function createHttp(host: Host, timeoutMs: number, { exchange, clock }: FunctionsGround): ButtonHttp {
  return createModelHttp(host, { exchange, clock, timeoutMs });
}

function createApiKey(host: Host, secretId: string, clients: Clients): Secret<string> {
  return cachedSecret({
    client: clients.secretsManager,
    secretId,
    parse: parseApiKey,
    now: () => host.now().getTime(),
  });
}

function bootOrderReporter(
  host: Host,
  ground: FunctionsGround,
): ReturnType<FunctionSettings<SQSEvent>['boot']> {
  const { brand, onReported, verifyBefore, weather } = ground;
  const clients = createClients(host, ground);
  const ofBrand = { client: clients.dynamodb, table: TABLES.orderReports, brand: brand.id };
  const { now, metrics } = host;
  const apiKey = createApiKey(host, SECRETS.brandApiKey, clients);
  const before = verifyBefore();
  const lasting = {
    brand: brand.id,
    settings: {
      orderBy: brand.orderBy,
      testTokens: brand.testTokens,
      allowFinalizationDate: brand.allowFinalizationDate,
    },
    policy: {
      quietTimeMs: brand.quietTimeSeconds * 1000,
      retryBaseMs: brand.retryBaseSeconds * 1000,
      retryMaxMs: brand.retryMaxSeconds * 1000,
      jitter: weather.random.next,
    },
    ledger: createOrderReportStore(ofBrand),
    breaker: createBreakerWatch({ store: createBreakerStore(ofBrand), now }),
    ...(before === undefined ? {} : { verifyBefore: before }),
    quarantine: createQuarantineStore({
      client: clients.dynamodb,
      table: TABLES.orderQuarantine,
      retentionDays: QUARANTINE_DAYS,
    }),
    metrics,
    now,
  } satisfies Partial<ReportOrderPorts>;
  return async ({ Records: records }, context) => {
    const key = await apiKey.read();
    const http = createHttp(host, brand.buttonTimeoutMs, ground);
    const ports: ReportOrderPorts = {
      ...lasting,
      orderApi: key.status === 'set' ? createOrderApi(http, key.value) : apiKeyProblem(key),
      claimant: () => ({
        owner: context.awsRequestId,
        leaseMs: context.getRemainingTimeInMillis() + LEASE_MARGIN_MS,
      }),
    };
    return processBatch({
      records,
      timeLeft: () => context.getRemainingTimeInMillis() > 2 * brand.buttonTimeoutMs + 2000,
      handle: async ({ messageId, body, attributes, messageAttributes }) => {
        const sentAt = new Date(Number(attributes.SentTimestamp));
        const isReplay = REPLAY_ATTRIBUTE in messageAttributes;
        onReported(messageId, await reportOrder({ messageId, body, sentAt, isReplay }, ports));
      },
    });
  };
}

function bootRetrySweep(host: Host, ground: FunctionsGround): ReturnType<FunctionSettings<unknown>['boot']> {
  const { brand } = ground;
  const { dynamodb, sqs } = createClients(host, ground);
  const ofBrand = { client: dynamodb, table: TABLES.orderReports, brand: brand.id };
  const ports = {
    ledger: createOrderReportStore(ofBrand),
    breaker: createBreakerStore(ofBrand),
    send: createFifoSender({ client: sqs, queueUrl: QUEUES.orders }),
    metrics: host.metrics,
    maxWakeUps: brand.retrySweep.maxWakeUps,
    now: host.now,
  };
  return () => wakeDueOrders(ports);
}

function createTransactionStores(host: Host, ground: FunctionsGround, clients: Clients) {
  const { liveFrom } = ground.transactions;
  return {
    transactions: createTransactionStore({
      client: clients.dynamodb,
      table: TABLES.transactions,
      shopperField: ground.transactions.shopperField,
    }),
    quarantine: createQuarantineStore({
      client: clients.dynamodb,
      table: TABLES.webhookQuarantine,
      retentionDays: QUARANTINE_DAYS,
    }),
    metrics: host.metrics,
    now: host.now,
    ...(liveFrom === undefined ? {} : { liveFrom: new Date(liveFrom).toISOString() }),
  };
}

function bootWebhookReceiver(
  host: Host,
  ground: FunctionsGround,
): ReturnType<FunctionSettings<WebhookRequest>['boot']> {
  const clients = createClients(host, ground);
  const nowMs = (): number => host.now().getTime();
  const ports: ReceiveEventPorts = {
    ...createTransactionStores(host, ground, clients),
    secrets: cachedSecret({
      client: clients.secretsManager,
      secretId: SECRETS.webhooks,
      parse: parseWebhookSecrets,
      now: nowMs,
    }),
    defer: async (event) => {
      await clients.sqs.send(
        new SendMessageCommand({ QueueUrl: QUEUES.fallback, MessageBody: fallbackMessage(event) }),
      );
    },
    forgeries: createSampler(FORGERY_INTERVAL_MS, nowMs),
  };
  return async (request) => STATUS_OF_OUTCOME[await receiveEvent(request, ports)];
}

function bootWebhookFallback(
  host: Host,
  ground: FunctionsGround,
): ReturnType<FunctionSettings<SQSEvent>['boot']> {
  const clients = createClients(host, ground);
  const ports: ApplyDeferredPorts = {
    ...createTransactionStores(host, ground, clients),
    hide: async (receiptHandle, seconds) => {
      await clients.sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: QUEUES.fallback,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    },
    maxReceives: ground.transactions.fallback.maxReceiveCount,
  };
  return ({ Records: records }, context) =>
    processBatch({
      records,
      timeLeft: () => context.getRemainingTimeInMillis() > EVENT_TIME_MS,
      handle: async ({ body, receiptHandle, attributes }) => {
        const receives = Number(attributes.ApproximateReceiveCount);
        const outcome = await applyDeferred({ body, receiptHandle, receives }, ports);
        if (outcome === 'waiting') throw new RetryableError('The event waits on the queue');
      },
    });
}

function bootEventPublisher(
  host: Host,
  ground: FunctionsGround,
): ReturnType<FunctionSettings<DynamoDBStreamEvent>['boot']> {
  const putEvents = createEventBus({ client: createClients(host, ground).eventBridge, busName: 'bus' });
  const { includePersonalFields } = ground.transactions;
  return async ({ Records: records }) => {
    const changes = records.map(({ dynamodb: change }) => ({
      sequenceNumber: change?.SequenceNumber ?? '',
      before: change?.OldImage,
      after: change?.NewImage,
    }));
    const firstLost = await publishChanges(changes, {
      putEvents,
      metrics: host.metrics,
      includePersonalFields,
    });
    return { batchItemFailures: firstLost === undefined ? [] : [{ itemIdentifier: firstLost }] };
  };
}

function bootPlanner(host: Host, ground: FunctionsGround): ReturnType<FunctionSettings<unknown>['boot']> {
  const { reconciler } = ground.transactions;
  const clients = createClients(host, ground);
  const apiKey = createApiKey(host, SECRETS.publisherApiKey, clients);
  const positions = createPositionStore({ client: clients.dynamodb, table: TABLES.positions });
  const send = createFifoSender({ client: clients.sqs, queueUrl: QUEUES.wakeUps });
  return async (event, context) => {
    const key = await apiKey.read();
    const http = createHttp(host, reconciler.buttonTimeoutMs, ground);
    return planReconciliation({
      api: key.status === 'set' ? createTransactionsApi(http, key.value) : apiKeyProblem(key),
      positions,
      send,
      metrics: host.metrics,
      firstRead: reconciler.firstRead,
      readFrom: reconciler.readFrom,
      streams: streamsOf(event),
      sweepDays: reconciler.sweepDays,
      now: host.now,
      tickId: context.awsRequestId,
    });
  };
}

function bootReconciler(host: Host, ground: FunctionsGround): ReturnType<FunctionSettings<SQSEvent>['boot']> {
  const { reconciler } = ground.transactions;
  const clients = createClients(host, ground);
  const apiKey = createApiKey(host, SECRETS.publisherApiKey, clients);
  const lasting = {
    ...createTransactionStores(host, ground, clients),
    positions: createPositionStore({ client: clients.dynamodb, table: TABLES.positions }),
    send: createFifoSender({ client: clients.sqs, queueUrl: QUEUES.wakeUps }),
    windows: { overlapMs: reconciler.overlapSeconds * 1000, lagMs: reconciler.lagSeconds * 1000 },
    pageSize: reconciler.pageSize,
    driftRetentionDays: reconciler.driftRetentionDays,
  } satisfies Partial<ReconcilePorts>;
  return async ({ Records: records }, context) => {
    const key = await apiKey.read();
    const http = createHttp(host, reconciler.buttonTimeoutMs, ground);
    const sliceEndsAt = host.now().getTime() + reconciler.sliceSeconds * 1000;
    const timeLeft = (): boolean =>
      host.now().getTime() < sliceEndsAt &&
      context.getRemainingTimeInMillis() > reconciler.buttonTimeoutMs + 10_000;
    const ports: ReconcilePorts = {
      ...lasting,
      api: key.status === 'set' ? createTransactionsApi(http, key.value) : apiKeyProblem(key),
      timeLeft,
    };
    return processBatch({
      records,
      timeLeft,
      handle: async ({ body }) => {
        await reconcile(readStreamWakeUp(body), ports);
      },
    });
  };
}
