import {
  FaultSchema,
  type FaultInput,
  type ApiFault,
  type WebhookFault,
} from '../../tooling/button-simulator/fault-rules.ts';
import type { World } from '../../tooling/button-simulator/world.ts';
import { QUEUES, SECRETS, TABLES } from './resources.ts';
import {
  drawAnswer,
  drawDeadLookUp,
  drawPartialShow,
  drawPermanentAnswer,
  drawRefusedIds,
  toFault,
} from './draw-answer.ts';
import { drawClassOfFailures } from './draw-class.ts';
import { drawPurchase } from './draw-transaction.ts';
import { drawOrderLife, drawTakenOrder, type BrandRules, type ShopDraw } from './draw-shop.ts';
import { randomFrom, type Random } from './random.ts';
import type { FunctionName } from './functions.ts';
import type { AwsTrouble, Step } from './step.ts';

/** A schedule: the brand's configuration, the variant of Button's behaviour, and the steps. */
export type Schedule = {
  seed: number;
  brand: BrandRules & { retryMaxSeconds?: number };
  world: World;
  steps: readonly Step[];
};

const MINUTE_MS = 60_000;
/** All steps of a schedule begin within this time. */
const LENGTH_MS = 80 * MINUTE_MS;
const LEAST_STEPS = 60;

/**
 * The schedule of a seed, with at least sixty steps: a storm, or a calm day on which one class of orders
 * always fails.
 */
export function generateSchedule(seed: number): Schedule {
  const random = randomFrom(seed, 'schedule');
  const brand: BrandRules = {
    orderBy: random.pick(['sequence', 'sequence', 'sequence', 'time']),
    allowFinalizationDate: random.chance(0.3),
  };
  const common = { ...generateWorld(random), ...drawMixedIds(randomFrom(seed, 'mixed ids')) };
  const world = { ...common, ...drawRareWorld(randomFrom(seed, 'rare world'), common) };
  const steps = random.chance(0.1)
    ? drawClassOfFailures({ random, rules: brand })
    : drawStorm(random, { seed, brand, world: common });
  return {
    seed,
    // A separate random source, so that the steps of a seed do not depend on it.
    brand: {
      ...brand,
      // About fifty look-ups fail before an order goes on without them.
      retryMaxSeconds: steps.some(({ kind }) => kind === 'look-ups-fail')
        ? 1800
        : drawLongestWait(randomFrom(seed, 'retries')),
    },
    world,
    steps: steps.toSorted((one, other) => one.atMs - other.atMs),
  };
}

/**
 * The longest wait between two tries, in seconds: the default now and then, mostly four or twelve hours. An
 * order that always fails is tried for three days. With the default, that takes ten times as long to run.
 */
function drawLongestWait(random: Random): number {
  return random.chance(0.05) ? 1800 : random.pick([14_400, 43_200, 43_200]);
}

function drawStorm(random: Random, { seed, brand, world }: Omit<Schedule, 'steps'>): Step[] {
  const shop: ShopDraw = { random, rules: brand, timeIn: () => timeIn(random) };
  const orderIds = ORDER_IDS.slice(0, random.between(2, 4));
  // Where a create overwrites an existing order, nobody can know that it belongs to somebody else.
  const takenId = world.duplicateCreate === '409' && random.chance(0.15) ? orderIds[0] : undefined;
  const steps = orderIds.flatMap((orderId) =>
    drawOrderLife({ ...shop, isTaken: orderId === takenId }, orderId),
  );
  if (takenId !== undefined) steps.unshift(drawTakenOrder(random, takenId));
  if (random.chance(0.08)) steps.push(permanentFailure(random, anyOf(random, orderIds)));
  const wanted = Math.max(LEAST_STEPS, steps.length + 35) + random.between(0, 10);
  while (steps.length < wanted) steps.push(...troubleSteps(random, orderIds));
  const expiry = expirySteps(randomFrom(seed, 'expiry'));
  // When a transaction is published again after its personal data has expired, it is no longer rewardable,
  // under a version that was rewardable.
  const collided = letVersionsCollide(randomFrom(seed, 'collisions'), steps);
  const others = expiry.length === 0 ? collided : collided.filter(({ kind }) => kind !== 'republish');
  const purchases = purchaseSteps(randomFrom(seed, 'purchases'));
  const isRestored = purchases.some(({ kind }) => kind === 'restore-tables');
  // A backfill's transactions are live, as its starter states.
  const hasOld = purchases.some(
    (step) => step.kind === 'transaction' && (step.row.created_date ?? '') < LIVE,
  );
  // A restore takes longer than the longest Lambda invocation.
  const left = others.filter(
    ({ kind }) => !(isRestored && kind === 'freeze') && !(hasOld && kind === 'backfill'),
  );
  return [
    ...left,
    ...expiry,
    ...checkoutSteps(randomFrom(seed, 'checkouts'), steps),
    ...purchases,
    ...showSteps(randomFrom(seed, 'shows')),
    ...refusedIdSteps(randomFrom(seed, 'refused ids')),
    ...laterReleaseSteps(randomFrom(seed, 'later releases'), orderIds),
    ...pauseSteps(randomFrom(seed, 'pauses')),
  ];
}

