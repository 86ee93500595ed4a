import { webhookData } from '../../tooling/button-simulator/transaction-rows.ts';
import { signatureOf } from '../../tooling/button-simulator/post-webhook.ts';
import type { Order } from '../../tooling/button-simulator/order-book.ts';
import { defaultOptions } from '../../tooling/button-simulator/simulator.ts';
import { InjectedTransactionSchema } from '../../tooling/button-simulator/injected-transaction.ts';
import { createEventBus } from '../../shared/transactions/event-bus.ts';
import { republishEvents } from '../../shared/transactions/republish-events.ts';
import { startBackfill } from '../../shared/transactions/backfill.ts';
import { replayOrderMessage } from '../../shared/orders/replay-order-message.ts';
import { replayWebhook } from '../../shared/transactions/replay-webhook.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { createPositionStore } from '../../shared/reconciliation/store/position-store.ts';
import { packJson, unpackJson } from '../../shared/dynamodb/packed-json.ts';
import { createQuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { createQuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import { renewVersions } from '../../shared/transactions/renew-versions.ts';
import { scanAll, scanPublished } from '../../shared/transactions/store/transaction-scan.ts';
import { createCheckoutStore } from '../../shared/transactions/store/checkout-store.ts';
import { createTransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';

import type { Item } from '../../tooling/local-aws/models/dynamodb-expression.ts';
import { QUEUES, SECRETS, TABLES } from './resources.ts';
import { START, type Schedule } from './generate.ts';
import { BrokenInvariant } from './broken-invariant.ts';
import { Invariants } from './invariants.ts';
import { orderMessage } from './messages.ts';
import { NEIGHBOUR } from './neighbour.ts';
import { clientOf, pause, resume } from './operator.ts';
import { randomFrom, type Random } from './random.ts';
import type { Verdict } from './sent-message.ts';
import { describeStep, type Operation, type Step } from './step.ts';
import { Storm } from './storm.ts';
import type { Call } from './weather.ts';
import { NOTHING_HAPPENED } from './virtual-clock.ts';
import { SimulatedWorld } from './world.ts';

/** One line of the story: the time and the event. */
export type StoryLine = { atMs: number; text: string };

/** A broken invariant and the evidence. */
export type Violation = { invariant: string; detail: string };

const LIVE_FROM = '2026-01-01T00:00:00Z';
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** By then the first tick has listed the accounts, and no step has happened yet. */
const DEPLOYMENT_MS = MINUTE_MS;
/** Longer than any run takes. Nothing new starts in the meantime. */
const RESTORE_PAUSE_MS = 3 * MINUTE_MS;
/** Transactions of a time that is longer before the start than personal data is kept. */
const OLD = { at: '2026-04-20T10:00:00Z', count: 3 };
const KEEPING_PERSONAL_DATA = { personalDataDays: 30, finalizationDays: 20, overdueGraceDays: 10 };
/** Longer than the week between two passes of the expiry. */
const EXPIRY_PAUSE_MS = 8 * 24 * HOUR_MS;
/** Two hours for an order that was accepted and is not shown, plus a margin. */
const LONGEST_REST_MS = 6 * HOUR_MS;
/** A cancellation that is refused, then the version that was held back behind it, which is tried afresh. */
const VERSIONS_IN_TURN = 2;
/**
 * An order that its token does not find goes on without the look-up after a day, and may be looked up once
 * more.
 */
const LOOK_UPS_REST_MS = 60 * HOUR_MS;
const WEBHOOK_URL = 'https://webhooks.example/button';

/**
 * Runs a schedule: its steps, then a time without faults until everything is at rest, with what operators do
 * by then (redrive, replay, resume), then reconciliation. Returns the first broken invariant, if any.
 * `onLine` is called with each line of the story.
 */
export async function runSchedule(
  schedule: Schedule,
  onLine?: (line: StoryLine) => void,
  onCall?: (call: Call) => void,
): Promise<Violation | undefined> {
  const run = new Run(schedule, { onLine, onCall });
  try {
    await run.live();
    return undefined;
  } catch (error) {
    if (error instanceof BrokenInvariant) return { invariant: error.message, detail: error.detail };
    return {
      invariant: 'no code of ours fails',
      detail: error instanceof Error ? (error.stack ?? '') : String(error),
    };
  }
}

type Listeners = {
  onLine: ((line: StoryLine) => void) | undefined;
  onCall: ((call: Call) => void) | undefined;
};

class Run {
  readonly #world: SimulatedWorld;
  readonly #storm: Storm;
  readonly #invariants: Invariants;
  readonly #steps: readonly Step[];
  readonly #startMs: number;
  readonly #longestWaitMs: number;
  /** Whether personal data expires in this schedule, which then has transactions that are old enough. */
  readonly #expires: boolean;
  readonly #ordersByTime: boolean;
  #backup: { items: ReadonlyMap<string, Item>; atMs: number; oldestSentMs: number } | undefined;
  #tableBackups: readonly (readonly [string, ReadonlyMap<string, Item>])[] = [];
  #restoredToMs = Infinity;
  #sweepsPausedUntilMs = 0;
  #pausedSinceMs: number | undefined;
  #sweepsAreOver = false;
  #firstDue: { items: readonly Item[]; at: string } | undefined;
  #resent = 0;
  readonly #random: Random;
  /** Quarantine entries that no operator replays. */
  readonly #leftToTheShop = new Set<string>();
  #secrets = ['whsec-first'];
  readonly #sent: { step: Step & { kind: 'send' }; atMs: number }[] = [];

  constructor({ seed, brand, world, steps }: Schedule, { onLine, onCall }: Listeners) {
    this.#steps = steps;
    this.#ordersByTime = brand.orderBy === 'time';
    this.#longestWaitMs = (brand.retryMaxSeconds ?? 0) * SECOND_MS;
    this.#startMs = Date.parse(START);
    this.#expires = steps.some(({ kind }) => kind === 'expire');
    this.#random = randomFrom(seed, 'shop');
    const storm = new Storm(randomFrom(seed, 'storm'), () => this.#world.clock.now());
    this.#storm = storm;
    this.#world = new SimulatedWorld({
      seed,
      startAt: this.#expires ? OLD.at : START,
      weather: storm,
      buttonWorld: world,
      brand,
      hasNeighbour: true,
      ...(onCall && { onCall }),
      customerDays: 1,
      transactions: {
        ...KEEPING_PERSONAL_DATA,
        liveFrom: LIVE_FROM,
        reconciler: { readFrom: '2026-06-01T11:00:00Z', crossCheck: true },
      },
      onTransactionChange: (before, after) => {
        this.#watch(() => {
          this.#invariants.checkChange(before, after);
        });
      },
      onInvocation: ({ functionName, status }) => {
        if (functionName === 'transaction-reconciler')
          this.#watch(() => {
            this.#invariants.checkPositions();
          });
        if (status !== 'succeeded') this.#note?.(`${functionName} ${status === 'killed' ? 'dies' : status}`);
      },
      onMessageDone: (messageId) => {
        this.#note?.(`the reporter is done with ${messageId}`);
        this.#invariants.orders.noteDone(messageId);
      },
    });
    this.#invariants = new Invariants(this.#world, {
      liveFrom: LIVE_FROM,
      rewardableCategories: ['new-user-order', 'existing-user-order'],
    });
    if (onLine) this.#writeStory(onLine);
  }

  #note: ((text: string) => void) | undefined;

  #writeStory(onLine: (line: StoryLine) => void): void {
    const { clock, button } = this.#world;
    this.#note = (text) => {
      onLine({ atMs: clock.now() - this.#startMs, text });
    };
    this.#storm.onFate = ({ functionName, operation, target }, { latencyMs: _, error, ...fate }) => {
      const what = error ? `fails with ${error.name}` : JSON.stringify(fate);
      this.#note?.(`${functionName}'s ${operation} at ${target}: ${what}`);
    };
    const { exchange } = button;
    const { log } = exchange;
    const open = log.open.bind(log);
    log.open = (request, atMs) => {
      const record = open(request, atMs);
      // The result is known once the request has been accepted.
      queueMicrotask(() => {
        const { workStatus, faulty } = record;
        const work = `${workStatus ?? 'no work done'}${faulty ? ' (faulty)' : ''}`;
        this.#note?.(`${request.method} ${request.path} at Button: ${work}`);
      });
      return record;
    };
  }

  /** An error in a check ends the run. It never reaches the product's code. */
  #watch(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#world.clock.fail(error);
    }
  }

  async live(): Promise<void> {
    const { clock } = this.#world;
    if (this.#expires) await this.#bringOldTransactions();
    this.#world.reconcile(['incremental']);
    await this.#world.runFor(DEPLOYMENT_MS);
    for (const step of this.#steps)
      clock.at(this.#startMs + step.atMs, () => {
        this.#take(step);
      });
    this.#sweepEveryMinute();
    this.#letNeighbourReport();
    const lastMs = Math.max(0, ...this.#steps.map(({ atMs }) => atMs));
    await clock.runUntil(this.#startMs + lastMs + RESTORE_PAUSE_MS);
    await this.#calmDown();
    await this.#reconcileAll();
    this.#invariants.checkEnd();
    await this.#readAgain();
    if (this.#expires) await this.#expire();
  }

  /** Another read publishes no event for what is known. */
  async #readAgain(): Promise<void> {
    const count = this.#world.bus.length;
    await this.#readEverything();
    this.#invariants.checkNothingPublishedSince(count);
  }

  async #readEverything(): Promise<void> {
    this.#world.reconcile(['incremental', 'sweep-daily', 'sweep-weekly']);
    await this.#world.runFor(MINUTE_MS);
    await this.#untilAtRest();
  }

  /** The neighbour uses the same order ids. Whatever happens to the other brand, its orders are reported. */
  #letNeighbourReport(): void {
    const { clock, neighbour, button } = this.#world;
    // The id of an order without a token is not known after a 202. If Button does not accept the brand's id
    // in reads or updates, its next version waits, or cannot be addressed.
    const { readIds, updateIds, orderApiStatusOnCreate: status } = button.world;
    if (status === '202' && [readIds, updateIds].some((ids) => ids === 'button' || ids === 'none')) return;
    for (const [index, minutes] of [3, 20, 50].entries()) {
      const version = { sequence: index + 1, total: 100 * (index + 1) };
      const sentMs = this.#startMs + minutes * MINUTE_MS;
      clock.at(sentMs, () => neighbour?.send('order-1', version));
      clock.at(sentMs + MINUTE_MS / 2, () => {
        this.#watch(() => {
          this.#invariants.orders.checkNeighbour(version.total);
        });
      });
    }
  }

  /** Skips a scheduled sweep that would find nothing, because it would have no effect. */
  #sweepEveryMinute(): void {
    const { clock } = this.#world;
    const next = (): void => {
      clock.at(clock.now() + MINUTE_MS, () => {
        if (this.#sweepsAreOver) return NOTHING_HAPPENED;
        const isSwept = clock.now() >= this.#sweepsPausedUntilMs && this.#isAnythingDue();
        if (isSwept) this.#world.sweep();
        next();
        return isSwept ? undefined : NOTHING_HAPPENED;
      });
    };
    next();
  }

  /** Whether a sweep would find anything, whatever its host's clock shows. */
  #isAnythingDue(): boolean {
    const { clock, dynamodb } = this.#world;
    const items = dynamodb.items(TABLES.orderLedger);
    if (this.#firstDue?.items !== items) this.#firstDue = { items, at: firstDueAt(items) };
    return this.#firstDue.at <= new Date(clock.now() + 5 * SECOND_MS).toISOString();
  }

  /** The faults end. Operators do what the runbook says, and time passes until everything is at rest. */
  async #calmDown(): Promise<void> {
    const { button, secrets } = this.#world;
    this.#note?.('the storm is over: faults end, operators redrive, replay and resume');
    this.#storm.end();
    button.faults.clear();
    button.world.unreadableTransactions = [];
    for (const step of this.#steps)
      if (step.kind === 'class-fails' || step.kind === 'look-ups-fail') button.faults.add(step.fault);
    this.#takeBackLaterStates();
    this.#restoreSecrets();
    secrets.set(SECRETS.webhooks, secretList(this.#secrets));
    await this.#world.runFor(2 * MINUTE_MS);
    button.dispatcher.resume('main');
    await this.#endPause();
    await this.#untilAtRest();
    this.#invariants.orders.checkRefusals();
    await this.#untilFailuresAreKept();
    this.#answerRefusedCancellations();
    await this.#untilAtRest();
    await this.#replay();
    await this.#untilAtRest();
    this.#invariants.checkRest();
    if (this.#invariants.orders.isBreakerOpen()) await this.#sendNextOrder();
  }

  /** Dead letters are redriven as soon as they arrive: a claim whose run died waits for its message. */
  async #untilAtRest(): Promise<void> {
    const untilMs = this.#world.clock.now() + VERSIONS_IN_TURN * (this.#restMs() + this.#longestWaitMs);
    while (this.#redrive() > 0 || !this.#invariants.isAtRest()) {
      if (this.#world.clock.now() > untilMs)
        throw new BrokenInvariant('everything comes to rest', this.#invariants.unrest());
      await this.#world.runFor(MINUTE_MS);
      const { dispatcher } = this.#world.button;
      if (dispatcher.endpoints().some(({ paused }) => paused)) dispatcher.resume('main');
    }
  }

  #restMs(): number {
    return this.#steps.some(({ kind }) => kind === 'look-ups-fail') ? LOOK_UPS_REST_MS : LONGEST_REST_MS;
  }

  /**
   * An order that fails on its own is in quarantine after three days at the latest, at the first try after
   * them. It takes that long if nothing distinguishes it from an outage. It may wait for its look-ups first.
   */
  async #untilFailuresAreKept(): Promise<void> {
    const untilMs = this.#world.clock.now() + this.#restMs() + 74 * HOUR_MS + this.#longestWaitMs;
    for (;;) {
      const left = this.#invariants.orders.unkeptFailures();
      if (left.length === 0) return;
      if (this.#world.clock.now() > untilMs)
        throw new BrokenInvariant('an order that fails for good is in quarantine', left.join(', '));
      await this.#world.runFor(HOUR_MS);
    }
  }

  /**
   * After a refused cancellation, the shop sends it again, reports what remains, or leaves it to the
   * operator. Nothing that remains is sent after a cancellation that no read could confirm.
   */
  #answerRefusedCancellations(): void {
    const { orders } = this.#invariants;
    for (const { orderId, messageIds, reason } of orders.refusedCancellations()) {
      const answer = this.#random.pick(['again', 'what remains', 'nothing']);
      const isHeld = answer === 'what remains' && reason === 'cancellation_unconfirmed';
      if (answer === 'nothing' || isHeld) continue;
      for (const messageId of messageIds) this.#leftToTheShop.add(messageId);
      const last = this.#sent.findLast(
        ({ step }) => step.version?.orderId === orderId && !step.message.body.includes('"data":{"'),
      );
      if (answer === 'again' && last) {
        const eventId = `${last.step.message.eventId} once more`;
        this.#send({ ...last.step, message: { ...last.step.message, eventId } });
        continue;
      }
      orders.noteGivenUp(messageIds);
      const sequence = 200;
      const time = '2026-06-01T10:03:20Z';
      this.#send({
        kind: 'send',
        atMs: 0,
        message: orderMessage({ orderId, sequence, kind: 'updated', total: 900, time }),
        says: `what remains of ${orderId}`,
        version: { orderId, sequence, kind: 'updated' },
      });
    }
  }

  /**
   * If a probe died before it closed the breaker, the breaker stays open, and the next order is the next
   * probe.
   */
  async #sendNextOrder(): Promise<void> {
    this.#take({
      kind: 'send',
      atMs: 0,
      message: orderMessage({
        orderId: 'next',
        sequence: 1,
        kind: 'created',
        total: 500,
        time: '2026-06-01T10:00:01Z',
      }),
      says: 'the next order',
      version: { orderId: 'next', sequence: 1, kind: 'created' },
    });
    await this.#world.runFor(5 * MINUTE_MS);
    await this.#untilAtRest();
    if (this.#invariants.orders.isBreakerOpen())
      throw new BrokenInvariant('a breaker closes once Button is healthy', 'the next order did not close it');
  }

  /** Reads what webhooks have missed, and settles conflicts. */
  async #reconcileAll(): Promise<void> {
    this.#sweepsAreOver = true;
    for (let round = 0; round < 4; round += 1) {
      await this.#world.runFor(2 * HOUR_MS);
      this.#world.reconcile(['incremental', 'sweep-daily', 'sweep-weekly']);
      await this.#world.runFor(15 * MINUTE_MS);
      // The next tick reads what that tick passed over, for example because a cursor had expired.
      this.#world.reconcile(['incremental']);
      await this.#world.runFor(MINUTE_MS);
      await this.#untilAtRest();
      if (this.#invariants.isTruthStored()) return;
    }
  }

  /** Sends old transactions by webhook, before any fault, and lets time pass until they are old. */
  async #bringOldTransactions(): Promise<void> {
    for (let number = 1; number <= OLD.count; number += 1) {
      const row = { button_order_id: `btnorder-old-${number}`, amount: 100 * number };
      const shopper = { publisher_customer_id: `shopper-${number}`, pub_ref: `ref-${number}` };
      const dates = { created_date: OLD.at, modified_date: OLD.at, validated_date: OLD.at };
      this.#world.button.transactions.inject(
        InjectedTransactionSchema.parse({ ...row, ...shopper, ...dates, status: 'validated' }),
      );
    }
    await this.#world.clock.runUntil(this.#startMs);
  }

  /**
   * Whatever the storm did to earlier passes, the next ones remove old personal data. Reading the
   * transactions again does not bring it back.
   */
  async #expire(): Promise<void> {
    await this.#world.runFor(EXPIRY_PAUSE_MS);
    for (let run = 0; run < 3; run += 1) {
      this.#world.expirePersonalData();
      this.#world.expireCustomers();
      await this.#world.runFor(15 * MINUTE_MS);
    }
    await this.#untilAtRest();
    this.#invariants.checkExpired(START);
    this.#invariants.orders.checkCustomersExpired();
    await this.#numberAnew();
    this.#world.reconcile(['incremental', 'sweep-weekly']);
    await this.#world.runFor(MINUTE_MS);
    await this.#untilAtRest();
    this.#invariants.checkExpired(START);
    this.#invariants.checkEnd();
  }

  /**
   * If a shop sends old orders again with new sequence numbers, no update is sent: expired fields do not
   * count as a change.
   */
  async #numberAnew(): Promise<void> {
    const { orders } = this.#invariants;
    const settled = orders.settledVersions();
    const sinceMs = this.#world.clock.now();
    for (const step of this.#sent.map((sent) => sent.step)) {
      const { version, message } = step;
      if (!version || settled.get(version.orderId) !== message.eventId) continue;
      const sequence = 900;
      const eventId = `${message.eventId} renumbered`;
      const time = new Date(sinceMs).toISOString();
      const kind = 'updated' as const;
      const said = { id: eventId, sequence: String(sequence), time, type: 'order.updated.v1' };
      const body = JSON.stringify({ ...(JSON.parse(message.body) as object), ...said });
      this.#send({
        ...step,
        message: { ...message, body, eventId },
        version: { ...version, sequence, kind },
      });
    }
    await this.#world.runFor(MINUTE_MS);
    await this.#untilAtRest();
    orders.checkNothingWritten([...settled.keys()], sinceMs);
  }

  #take(step: Step): void {
    const world = this.#world;
    const { clock, button } = world;
    this.#note?.(`* ${describeStep(step)}`);
    switch (step.kind) {
      case 'send':
        this.#send(step);
        return;
      case 'death':
        this.#storm.addDeath(step.functionName, step.call, step.moment);
        return;
      case 'freeze':
        this.#storm.addFreeze(step.functionName, step.call, step.forMs);
        return;
      case 'aws':
        // If the secret cannot be read, the cached one is used, and by then Button may sign with the next
        // one.
        if (step.target === SECRETS.webhooks) this.#invariants.expectRefusals();
        this.#storm.addAws(step.target, step.trouble, step);
        return;
      case 'poller-down':
        this.#storm.addWindow(`poller ${step.source}`, step.forMs);
        return;
      case 'deletes-lost':
        this.#storm.addWindow(`delete ${step.queue}`, step.forMs, step.probability);
        return;
      case 'events-lost':
        this.#storm.addWindow('events', step.forMs, step.probability);
        return;
      case 'duplicates':
        this.#storm.addWindow('duplicates', step.forMs, step.probability);
        return;
      case 'button':
      case 'webhook':
        if (isPartialShow(step)) this.#invariants.orders.noteShowsLittle();
        button.faults.add(step.fault);
        if ('forMs' in step)
          clock.at(clock.now() + step.forMs, () => {
            button.faults.remove(step.fault);
          });
        return;
      case 'class-fails':
        this.#invariants.orders.noteFailing(step.orderIds);
        button.faults.add(step.fault);
        return;
      case 'look-ups-fail':
        this.#invariants.orders.noteLookUpsFail();
        button.faults.add(step.fault);
        return;
      case 'other-shop':
        this.#reportOthersOrder(step);
        return;
      case 'button-unreachable':
        this.#storm.addWindow('button', step.forMs);
        return;
      case 'webhook-answers-lost':
        this.#storm.addWindow('webhook answers', step.forMs, step.probability);
        return;
      case 'webhooks-paused':
        button.dispatcher.pause('main');
        clock.at(clock.now() + step.forMs, () => button.dispatcher.resume('main'));
        return;
      case 'unreadable': {
        const latest = button.transactions.all().at(-1)?.at(-1)?.key;
        button.world.unreadableTransactions = latest === undefined ? [] : [latest];
        clock.at(clock.now() + step.forMs, () => (button.world.unreadableTransactions = []));
        return;
      }
      case 'rotation':
        this.#rotate(step.weKnowAfterMs);
        return;
      case 'secret-missing':
        if (step.secret === SECRETS.webhooks) this.#invariants.expectRefusals();
        world.secrets.delete(step.secret);
        clock.at(clock.now() + step.forMs, () => {
          this.#restoreSecrets();
        });
        return;
      default:
        this.#operate(step);
    }
  }

  /** What schedules, operators, Button and strangers do. */
  #operate(step: Operation): void {
    const world = this.#world;
    const { clock } = world;
    switch (step.kind) {
      case 'reconcile':
        world.reconcile(step.streams);
        return;
      case 'expire':
        world.expirePersonalData();
        world.expireCustomers();
        return;
      case 'deployment':
        for (const lambda of Object.values(world.functions)) lambda.forgetIdleEnvironments();
        return;
      case 'redrive':
        this.#redrive();
        return;
      case 'pause':
        clock.track(this.#pause(step.forMs));
        return;
      case 'back-up':
        this.#backUp();
        return;
      case 'restore':
        this.#restore();
        return;
      case 'back-up-tables':
        this.#tableBackups = step.tables.map((table) => [table, world.dynamodb.backUp(table)]);
        this.#invariants.noteTableBackup();
        return;
      case 'restore-tables':
        this.#restoreTables(step.tables);
        return;
      case 'transaction':
        world.button.transactions.inject(InjectedTransactionSchema.parse(step.row));
        return;
      case 'replay':
        clock.track(this.#replay());
        return;
      case 'republish':
        clock.track(this.#republish());
        return;
      case 'backfill':
        clock.track(this.#backfill(step.id));
        return;
      case 'spoil':
        this.#spoil();
        return;
      case 'later-release':
        this.#storeLater(step);
        return;
      case 'finalize':
        this.#finalize(step.orderId);
        return;
      case 'install':
      case 'contradiction':
        this.#inject(step);
        return;
      case 'forgery':
        this.#forge(step);
        return;
      case 'checkout':
        this.#sendCheckout(step);
        return;
      case 'odd-webhook':
        this.#sendOddWebhook(step);
        return;
    }
  }

  #send(step: Step & { kind: 'send' }): void {
    const { message, group, version } = step;
    const orderId = group ?? message.orderId;
    const messageId = this.#world.sendOrderMessage({ ...message, orderId });
    this.#sent.push({ step, atMs: this.#world.clock.now() });
    if (step.isHealthy) this.#expectOnTime(messageId, orderId);
    this.#invariants.orders.noteMessage(messageId, {
      body: message.body,
      verdict: verdictOf(step),
      ...(version && { version }),
    });
  }

  #expectOnTime(messageId: string, orderId: string): void {
    const { clock } = this.#world;
    clock.at(clock.now() + MINUTE_MS, () => {
      this.#watch(() => {
        this.#invariants.orders.checkOnTime(messageId, orderId);
        this.#invariants.orders.checkBreakerIsClosed();
      });
    });
  }

  /** The neighbour has its own order with the same id, which stays open. */
  #finalize(orderId: string): void {
    const { orders } = this.#world.button;
    for (const { brandId, fields, buttonOrderId } of orders.all())
      if (fields.order_id === orderId && brandId !== NEIGHBOUR.organization.id)
        orders.finalize(buttonOrderId);
  }

  /** An order of the same organization, with its own token and date. */
  #reportOthersOrder({ orderId, total }: Step & { kind: 'other-shop' }): void {
    const created = this.#world.button.orders.create(defaultOptions.brand.id, {
      order_id: orderId,
      total,
      currency: 'EUR',
      purchase_date: '2026-05-31T09:00:00Z',
      btn_ref: 'fakesrctok-0123456789abcdef',
    });
    if (created.outcome === 'created') this.#invariants.orders.noteOthersOrder(created.order);
  }

  #rotate(weKnowAfterMs: number): void {
    const { clock, button, secrets } = this.#world;
    const secret = `whsec-${this.#secrets.length}-${clock.now()}`;
    this.#secrets.push(secret);
    const know = (): void => {
      if (secrets.has(SECRETS.webhooks)) secrets.set(SECRETS.webhooks, secretList(this.#secrets));
    };
    const sign = (): void => {
      button.dispatcher.setWebhooks([{ name: 'main', url: WEBHOOK_URL, secret }]);
    };
    if (weKnowAfterMs < 0) {
      // In the order of the runbook: first this system's secret, then Button's, once the new one is in use
      // everywhere.
      know();
      clock.at(clock.now() + 2 * MINUTE_MS, sign);
    } else {
      this.#invariants.expectRefusals();
      sign();
      clock.at(clock.now() + weKnowAfterMs, know);
    }
  }

  #restoreSecrets(): void {
    const { secrets } = this.#world;
    if (!secrets.has(SECRETS.brandApiKey)) secrets.set(SECRETS.brandApiKey, 'sk-brand');
    if (!secrets.has(SECRETS.publisherApiKey)) secrets.set(SECRETS.publisherApiKey, 'sk-publisher');
    if (!secrets.has(SECRETS.webhooks)) secrets.set(SECRETS.webhooks, secretList(this.#secrets));
  }

  /** Returns the number of moved messages. */
  #redrive(): number {
    const { sqs } = this.#world;
    let count = 0;
    for (const letters of [
      QUEUES.orderDeadLetters,
      QUEUES.deferredWebhooksDeadLetters,
      QUEUES.readDeadLetters,
    ]) {
      const moved = sqs.redrive(letters);
      for (const { from, to } of moved) this.#invariants.orders.noteRedriven(from, to);
      if (moved.length > 0) this.#note?.(`${moved.length} messages leave ${letters}`);
      count += moved.length;
    }
    return count;
  }

  async #pause(forMs: number): Promise<void> {
    const { clock } = this.#world;
    this.#pausedSinceMs = clock.now();
    await pause(this.#world);
    clock.at(clock.now() + forMs, () => {
      clock.track(this.#endPause());
    });
  }

  /** A restored ledger may be paused again, or not any more. */
  async #endPause(): Promise<void> {
    const sinceMs = this.#pausedSinceMs;
    this.#pausedSinceMs = undefined;
    if (sinceMs !== undefined)
      this.#watch(() => {
        this.#invariants.orders.checkPause(sinceMs);
      });
    await resume(this.#world);
  }

  #backUp(): void {
    const { clock, dynamodb, sqs } = this.#world;
    const atMs = clock.now();
    const oldestSentMs = atMs - sqs.gauge(QUEUES.orders).oldestAgeSeconds * SECOND_MS;
    this.#backup = { items: dynamodb.backUp(TABLES.orderLedger), atMs, oldestSentMs };
  }

  /** The reporter and the sweep stop while the table is restored, and start again with `verifyBefore`. */
  #restore(): void {
    const backup = this.#backup;
    if (!backup) return;
    const { clock, dynamodb, functions } = this.#world;
    this.#invariants.orders.noteRestore();
    this.#storm.addWindow(`poller ${QUEUES.orders}`, RESTORE_PAUSE_MS);
    this.#sweepsPausedUntilMs = clock.now() + RESTORE_PAUSE_MS;
    clock.at(clock.now() + RESTORE_PAUSE_MS - SECOND_MS, () => {
      dynamodb.restore(TABLES.orderLedger, withNeighbour(backup.items, dynamodb.backUp(TABLES.orderLedger)));
      this.#world.verifyBefore = new Date(clock.now()).toISOString();
      functions['order-reporter'].forgetIdleEnvironments();
      functions['retry-sweep'].forgetIdleEnvironments();
      this.#restoredToMs = backup.oldestSentMs;
      this.#note?.('the ledger is back at its backup');
      // What was on the queue at the time of the backup was sent before it.
      const again = this.#sent.filter(({ atMs, step }) => atMs >= backup.oldestSentMs && step.version);
      for (const { step } of again) {
        this.#resent += 1;
        const { body, eventId } = step.message;
        const message = {
          ...step.message,
          body: this.#ordersByTime ? body : dated(body, new Date(clock.now())),
          eventId: `${eventId} again ${this.#resent}`,
        };
        this.#send({ ...step, message });
      }
      clock.track(this.#replay());
    });
  }

  /** The consumers of the queues wait in the meantime. Button's webhooks keep arriving. */
  #restoreTables(tables: readonly string[]): void {
    const { clock, dynamodb } = this.#world;
    const backups = this.#tableBackups.filter(([table]) => tables.includes(table));
    for (const queue of [QUEUES.deferredWebhooks, QUEUES.readQueue])
      this.#storm.addWindow(`poller ${queue}`, RESTORE_PAUSE_MS);
    clock.at(clock.now() + RESTORE_PAUSE_MS - SECOND_MS, () => {
      this.#invariants.noteTableRestore(tables);
      for (const [table, backup] of backups) dynamodb.restore(table, backup);
      this.#note?.(`these tables are back at their backup: ${tables.join(', ')}`);
      if (tables.includes(TABLES.transactions)) clock.track(this.#renew());
    });
  }

  /** Follows docs/operations.md after a restore. */
  async #renew(): Promise<void> {
    const { clock, dynamodb } = this.#world;
    const access = { client: clientOf(dynamodb), table: TABLES.transactions };
    const now = (): Date => new Date(clock.now());
    await renewVersions(now().toISOString(), {
      all: scanAll(access),
      transactions: createTransactionStore({ ...access, shopperField: 'publisher_customer_id' }),
      onUnreadable: () => undefined,
      now,
    });
  }

  async #replay(): Promise<void> {
    const { dynamodb, sqs, clock } = this.#world;
    const client = clientOf(dynamodb);
    const queue = clientOf(sqs);
    const now = (): Date => new Date(clock.now());
    const orders = createQuarantineReview({ client, table: TABLES.orderQuarantine });
    for (const { id, reasons, replayedAt } of (await orders.list('order#acme', { pageSize: 1000 })).entries) {
      const isReplayed = replayedAt !== undefined && Date.parse(replayedAt) < this.#restoredToMs;
      if (isReplayed || this.#leftToTheShop.has(id) || !reasons.some(({ code }) => FIXABLE.has(code)))
        continue;
      await replayOrderMessage(
        { entryId: id },
        {
          brand: 'acme',
          quarantine: orders,
          send: createFifoSender({ client: queue, queueUrl: QUEUES.orders }),
          now,
        },
      );
    }
    const webhooks = createQuarantineReview({ client, table: TABLES.webhookQuarantine });
    for (const { id } of (await webhooks.list('webhook', { pageSize: 1000 })).entries) {
      await replayWebhook(id, {
        review: webhooks,
        transactions: createTransactionStore({
          client,
          table: TABLES.transactions,
          shopperField: 'publisher_customer_id',
        }),
        checkouts: createCheckoutStore({ client, table: TABLES.transactions }),
        quarantine: createQuarantineStore({ client, table: TABLES.webhookQuarantine, retentionDays: 90 }),
        cutOver: () => Promise.resolve(LIVE_FROM),
        metrics: { add: () => undefined },
        now,
      });
    }
  }

  async #republish(): Promise<void> {
    const { bus, dynamodb } = this.#world;
    const client = clientOf(dynamodb);
    const events = {
      send: ((command: { input: { Entries: { DetailType: string; Detail: string }[] } }) => {
        const { Entries: entries } = command.input;
        for (const { DetailType: type, Detail: detail } of entries) bus.push({ type, detail });
        return Promise.resolve({ Entries: entries.map(() => ({ EventId: 'again' })) });
      }) as never,
    };
    await republishEvents({
      all: scanPublished({ client, table: TABLES.transactions }, { start: '2026', end: '2027' }),
      putEvents: createEventBus({ client: events, busName: 'bus' }),
      includePersonalFields: true,
    });
  }

  async #backfill(id: string): Promise<void> {
    const { button, clock, dynamodb, sqs } = this.#world;
    const client = clientOf(dynamodb);
    const queue = clientOf(sqs);
    const [account] = button.accounts.all();
    if (!account) return;
    await startBackfill(
      {
        account: account.id,
        id,
        from: START,
        to: new Date(clock.now() - MINUTE_MS).toISOString(),
        delivery: 'live',
      },
      {
        positions: createPositionStore({ client, table: TABLES.positions }),
        send: createFifoSender({ client: queue, queueUrl: QUEUES.readQueue }),
        now: () => new Date(clock.now()),
      },
    );
  }

  #spoil(): void {
    const { button, dynamodb } = this.#world;
    const [account] = button.accounts.all();
    this.#invariants.notePositionSpoilt();
    dynamodb.execute(
      new UpdateItemCommand({
        TableName: TABLES.positions,
        Key: { account: { S: account?.id ?? '' }, stream: { S: 'incremental' } },
        UpdateExpression: 'SET readThrough = :nonsense',
        ExpressionAttributeValues: { ':nonsense': { S: 'yesterday' } },
      }),
    );
  }

  /**
   * Stores what a later release would store. It does not take over a claim: the message would be in
   * quarantine, and nothing else leads to the order.
   */
  #storeLater({ orderId, how, forMs }: Step & { kind: 'later-release' }): void {
    const { clock } = this.#world;
    this.#rewriteLedger((state) => {
      if (state['orderId'] !== orderId || !state['newest']) return undefined;
      if (how === 'attributes') return withUnknownFields(state) as object;
      const before = (state['progress'] ?? {}) as Record<string, unknown>;
      return before['state'] === 'claimed'
        ? undefined
        : { ...state, progress: { state: LATER_STATE, before } };
    });
    if (how === 'state')
      clock.at(clock.now() + forMs, () => {
        this.#takeBackLaterStates();
      });
  }

  /** The later release is back and finishes what it started. */
  #takeBackLaterStates(): void {
    this.#rewriteLedger(({ progress, ...state }) => {
      const { state: name, before } = (progress ?? {}) as Record<string, unknown>;
      return name === LATER_STATE ? { ...state, progress: before } : undefined;
    });
  }

  #rewriteLedger(change: (state: Record<string, unknown>) => object | undefined): void {
    const { dynamodb } = this.#world;
    for (const item of dynamodb.items(TABLES.orderLedger)) {
      if (!item['body']?.B || item['pk']?.S?.startsWith('acme#order#') !== true) continue;
      const changed = change(unpackJson(item['body'].B) as Record<string, unknown>);
      if (!changed) continue;
      const revision = { N: String(Number(item['revision']?.N) + 1) };
      const laterItem = { ...item, revision, body: { B: packJson(changed) }, writtenBy: { S: 'later' } };
      dynamodb.execute(new PutItemCommand({ TableName: TABLES.orderLedger, Item: laterItem }));
    }
  }

  #inject(step: Step & { kind: 'install' | 'contradiction' }): void {
    const { transactions, orders } = this.#world.button;
    if (step.kind === 'install') {
      const { id, amount, webhook } = step;
      const row = { id, category: 'app-install', amount, webhook, status: 'validated' };
      transactions.inject(InjectedTransactionSchema.parse(row));
      return;
    }
    const order = orders
      .all()
      .find(({ fields, status }) => fields.order_id === step.orderId && status === 'finalized');
    if (!order) return;
    const { amount, webhook } = step;
    transactions.inject(
      InjectedTransactionSchema.parse({ button_order_id: order.buttonOrderId, amount, webhook }),
    );
  }

  #forge({ orderId, how }: Step & { kind: 'forgery' }): void {
    const { button, clock } = this.#world;
    const order = button.orders.all().find(({ fields }) => fields.order_id === orderId);
    const body = forgedBody(button.transactions.all().at(-1)?.at(-1), order);
    const secret = this.#secrets.at(-1) ?? '';
    const signatures: Record<typeof how, string | undefined> = {
      'other-secret': signatureOf(body, 'guessed'),
      'changed-body': signatureOf(Buffer.concat([body, Buffer.from(' ')]), secret),
      'no-signature': undefined,
      garbage: 'g'.repeat(64),
    };
    clock.track(
      this.#world.postWebhook({ body, signature: signatures[how] }).then((status) => {
        if (status >= 200 && status < 300)
          throw new BrokenInvariant('no forged webhook is accepted', `${how} was answered ${status}`);
      }),
    );
  }

  #sendCheckout({ id, btnRef }: Step & { kind: 'checkout' }): void {
    this.#world.button.dispatcher.publish({
      ...{ eventType: 'order-checkout', transactionKey: id, orderId: null },
      data: {
        ...{ event_date: START, merchant_organization: 'org-1', thirdparty_id: `shopper-${id}` },
        btn_ref: btnRef,
      },
    });
  }

  #sendOddWebhook({ id, oddity }: Step & { kind: 'odd-webhook' }): void {
    const { dispatcher } = this.#world.button;
    const data: Record<typeof oddity, Record<string, unknown>> = {
      ping: {},
      'no-json-number': { id, status: 'pending', amount: 1.5 },
      'new-status': {
        id,
        status: 'paid',
        category: 'x',
        amount: 1,
        created_date: START,
        modified_date: START,
      },
    };
    dispatcher.publish({ eventType: 'tx-odd', transactionKey: id, orderId: null, data: data[oddity] });
  }
}

