import { createHmac } from 'node:crypto';

import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { APIGatewayProxyStructuredResultV2, SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { vi } from 'vitest';

import { OrderReportingConfigSchema } from '../../infra/order-reporting-config.ts';
import { TransactionsConfigSchema } from '../../infra/transactions-config.ts';
import { assembleButton } from '../../tooling/button-simulator/assemble-button.ts';
import { SimulatorClock } from '../../tooling/button-simulator/clock.ts';
import { SimulatorControls } from '../../tooling/button-simulator/controls.ts';
import { defaultOptions } from '../../tooling/button-simulator/simulator.ts';
import type { ButtonHttp } from '../../shared/button/button-http.ts';
import type { MetricName } from '../../shared/runtime/metric-definitions.ts';
import type {
  AwsClientFactories,
  ComposedFunction,
  InvocationContext,
} from '../../shared/runtime/runtime.ts';
import { createMetrics } from '../../shared/runtime/metrics.ts';
import { unpackJson, unpackText } from '../../shared/dynamodb/packed-json.ts';
import { createAwsClients, type AwsModel } from '../simulation/aws-model.ts';
import { createModelHttp } from '../simulation/button-model.ts';
import type { Item } from '../../tooling/local-aws/models/dynamodb-expression.ts';
import { DynamoDBModel, type StreamRecord } from '../../tooling/local-aws/models/dynamodb-model.ts';
import { toRecord } from '../simulation/event-sources.ts';
import { createCompositions, type FunctionName, type Process } from '../simulation/functions.ts';
import { QUEUES, SECRETS, TABLES, TABLE_SETTINGS } from '../simulation/resources.ts';
import { SqsModel } from '../../tooling/local-aws/models/sqs-model.ts';
import { createLifeline, type Lifeline } from './lifeline.ts';

const START = '2026-06-01T12:00:00.000Z';
/** The key of both the brand and the publisher. */
export const API_KEY = 'sk-crash';
export const WEBHOOK_SECRET = 'whsec-crash';

/** The remaining time of an invocation. Claims last a little longer. */
const REMAINING_MS = 30_000;
/** Twice as long as any invocation here could take. */
const VISIBILITY_SECONDS = 120;
const MAX_STEPS = 60;
const CUSTOMER_DAYS = 30;
/** The reconciler's slice ends after two pages. */
const ASKS_OF_A_SLICE = 3;

/** The parts of AWS that can be down separately. */
type Part = 'transactions' | 'quarantine' | 'queues' | 'secrets';

/** Small pages, short slices and short times, so that a story reaches all of these limits. */
const ENVIRONMENT = {
  BUTTON_TIMEOUT_MS: '2000',
  QUIET_TIME_SECONDS: '60',
  RETRY_BASE_SECONDS: '30',
  RETRY_MAX_SECONDS: '1800',
  FIRST_READ: 'live',
  READ_FROM: '2026-06-01T00:00:00Z',
  OVERLAP_SECONDS: '900',
  LAG_SECONDS: '0',
  SLICE_SECONDS: '20',
  PAGE_SIZE: '2',
  MAX_RECEIVES: '1000',
  PERSONAL_DATA_DAYS: '30',
  FINALIZATION_DAYS: '15',
  OVERDUE_GRACE_DAYS: '10',
};

/** See `createWorld`. */
export type World = ReturnType<typeof createWorld>;

/**
 * The functions as they are composed for Lambda, in one process: over the models of DynamoDB, SQS, the bus
 * and Secrets Manager, with the simulator's Button, on a clock that moves only between invocations. Every
 * call of a function to another service goes through the lifeline. Log output is collected and not shown,
 * until `close`.
 */
export function createWorld() {
  const lifeline = createLifeline();
  const printed: unknown[] = [];
  const keepOutput = (): void => {
    for (const level of ['info', 'warn', 'error'] as const)
      vi.spyOn(console, level).mockImplementation((...line: unknown[]) => void printed.push(line));
  };
  keepOutput();
  let life = new Life(lifeline, printed);

  return {
    lifeline,
    /** Everything that functions have written: log lines and metrics. */
    printed: () => printed,
    now: () => new Date(life.clock.now()),
    invoke: (name: FunctionName, event: unknown) => life.invoke(name, event),
    pass: (ms: number) => life.button.advance(ms),
    button: () => life.button,
    /** AWS and Button for an operation. */
    aws: () => life.aws,
    buttonHttp: () => life.buttonHttp,
    events: () => life.bus.map(({ type, detail }) => ({ type, detail: JSON.parse(detail) as object })),
    orderQueue: () => life.queue(QUEUES.orders),
    deferredWebhooksQueue: () => life.queue(QUEUES.deferredWebhooks),
    readQueue: () => life.queue(QUEUES.readQueue),
    /** Overrides of the environment variables that functions are composed with from now on. */
    setEnvironment: (environment: Readonly<Record<string, string>>) => {
      life.environment = { ...ENVIRONMENT, ...environment };
    },
    /** The remaining time of every invocation from now on. */
    setRemainingTime: (ms: number) => (life.remainingMs = ms),
    /** The bus no longer accepts events of this type; undefined: it accepts all. */
    loseEvents: (type: string | undefined) => (life.lostType = type),
    /** From now on these parts of AWS are down, and the others are up. */
    setDown: (...parts: readonly Part[]) => {
      life.refusals = new Map(parts.map((part) => [part, 'ThrottlingException']));
    },
    /** From now on one part of AWS refuses every request with this error, and the others are up. */
    refuse: (part: Part, errorName: string) => {
      life.refusals = new Map([[part, errorName]]);
    },
    drainOrders: () => life.drain(QUEUES.orders, 'order-reporter'),
    drainDeferredWebhooks: () => life.drain(QUEUES.deferredWebhooks, 'deferred-webhooks'),
    drainReadQueue: () => life.drain(QUEUES.readQueue, 'transaction-reconciler', 1),
    deliver: (body: string) => life.deliver(body),
    publish: () => life.publish(),
    contents: (table: keyof typeof TABLES) => life.contents(table),

    /** Resets everything to the first day. */
    reset(): void {
      // Vitest restores the console before each test.
      keepOutput();
      life = new Life(lifeline, printed);
      lifeline.begin(undefined);
    },

    /** An operation that a person starts is started again if it dies. */
    async operate<Result>(operation: () => Promise<Result>): Promise<Result> {
      for (;;) {
        const end = await lifeline.live(operation);
        if (!end.died) return end.result;
      }
    },

    close(): void {
      vi.restoreAllMocks();
    },
  };
}

/** One life of the world, from its first day on. */
class Life {
  readonly clock = new SimulatorClock({ startAt: START, speed: 0 });
  readonly button: SimulatorControls;
  readonly bus: AwsModel['bus'] = [];
  readonly aws: AwsClientFactories;
  readonly buttonHttp: ButtonHttp;
  environment: Readonly<Record<string, string>> = ENVIRONMENT;
  remainingMs = REMAINING_MS;
  lostType: string | undefined;
  refusals: ReadonlyMap<Part, string> = new Map();

  readonly #lifeline: Lifeline;
  readonly #printed: unknown[];
  readonly #dynamodb: DynamoDBModel;
  readonly #sqs: SqsModel;
  readonly #compositions: ReturnType<typeof createCompositions>;
  readonly #processes = new Map<FunctionName, { handle: Handle; flush: () => void }>();
  #stream: StreamRecord[] = [];
  #invocations = 0;
  #sends = 0;

  constructor(lifeline: Lifeline, printed: unknown[]) {
    this.#lifeline = lifeline;
    this.#printed = printed;
    const now = (): number => this.clock.now();
    this.#dynamodb = new DynamoDBModel(TABLE_SETTINGS, {
      now,
      onChange: (_table, record) => this.#stream.push(record),
    });
    this.#sqs = new SqsModel(
      Object.values(QUEUES).map((name) => ({
        name,
        kind: name.endsWith('.fifo') ? 'fifo' : 'standard',
        visibilityTimeoutSeconds: VISIBILITY_SECONDS,
      })),
      { now },
    );
    let ids = 0;
    const { exchange, ...parts } = assembleButton(
      { ...defaultOptions, brandApiKey: API_KEY, publisherApiKey: API_KEY },
      {
        clock: this.clock,
        poster: { post: () => Promise.reject(new Error('Nobody has registered a webhook')) },
        newId: (prefix) => `${prefix}-${(ids += 1).toString(16).padStart(16, '0')}`,
      },
    );
    this.button = new SimulatorControls({ ...parts, clock: this.clock });
    const [brand] = OrderReportingConfigSchema.parse({
      brands: [{ id: 'acme', testTokens: 'allow' }],
    }).brands;
    if (!brand) throw new Error('There is no brand');
    const aws = {
      dynamodb: this.#dynamodb,
      sqs: this.#sqs,
      bus: this.bus,
      secrets: new Map([
        [SECRETS.brandApiKey, API_KEY],
        [SECRETS.publisherApiKey, API_KEY],
        [SECRETS.webhooks, JSON.stringify([{ name: 'main', secret: WEBHOOK_SECRET }])],
      ]),
      losesEvent: (type: string) => type === this.lostType,
    };
    const { clock } = this;
    this.aws = createAwsClients(this, aws);
    this.buttonHttp = createModelHttp(this, { exchange, clock, timeoutMs: 2000 });
    this.#compositions = createCompositions({
      ...aws,
      clock,
      exchange,
      brand,
      transactions: TransactionsConfigSchema.parse({}),
      customerDays: CUSTOMER_DAYS,
      verifyBefore: () => undefined,
      // The longest jitter, so that every wait is known.
      random: () => 1,
      environment: () => this.environment,
    });
  }

  readonly call: Process['call'] = ({ service, target }, perform) =>
    this.#lifeline.call(async () => {
      const part = service === 'dynamodb' ? PART_OF_TABLE[target] : PART_OF_SERVICE[service];
      const name = part && this.refusals.get(part);
      if (name !== undefined) throw Object.assign(new Error('refused'), { name, $metadata: {} });
      return perform({ latencyMs: 0 });
    });

  /** One invocation. Returns undefined if its process died; then the next one has a new process. */
  async invoke(name: FunctionName, event: unknown): Promise<unknown> {
    const { handle, flush } = this.#processOf(name);
    this.#invocations += 1;
    const awsRequestId = `request-${this.#invocations}`;
    const end = await this.#lifeline.live(() => handle(event, this.#contextOf(name, awsRequestId)));
    if (end.died) {
      this.#processes.delete(name);
      return undefined;
    }
    flush();
    return end.result;
  }

  #processOf(name: FunctionName): { handle: Handle; flush: () => void } {
    const running = this.#processes.get(name);
    if (running) return running;
    const metrics = createMetrics<MetricName>({
      namespace: 'ButtonServerless',
      write: (line) => this.#printed.push(line),
      now: () => this.clock.now(),
    });
    const compose = this.#compositions[name] as (process: Process) => ComposedFunction<unknown, unknown>;
    const { handle } = compose({
      call: this.call,
      now: () => new Date(this.clock.now()),
      wait: (ms) => this.clock.advance(ms),
      metrics,
    });
    const flush = (): void => {
      metrics.flush();
    };
    this.#processes.set(name, { handle, flush });
    return { handle, flush };
  }

  #contextOf(name: FunctionName, awsRequestId: string): InvocationContext {
    let asked = 0;
    return {
      awsRequestId,
      getRemainingTimeInMillis: () => {
        asked += 1;
        return name === 'transaction-reconciler' && asked > ASKS_OF_A_SLICE ? 0 : this.remainingMs;
      },
    };
  }

  queue(name: string) {
    return {
      /** The messages on the queue, hidden or not. */
      bodies: () => this.#sqs.contents(name).map(({ body }) => body),
      /** Sends a message that is not a duplicate. A FIFO queue needs its group. */
      send: (body: string, { groupId }: { groupId?: string } = {}): void => {
        this.#sends += 1;
        const fifo = groupId !== undefined && {
          MessageGroupId: groupId,
          MessageDeduplicationId: `test-${this.#sends}`,
        };
        this.#sqs.execute(new SendMessageCommand({ QueueUrl: name, MessageBody: body, ...fifo }));
      },
      /** The next batch, hidden for the visibility timeout. */
      receive: (batchSize: number): SQSRecord[] => {
        const received = this.#sqs.execute(
          new ReceiveMessageCommand({ QueueUrl: name, MaxNumberOfMessages: batchSize }),
        ) as { Messages?: Parameters<typeof toRecord>[0][] };
        return (received.Messages ?? []).map((message) => toRecord(message, name));
      },
    };
  }

  /** Delivers the visible messages, batch by batch, until none is left. */
  async drain(url: string, name: FunctionName, batchSize = 10): Promise<void> {
    const { receive } = this.queue(url);
    for (let batch = receive(batchSize); batch.length > 0; batch = receive(batchSize)) {
      const response = (await this.invoke(name, { Records: batch })) as SQSBatchResponse | undefined;
      // A process that has died acknowledges nothing, so the whole batch returns.
      if (!response) continue;
      const failed = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const { messageId, receiptHandle } of batch)
        if (!failed.has(messageId))
          this.#sqs.execute(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receiptHandle }));
    }
  }

  /** Button sends a webhook until it is acknowledged. */
  async deliver(body: string): Promise<void> {
    const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
    for (let attempt = 0; attempt < MAX_STEPS; attempt += 1) {
      const answer = (await this.invoke('webhook-receiver', {
        body,
        headers: { 'x-button-signature': signature },
        isBase64Encoded: false,
      })) as APIGatewayProxyStructuredResultV2 | undefined;
      if (answer?.statusCode !== undefined && answer.statusCode < 300) return;
      await this.button.advance(60_000);
    }
    throw new Error('Button gives up');
  }

  /** The table's stream delivers its changes to the publisher until every one is handled. */
  async publish(): Promise<void> {
    for (let attempt = 0; this.#stream.length > 0; attempt += 1) {
      if (attempt === MAX_STEPS) throw new Error('The stream does not get on');
      const batch = this.#stream.slice(0, 10);
      const records = batch.map((record) => ({ dynamodb: toLambda(record) }));
      const response = (await this.invoke('event-publisher', { Records: records })) as
        | SQSBatchResponse
        | undefined;
      const first = response ? response.batchItemFailures[0]?.itemIdentifier : batch[0]?.sequenceNumber;
      const done = batch.findIndex(({ sequenceNumber }) => sequenceNumber === first);
      this.#stream = this.#stream.slice(done === -1 ? batch.length : done);
    }
  }

  /**
   * The content of a table, unpacked, without the fields that only say when and by which run it was written.
   */
  contents(table: keyof typeof TABLES): Record<string, unknown>[] {
    const name = TABLES[table];
    const { partitionKey = '', sortKey = '' } =
      TABLE_SETTINGS.find((settings) => settings.name === name) ?? {};
    const placeOf = (item: Record<string, unknown>) => [item[partitionKey], item[sortKey]].join();
    return this.#dynamodb
      .items(name)
      .map((item) => unpacked(unmarshall(item) as Record<string, unknown>))
      .sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
  }
}

