import type { Delivery } from '../../tooling/button-simulator/webhook-lane.ts';
import type { TransactionVersion } from '../../tooling/button-simulator/transaction-rows.ts';
import { toWholeSeconds } from '../../tooling/button-simulator/instants.ts';
import type { CheckoutReceived } from '../../shared/validation/webhooks/checkout.ts';
import type { TransactionChangedDetail } from '../../shared/validation/webhooks/transaction-changed.ts';
import { isGap } from '../../shared/reconciliation/rules/gap.ts';
import type { TransactionRecord } from '../../shared/validation/webhooks/transaction.ts';
import { unpackJson } from '../../shared/dynamodb/packed-json.ts';
import { fail } from './broken-invariant.ts';
import { ContractConsumer, type Credit } from './contract-consumer.ts';
import type { Item } from '../../tooling/local-aws/models/dynamodb-expression.ts';
import { QUEUES, TABLES } from './resources.ts';
import { OrderInvariants } from './order-invariants.ts';
import { randomFrom } from './random.ts';
import { purchasesOf, readRow, type ListedRow, type Purchase, type RewardSettings } from './reward-oracle.ts';
import type { SimulatedWorld } from './world.ts';

const CURRENT_WITHIN_MS = 2 * 3_600_000;

/**
 * What must hold in a world: some of it at any time, most of it once everything is at rest. The checks throw
 * `BrokenInvariant`.
 */
export class Invariants {
  /** The invariants of the brand's orders. */
  readonly orders: OrderInvariants;
  readonly #world: SimulatedWorld;
  readonly #reached = new Map<string, string>();
  readonly #settings: RewardSettings;
  /** The highest version ever stored under a key, whatever the table holds now. */
  readonly #highest = new Map<string, number>();
  #expectsRefusals = false;
  #backedUpAtMs = Infinity;
  /** By table, the time of the restored backup. What arrived between the backup and the restore is lost. */
  readonly #forgetsFromMs = new Map<string, number>();
  #restoredAtMs = 0;

  constructor(world: SimulatedWorld, settings: RewardSettings) {
    this.orders = new OrderInvariants(world);
    this.#world = world;
    this.#settings = settings;
  }

  noteTableBackup(): void {
    this.#backedUpAtMs = this.#world.clock.now();
  }

  /** Notes that these tables were restored from their backup. */
  noteTableRestore(tables: readonly string[]): void {
    this.#restoredAtMs = this.#world.clock.now();
    for (const table of tables) this.#forgetsFromMs.set(table, this.#backedUpAtMs);
    this.#reached.clear();
  }

  /** Whether the table was restored, so that it may have lost what arrived at this instant. */
  #mayForget(table: string, atMs: number): boolean {
    // What was written just before the backup may have arrived earlier.
    const fromMs = (this.#forgetsFromMs.get(table) ?? Infinity) - 60_000;
    return fromMs <= atMs && atMs <= this.#restoredAtMs;
  }

  notePositionSpoilt(): void {
    this.#reached.clear();
  }

  /** Button signs with a secret that this system does not know yet. */
  expectRefusals(): void {
    this.#expectsRefusals = true;
  }

  isAtRest(): boolean {
    return this.unrest() === '';
  }

  /** Describes what is not at rest yet. */
  unrest(): string {
    const { clock, sqs, button, functions, unpublishedChanges } = this.#world;
    const queues = [QUEUES.orders, QUEUES.deferredWebhooks, QUEUES.readQueue].filter(
      (name) => !sqs.isEmpty(name),
    );
    const running = Object.entries(functions).filter(([, lambda]) => lambda.running > 0);
    // A deferred webhook that its fault keeps until its transaction's next event may wait for ever.
    const keptSinceMs = clock.now() - 2 * 60_000;
    const webhooks = button.dispatcher
      .deliveries()
      .filter(
        ({ state, dueMs, attempts }) => state === 'waiting' && (dueMs > keptSinceMs || attempts.length > 0),
      );
    return [
      ...queues.map((name) => `messages on ${name}`),
      ...running.map(([name]) => `${name} is running`),
      ...this.orders.unsettled(),
      ...webhooks.map(({ hookId }) => `${hookId} has not come through`),
      ...(unpublishedChanges > 0 ? ['changes are not published'] : []),
    ].join(', ');
  }

