import { reportOrder, type OrderMessage } from '../../../functions/order-reporter/report-order.ts';
import { createOrderApi } from '../../../shared/button/order-api.ts';
import type { LedgerEntry } from '../../../shared/orders/rules/order-ledger.ts';
import { retryMessage } from '../../../shared/orders/rules/retry-message.ts';
import type { ButtonParts } from '../../../tooling/button-simulator/assemble-button.ts';
import type { ApiFault } from '../../../tooling/button-simulator/fault-rules.ts';
import type { Order } from '../../../tooling/button-simulator/order-book.ts';
import { defaultOptions } from '../../../tooling/button-simulator/simulator.ts';
import type { WorldChange } from '../../../tooling/button-simulator/world.ts';
import { CLOSED_BREAKER } from '../../fakes/closed-breaker.ts';
import { createInMemoryLedger, createInMemoryQuarantine } from '../../fakes/in-memory-stores.ts';
import { createButtonModel, createModelHttp } from '../../simulation/button-model.ts';
import { drawAnswer, drawRefusedIds, toFault } from '../../simulation/draw-answer.ts';
import { randomFrom, type Random } from '../../simulation/random.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';

/** The end of one order, and what led to it. */
export type OneOrder = {
  entry: LedgerEntry | undefined;
  /** What the shop sent. */
  versions: readonly SentVersion[];
  /** The open or finalized orders at Button, without another shop's. */
  live: readonly Order[];
  /** Another shop's order with the same id, before and after. */
  anothers: { before: Order; after: Order | undefined } | undefined;
  /** Whether Button gave an answer that does not follow from its rules. */
  hasTroubles: boolean;
  /** The reasons in quarantine. */
  reasons: readonly string[];
  /** Button's rules and faults, the messages, the calls, and the states of the ledger. */
  lines: readonly string[];
};

/** A version, in the order in which the shop sends them: the last may be older than the one before it. */
export type SentVersion = {
  atMs: number;
  sequence: number;
  kind: 'created' | 'updated' | 'cancelled';
  total: number;
};

type ShopTraits = {
  /** Another shop has an order with the same id. */
  isShared: boolean;
  hasToken: boolean;
  /** Button takes the token of a create. */
  isTokenTaken: boolean;
};

/** A fault, when it begins, and how long it lasts; unless given, until it is used up. */
type Trouble = { fault: ApiFault; fromMs: number; forMs?: number };

const START = '2026-06-01T12:00:00.000Z';
const ORDER_ID = 'order-1';
const TOKEN = 'fakesrctok-1111111111111111';
const MINUTE_MS = 60_000;
/** The retry policy of a brand whose configuration sets none. */
const DEFAULT_POLICY = { quietTimeMs: 60_000, retryBaseMs: 30_000, retryMaxMs: 1_800_000, jitter: () => 1 };
const LENGTH_MS = 45 * 24 * 60 * MINUTE_MS;

/**
 * Reports one order to a Button whose rules, answers and faults follow from the seed, until 45 days later.
 * Nothing else happens: one run at a time, with a ledger that never fails.
 */
export async function reportOneOrder(seed: number): Promise<OneOrder> {
  const random = randomFrom(seed, 'one order');
  const clock = new VirtualClock(START);
  const isShared = random.chance(0.3);
  const hasToken = random.chance(0.7);
  const isTokenTaken = isShared || random.chance(0.8);
  const shop = { isShared, hasToken, isTokenTaken };
  const troubles = drawTroubles(random, shop);
  const world = drawWorld(random, shop);
  const post = (): never => unexpected('no webhook is registered');
  const button = createButtonModel({ ...defaultOptions, world }, { clock, post, random });
  const versions = drawVersions(random, isShared);
  for (const trouble of troubles) addTrouble(trouble, button, clock);
  const before = isShared ? reportAnothers(button) : undefined;
  const lines = [world, ...troubles].map((one) => JSON.stringify(one));
  const reporter = createReporter({ button, clock, lines });
  const untilMs = clock.now() + LENGTH_MS;
  const waiting = versions.map((version) => ({ ...version, atMs: clock.now() + version.atMs }));
  for (;;) {
    const dueMs = reporter.dueMs();
    const [next] = waiting;
    const atMs = Math.min(dueMs, next?.atMs ?? Infinity);
    if (atMs > untilMs) break;
    await clock.runUntil(Math.max(atMs, clock.now() + 1));
    const isNew = next !== undefined && next.atMs <= dueMs;
    await reporter.report(isNew ? bodyOf(next, hasToken) : RETRY);
    // SQS may deliver a message twice.
    if (isNew && random.chance(0.1)) await reporter.report(bodyOf(next, hasToken));
    if (isNew) waiting.shift();
  }
  const all = button.orders.all();
  const isAnothers = (one: Order): boolean => one.buttonOrderId === before?.buttonOrderId;
  return {
    entry: reporter.entry(),
    versions,
    live: all.filter((one) => one.status !== 'deleted' && !isAnothers(one)),
    anothers: before && { before, after: all.find(isAnothers) },
    hasTroubles: troubles.length > 0,
    reasons: reporter.reasons(),
    lines,
  };
}

