import { createHmac } from 'node:crypto';

import {
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { APIGatewayProxyStructuredResultV2, SQSBatchResponse } from 'aws-lambda';
import { vi } from 'vitest';

import { startButtonSimulator, type ButtonSimulator } from '../../local/button-simulator/simulator.ts';
import { createButtonHttp, type ButtonHttp } from '../../shared/button/button-http.ts';
import { unpackJson, unpackText } from '../../shared/store/packed-json.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../emulators/dynamodb.ts';
import {
  answerEventBridge,
  answerSecretsManager,
  answerSqs,
  FakeQueue,
  type TakenEvent,
} from './fake-aws.ts';
import { createLifeline } from './lifeline.ts';

const START = '2026-06-01T12:00:00.000Z';
export const ORDER_QUEUE = 'https://sqs.eu-west-1.amazonaws.com/0/orders.fifo';
export const WAKE_UP_QUEUE = 'https://sqs.eu-west-1.amazonaws.com/0/wake-ups.fifo';
const FALLBACK_QUEUE = 'https://sqs.eu-west-1.amazonaws.com/0/fallback';
/** The brand's and the publisher's alike. */
export const API_KEY = 'sk-crash';
export const WEBHOOK_SECRET = 'whsec-crash';

/** What one invocation may still take: claims last a little longer. */
const REMAINING_MS = 30_000;

type FunctionName =
  | 'order-reporter'
  | 'retry-sweep'
  | 'webhook-receiver'
  | 'webhook-fallback'
  | 'event-publisher'
  | 'reconciliation-planner'
  | 'transaction-reconciler'
  | 'personal-data-expiry';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;
type Item = Record<string, AttributeValue>;

const HANDLERS: Record<FunctionName, () => Promise<{ handler: unknown }>> = {
  'order-reporter': () => import('../../functions/order-reporter/handler.ts'),
  'retry-sweep': () => import('../../functions/retry-sweep/handler.ts'),
  'webhook-receiver': () => import('../../functions/webhook-receiver/handler.ts'),
  'webhook-fallback': () => import('../../functions/webhook-fallback/handler.ts'),
  'event-publisher': () => import('../../functions/event-publisher/handler.ts'),
  'reconciliation-planner': () => import('../../functions/reconciliation-planner/handler.ts'),
  'transaction-reconciler': () => import('../../functions/transaction-reconciler/handler.ts'),
  'personal-data-expiry': () => import('../../functions/personal-data-expiry/handler.ts'),
};

/** What can be down by itself. */
type Part = 'transactions' | 'quarantine' | 'queues' | 'secrets';

/** A change of the transactions table, as its stream tells it. */
type StreamRecord = { OldImage: Item | undefined; NewImage: Item; SequenceNumber: string };

/** See `startWorld`. */
export type World = Awaited<ReturnType<typeof startWorld>>;

/**
 * The handlers as they are deployed, in one process: over a DynamoDB emulator, the Button simulator, and queues, bus and secrets in
 * memory, on a clock that moves between invocations only. Every call that a handler makes to the outside is one of its lifeline's.
 */
export async function startWorld() {
  const dynamodb = await startTestDynamoDB();
  const { tables, client } = dynamodb;
  let button = await startButton();
  const lifeline = createLifeline();
  const queues = new Map<string, FakeQueue>();
  const queueOf = (url: string): FakeQueue => {
    const queue = queues.get(url) ?? new FakeQueue(() => Date.now());
    queues.set(url, queue);
    return queue;
  };
  let handlers = new Map<FunctionName, Handler>();
  let events: TakenEvent[] = [];
  let stream: StreamRecord[] = [];
  let sequence = 0;
  let invocations = 0;
  let lostType: string | undefined;
  let remainingMs = REMAINING_MS;
  let openHttp = 0;
  const down = new Set<Part>();
  const unless = (part: Part): void => {
    if (down.has(part)) throw Object.assign(new Error('throttled'), { $metadata: {} });
  };
  const printed: unknown[] = [];

  const sendToDynamoDB = async (command: unknown): Promise<unknown> => {
    const { TableName: table } = (command as { input: { TableName?: string } }).input;
    if (table === tables.transactions) unless('transactions');
    if (table === tables.quarantine) unless('quarantine');
    const isPut = command instanceof PutItemCommand && table === tables.transactions;
    if (isPut) command.input.ReturnValues = 'ALL_OLD';
    const output = await reallySend(command);
    if (isPut) {
      sequence += 1;
      const change = { OldImage: output.Attributes, NewImage: command.input.Item ?? {} };
      stream.push({ ...change, SequenceNumber: String(sequence) });
    }
    return output;
  };
  const reallySend = client.send.bind(client) as (command: unknown) => Promise<{ Attributes?: Item }>;
  /** Handlers make their clients when they are loaded: what all clients of a kind have in common answers for each of them. */
  const answerWith = (Client: { prototype: { send: unknown } }, answer: (command: unknown) => unknown) => {
    vi.spyOn(Client.prototype as { send: (command: unknown) => unknown }, 'send').mockImplementation(
      (command) => lifeline.call(async () => await answer(command)),
    );
  };
  answerWith(DynamoDBClient, sendToDynamoDB);
  answerWith(SQSClient, (command) => {
    unless('queues');
    return answerSqs(command, queueOf);
  });
  answerWith(EventBridgeClient, (command) => answerEventBridge(command, events, lostType));
  answerWith(SecretsManagerClient, (command) => {
    unless('secrets');
    return answerSecretsManager(command, (id) => SECRETS[id] ?? '');
  });
  vi.doMock('../../shared/button/button-http.ts', () => ({
    createButtonHttp: (options: Parameters<typeof createButtonHttp>[0]): ButtonHttp => {
      const http = createButtonHttp(options);
      openHttp += 1;
      return {
        call: (request) => lifeline.call(() => http.call(request)),
        close: () => {
          openHttp -= 1;
          http.close();
        },
      };
    },
  }));
  Object.assign(process.env, environment(tables));
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(START) });
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((...line: unknown[]) => void printed.push(line));
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => printed.push(line) > 0);

  const handlerOf = async (name: FunctionName): Promise<Handler> => {
    const known = handlers.get(name);
    if (known) return known;
    const { handler } = await HANDLERS[name]();
    handlers.set(name, handler as Handler);
    return handler as Handler;
  };

  /** One invocation; undefined if its process died, and then the next one has a process of its own. */
  const invoke = async (name: FunctionName, event: unknown): Promise<unknown> => {
    const handler = await handlerOf(name);
    invocations += 1;
    const context = contextOf(name, { awsRequestId: `request-${invocations}`, remainingMs });
    const end = await lifeline.live(() => handler(event, context));
    if (!end.died) return end.result;
    vi.resetModules();
    handlers = new Map();
    return undefined;
  };

  const pass = async (ms: number): Promise<void> => {
    vi.setSystemTime(Date.now() + ms);
    await button.controls.advance(ms);
  };

  /** Delivers what is visible, batch by batch, until nothing is. */
  const drain = async (url: string, name: FunctionName, batchSize = 10): Promise<void> => {
    const queue = queueOf(url);
    for (let batch = queue.receive(batchSize); batch.length > 0; batch = queue.receive(batchSize)) {
      const response = (await invoke(name, { Records: batch })) as SQSBatchResponse | undefined;
      // A process that has died acknowledges nothing: the whole batch comes back.
      const failed = response
        ? response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
        : batch.map(({ messageId }) => messageId);
      queue.acknowledge(batch, failed);
    }
  };

  return {
    lifeline,
    invoke,
    pass,
    button: () => button.controls,
    buttonUrl: () => button.url,
    events: () => events,
    /** Everything that handlers have written: log lines and metrics. */
    printed: () => printed,
    orderQueue: () => queueOf(ORDER_QUEUE),
    fallbackQueue: () => queueOf(FALLBACK_QUEUE),
    wakeUpQueue: () => queueOf(WAKE_UP_QUEUE),
    /** What every invocation from now on may still take. */
    setRemainingTime: (ms: number) => (remainingMs = ms),
    /** How many connections to Button invocations have left open. */
    openHttp: () => openHttp,
    /** The bus takes events of this type no more; undefined: it takes all. */
    loseEvents: (type: string | undefined) => (lostType = type),
    /** From now on so much of AWS is down, and everything else up. */
    setDown(...parts: readonly Part[]): void {
      down.clear();
      for (const part of parts) down.add(part);
    },
    drainOrders: () => drain(ORDER_QUEUE, 'order-reporter'),
    drainFallback: () => drain(FALLBACK_QUEUE, 'webhook-fallback'),
    drainWakeUps: () => drain(WAKE_UP_QUEUE, 'transaction-reconciler', 1),

    /** Everything as on the first day. */
    async reset(): Promise<void> {
      down.clear();
      lostType = undefined;
      remainingMs = REMAINING_MS;
      openHttp = 0;
      await Promise.all(
        Object.values(tables).map((table) => clear(table, (command) => client.send(command as ScanCommand))),
      );
      await button.close();
      button = await startButton();
      process.env['BUTTON_API_URL'] = button.url;
      vi.setSystemTime(new Date(START));
      vi.resetModules();
      handlers = new Map();
      queues.clear();
      [events, stream, sequence, invocations] = [[], [], 0, 0];
      lifeline.begin(undefined);
    },

    /** What somebody starts by hand is started again if it dies. */
    async operate<Result>(operation: () => Promise<Result>): Promise<Result> {
      for (;;) {
        const end = await lifeline.live(operation);
        if (!end.died) return end.result;
      }
    },

    /** Button sends a webhook until it is acknowledged. */
    async deliver(body: string): Promise<void> {
      const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
      for (let attempt = 0; attempt < MAX_STEPS; attempt += 1) {
        const answer = (await invoke('webhook-receiver', {
          body,
          headers: { 'x-button-signature': signature },
          isBase64Encoded: false,
        })) as APIGatewayProxyStructuredResultV2 | undefined;
        if (answer?.statusCode !== undefined && answer.statusCode < 300) return;
        await pass(60_000);
      }
      throw new Error('Button gives up');
    },

    /** The table's stream brings its changes to the publisher until every one is dealt with. */
    async publish(): Promise<void> {
      for (let attempt = 0; stream.length > 0; attempt += 1) {
        if (attempt === MAX_STEPS) throw new Error('The stream does not get on');
        const batch = stream.slice(0, 10);
        const records = batch.map((dynamodb) => ({ dynamodb: toLambda(dynamodb) }));
        const response = (await invoke('event-publisher', { Records: records })) as
          SQSBatchResponse | undefined;
        const first = response ? response.batchItemFailures[0]?.itemIdentifier : batch[0]?.SequenceNumber;
        const done = batch.findIndex(({ SequenceNumber }) => SequenceNumber === first);
        stream = stream.slice(done === -1 ? batch.length : done);
      }
    },

    /** What stands in a table, unpacked, without what tells only when and by whom it was written. */
    async contents(table: keyof typeof tables): Promise<Record<string, unknown>[]> {
      const { Items = [] } = await client.send(new ScanCommand({ TableName: tables[table] }));
      const placeOf = (item: Record<string, unknown>) =>
        (KEYS[tables[table]] ?? []).map((name) => item[name]).join();
      return Items.map((item) => unpacked(unmarshall(item) as Record<string, unknown>)).sort((one, other) =>
        placeOf(one) < placeOf(other) ? -1 : 1,
      );
    },

    async close(): Promise<void> {
      vi.restoreAllMocks();
      vi.useRealTimers();
      vi.doUnmock('../../shared/button/button-http.ts');
      await Promise.all([dynamodb.close(), button.close()]);
    },
  };
}

