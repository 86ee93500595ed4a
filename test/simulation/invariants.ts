import type { TransactionVersion } from '../../local/button-simulator/transaction-rows.ts';
import { toWholeSeconds } from '../../local/button-simulator/instants.ts';
import type { CheckoutReceived } from '../../shared/validation/webhooks/checkout.ts';
import type { TransactionChangedDetail } from '../../shared/validation/webhooks/transaction-changed.ts';
import { isGap } from '../../shared/reconciliation/rules/gap.ts';
import {
  creditReward,
  payableMinor,
  type RewardEntry,
} from '../../shared/validation/webhooks/reward-ledger.ts';
import type { TransactionRecord } from '../../shared/validation/webhooks/transaction.ts';
import { unpackJson } from '../../shared/dynamodb/packed-json.ts';
import { fail } from './broken-invariant.ts';
import type { Item } from './dynamodb-expression.ts';
import { QUEUES, TABLES } from './resources.ts';
import { OrderInvariants } from './order-invariants.ts';
import { randomFrom } from './random.ts';
import type { SimulatedWorld } from './world.ts';

const CURRENT_WITHIN_MS = 2 * 3_600_000;

/**
 * What must hold of a world: some of it at any time, most of it once everything is at rest. Its checks throw
 * `BrokenInvariant`.
 */
export class Invariants {
  /** What must hold of the brand's orders. */
  readonly orders: OrderInvariants;
  readonly #world: SimulatedWorld;
  readonly #reached = new Map<string, string>();
  #expectsRefusals = false;

  constructor(world: SimulatedWorld) {
    this.orders = new OrderInvariants(world);
    this.#world = world;
  }

  notePositionSpoilt(): void {
    this.#reached.clear();
  }

  /** Button signs with a secret that we do not know yet. */
  expectRefusals(): void {
    this.#expectsRefusals = true;
  }

  isAtRest(): boolean {
    return this.unrest() === '';
  }

  /** What is not at rest yet. */
  unrest(): string {
    const { clock, sqs, button, functions, unpublishedChanges } = this.#world;
    const queues = [QUEUES.orders, QUEUES.deferredWebhooks, QUEUES.readQueue].filter(
      (name) => !sqs.isEmpty(name),
    );
    const running = Object.entries(functions).filter(([, lambda]) => lambda.running > 0);
    // One that its fault keeps for the next event of its transaction may wait for ever.
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

  /** A transaction in the table has changed. */
  checkChange(before: Item | undefined, after: Item | undefined): void {
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
   * Everything that the position says is stored, is stored, and the position never goes back. Where cursors
   * count rows, a row that is modified while it is paged hides its neighbour until the next sweep
   * (docs/decisions/0009-sweeps.md): nothing is checked there.
   */
  checkPositions(): void {
    const { button } = this.#world;
    if (button.world.paging === 'offset') return;
    for (const { account, stream, readThrough } of this.#items(TABLES.positions)) {
      const [id = '', until = ''] = [account?.S, readThrough?.S];
      if (stream?.S !== 'live' || !until.startsWith('2')) continue;
      const reached = this.#reached.get(id) ?? '';
      if (until < reached) fail('a position never goes back', `${id} went from ${reached} to ${until}`);
      this.#reached.set(id, until);
      for (const version of this.#truth()) {
        const modified = toWholeSeconds(version.modifiedMs);
        if (version.accountId !== id || modified >= until || this.#isInGap(id, modified)) continue;
        const stored = this.#stored(version);
        if (!knows(stored, version))
          fail(
            'a position is never ahead of what is stored',
            `${id} is at ${until}, yet ${describeVersion(version)} is stored as ${describeItem(stored)}`,
          );
      }
    }
  }

  /** As docs/architecture.md states it: within two hours, and what the last read took. */
  #checkCurrent(): void {
    const since = new Date(this.#world.clock.now() - CURRENT_WITHIN_MS).toISOString();
    for (const { account, stream, readThrough, readUntil } of this.#items(TABLES.positions)) {
      const [name = '', until = ''] = [stream?.S, readThrough?.S];
      const isUnread = isGap({ stream: name }) && until < (readUntil?.S ?? '');
      const isBehind = name === 'live' && until < since;
      if (isUnread || isBehind)
        fail(
          'every account is current after faults have ended',
          `${account?.S ?? ''} ${name} is read through ${until}`,
        );
    }
  }

  /** Whether this second is passed over and still to be read. */
  #isInGap(id: string, second: string): boolean {
    return this.#items(TABLES.positions).some(({ account, stream, readThrough, readUntil }) => {
      const isOfAccount = account?.S === id && isGap({ stream: stream?.S ?? '' });
      return isOfAccount && (readThrough?.S ?? '') <= second && second < (readUntil?.S ?? '');
    });
  }

