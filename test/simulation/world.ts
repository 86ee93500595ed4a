import { isUtf8 } from 'node:buffer';

import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

import { EXPIRY_SCHEDULE } from '../../infra/fixed-settings.ts';
import { OrderReportingConfigSchema, type BrandConfig } from '../../infra/order-reporting-config.ts';
import { TransactionsConfigSchema, type TransactionsConfig } from '../../infra/transactions-config.ts';
import { leastVisibilityTimeoutSeconds } from '../../infra/queue-limits.ts';
import { parseCron } from '../../tooling/local-aws/triggers/cron-expression.ts';
import type { ButtonParts, ButtonSettings } from '../../tooling/button-simulator/assemble-button.ts';
import { signatureOf, type PostResult } from '../../tooling/button-simulator/post-webhook.ts';
import { defaultOptions } from '../../tooling/button-simulator/simulator.ts';
import type { WorldChange } from '../../tooling/button-simulator/world.ts';
import { messageDeduplicationId, messageGroupId } from '../../shared/validation/orders/order-event.ts';
import type { Measured } from '../../shared/runtime/metric-definitions.ts';
import { createButtonModel } from './button-model.ts';
import type { Item } from '../../tooling/local-aws/models/dynamodb-expression.ts';
import { DynamoDBModel } from '../../tooling/local-aws/models/dynamodb-model.ts';
import { QueuePoller, StreamPoller, type QueueMapping } from './event-sources.ts';
import type { BusEvent } from './aws-model.ts';
import { createFunctions, type Functions, type FunctionsGround } from './functions.ts';
import type { Ground, Invocation, LambdaModel } from './lambda-model.ts';
import { Neighbour, NEIGHBOUR } from './neighbour.ts';
import { randomFrom } from './random.ts';
import { QUEUES, SECRETS, TABLE_SETTINGS, urlOf } from './resources.ts';
import { SqsModel, type QueueGauge, type QueueSettings } from '../../tooling/local-aws/models/sqs-model.ts';
import { NOTHING_HAPPENED, VirtualClock } from './virtual-clock.ts';
import { calmWeather, type Call, type Weather } from './weather.ts';

/** The options of a world; all are optional. */
export type SimulatedWorldOptions = {
  /** The same seed gives the same run. */
  seed?: number | string;
  /** The first instant, ISO 8601 UTC. */
  startAt?: string;
  /** What goes wrong; by default nothing. */
  weather?: Weather;
  /** Which variant of Button's behaviour applies. */
  buttonWorld?: WorldChange;
  /** How long an order stays open at Button. */
  finalizationDays?: number;
  /** Settings as in `infra/config`: of the only brand, `acme`, and of the transactions. */
  brand?: Record<string, unknown>;
  /** Whether there is a second brand, which has no faults. */
  hasNeighbour?: boolean;
  transactions?: Record<string, unknown>;
  /** How many days after its end an order keeps its customer; 400 by default. */
  customerDays?: number;
  /**
   * `as-deployed`: sweeps and reconciliation run on their schedules. `none`: they run only when `sweep` and
   * `reconcile` are called.
   */
  schedules?: 'as-deployed' | 'none';
  /** Called with every metric that the product emits or the gateway counts, with its virtual time. */
  measure?: (measured: Measured & { atMs: number }) => void;
  /** Called with every change of a transaction in the table. */
  onTransactionChange?: (before: Item | undefined, after: Item | undefined) => void;
  /** Called with every call to AWS and to Button by a function of the first brand or of the publisher. */
  onCall?: (call: Call) => void;
  /** Called with every invocation of a function when it has ended. */
  onInvocation?: (invocation: Invocation) => void;
  /** Called with the id of each message that the reporter has handled. */
  onMessageDone?: (messageId: string) => void;
};

/** What AWS itself measures, at one instant. */
export type Gauges = {
  /** By the names in `QUEUES`, dead-letter queues included. */
  queues: Record<keyof typeof QUEUES, QueueGauge>;
  /** The age of the oldest change of a transaction that is not published yet. */
  iteratorAgeMs: number;
};

type WebhookRequest = { body: Buffer; signature: string | undefined };

const MINUTE_MS = 60_000;
const START = '2026-06-01T12:00:00.000Z';
const BRAND_SECRET = 'sk-brand';
const PUBLISHER_SECRET = 'sk-publisher';
const WEBHOOK_SECRET = 'whsec-first';

/** AWS only promises to delete within a few days. */
const TIME_TO_LIVE_PASS_MS = 6 * 3_600_000;

/**
 * The whole system in one process on a virtual clock: the real composition of every deployed function, over
 * models of SQS, DynamoDB, streams, Scheduler and Lambda, with the simulator's Button.
 *
 * Time passes only in `runFor`; what happened is visible when it returns. Two worlds with the same options
 * and the same calls behave the same.
 */