  /** Checks a change of a transaction in the table. */
  checkChange(before: Item | undefined, after: Item | undefined): void {
    this.#checkVersion(before, after);
    if (after?.['mergedInto'] !== undefined) return;
    const wasFinal = before?.['status']?.S === 'validated' || before?.['status']?.S === 'declined';
    if (!wasFinal || after?.['status']?.S === 'conflict' || isShownByRead(after)) return;
    const same = (name: string): boolean =>
      before[name]?.S === after?.[name]?.S && before[name]?.N === after?.[name]?.N;
    if (same('status') && same('amountMinor')) return;
    fail(
      'a final transaction is left for a conflict, or by a read, only',
      `${describeItem(before)} became ${describeItem(after)}`,
    );
  }

  /**
   * A new version is higher than every earlier one, even after a restore. Published fields change only with
   * the version.
   */
  #checkVersion(before: Item | undefined, after: Item | undefined): void {
    const version = Number(after?.['version']?.N);
    if (after === undefined || Number.isNaN(version)) return;
    const key = after['pk']?.S ?? '';
    const highest = this.#highest.get(key) ?? 0;
    if (version !== Number(before?.['version']?.N)) {
      if (version <= highest)
        fail('versions never go backwards', `${describeItem(after)} comes after version ${highest}`);
      this.#highest.set(key, version);
      return;
    }
    const changed = PUBLISHED.find((name) => textOf(before, name) !== textOf(after, name));
    const isInConflict = after['status']?.S === 'conflict';
    if (changed !== undefined && after['erasedAt'] === undefined && !isInConflict)
      fail(
        'what is published changes with the version',
        `${changed} of ${describeItem(after)} was ${textOf(before, changed) ?? 'not there'}`,
      );
  }

  /**
   * Everything that the position calls read is stored, and the position never goes back. If cursors count
   * rows, a row that is modified while it is paged hides its neighbour until the next sweep
   * (docs/decisions/0009-sweeps.md), so nothing is checked in that case.
   */
  checkPositions(): void {
    const { button } = this.#world;
    if (button.world.paging === 'offset' || this.#forgetsFromMs.size > 0) return;
    const listed = this.#listed();
    for (const { account, stream, readThrough } of this.#items(TABLES.positions)) {
      const [id = '', until = ''] = [account?.S, readThrough?.S];
      if (stream?.S !== 'incremental' || !until.startsWith('2')) continue;
      const reached = this.#reached.get(id) ?? '';
      if (until < reached) fail('a position never goes back', `${id} went from ${reached} to ${until}`);
      this.#reached.set(id, until);
      for (const version of this.#truth()) {
        const modified = toWholeSeconds(version.modifiedMs);
        if (version.accountId !== id || modified >= until || this.#isInGap(id, modified)) continue;
        // The sweeps find rows that Button dates before what was already read.
        if (version.modifiedMs < version.recordedMs - 60_000 || !isUnderstood(version)) continue;
        const keys = purchaseWith(version, listed)?.keys ?? [];
        const stored = this.#stored(keys);
        // A worker that joins two records of a purchase may die before one of them has the other's content.
        const merged = keys
          .map((key) => this.#item(key))
          .filter((item) => item?.['mergedInto'] !== undefined);
        if (![stored, ...merged].some((item) => knows(item, version)))
          fail(
            'a position is never ahead of what is stored',
            `${id} is at ${until}, yet ${describeVersion(version)} is stored as ${describeItem(stored)}`,
          );
      }
    }
  }

  /** The limit that docs/architecture.md states: two hours, plus the duration of the last read. */
  #checkCurrent(): void {
    const since = new Date(this.#world.clock.now() - CURRENT_WITHIN_MS).toISOString();
    for (const { account, stream, readThrough, readUntil } of this.#items(TABLES.positions)) {
      const [name = '', until = ''] = [stream?.S, readThrough?.S];
      const isUnread = isGap({ stream: name }) && until < (readUntil?.S ?? '');
      const isBehind = name === 'incremental' && until < since;
      if (isUnread || isBehind)
        fail(
          'every account is current after faults have ended',
          `${account?.S ?? ''} ${name} is read through ${until}`,
        );
    }
  }

  /** Whether this second is in a gap that is still to be read. */
  #isInGap(id: string, second: string): boolean {
    return this.#items(TABLES.positions).some(({ account, stream, readThrough, readUntil }) => {
      const isOfAccount = account?.S === id && isGap({ stream: stream?.S ?? '' });
      return isOfAccount && (readThrough?.S ?? '') <= second && second < (readUntil?.S ?? '');
    });
  }

  /** To be called when everything is at rest: all input is accounted for. */
  checkRest(): void {
    this.orders.checkRest();
    this.#checkWebhooks();
  }

  /** To be called when everything has been reconciled. */
  checkEnd(): void {
    this.#checkCurrent();
    const purchases = this.#listed();
    const wrong = purchases.find((purchase) => !isSame(this.#stored(purchase.keys), purchase.counts));
    if (wrong)
      fail(
        'every transaction is stored as Button has it',
        `${describePurchase(wrong)} is stored as ${describeItem(this.#stored(wrong.keys))}`,
      );
    const known = new Set(purchases.map(({ keys }) => this.#stored(keys)?.['pk']?.S ?? ''));
    const stranger = this.#purchases().find(({ pk }) => !known.has(pk?.S ?? ''));
    if (stranger) fail('one purchase is one record, and Button has it', describeItem(stranger));
    this.#checkEvents();
    this.#checkBalances();
    for (const name of [QUEUES.orderDeadLetters, QUEUES.deferredWebhooksDeadLetters, QUEUES.readDeadLetters])
      if (!this.#world.sqs.isEmpty(name))
        fail('no dead letters are left', `${this.#world.sqs.contents(name).length} on ${name}`);
  }

  /**
   * Personal data has expired: the table no longer identifies the shopper of any transaction whose version
   * was stored before this instant.
   */
  checkExpired(storedBefore: string): void {
    for (const item of this.#purchases()) {
      if ((item['storedAt']?.S ?? '') >= storedBefore) continue;
      const text = JSON.stringify(item['body']?.B ? [item, unpackJson(item['body'].B)] : item);
      if (item['erasedAt'] === undefined || /shopper-|ref-/.test(text))
        fail('personal data expires', `${describeItem(item)} still says whose it is`);
    }
  }

  /** Whether reconciliation has nothing left to repair. */
  isTruthStored(): boolean {
    return this.#listed().every(({ keys, counts, shopper }) => {
      const stored = this.#stored(keys);
      const isNamed = shopper === null || counts.length > 1 || stored?.['publisherCustomerId']?.S === shopper;
      return isNamed && isSame(stored, counts);
    });
  }

  /** Nothing was published since the bus had this many events. */
  checkNothingPublishedSince(count: number): void {
    const [event] = this.#events().slice(count);
    if (event)
      fail(
        'repeating the same reads makes no events',
        `${event.transactionKey} got version ${event.version}`,
      );
  }

  /**
   * To be called when the queues are empty and deferred webhooks are replayed: every acknowledged webhook is
   * in the table.
   */
  #checkWebhooks(): void {
    const kept = new Set(this.#items(TABLES.webhookQuarantine).map(({ id }) => id?.S));
    const checkouts = this.#publishedCheckouts();
    for (const delivery of this.#world.button.dispatcher.deliveries()) {
      const { state, hookId, data, attempts, eventType } = delivery;
      const refusal = attempts.find(
        ({ result }) => 'status' in result && (result.status === 400 || result.status === 401),
      );
      if (state === 'refused' || (refusal && !this.#expectsRefusals))
        fail('no authentic webhook is refused', `${hookId} was`);
      if (state !== 'acknowledged') continue;
      if (eventType === 'order-checkout') {
        if (kept.has(hookId)) fail('no checkout is quarantined', `${hookId} is`);
        if (!checkouts.has(hookId)) fail('every checkout is published', `${hookId} is not`);
        continue;
      }
      const comesMs = attempts.map(({ atMs }) => atMs);
      if (eventType === 'tx-odd' || !isUnderstood({ status: data['status'] })) {
        const mayBeForgotten = comesMs.some((atMs) => this.#mayForget(TABLES.webhookQuarantine, atMs));
        if (!kept.has(hookId) && !mayBeForgotten)
          fail('no acknowledged webhook is lost', `${hookId}, not understood, is not in quarantine`);
        continue;
      }
      // A deferred webhook may have been stored at any time before the restore.
      const isRestored = this.#forgetsFromMs.has(TABLES.transactions);
      if (isRestored && comesMs.some((atMs) => atMs <= this.#restoredAtMs)) continue;
      this.#checkWebhookIsKnown(delivery);
    }
  }

  #checkWebhookIsKnown({ hookId, data, transactionKey }: Delivery): void {
    const modifiedMs = Date.parse(String(data['modified_date']));
    const versions = this.#world.button.transactions.all().find(([first]) => first?.key === transactionKey);
    const [last, place] = [versions?.at(-1), versions?.findIndex((one) => one.modifiedMs === modifiedMs)];
    // A read may have shown that Button has moved its date back since.
    const isDatedBack = versions?.slice(place).some((one) => one.modifiedMs < modifiedMs);
    if (!last || isDatedBack === true) return;
    const orders = typeof data['button_order_id'] === 'string' ? [`order#${data['button_order_id']}`] : [];
    const item = this.#stored([...orders, `tx#${String(data['id'])}`]);
    const second = toWholeSeconds(modifiedMs);
    const isKnown = item !== undefined && (modifiedSecond(item) >= second || item['status']?.S !== 'pending');
    if (!isKnown)
      fail(
        'no acknowledged webhook is lost',
        `${hookId} about ${transactionKey} at ${second}: the table has ${describeItem(item)}`,
      );
  }

  #checkEvents(): void {
    const latest = new Map<string, number>();
    for (const { transactionKey: key, version } of this.#events())
      latest.set(key, Math.max(version, latest.get(key) ?? 0));
    for (const item of this.#purchases()) {
      const version = Number(item['version']?.N);
      const published = latest.get(item['pk']?.S ?? '') ?? 0;
      if (published !== version)
        fail(
          'every version is published',
          `${describeItem(item)} has version ${version}, the last event ${published}`,
        );
    }
  }

  /**
   * A consumer that gets every event twice, in any order, owes the same as an oracle that reads Button's
   * list.
   */
  #checkBalances(): void {
    const random = randomFrom('consumer', this.#world.bus.length);
    const events = [...this.#events(), ...this.#events()]
      .map((detail) => ({ detail, place: random.next() }))
      .sort((one, other) => one.place - other.place);
    const consumer = new ContractConsumer();
    for (const { detail } of events) consumer.take(detail);
    const left = new Map(consumer.credits().map((credit) => [credit.transactionKey, credit]));
    for (const purchase of this.#listed()) {
      const { shopper, counts, isFinal } = purchase;
      const key = this.#stored(purchase.keys)?.['pk']?.S ?? '';
      const { amount, user, currency, isFinal: isPayable } = left.get(key) ?? NO_CREDIT;
      left.delete(key);
      if (amount !== purchase.credit)
        fail('no reward is wrong', `${describePurchase(purchase)} is credited with ${amount}`);
      if (amount === 0) continue;
      if (shopper !== null && user !== shopper)
        fail('no reward is wrong', `${describePurchase(purchase)} is credited to ${user ?? 'nobody'}`);
      if (isPayable !== isFinal || currency !== (counts[0].currency ?? 'none'))
        fail(
          'no balance is wrong',
          `${describePurchase(purchase)} is ${isPayable ? '' : 'not '}paid in ${currency}`,
        );
    }
    const stray = [...left.values()].find(({ amount }) => amount !== 0);
    if (stray)
      fail(
        'no balance is wrong',
        `${stray.amount} ${stray.currency} are credited for ${stray.transactionKey}`,
      );
  }

  #events(): TransactionChangedDetail[] {
    return this.#world.bus
      .filter(({ type }) => type.startsWith('transaction.'))
      .map(({ detail }) => JSON.parse(detail) as TransactionChangedDetail);
  }

  /** The webhooks of the checkouts on the bus. */
  #publishedCheckouts(): ReadonlySet<string> {
    const details = this.#world.bus
      .filter(({ type }) => type === 'checkout.received')
      .map(({ detail }) => JSON.parse(detail) as CheckoutReceived['detail']);
    return new Set(details.map(({ webhookId }) => webhookId));
  }

  #truth(): TransactionVersion[] {
    return this.#world.button.transactions.all().flatMap((versions) => versions.at(-1) ?? []);
  }

  /** Every purchase as Button lists it now. */
  #listed(): Purchase[] {
    return purchasesOf(this.#world.button.transactions.all(), this.#settings);
  }

  /** The record under the first of these keys that has one, after following aliases and merged records. */
  #stored(keys: readonly string[]): Item | undefined {
    for (const key of keys) {
      let item = this.#item(key);
      for (let step = 0; item !== undefined && step < 4; step += 1) {
        const further = item['aliasOf']?.S ?? item['mergedInto']?.S;
        if (further === undefined) return item;
        item = this.#item(further);
      }
    }
    return undefined;
  }

  #item(key: string): Item | undefined {
    return this.#world.dynamodb.item(TABLES.transactions, key);
  }

  /**
   * Every purchase in the table, without aliases (which only point to another record) and checkouts (which
   * are not purchases yet).
   */
  #purchases(): Item[] {
    return this.#items(TABLES.transactions).filter(
      ({ aliasOf, mergedInto, checkoutOf }) =>
        aliasOf === undefined && mergedInto === undefined && checkoutOf === undefined,
    );
  }

  #items(table: string): readonly Item[] {
    return this.#world.dynamodb.items(table);
  }
}