/** Refusals that Button's faults caused. When tried again, the orders are reported. */
const FIXABLE = new Set([
  'ledger_entry_unreadable',
  'order_id_taken',
  'cancellation_unconfirmed',
  'refused_by_button',
  'btn_ref_not_taken',
  'unknown_to_button',
  'deleted_at_button',
  'retry_of_unknown_order',
]);

function isPartialShow({ fault }: Step & { kind: 'button' | 'webhook' }): boolean {
  return fault.on === 'api' && typeof fault.answer === 'object' && 'leavesOut' in fault.answer;
}

const LATER_STATE = 'later-state';

/** Adds a field to each object except those of the order itself, which go to Button unchanged. */
function withUnknownFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = Object.entries(value).map(([name, field]): [string, unknown] => [
    name,
    name === 'order' ? field : withUnknownFields(field),
  ]);
  return { ...Object.fromEntries(fields), laterField: { since: START } };
}

/** The same message as a shop sends it later, if it names the time at which it was sent. */
function dated(body: string, now: Date): string {
  return body.replace(/"time":"[^"]*"/, `"time":"${now.toISOString()}"`);
}

/** When the brand's first order is due, ISO 8601; `never` if none is. */
function firstDueAt(ledger: readonly Item[]): string {
  let first = 'never';
  for (const { pk, dueAt } of ledger)
    if (dueAt?.S !== undefined && dueAt.S < first && pk?.S?.startsWith('acme#order#') === true)
      first = dueAt.S;
  return first;
}