function startButton(): Promise<ButtonSimulator> {
  return startButtonSimulator({
    clock: { startAt: START, speed: 0 },
    brandApiKey: API_KEY,
    publisherApiKey: API_KEY,
  });
}

/** The reconciler's slice is over after two pages. */
const ASKS_OF_A_SLICE = 3;

function contextOf(
  name: FunctionName,
  { awsRequestId, remainingMs }: { awsRequestId: string; remainingMs: number },
) {
  let asked = 0;
  return {
    awsRequestId,
    getRemainingTimeInMillis: () => {
      asked += 1;
      return name === 'transaction-reconciler' && asked > ASKS_OF_A_SLICE ? 0 : remainingMs;
    },
  };
}

const MAX_STEPS = 60;

const SECRETS: Record<string, string> = {
  'api-key': API_KEY,
  'webhook-secrets': JSON.stringify([{ name: 'main', secret: WEBHOOK_SECRET }]),
};

function environment(tables: TestDynamoDB['tables']): Record<string, string> {
  return {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    BRAND_ID: 'acme',
    ORDER_REPORTS_TABLE: tables.orderReports,
    TRANSACTIONS_TABLE: tables.transactions,
    POSITIONS_TABLE: tables.positions,
    QUARANTINE_TABLE: tables.quarantine,
    ORDER_QUEUE_URL: ORDER_QUEUE,
    FALLBACK_QUEUE_URL: FALLBACK_QUEUE,
    WAKE_UP_QUEUE_URL: WAKE_UP_QUEUE,
    API_KEY_SECRET_ID: 'api-key',
    WEBHOOK_SECRETS_ID: 'webhook-secrets',
    EVENT_BUS_NAME: 'events',
    INCLUDE_PERSONAL_FIELDS: 'false',
    BUTTON_TIMEOUT_MS: '2000',
    QUIET_TIME_SECONDS: '60',
    RETRY_BASE_SECONDS: '30',
    RETRY_MAX_SECONDS: '1800',
    QUARANTINE_RETENTION_DAYS: '30',
    ORDER_BY: 'sequence',
    TEST_TOKENS: 'allow',
    ALLOW_FINALIZATION_DATE: 'false',
    MAX_WAKE_UPS: '500',
    MAX_RECEIVES: '1000',
    SHOPPER_FIELD: 'publisher_customer_id',
    FIRST_READ: 'live',
    READ_FROM: '2026-06-01T00:00:00Z',
    SWEEP_DAYS: '120',
    OVERLAP_SECONDS: '900',
    LAG_SECONDS: '0',
    SLICE_SECONDS: '20',
    PAGE_SIZE: '2',
    DRIFT_RETENTION_DAYS: '400',
    PERSONAL_DATA_DAYS: '30',
    STALE_PENDING_DAYS: '60',
  };
}