function purchaseWith({ key }: TransactionVersion, purchases: readonly Purchase[]): Purchase | undefined {
  return purchases.find(({ rows }) => rows.some(({ version }) => version.key === key));
}

const NO_CREDIT: Credit = { transactionKey: '', user: null, currency: 'none', amount: 0, isFinal: false };

/** The fields of a transaction that an event carries. */
const PUBLISHED = [
  ...['status', 'category', 'amountMinor', 'currency', 'orderTotalMinor', 'orderCurrency', 'buttonOrderId'],
  ...['notRewardableReason', 'conflictCause', 'delivery', 'mergedInto', 'publisherCustomerId', 'pubRef'],
] as const;

function textOf(item: Item | undefined, name: string): string | undefined {
  return item?.[name]?.S ?? item?.[name]?.N;
}

function isUnderstood({ status }: { status: unknown }): boolean {
  return status === 'pending' || status === 'validated' || status === 'declined';
}

function isSame(stored: Item | undefined, [counting, ...others]: Purchase['counts']): boolean {
  const status = others.length > 0 ? 'conflict' : counting.status;
  return stored?.['status']?.S === status && (others.length > 0 || isWorth(stored, counting));
}

function isWorth(stored: Item | undefined, { amount }: ListedRow): boolean {
  return Number(stored?.['amountMinor']?.N ?? 0) === amount;
}