/** The backup of one brand's orders, with its neighbour's current ones. */
function withNeighbour(
  backup: ReadonlyMap<string, Item>,
  now: ReadonlyMap<string, Item>,
): ReadonlyMap<string, Item> {
  const isNeighbours = ([, item]: [string, Item]): boolean =>
    item['pk']?.S?.startsWith(NEIGHBOUR.id) === true;
  return new Map([...[...backup].filter((one) => !isNeighbours(one)), ...[...now].filter(isNeighbours)]);
}

/** A message without a version is bad, or contradicts another one. */
function verdictOf({ version, isNoMessage, mayBeRefused }: Step & { kind: 'send' }): Verdict {
  if (version) return mayBeRefused ? 'either' : 'taken';
  return isNoMessage ? 'refused' : 'either';
}

function secretList(secrets: readonly string[]): string {
  return JSON.stringify(secrets.map((secret, index) => ({ name: `secret-${index}`, secret })));
}

/** A webhook like Button's, about a reward that nobody has earned. */
function forgedBody(
  version: Parameters<typeof webhookData>[0] | undefined,
  order: Order | undefined,
): Buffer {
  const data = {
    ...(version
      ? webhookData(version)
      : { id: 'tx-forged', category: 'new-user-order', created_date: START }),
    ...(order ? { button_order_id: order.buttonOrderId } : {}),
    status: 'validated',
    amount: 1_000_000,
    currency: 'USD',
    modified_date: '2026-06-02T00:00:00.000Z',
  };
  return Buffer.from(
    JSON.stringify({ id: 'hook-forged', request_id: 'attempt-1', event_type: 'tx-validated', data }),
  );
}