async function clear(
  table: string,
  send: (command: ScanCommand | DeleteItemCommand) => Promise<unknown>,
): Promise<void> {
  const { Items = [] } = (await send(new ScanCommand({ TableName: table }))) as { Items?: Item[] };
  for (const item of Items) {
    const names = KEYS[table] ?? [];
    const key = Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));
    await send(new DeleteItemCommand({ TableName: table, Key: key }));
  }
}

const KEYS: Record<string, readonly string[]> = {
  'order-reports': ['pk'],
  transactions: ['pk'],
  positions: ['account', 'stream'],
  quarantine: ['kind', 'id'],
};

/** Lambda gets binary values as base64. */
function toLambda({ OldImage, NewImage, SequenceNumber }: StreamRecord): unknown {
  const asJson = (image: Item | undefined): unknown =>
    image &&
    Object.fromEntries(
      Object.entries(image).map(([name, value]) => [
        name,
        value.B ? { B: Buffer.from(value.B).toString('base64') } : value,
      ]),
    );
  return { OldImage: asJson(OldImage), NewImage: asJson(NewImage), SequenceNumber };
}

function unpacked({ revision: _revision, ...item }: Record<string, unknown>): Record<string, unknown> {
  const { body, bytes, ...rest } = item;
  return {
    ...rest,
    ...(body instanceof Uint8Array ? { body: unpackJson(body) } : {}),
    // A part of a large transaction is no text of its own.
    ...(bytes instanceof Uint8Array && !('partOf' in item)
      ? { bytes: unpackText(bytes).toString('utf8') }
      : {}),
  };
}