/** Whether the stored version is this one, or one that beats it. */
function knows(stored: Item | undefined, version: TransactionVersion): boolean {
  const [modified, status] = [modifiedSecond(stored), stored?.['status']?.S];
  const second = toWholeSeconds(version.modifiedMs);
  const isVersion = status === version.status && isWorth(stored, readRow(version));
  if (status === undefined || status === 'conflict') return status !== undefined;
  if (status !== 'pending') return version.status === 'pending' || isVersion || modified > second;
  return modified > second || (modified === second && isVersion);
}

/** Whether a read of the API has confirmed the item. */
function isShownByRead(item: Item | undefined): boolean {
  const { seen } = (item?.['body']?.B ? unpackJson(item['body'].B) : { seen: [] }) as TransactionRecord;
  return seen.some(
    ({ transaction: { status, amountMinor }, shownAt }) =>
      shownAt !== undefined &&
      status === item?.['status']?.S &&
      (amountMinor ?? 0) === Number(item['amountMinor']?.N ?? 0),
  );
}

/** Webhooks carry milliseconds; rows do not. */
function modifiedSecond(item: Item | undefined): string {
  const modified = item?.['modifiedDate']?.S;
  return modified === undefined ? '' : `${modified.slice(0, 19)}Z`;
}

function describeItem(item: Item | undefined): string {
  if (!item) return 'nothing';
  const text = (name: string): string => item[name]?.S ?? item[name]?.N ?? '-';
  const worth = `${text('status')} ${text('amountMinor')}`;
  return `${text('pk')} ${worth} of ${text('modifiedDate')} (version ${text('version')})`;
}

function describeVersion(version: TransactionVersion): string {
  return `${version.key} ${version.status} ${version.amount} of ${toWholeSeconds(version.modifiedMs)}`;
}

function describePurchase({ rows, credit }: Purchase): string {
  return `${rows.map(({ version }) => describeVersion(version)).join(' and ')}, worth ${credit},`;
}