/**
 * In one schedule of five, Button shows only some fields of an order for a while. In one of twenty, its
 * look-up by token never works.
 */
function showSteps(random: Random): Step[] {
  const partial = Array.from({ length: random.chance(0.2) ? random.between(1, 3) : 0 }, (): Step => {
    const fault = drawPartialShow(random);
    return { kind: 'button', atMs: timeIn(random), fault, forMs: durationMs(random, 20) };
  });
  if (!random.chance(0.05)) return partial;
  return [...partial, { kind: 'look-ups-fail', atMs: timeIn(random), fault: drawDeadLookUp(random) }];
}

/** In one schedule of five, Button refuses ids of one kind in some calls, or for a while. */
function refusedIdSteps(random: Random): Step[] {
  if (!random.chance(0.2)) return [];
  return Array.from({ length: random.between(1, 3) }, () => {
    const isWindow = random.chance(0.5);
    const fault = drawRefusedIds(random, { times: isWindow ? 'unlimited' : random.between(1, 3) });
    return {
      kind: 'button',
      atMs: timeIn(random),
      fault,
      ...(isWindow && { forMs: durationMs(random, 20) }),
    };
  });
}

/** In one schedule of six, a later release wrote to the ledger before it was rolled back. */
function laterReleaseSteps(random: Random, orderIds: OrderIds): Step[] {
  if (!random.chance(1 / 6)) return [];
  return Array.from({ length: random.between(1, 3) }, () => ({
    kind: 'later-release',
    atMs: timeIn(random),
    orderId: anyOf(random, orderIds),
    how: random.pick(['attributes', 'attributes', 'state']),
    forMs: durationMs(random, 20),
  }));
}

/** In one schedule of five, an operator pauses the brand: long enough for every process to know it. */
function pauseSteps(random: Random): Step[] {
  if (!random.chance(0.2)) return [];
  return [{ kind: 'pause', atMs: timeIn(random), forMs: random.between(5, 25) * MINUTE_MS }];
}

const LIVE = '2026';

/** The first instant of every schedule, ISO 8601 UTC. */
export const START = '2026-06-01T12:00:00.000Z';

/**
 * What Button lists besides the brand's orders. In one schedule of four, tables with this data are restored
 * from a backup.
 */
function purchaseSteps(random: Random): Step[] {
  const isRestored = random.chance(0.25);
  const draw = {
    random,
    startMs: Date.parse(START),
    timeIn: () => timeIn(random),
    needsReads: true,
  };
  const lives = Array.from({ length: random.between(2, 5) }, (_, number) =>
    drawPurchase(draw, `tx-p${number}`),
  ).flat();
  if (!isRestored) return lives;
  const tables = random.pick([
    [TABLES.transactions],
    [TABLES.transactions],
    [TABLES.positions],
    [TABLES.transactions, TABLES.positions],
    [TABLES.transactions, TABLES.positions, TABLES.webhookQuarantine],
    [TABLES.webhookQuarantine],
  ]);
  const atMs = timeIn(random);
  return [
    ...lives,
    { kind: 'back-up-tables', atMs, tables },
    { kind: 'restore-tables', atMs: atMs + durationMs(random, 40), tables },
  ];
}