export class SimulatedWorld {
  readonly clock: VirtualClock;
  readonly weather: Weather;
  /** Button's own parts: its orders and transactions, fault rules, variant and webhooks. */
  readonly button: ButtonParts;
  readonly dynamodb: DynamoDBModel;
  readonly sqs: SqsModel;
  readonly functions: Functions;
  /** The second brand, if the options ask for one. */
  readonly neighbour: Neighbour | undefined;
  /** Events in the order in which the bus accepted them, as JSON of their detail. */
  readonly bus: BusEvent[] = [];
  /** Values of the secrets in `SECRETS`. Tests may rotate or remove them. */
  readonly secrets = new Map<string, string>([
    [SECRETS.brandApiKey, BRAND_SECRET],
    [SECRETS.publisherApiKey, PUBLISHER_SECRET],
    [SECRETS.webhooks, JSON.stringify([{ name: 'main', secret: WEBHOOK_SECRET }])],
  ]);
  /** The ids of the messages that the reporter has handled. */
  readonly doneMessages = new Set<string>();
  /**
   * Set after a restore of the ledger, ISO 8601 UTC: new environments of the reporter read what was reported
   * before this instant.
   */
  verifyBefore: string | undefined;

  readonly #ground: Ground;
  readonly #stream: StreamPoller;
  readonly #pollers: ReadonlyMap<string, QueuePoller>;

  constructor(options: SimulatedWorldOptions = {}) {
    const { seed = 0, startAt = START, measure = () => undefined, onInvocation = () => undefined } = options;
    const [brand] = OrderReportingConfigSchema.parse({
      brands: [{ id: 'acme', testTokens: 'allow', ...options.brand }],
    }).brands;
    if (!brand) throw new Error('There is no brand');
    const transactions = TransactionsConfigSchema.parse(options.transactions ?? {});
    this.clock = new VirtualClock(startAt);
    this.weather = options.weather ?? calmWeather(seed);
    const { clock, weather } = this;
    this.#ground = { clock, weather, measure, onInvocation };
    const now = (): number => clock.now();
    this.dynamodb = new DynamoDBModel(TABLE_SETTINGS, {
      now,
      onChange: (_table, record) => {
        options.onTransactionChange?.(record.before, record.after);
        this.#stream.add(record);
      },
    });
    this.sqs = new SqsModel(queueSettings(brand, transactions), {
      now,
      weather: { random: weather.random, duplicates: () => weather.duplicates() },
      onArrival: (queue) => this.#pollers.get(queue)?.wake(),
    });
    this.button = createButtonModel(buttonSettings(options), {
      clock,
      random: randomFrom(seed, 'button'),
      post: (_url, body, secret) => this.#fromButton(body, secret),
    });
    const ground: FunctionsGround = {
      clock,
      dynamodb: this.dynamodb,
      sqs: this.sqs,
      secrets: this.secrets,
      bus: this.bus,
      losesEvent: () => weather.losesEvent(),
      exchange: this.button.exchange,
      brand,
      transactions,
      customerDays: options.customerDays ?? 400,
      verifyBefore: () => this.verifyBefore,
      random: () => weather.random.next(),
    };
    this.functions = createFunctions(ground, {
      ...this.#ground,
      ...(options.onCall && { onCall: options.onCall }),
      onMessageDone: (messageId) => {
        this.doneMessages.add(messageId);
        options.onMessageDone?.(messageId);
      },
    });
    this.neighbour = options.hasNeighbour === true ? createNeighbour(seed, ground, this.#ground) : undefined;
    const { functions } = this;
    const parts = { clock, weather, sqs: this.sqs };
    const mappings = queueMappings(functions, brand, transactions);
    this.#pollers = new Map(mappings.map((mapping) => [mapping.queue, new QueuePoller(mapping, parts)]));
    this.#stream = new StreamPoller(functions['event-publisher'], parts);
    if (options.schedules === 'as-deployed') this.#scheduleAll(brand, transactions);
    this.#deleteExpired();
  }

  /** DynamoDB deletes items past their time to live, from time to time. */
  #deleteExpired(): void {
    this.clock.at(this.clock.now() + TIME_TO_LIVE_PASS_MS, () => {
      for (const { name, timeToLive } of TABLE_SETTINGS)
        if (timeToLive !== undefined) this.dynamodb.expire(name, timeToLive);
      this.#deleteExpired();
      return NOTHING_HAPPENED;
    });
  }

  /** Lets time pass, with everything that happens in it. */
  async runFor(ms: number): Promise<void> {
    await this.clock.runUntil(this.clock.now() + ms);
  }

