import {
  FaultSchema,
  type FaultInput,
  type ApiFault,
  type WebhookFault,
} from '../../local/button-simulator/fault-rules.ts';
import type { World } from '../../local/button-simulator/world.ts';
import { QUEUES, SECRETS, TABLES } from './resources.ts';
import { orderMessage, type ProducerMessage, type SentVersion } from './messages.ts';
import { randomFrom, type Random } from './random.ts';
import type { FunctionName } from './functions.ts';
import type { AwsTrouble, Step } from './step.ts';

/** A schedule: which of Button's possible worlds it is set in, and what happens there. */
export type Schedule = { seed: number; world: World; steps: readonly Step[] };

const MINUTE_MS = 60_000;
/** What happens in a schedule begins within this time. */
const LENGTH_MS = 80 * MINUTE_MS;
const LEAST_STEPS = 60;

/** The schedule of a seed: at least sixty steps. */
export function generateSchedule(seed: number): Schedule {
  const random = randomFrom(seed, 'schedule');
  const orderIds = Array.from({ length: random.between(2, 4) }, (_, index) => `order-${index + 1}`);
  const steps = orderIds.flatMap((orderId) => orderSteps(random, orderId));
  const wanted = Math.max(LEAST_STEPS, steps.length + 35) + random.between(0, 10);
  while (steps.length < wanted) steps.push(...troubleSteps(random, orderIds));
  const expiry = expirySteps(randomFrom(seed, 'expiry'));
  // Published again, a transaction whose personal data has expired is told as not rewardable, under the version that was rewardable.
  const others = expiry.length === 0 ? steps : steps.filter(({ kind }) => kind !== 'republish');
  const all = [...others, ...expiry].sort((one, other) => one.atMs - other.atMs);
  return { seed, world: generateWorld(random), steps: all };
}

function generateWorld(random: Random): World {
  return {
    duplicateCreate: random.pick(['409', 'upsert', 'second-order']),
    secondDelete: random.pick(['200', '404']),
    changeCancelled: random.pick(['409', 'accept']),
    getCancelled: random.pick(['200', '404']),
    getByOrderId: random.pick(['200', '200', '404']),
    ids: 'both',
    tokenOnUpdate: 'accepted',
    updateCancelled: random.pick(['403', '404']),
    omittedLineItems: random.pick(['kept', 'cleared']),
    orderApiStatusOnCreate: random.pick(['200', '200', '202']),
    transactionId: random.pick(['stable', 'new-with-each-change']),
    declinedAmount: random.pick(['last', 'zero']),
    transactionVisibleAfterMs: random.pick([0, 30_000, 90_000]),
    cursorFilters: random.pick(['sent-again', 'carried', 'refused']),
    paging: random.pick(['keyset', 'keyset', 'offset']),
    rowOrder: random.pick(['oldest-first', 'newest-first']),
    maxPageSize: random.pick([2, 100]),
    nextPath: random.pick(['with-accounts', 'without-accounts']),
    unreadableTransactions: [],
    webhookOrdering: random.pick(['per-transaction', 'per-transaction', 'per-endpoint']),
    webhook202: random.pick(['success', 'failure']),
  };
}

/** The life of one order as its shop tells it: versions in any order, some of them twice or three times, now and then a bad one. */
function orderSteps(random: Random, orderId: string): Step[] {
  const currency = random.pick(['USD', 'USD', 'EUR']);
  const isStray = random.chance(0.25);
  const steps: Step[] = [];
  const send = (version: SentVersion, says: string): void => {
    const { sequence, kind } = version;
    steps.push({
      kind: 'send',
      atMs: timeIn(random),
      message: orderMessage(version),
      says,
      version: { orderId, sequence, kind },
      ...(isStray && random.chance(0.4) ? { group: `${orderId}-astray` } : {}),
    });
  };
  const count = random.between(2, 5);
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const kind = sequence === 1 || random.chance(0.15) ? 'created' : 'updated';
    // Few amounts, so that versions with the same content come about.
    const total = random.pick([0, 1000, 2000, 3000]);
    const version = {
      orderId,
      sequence: 2 * sequence - 1,
      kind,
      total,
      currency,
      note: random.pick(['a', 'b']),
    } as const;
    for (let copies = random.pick([1, 1, 1, 2, 2, 3]); copies > 0; copies -= 1)
      send(version, `${orderId} version ${version.sequence} (${kind}, ${total} ${currency})`);
  }
  if (random.chance(0.35)) {
    const sequence = 2 * random.between(0, count);
    for (let copies = random.between(1, 2); copies > 0; copies -= 1)
      send({ orderId, sequence, kind: 'cancelled' }, `${orderId} version ${sequence} (cancelled)`);
  }
  if (!random.chance(0.4)) return steps;
  const bad = badMessage(random, orderId);
  // Whichever of the two comes second contradicts the other.
  if (bad.kind === 'send' && bad.message.eventId.endsWith('version-conflict'))
    for (const step of steps)
      if (step.kind === 'send' && step.version?.sequence === 1) step.mayBeRefused = true;
  return [...steps, bad];
}