/**
 * In one schedule of four, Button reports checkouts: with tokens of orders (sometimes twice), with unknown
 * tokens, and without a token.
 */
function checkoutSteps(random: Random, steps: readonly Step[]): Step[] {
  if (!random.chance(0.25)) return [];
  const tokens = steps.flatMap((step) =>
    step.kind === 'send' ? (/"btn_ref":"([^"]+)"/.exec(step.message.body)?.[1] ?? []) : [],
  );
  return Array.from({ length: random.between(1, 6) }, (_, number) => ({
    kind: 'checkout',
    atMs: timeIn(random),
    id: `checkout-${number}`,
    btnRef: random.pick([null, 'fakesrctok-unknown', random.pick([null, ...tokens])]),
  }));
}

/**
 * In one schedule of four, the two newest versions of an order arrive at almost the same instant in two
 * message groups, as if from two independent producers.
 */
function letVersionsCollide(random: Random, steps: readonly Step[]): readonly Step[] {
  if (!random.chance(0.25)) return steps;
  const versions = steps.flatMap((step) =>
    step.kind === 'send' && step.version && step.version.kind !== 'cancelled' ? [step.version] : [],
  );
  const orderId = anyOf(random, [...new Set(versions.map((version) => version.orderId))]);
  const sequences = versions.filter((version) => version.orderId === orderId).map(({ sequence }) => sequence);
  const newest = Math.max(...sequences);
  const previous = Math.max(...sequences.filter((sequence) => sequence < newest));
  const atMs = timeIn(random);
  return steps.map((step) => {
    if (step.kind !== 'send' || step.version?.orderId !== orderId || step.version.kind === 'cancelled')
      return step;
    const { sequence } = step.version;
    if (sequence < previous) return step;
    const collides = { ...step, atMs: atMs + random.between(0, 60) };
    return sequence === newest ? { ...collides, group: `${orderId}-astray` } : collides;
  });
}

/** Ids of every kind that a message may have. They become path segments and message groups. */
const ORDER_IDS = ['order-1', 'order-2', 'ORD 3/4?#%25', `order-4-${'x'.repeat(200)}`];

function generateWorld(random: Random): World {
  return {
    duplicateCreate: random.pick(['409', 'upsert', 'second-order']),
    orderVisibleAfterMs: 0,
    secondDelete: random.pick(['200', '403', '404', '404']),
    changeCancelled: random.pick(['409', 'accept']),
    getCancelled: random.pick(['200', '404']),
    ...generateIds(random),
    tokenOnCreate: 'accepted',
    tokenOnUpdate: random.pick(['accepted', 'accepted', 'ignored', 'refused']),
    updateCancelled: random.pick(['403', '404']),
    omittedLineItems: random.pick(['kept', 'cleared']),
    orderApiStatusOnCreate: random.pick(['200', '200', '202']),
    transactionId: random.pick(['stable', 'new-with-each-change']),
    declinedAmount: random.pick(['last', 'zero']),
    transactionVisibleAfterMs: random.pick([0, 30_000, 90_000]),
    cursorFilters: random.pick(['sent-again', 'carried', 'refused', 'restart', 'forgotten']),
    paging: random.pick(['keyset', 'keyset', 'offset']),
    rowOrder: random.pick(['oldest-first', 'newest-first']),
    maxPageSize: random.pick([2, 100]),
    nextPath: random.pick(['with-accounts', 'without-accounts']),
    nextHost: random.pick(['own', 'none', 'other']),
    nextFilters: random.pick(['left-out', 'repeated']),
    emptyObjects: random.pick(['list', 'null']),
    ...generateLists(random),
    // No check depends on the following values.
    finalizationWindowMinutes: 129_600,
    unreadableTransactions: [],
    webhookOrdering: random.pick(['per-transaction', 'per-transaction', 'per-endpoint']),
    webhook202: random.pick(['success', 'failure']),
  };
}