function unexpected(why: string): never {
  throw new Error(why);
}

/**
 * Which ids Button accepts in each operation, and how it answers in every other respect. What no reporter
 * could get right is left out: an order without a token at a Button that does not read the brand's ids or
 * makes a second order of a second create; and a shared id where nobody can tell whose order it leads to.
 */
function drawWorld(random: Random, { isShared, hasToken, isTokenTaken }: ShopTraits): WorldChange {
  const kinds = ['both', 'brand', 'button'] as const;
  const creates = ['409', '409', 'upsert', 'existing-order'] as const;
  const isFoundByToken = hasToken && isTokenTaken && !isShared;
  return {
    duplicateCreate: isShared ? '409' : random.pick(isFoundByToken ? [...creates, 'second-order'] : creates),
    orderVisibleAfterMs: random.pick([0, 0, 0, 10_000]),
    secondDelete: random.pick(['200', '403', '404', '404']),
    changeCancelled: random.pick(['409', 'accept']),
    getCancelled: random.pick(['200', '404']),
    readIds: isFoundByToken ? random.pick(kinds) : random.pick(['both', 'brand']),
    updateIds: random.pick(kinds),
    cancelIds: random.pick(kinds),
    unacceptedId: random.pick(['404', '400']),
    tokenOnCreate: isTokenTaken ? 'accepted' : 'ignored',
    tokenOnUpdate: random.pick(['accepted', 'ignored', 'refused']),
    updateCancelled: random.pick(['403', '404']),
    orderApiStatusOnCreate: random.pick(['200', '200', '202']),
  };
}

/**
 * One to four versions, the last perhaps a cancellation, some at once and some hours apart. A version may
 * arrive after the cancellation that overtook it. A cancellation alone shows nothing by which another shop's
 * order could be told from this one.
 */
function drawVersions(random: Random, isShared: boolean): SentVersion[] {
  const kinds = [
    ...(isShared || random.chance(0.95) ? (['created'] as const) : []),
    ...Array.from({ length: random.between(0, 2) }, () => 'updated' as const),
  ];
  const ended = random.chance(0.6) || kinds.length === 0 ? [...kinds, 'cancelled' as const] : kinds;
  const versions = ended.map((kind, index) => ({ kind, sequence: index + 1, total: 1000 + index }));
  const [last, overtaken] = [versions.at(-1), versions.at(-2)];
  const canBeOvertaken = overtaken && (overtaken.kind === 'updated' || !isShared);
  const isOvertaken = last?.kind === 'cancelled' && canBeOvertaken && random.chance(0.2);
  const sent = isOvertaken ? [...versions.slice(0, -2), last, overtaken] : versions;
  let atMs = 0;
  return sent.map((version) => {
    atMs += random.pick([0, 1, 2, 10, 60, 240]) * MINUTE_MS;
    return { ...version, atMs };
  });
}

/** A 204 to a cancellation that was not carried out. */
const SILENCE = { operation: 'cancel', status: 204, body: 'nothing', work: 'skipped' } as const;

/**
 * Up to three troubles. If an order has no token, only a read shows that its id leads to another shop's. So
 * if one trouble concerns a create or an update, none concerns reads.
 */
function drawTroubles(random: Random, shop: ShopTraits): Trouble[] {
  const all = Array.from({ length: random.between(0, 3) }, () => drawTrouble(random, shop));
  const isUnclear = all.some(({ fault }) => [undefined, 'POST'].includes(fault.match.method));
  const isGuess = shop.isShared && !shop.hasToken && isUnclear;
  return isGuess ? all.filter(({ fault }) => fault.match.method !== 'GET') : all;
}

/**
 * Button refuses ids for a while or a few times, or gives any answer at all. A read of a shared id works or
 * is refused. If only an id finds the order, the while is less than half an hour: after that, the reporter
 * takes a refusal for final.
 */