function badMessage(random: Random, orderId: string): Step {
  const flaw = random.pick(['not-json', 'wrong-sum', 'version-conflict']);
  const version = { orderId, sequence: 1, kind: 'updated', total: 7777, currency: 'USD' } as const;
  const message = orderMessage(flaw === 'wrong-sum' ? { ...version, sequence: 99 } : version);
  const bodies: Record<typeof flaw, string> = {
    'not-json': '{"specversion"',
    'wrong-sum': message.body.replace('"total":7777', '"total":7778'),
    'version-conflict': message.body,
  };
  const bad: ProducerMessage = { ...message, body: bodies[flaw], eventId: `${orderId}-${flaw}` };
  return {
    kind: 'send',
    atMs: timeIn(random),
    message: bad,
    says: `a bad message about ${orderId} (${flaw})`,
  };
}

function timeIn(random: Random): number {
  return MINUTE_MS + Math.floor(random.next() * LENGTH_MS);
}

const FUNCTIONS: readonly [FunctionName, ...FunctionName[]] = [
  'order-reporter',
  'order-reporter',
  'order-reporter',
  'retry-sweep',
  'webhook-receiver',
  'webhook-receiver',
  'deferred-webhooks',
  'event-publisher',
  'reconciliation-planner',
  'transaction-reconciler',
  'transaction-reconciler',
];

const AWS_TARGETS: readonly [string, ...string[]] = [
  TABLES.orderLedger,
  TABLES.orderLedger,
  TABLES.transactions,
  TABLES.transactions,
  TABLES.positions,
  TABLES.orderQuarantine,
  TABLES.webhookQuarantine,
  QUEUES.orders,
  QUEUES.deferredWebhooks,
  QUEUES.readQueue,
  SECRETS.webhooks,
  SECRETS.brandApiKey,
  'bus',
];

const TROUBLES: readonly [AwsTrouble, ...AwsTrouble[]] = [
  'refuses',
  'refuses',
  'loses-answers',
  'makes-clients-retry',
  'is-stale',
];

type OrderIds = readonly string[];