/**
 * In one schedule of ten Button shows an order late, in one of twenty it answers a second create with the
 * order that is there, and in one of twenty it takes no token with a create, as long as it reads by the
 * brand's ids: nothing else finds an order without a token after an unclear create.
 */
function drawRareWorld(random: Random, world: World): Partial<World> {
  const { duplicateCreate, readIds, updateIds, cancelIds } = world;
  const answersExisting = random.chance(0.05);
  const isLate = random.chance(0.1);
  const isIdRead = readIds === 'both' || readIds === 'brand';
  const acceptsAll = [readIds, updateIds, cancelIds].every((ids) => ids === 'both');
  // Where a second create makes a second order, late work has to be visible within the quiet time.
  const isSafe = answersExisting || duplicateCreate !== 'second-order';
  const orderVisibleAfterMs = random.pick(isSafe ? [20_000, 50_000, 600_000] : [5000, 10_000]);
  return {
    ...(answersExisting && { duplicateCreate: 'existing-order' }),
    ...(isLate && { orderVisibleAfterMs }),
    ...(isIdRead && random.chance(0.05) && { tokenOnCreate: 'ignored' }),
    ...(!acceptsAll && random.chance(0.3) && { unacceptedId: '400' }),
  };
}

/** Whose order ids Button accepts: mostly the same in all operations, or only its own in reads. */
function generateIds(random: Random): Pick<World, 'readIds' | 'updateIds' | 'cancelIds' | 'unacceptedId'> {
  const isRead = random.pick([true, true, false]);
  const ids = random.pick(['both', 'both', 'both', 'brand', 'button'] as const);
  const notRead = ids === 'brand' ? 'none' : 'button';
  return { readIds: isRead ? ids : notRead, updateIds: ids, cancelIds: ids, unacceptedId: '404' };
}

/** In one schedule of ten, Button accepts ids of other kinds in each operation. */
function drawMixedIds(random: Random): Partial<World> {
  if (!random.chance(0.1)) return {};
  const kinds = ['both', 'brand', 'button'] as const;
  return {
    readIds: random.pick(kinds),
    updateIds: random.pick(kinds),
    cancelIds: random.pick(kinds),
  };
}