  /**
   * A producer puts a message on the order queue. Returns its id, or that of the first message if SQS treats
   * it as a duplicate.
   */
  sendOrderMessage(message: { body: string; orderId: string; eventId: string }): string {
    const { body, orderId, eventId } = message;
    const sent = this.sqs.execute(
      new SendMessageCommand({
        QueueUrl: urlOf(QUEUES.orders),
        MessageBody: body,
        MessageGroupId: messageGroupId(orderId),
        MessageDeduplicationId: messageDeduplicationId({ source: 'https://shop.example', id: eventId }),
      }),
    ) as { MessageId: string };
    return sent.MessageId;
  }

  /** Scheduler fires the retry sweep. */
  sweep(): void {
    this.#fire(this.functions['retry-sweep'], {});
  }

  /** Scheduler fires the audit of the brand's orders. */
  auditOrders(): void {
    this.#fire(this.functions['order-audit'], {});
  }

  /** Scheduler fires the reconciliation planner for these streams. */
  reconcile(streams: readonly string[]): void {
    this.#fire(this.functions['reconciliation-planner'], { streams });
  }

  /** Scheduler fires the expiry of personal data. */
  expirePersonalData(): void {
    this.#fire(this.functions['personal-data-expiry'], {});
  }

  /** Scheduler fires the expiry of the orders' customers. */
  expireCustomers(): void {
    this.#fire(this.functions['customer-expiry'], {});
  }

  /** Somebody posts to the webhook URL. Resolves with the gateway's answer. */
  async postWebhook(request: WebhookRequest, sender: 'Button' | 'somebody' = 'somebody'): Promise<number> {
    const result = await this.functions['webhook-receiver'].invoke(gatewayEvent(request));
    const status =
      result.status === 'succeeded' ? (result.payload as { statusCode: number }).statusCode : 502;
    const isFailure = status >= 500 || (status === 401 && sender === 'Button');
    const atMs = this.clock.now();
    if (sender === 'Button') this.#ground.measure({ name: 'WebhooksFromButton', value: 1, atMs });
    if (isFailure) this.#ground.measure({ name: 'WebhooksFailedForButton', value: 1, atMs });
    return status;
  }

  gauges(): Gauges {
    const gauge = (name: keyof typeof QUEUES): QueueGauge => this.sqs.gauge(QUEUES[name]);
    return {
      queues: {
        orders: gauge('orders'),
        orderDeadLetters: gauge('orderDeadLetters'),
        deferredWebhooks: gauge('deferredWebhooks'),
        deferredWebhooksDeadLetters: gauge('deferredWebhooksDeadLetters'),
        readQueue: gauge('readQueue'),
        readDeadLetters: gauge('readDeadLetters'),
      },
      iteratorAgeMs: this.#stream.iteratorAgeMs,
    };
  }

  /** The number of changes of transactions that are not published yet. */
  get unpublishedChanges(): number {
    return this.#stream.waiting;
  }

  async #fromButton(body: Uint8Array, secret: string): Promise<PostResult> {
    const { clock, weather } = this;
    await new Promise<void>((resolve) => clock.at(clock.now() + weather.random.between(2, 50), resolve));
    const status = await this.postWebhook(
      { body: Buffer.from(body), signature: signatureOf(body, secret) },
      'Button',
    );
    return weather.losesWebhookAnswer() ? { failure: 'socket hang up' } : { status };
  }

  /** Scheduler delivers at least once, so now and then twice. */
  #fire(target: LambdaModel<unknown>, input: unknown): void {
    target.invokeAsync(input);
    const { random } = this.weather;
    if (!random.chance(this.weather.firesTwice())) return;
    this.clock.at(this.clock.now() + random.between(0, 3000), () => {
      target.invokeAsync(input);
    });
  }

  #scheduleAll(brand: BrandConfig, { reconciler }: TransactionsConfig): void {
    this.#schedule(brand.retrySweep.schedule, 'UTC', () => {
      this.sweep();
    });
    this.#schedule(EXPIRY_SCHEDULE, 'UTC', () => {
      this.expirePersonalData();
    });
    this.#schedule(EXPIRY_SCHEDULE, 'UTC', () => {
      this.expireCustomers();
    });
    for (const { expression, timeZone } of reconciler.schedules)
      this.#schedule(expression, timeZone, () => {
        this.reconcile(['incremental']);
      });
    const daily = ['sweep-daily', ...(reconciler.crossCheck ? ['cross-check'] : [])];
    this.#schedule(reconciler.dailySweep.expression, reconciler.dailySweep.timeZone, () => {
      this.reconcile(daily);
    });
    this.#schedule(reconciler.weeklySweep.expression, reconciler.weeklySweep.timeZone, () => {
      this.reconcile(['sweep-weekly']);
    });
  }

  #schedule(expression: string, timeZone: string, fire: () => void): void {
    const [, count = '', unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
    const [, fields] = /^cron\((.+)\)$/.exec(expression) ?? [];
    const minutes = { minute: 1, hour: 60, day: 1440 }[unit] ?? 1;
    const nextDue =
      fields === undefined
        ? (after: Date) => new Date(after.getTime() + Number(count) * minutes * MINUTE_MS)
        : parseCron(fields, timeZone);
    const waitFor = (due: Date | undefined): void => {
      if (!due) return;
      this.clock.at(due.getTime(), () => {
        fire();
        waitFor(nextDue(due));
      });
    };
    const firstMinute = Math.ceil((this.clock.now() + 1) / MINUTE_MS) * MINUTE_MS;
    waitFor(fields === undefined ? new Date(firstMinute) : nextDue(new Date(firstMinute - 1)));
  }
}