/** Each kind of trouble as often as it stands here. */
const KINDS_OF_TROUBLE: readonly [Trouble, ...Trouble[]] = [
  death,
  death,
  death,
  death,
  freeze,
  zombieReader,
  aws,
  aws,
  aws,
  aws,
  aws,
  (random) => [
    {
      kind: 'poller-down',
      atMs: timeIn(random),
      source: random.pick([QUEUES.orders, QUEUES.deferredWebhooks, QUEUES.readQueue, 'stream']),
      forMs: durationMs(random, 20),
    },
  ],
  (random) => [
    {
      kind: 'deletes-lost',
      atMs: timeIn(random),
      queue: random.pick([QUEUES.orders, QUEUES.deferredWebhooks, QUEUES.readQueue]),
      ...partly(random, 10),
    },
  ],
  (random) => [{ kind: 'events-lost', atMs: timeIn(random), ...partly(random, 10) }],
  (random) => [{ kind: 'duplicates', atMs: timeIn(random), ...partly(random, 60) }],
  button,
  button,
  button,
  button,
  button,
  (random) => [{ kind: 'button-unreachable', atMs: timeIn(random), forMs: durationMs(random, 15) }],
  webhook,
  webhook,
  webhook,
  (random) => [{ kind: 'webhook-answers-lost', atMs: timeIn(random), ...partly(random, 15) }],
  (random) => [{ kind: 'webhooks-paused', atMs: timeIn(random), forMs: durationMs(random, 40) }],
  (random) => [
    { kind: 'rotation', atMs: timeIn(random), weKnowAfterMs: random.pick([-1, -1, 20_000, 5 * MINUTE_MS]) },
  ],
  (random) => [
    {
      kind: 'secret-missing',
      atMs: timeIn(random),
      secret: random.pick([SECRETS.webhooks, SECRETS.brandApiKey, SECRETS.publisherApiKey]),
      forMs: durationMs(random, 8),
    },
  ],
  reconcile,
  reconcile,
  reconcile,
  (random) => [{ kind: 'deployment', atMs: timeIn(random) }],
  (random) => [{ kind: 'redrive', atMs: timeIn(random) }],
  (random) => (random.chance(0.3) ? restore(random) : []),
  (random) => [{ kind: 'replay', atMs: timeIn(random) }],
  (random) => [{ kind: 'republish', atMs: timeIn(random) }],
  (random) => [{ kind: 'backfill', atMs: timeIn(random), id: `b${random.between(1, 99)}` }],
  (random) => (random.chance(0.3) ? [{ kind: 'spoil', atMs: timeIn(random) }] : []),
  finalize,
  (random) => [
    {
      kind: 'install',
      atMs: timeIn(random),
      id: `tx-install-${random.between(1, 3)}`,
      amount: random.between(1, 5) * 100,
      webhook: random.chance(0.5),
    },
  ],
  (random, orderIds) => [
    {
      kind: 'contradiction',
      atMs: timeIn(random),
      orderId: anyOf(random, orderIds),
      amount: random.between(1, 9) * 11,
      webhook: random.chance(0.5),
    },
  ],
  (random, orderIds) => [
    {
      kind: 'forgery',
      atMs: timeIn(random),
      orderId: anyOf(random, orderIds),
      how: random.pick(['other-secret', 'changed-body', 'no-signature', 'garbage']),
    },
  ],
  (random) => [
    {
      kind: 'odd-webhook',
      atMs: timeIn(random),
      id: `odd-${random.between(1, 99)}`,
      oddity: random.pick(['ping', 'no-json-number', 'new-status']),
    },
  ],
];

type Trouble = (random: Random, orderIds: OrderIds) => Step[];

function troubleSteps(random: Random, orderIds: OrderIds): Step[] {
  return random.pick(KINDS_OF_TROUBLE)(random, orderIds);
}

function anyOf(random: Random, orderIds: OrderIds): string {
  return orderIds[random.between(0, orderIds.length - 1)] ?? 'order-1';
}

function durationMs(random: Random, mostMinutes: number): number {
  return random.between(5, mostMinutes * 60) * 1000;
}

function partly(random: Random, mostMinutes: number): { forMs: number; probability: number } {
  return { forMs: durationMs(random, mostMinutes), probability: random.pick([0.2, 0.5, 1]) };
}

function death(random: Random): Step[] {
  return [
    {
      kind: 'death',
      atMs: timeIn(random),
      functionName: random.pick(FUNCTIONS),
      call: random.between(1, 8),
      moment: random.pick(['before', 'after']),
    },
  ];
}

function freeze(random: Random): Step[] {
  const functionName = random.pick(FUNCTIONS);
  const forMs = functionName === 'order-reporter' ? random.between(5, 70) * 1000 : durationMs(random, 25);
  return [{ kind: 'freeze', atMs: timeIn(random), functionName, call: random.between(1, 8), forMs }];
}

/** A worker that stands still in the middle of its slice until another has taken its stream and got ahead of it. */
function zombieReader(random: Random): Step[] {
  const atMs = timeIn(random);
  const tick = { kind: 'reconcile' as const, streams: ['live'] };
  const forMs = random.between(16, 25) * MINUTE_MS;
  return [
    { kind: 'freeze', atMs, functionName: 'transaction-reconciler', call: random.between(3, 8), forMs },
    { ...tick, atMs: atMs + 1000 },
    { ...tick, atMs: atMs + 10 * MINUTE_MS },
    { ...tick, atMs: atMs + 14 * MINUTE_MS },
  ];
}