function drawTrouble(random: Random, { isShared, hasToken, isTokenTaken }: ShopTraits): Trouble {
  const isFindable = hasToken && isTokenTaken;
  const fromMs = random.pick([0, 0, random.between(0, 300) * MINUTE_MS]);
  for (;;) {
    const isWindow = random.chance(0.5);
    const times = isWindow ? ('unlimited' as const) : random.between(1, 8);
    const answer = random.chance(0.3) ? SILENCE : drawAnswer(random);
    const isRefusal = random.chance(0.6);
    const fault = isRefusal ? drawRefusedIds(random, { times }) : toFault(random, answer, { times });
    const isRead = fault.match.method === undefined || fault.match.method === 'GET';
    if (isShared && isRead && !isRefusal) continue;
    return {
      fault,
      fromMs,
      ...(isWindow && { forMs: random.between(1, isFindable ? 180 : 20) * MINUTE_MS }),
    };
  }
}

function addTrouble({ fault, fromMs, forMs }: Trouble, { faults }: ButtonParts, clock: VirtualClock): void {
  const startMs = clock.now() + fromMs;
  clock.at(startMs, () => {
    faults.add(fault);
  });
  if (forMs === undefined) return;
  clock.at(startMs + forMs, () => {
    faults.remove(fault);
  });
}

/** Another shop of the organization has an order with the same id. */
function reportAnothers({ orders }: ButtonParts): Order {
  const created = orders.create(defaultOptions.brand.id, {
    order_id: ORDER_ID,
    total: 99_900,
    currency: 'EUR',
    purchase_date: '2026-05-31T09:00:00Z',
    btn_ref: 'fakesrctok-0123456789abcdef',
  });
  return created.outcome === 'created' ? created.order : unexpected(created.outcome);
}

const RETRY = retryMessage({ orderId: ORDER_ID, isProbe: false });

function bodyOf({ kind, total, sequence }: SentVersion, hasToken: boolean): string {
  const data = {
    ...{ order_id: ORDER_ID, total, currency: 'USD', purchase_date: '2026-06-01T11:00:00Z' },
    ...(hasToken && { btn_ref: TOKEN }),
  };
  return JSON.stringify({
    ...{ specversion: '1.0', id: `event-${sequence}`, source: 'https://shop.example', subject: ORDER_ID },
    ...{ type: `order.${kind}.v1`, sequence: String(sequence) },
    ...(kind !== 'cancelled' && { data }),
  });
}

type ReporterGround = { button: ButtonParts; clock: VirtualClock; lines: string[] };

/** The reporter of one brand. It notes what it is told, what it calls, and what it stores. */
function createReporter({ button, clock, lines }: ReporterGround) {
  const ledger = createInMemoryLedger();
  const quarantine = createInMemoryQuarantine();
  const call = (_call: unknown, carryOut: (fate: { latencyMs: number }) => unknown) =>
    Promise.resolve(carryOut({ latencyMs: 0 }));
  const http = createModelHttp({ call } as Parameters<typeof createModelHttp>[0], {
    exchange: button.exchange,
    clock,
    timeoutMs: 10_000,
  });
  const entry = (): LedgerEntry | undefined => ledger.all()[0];
  let runs = 0;
  return {
    entry,
    reasons: () => [...quarantine.entries.values()].flatMap(({ reasons }) => reasons.map(({ code }) => code)),
    /** When the sweep, which runs once a minute, sends the order again. */
    dueMs(): number {
      const progress = entry()?.progress;
      if (progress === undefined || !('dueAt' in progress)) return Infinity;
      return Math.ceil(Date.parse(progress.dueAt) / MINUTE_MS) * MINUTE_MS;
    },
    async report(body: string): Promise<void> {
      const at = ((clock.now() - Date.parse(START)) / MINUTE_MS).toFixed(1);
      lines.push(`${at} min: ${/"type":"[^"]*"/.exec(body)?.[0] ?? 'retry'}`);
      const seen = button.log.all().length;
      const message: OrderMessage = { messageId: `m-${(runs += 1)}`, body, sentAt: new Date(clock.now()) };
      await reportOrder(message, {
        ...{ brand: 'acme', ledger, quarantine, breaker: CLOSED_BREAKER },
        settings: { orderBy: 'sequence', testTokens: 'allow', allowFinalizationDate: false },
        policy: DEFAULT_POLICY,
        orderApi: createOrderApi(http, defaultOptions.brandApiKey),
        metrics: { add: () => undefined },
        now: () => new Date(clock.now()),
        claimant: () => ({ owner: `run-${runs}`, leaseMs: 30_000 }),
      });
      for (const { method, path, status } of button.log.all().slice(seen))
        lines.push(`  ${method} ${path} ${status ?? 'no answer'}`);
      lines.push(`  ${JSON.stringify(entry()?.progress)}`);
    },
  };
}