  /** Everything is at rest: what has come in is accounted for. */
  checkRest(): void {
    this.orders.checkRest();
    this.#checkWebhooks();
  }

  /** Everything has been reconciled. */
  checkEnd(): void {
    this.#checkCurrent();
    const wrong = this.#truth().find((version) => !isSame(this.#stored(version), version));
    if (wrong)
      fail(
        'every transaction is stored as Button has it',
        `${describeVersion(wrong)} is stored as ${describeItem(this.#stored(wrong))}`,
      );
    const known = new Set(this.#truth().map(keyOf));
    const stranger = this.#purchases().find(({ pk }) => !known.has(pk?.S ?? ''));
    if (stranger) fail('no transaction is stored that Button does not have', describeItem(stranger));
    this.#checkEvents();
    this.#checkBalances();
    for (const name of [QUEUES.orderDeadLetters, QUEUES.deferredWebhooksDeadLetters, QUEUES.readDeadLetters])
      if (!this.#world.sqs.isEmpty(name))
        fail('no dead letters are left', `${this.#world.sqs.contents(name).length} on ${name}`);
  }

  /**
   * Personal data has expired: nothing in the table says whose the transactions are that were last changed at
   * this instant or before.
   */
  checkExpired(changedAt: string): void {
    for (const item of this.#purchases()) {
      if ((item['modifiedDate']?.S ?? '') > changedAt) continue;
      const text = JSON.stringify(item['body']?.B ? [item, unpackJson(item['body'].B)] : item);
      if (item['erasedAt'] === undefined || /shopper-|ref-/.test(text))
        fail('personal data expires', `${describeItem(item)} still says whose it is`);
    }
  }

  /** Whether reconciliation has nothing left to repair. */
  isTruthStored(): boolean {
    return this.#truth().every((version) => isSame(this.#stored(version), version));
  }

  /**
   * Queues are empty by now, and what could not be stored was replayed: what we have acknowledged is in the
   * table.
   */
  #checkWebhooks(): void {
    const items = new Map(this.#items(TABLES.transactions).map((item) => [item['pk']?.S, item]));
    const kept = new Set(this.#items(TABLES.webhookQuarantine).map(({ id }) => id?.S));
    const checkouts = this.#publishedCheckouts();
    for (const { state, hookId, data, attempts, eventType } of this.#world.button.dispatcher.deliveries()) {
      const refusal = attempts.find(
        ({ result }) => 'status' in result && (result.status === 400 || result.status === 401),
      );
      if (state === 'refused' || (refusal && !this.#expectsRefusals))
        fail('no authentic webhook is refused', `${hookId} was`);
      if (state !== 'acknowledged') continue;
      if (eventType === 'tx-odd') {
        if (!kept.has(hookId))
          fail('no acknowledged webhook is lost', `${hookId}, not understood, is not in quarantine`);
        continue;
      }
      if (eventType === 'order-checkout') {
        if (kept.has(hookId)) fail('no checkout is quarantined', `${hookId} is`);
        if (!checkouts.has(hookId)) fail('every checkout is published', `${hookId} is not`);
        continue;
      }
      const { button_order_id: orderId, id, modified_date: modified } = data;
      const pk = typeof orderId === 'string' ? `order#${orderId}` : `tx#${String(id)}`;
      const item = items.get(pk);
      const second = `${String(modified).slice(0, 19)}Z`;
      const isKnown =
        item !== undefined && (modifiedSecond(item) >= second || item['status']?.S !== 'pending');
      if (!isKnown)
        fail(
          'no acknowledged webhook is lost',
          `${hookId} about ${pk} at ${second}: the table has ${describeItem(item)}`,
        );
    }
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

  /** A consumer that gets every event twice, in any order, owes what Button says that was earned. */
  #checkBalances(): void {
    const random = randomFrom('consumer', this.#world.bus.length);
    const events = [...this.#events(), ...this.#events()]
      .map((detail) => ({ detail, place: random.next() }))
      .sort((one, other) => one.place - other.place);
    const ledger = new Map<string, RewardEntry>();
    for (const { detail } of events)
      ledger.set(detail.transactionKey, creditReward(ledger.get(detail.transactionKey), detail));
    const earned = new Map<string, number>();
    for (const version of this.#truth()) {
      const { status, category, amount, currency } = version;
      const isRewardable = category !== 'app-install' && status !== 'declined';
      const credit = ledger.get(keyOf(version))?.creditMinor;
      if (credit !== (isRewardable ? amount : 0))
        fail('no reward is wrong', `${describeVersion(version)} is credited with ${credit ?? 'nothing'}`);
      if (status !== 'pending')
        earned.set(currency, (earned.get(currency) ?? 0) + (isRewardable ? amount : 0));
    }
    const payable = payableMinor(ledger.values());
    for (const [currency, amount] of earned)
      if ((payable.get(currency) ?? 0) !== amount)
        fail('no balance is wrong', `${payable.get(currency) ?? 0} ${currency} can be paid, not ${amount}`);
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

  #stored(version: TransactionVersion): Item | undefined {
    return this.#world.dynamodb.item(TABLES.transactions, keyOf(version));
  }

  /** Every purchase in the table: aliases say only where another one is, and checkouts are none yet. */
  #purchases(): Item[] {
    return this.#items(TABLES.transactions).filter(
      ({ aliasOf, checkoutOf }) => aliasOf === undefined && checkoutOf === undefined,
    );
  }

  #items(table: string): readonly Item[] {
    return this.#world.dynamodb.items(table);
  }
}

function keyOf({ buttonOrderId, id }: TransactionVersion): string {
  return buttonOrderId === null ? `tx#${id}` : `order#${buttonOrderId}`;
}

function isSame(stored: Item | undefined, { status, amount }: TransactionVersion): boolean {
  return stored?.['status']?.S === status && Number(stored['amountMinor']?.N) === amount;
}

/** Whether the version is stored, or something that it gives way to. */
function knows(stored: Item | undefined, version: TransactionVersion): boolean {
  const [modified, status] = [modifiedSecond(stored), stored?.['status']?.S];
  const second = toWholeSeconds(version.modifiedMs);
  if (status === undefined || status === 'conflict') return status !== undefined;
  if (status !== 'pending')
    return version.status === 'pending' || isSame(stored, version) || modified > second;
  return modified > second || (modified === second && isSame(stored, version));
}

/** Whether a read of the API has shown what the item says. */
function isShownByRead(item: Item | undefined): boolean {
  const { seen } = (item?.['body']?.B ? unpackJson(item['body'].B) : { seen: [] }) as TransactionRecord;
  return seen.some(
    ({ transaction: { status, amountMinor }, shownAt }) =>
      shownAt !== undefined &&
      status === item?.['status']?.S &&
      amountMinor === Number(item['amountMinor']?.N),
  );
}

/** Webhooks carry milliseconds where rows have none. */
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
  return `${keyOf(version)} ${version.status} ${version.amount} of ${toWholeSeconds(version.modifiedMs)}`;
}