function buttonSettings({
  buttonWorld = {},
  hasNeighbour = false,
  finalizationDays = defaultOptions.finalizationDays,
}: SimulatedWorldOptions): ButtonSettings {
  return {
    ...defaultOptions,
    brandApiKey: BRAND_SECRET,
    publisherApiKey: PUBLISHER_SECRET,
    webhooks: [{ name: 'main', url: 'https://webhooks.example/button', secret: WEBHOOK_SECRET }],
    world: buttonWorld,
    furtherBrands: hasNeighbour ? [NEIGHBOUR] : [],
    finalizationDays,
  };
}

/** The queues that Lambda polls, with the function of each. */
function queueMappings(
  functions: Functions,
  brand: BrandConfig,
  { reconciler, deferredWebhooks }: TransactionsConfig,
): QueueMapping[] {
  return [
    {
      queue: QUEUES.orders,
      target: functions['order-reporter'],
      batchSize: brand.batchSize,
      maxConcurrency: brand.maxConcurrency,
    },
    {
      queue: QUEUES.deferredWebhooks,
      target: functions['deferred-webhooks'],
      batchSize: 10,
      maxConcurrency: deferredWebhooks.maxConcurrency,
    },
    {
      queue: QUEUES.readQueue,
      target: functions['transaction-reconciler'],
      batchSize: 1,
      maxConcurrency: reconciler.maxConcurrency,
    },
  ];
}

/** A brand with the same settings except its name. */
function createNeighbour(seed: number | string, ground: FunctionsGround, lambda: Ground): Neighbour {
  const brand = { ...ground.brand, id: NEIGHBOUR.id, orderBy: 'sequence' as const };
  return new Neighbour({ seed, ground, brand, lambda, queues: queueSettings(brand, ground.transactions) });
}

/** A request as the HTTP API passes it on: text unchanged, anything else in base64. */
function gatewayEvent({ body, signature }: WebhookRequest): APIGatewayProxyEventV2 {
  const isBase64Encoded = !isUtf8(body);
  const event = {
    body: body.toString(isBase64Encoded ? 'base64' : 'utf8'),
    headers: signature === undefined ? {} : { 'x-button-signature': signature },
    isBase64Encoded,
  };
  return event as unknown as APIGatewayProxyEventV2;
}

function queueSettings(
  brand: { reporterTimeoutSeconds: number; maxReceiveCount: number },
  { deferredWebhooks, reconciler }: ReturnType<typeof TransactionsConfigSchema.parse>,
): QueueSettings[] {
  const pair = (
    name: string,
    deadLetterQueue: string,
    rest: Pick<QueueSettings, 'visibilityTimeoutSeconds'> & { maxReceiveCount: number },
  ): QueueSettings[] => {
    const kind = name.endsWith('.fifo') ? 'fifo' : 'standard';
    const { maxReceiveCount, visibilityTimeoutSeconds } = rest;
    return [
      { name, kind, visibilityTimeoutSeconds, redrive: { deadLetterQueue, maxReceiveCount } },
      { name: deadLetterQueue, kind, visibilityTimeoutSeconds: 30 },
    ];
  };
  return [
    ...pair(QUEUES.orders, QUEUES.orderDeadLetters, {
      visibilityTimeoutSeconds: leastVisibilityTimeoutSeconds(brand.reporterTimeoutSeconds),
      maxReceiveCount: brand.maxReceiveCount,
    }),
    ...pair(QUEUES.deferredWebhooks, QUEUES.deferredWebhooksDeadLetters, {
      visibilityTimeoutSeconds: deferredWebhooks.visibilityTimeoutSeconds,
      // AWS accepts at most 1000. The last receive sends the message to quarantine.
      maxReceiveCount: deferredWebhooks.maxReceiveCount,
    }),
    ...pair(QUEUES.readQueue, QUEUES.readDeadLetters, {
      visibilityTimeoutSeconds:
        reconciler.visibilityTimeoutSeconds ?? leastVisibilityTimeoutSeconds(reconciler.timeoutSeconds),
      maxReceiveCount: reconciler.maxReceiveCount,
    }),
  ];
}