function generateLists(random: Random): Pick<World, 'accountsList' | 'brandsList'> {
  const accountsList = random.pick(['whole', 'one-a-page', 'among-malformed-entries']);
  return {
    accountsList,
    brandsList: accountsList === 'one-a-page' ? accountsList : 'among-malformed-entries',
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

/** Each kind of trouble is as frequent as its entries in this list. */
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
  (random) => [{ kind: 'unreadable', atMs: timeIn(random), forMs: durationMs(random, 60) }],
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

/** A worker that freezes in the middle of its slice until another has taken its stream and moved ahead. */
function zombieReader(random: Random): Step[] {
  const atMs = timeIn(random);
  const tick = { kind: 'reconcile' as const, streams: ['incremental'] };
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

const CIRCLE = { meta: { status: 'ok', next: '?cursor=circle' }, objects: [] };

/** Account lists from which no account can be read. */
const ACCOUNT_LISTS: readonly [object, ...object[]] = [
  CIRCLE,
  { meta: { status: 'ok', next: null }, objects: null },
  { meta: { status: 'ok', next: null }, objects: [null, {}, { id: 4.5 }] },
];

/**
 * Work is late by less than the quiet time and the differences of the clocks. Work that is even later is the
 * risk that docs/architecture.md states.
 */
function button(random: Random, orderIds: OrderIds): Step[] {
  if (random.chance(0.4)) return oddCall(random);
  const isWindow = random.chance(0.4);
  const fault = toFault(random, drawAnswer(random), {
    match: drawScope(random, orderIds),
    times: isWindow ? 'unlimited' : random.between(1, 6),
    probability: random.pick([1, 0.5]),
    seed: random.between(0, 999),
  });
  return [
    { kind: 'button', atMs: timeIn(random), fault, ...(isWindow && { forMs: durationMs(random, 15) }) },
  ];
}

/** All orders, one order, or a class of orders. */
function drawScope(random: Random, orderIds: OrderIds): { orderId?: string; orderIds?: string } {
  const orderId = anyOf(random, orderIds);
  return random.pick([{}, {}, {}, { orderId }, { orderIds: '^order-[24]' }] as const);
}

/** Faults other than a status: lost, late or damaged answers, and faults of the Transactions API. */
function oddCall(random: Random): Step[] {
  const work = random.pick(['done', 'skipped', { afterMs: 25_000 }, { afterMs: 45_000 }] as const);
  const match = { path: '^/v1/order' };
  const answers: readonly [FaultInput, ...FaultInput[]] = [
    { on: 'api', match, answer: 'lost', work },
    { on: 'api', match, answer: random.pick(['truncated', 'cut-off']) },
    { on: 'api', match: { ...match, method: 'POST' }, answer: 'accepted' },
    // Documented for creates only. Button never accepts an update and then forgets it.
    { on: 'api', match: { path: '^/v1/order$' }, answer: 'accepted', work: { afterMs: 25_000 } },
    { on: 'api', answer: 'button', answerDelayMs: random.pick([3000, 9000, 15_000]) },
    { on: 'api', match: { path: '^/v1/affiliation' }, answer: { status: random.pick([500, 429, 400, 503]) } },
    { on: 'api', match: { path: '^/v1/affiliation' }, answer: { status: 200, body: '<html>' } },
    {
      on: 'api',
      match: { path: '^/v1/affiliation/accounts$' },
      answer: { status: 200, body: random.pick(ACCOUNT_LISTS) },
    },
    { on: 'api', match: { path: '/transactions$' }, answer: { status: 200, body: CIRCLE } },
    {
      on: 'api',
      match: { path: '^/v1/affiliation' },
      answer: { status: random.pick([429, 503]), headers: { 'retry-after': '600' } },
    },
  ];
  const times = {
    times: random.between(1, 6),
    probability: random.pick([1, 0.5]),
    seed: random.between(0, 999),
  };
  const fault = FaultSchema.parse({ ...random.pick(answers), ...times }) as ApiFault;
  return [{ kind: 'button', atMs: timeIn(random), fault }];
}

/** One order that always gets the same answer, or whose reads never get one. */
function permanentFailure(random: Random, orderId: string): Step {
  const orderIds = `^${orderId.replaceAll(/[^A-Za-z0-9-]/g, String.raw`\$&`)}$`;
  const answered = toFault(random, drawPermanentAnswer(random), { match: { orderIds }, times: 'unlimited' });
  const unread = FaultSchema.parse({
    ...{ on: 'api', match: { method: 'GET', path: '^/v1/order', orderIds }, times: 'unlimited' },
    ...{ answer: 'lost', work: 'skipped' },
  }) as ApiFault;
  const fault = random.chance(0.2) ? unread : answered;
  return { kind: 'class-fails', atMs: timeIn(random), orderIds, fault };
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

/** Two of them in quick succession overlap. */
function reconcile(random: Random): Step[] {
  const atMs = timeIn(random);
  const streams = random.pick([
    ['incremental'],
    ['incremental'],
    ['incremental'],
    ['incremental', 'sweep-daily'],
    ['cross-check'],
  ]);
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

/**
 * In one schedule of four: the expiry of personal data, sometimes twice at once, and faults that may hit it.
 */
function expirySteps(random: Random): Step[] {
  if (!random.chance(0.25)) return [];
  const functionName = random.pick(['personal-data-expiry', 'customer-expiry'] as const);
  const struck = { functionName, call: random.between(1, 8) };
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
  return [
    {
      kind: 'finalize',
      atMs: Math.floor((LENGTH_MS + timeIn(random)) / 2),
      orderId: anyOf(random, orderIds),
    },
  ];
}