type Handle = ComposedFunction<unknown, unknown>['handle'];

const PART_OF_TABLE: Readonly<Record<string, Part>> = {
  [TABLES.transactions]: 'transactions',
  [TABLES.orderQuarantine]: 'quarantine',
  [TABLES.webhookQuarantine]: 'quarantine',
};

const PART_OF_SERVICE: Readonly<Record<string, Part>> = { sqs: 'queues', secrets: 'secrets' };

/** Lambda receives binary values as base64. */
function toLambda({ before, after, sequenceNumber }: StreamRecord): unknown {
  const asJson = (image: Item | undefined): unknown =>
    image &&
    Object.fromEntries(
      Object.entries(image).map(([name, value]) => [
        name,
        value.B ? { B: Buffer.from(value.B).toString('base64') } : value,
      ]),
    );
  return { OldImage: asJson(before), NewImage: asJson(after), SequenceNumber: sequenceNumber };
}

function unpacked({ revision: _revision, ...item }: Record<string, unknown>): Record<string, unknown> {
  const { body, bytes, ...rest } = item;
  return {
    ...rest,
    ...(body instanceof Uint8Array ? { body: unpackJson(body) } : {}),
    // A part of a large transaction is not a complete text.
    ...(bytes instanceof Uint8Array && !('partOf' in item)
      ? { bytes: unpackText(bytes).toString('utf8') }
      : {}),
  };
}