function aws(random: Random): Step[] {
  const target = random.pick(AWS_TARGETS);
  const trouble =
    target === 'bus' || target.startsWith('webhooks') || target.endsWith('key')
      ? 'refuses'
      : random.pick(TROUBLES);
  const isTable = Object.values<string>(TABLES).includes(target);
  return [
    {
      kind: 'aws',
      atMs: timeIn(random),
      target,
      trouble: trouble === 'is-stale' && !isTable ? 'refuses' : trouble,
      ...partly(random, trouble === 'is-stale' ? 60 : 8),
    },
  ];
}

/** Late work is late by less than the quiet time and our clocks' differences: what comes later still is the risk that docs/architecture.md states. */
function button(random: Random): Step[] {
  const work = random.pick(['done', 'skipped', { afterMs: 25_000 }, { afterMs: 45_000 }] as const);
  const answers: readonly [FaultInput, ...FaultInput[]] = [
    { on: 'api', answer: { status: random.pick([500, 502, 504, 408]) }, work },
    { on: 'api', answer: { status: 503 } },
    { on: 'api', answer: 'lost', work },
    { on: 'api', answer: random.pick(['truncated', 'cut-off']) },
    { on: 'api', answer: { status: 200, body: '<html>' }, work },
    { on: 'api', match: { method: 'POST' }, answer: 'accepted', work: work === 'skipped' ? 'done' : work },
    {
      on: 'api',
      answer: {
        status: 429,
        headers: { 'retry-after': random.pick(['3', '90', '-1', 'soon', '1000000000']) },
      },
    },
    { on: 'api', answer: { status: 401 } },
    { on: 'api', match: { path: '^/v1/order$' }, answer: { status: 403 } },
    { on: 'api', match: { method: 'POST' }, answer: { status: 400 } },
    { on: 'api', answer: 'button', answerDelayMs: random.pick([3000, 9000, 15_000]) },
    { on: 'api', match: { path: '^/v1/affiliation' }, answer: { status: random.pick([500, 429, 400]) } },
  ];
  const rule = random.pick(answers);
  const times = {
    times: random.between(1, 6),
    probability: random.pick([1, 0.5]),
    seed: random.between(0, 999),
  };
  return [
    { kind: 'button', atMs: timeIn(random), fault: FaultSchema.parse({ ...rule, ...times }) as ApiFault },
  ];
}

function webhook(random: Random): Step[] {
  const effect = random.pick([
    'lose',
    'lose',
    'duplicate',
    'reorder',
    { delayMs: 90_000 },
    { delayMs: 25 * MINUTE_MS },
  ] as const);
  const fault = FaultSchema.parse({ on: 'webhook', effect, times: random.between(1, 4) }) as WebhookFault;
  return [{ kind: 'webhook', atMs: timeIn(random), fault }];
}

/** Two of them close to each other are overlapping runs. */
function reconcile(random: Random): Step[] {
  const atMs = timeIn(random);
  const streams = random.pick([['live'], ['live'], ['live'], ['live', 'sweep-daily'], ['cross-check']]);
  const tick = { kind: 'reconcile' as const, atMs, streams };
  return random.chance(0.2) ? [tick, { ...tick, atMs: atMs + random.between(0, 20_000) }] : [tick];
}

function restore(random: Random): Step[] {
  const atMs = timeIn(random);
  return [
    { kind: 'back-up', atMs },
    { kind: 'restore', atMs: atMs + durationMs(random, 20) },
  ];
}

/** In one schedule of four: the expiry of personal data, now and then twice at once, and what may strike it. */
function expirySteps(random: Random): Step[] {
  if (!random.chance(0.25)) return [];
  const struck = { functionName: 'personal-data-expiry', call: random.between(1, 8) } as const;
  const atMs = timeIn(random);
  const trouble: Step = random.chance(0.5)
    ? { kind: 'death', atMs, ...struck, moment: random.pick(['before', 'after']) }
    : { kind: 'freeze', atMs, ...struck, forMs: durationMs(random, 25) };
  const runs = Array.from({ length: random.between(2, 4) }, (_, run): Step => {
    const runAtMs = atMs + 1000 + run * 15 * MINUTE_MS + random.between(0, 5000);
    return { kind: 'expire', atMs: runAtMs };
  });
  return [...(random.chance(0.7) ? [trouble] : []), ...runs];
}

function finalize(random: Random, orderIds: OrderIds): Step[] {
  return [{ kind: 'finalize', atMs: LENGTH_MS / 2 + timeIn(random) / 2, orderId: anyOf(random, orderIds) }];
}
