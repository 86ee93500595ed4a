import { PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import {
  InjectedTransactionSchema,
  type InjectedTransactionInput,
} from '../../tooling/button-simulator/injected-transaction.ts';
import { transactionSettle, transactionsRenew } from '../../ops/commands/transactions.ts';
import { NO_PROGRESS } from '../../ops/progress.ts';
import type { Measured, MetricName } from '../../shared/runtime/metric-definitions.ts';
import type { TransactionChangedDetail } from '../../shared/validation/webhooks/transaction-changed.ts';
import {
  countingEntries,
  creditReward,
  payableByUser,
  type RewardEntry,
} from '../../shared/validation/webhooks/reward-ledger.ts';
import { lineItemsIn } from '../../shared/transactions/store/transaction-item.ts';
import { shopperTotals } from '../../shared/transactions/store/shopper-index.ts';
import type { DynamoDB } from '../../shared/dynamodb/table-access.ts';
import { misbehave, postWebhook } from '../alarms/play.ts';
import { QUEUES, SECRETS, TABLES } from '../simulation/resources.ts';
import { SimulatedWorld, type SimulatedWorldOptions } from '../simulation/world.ts';
import { share } from '../volume.ts';

// What the system promises for transactions, each in its own test. Every function runs as it is composed for
// Lambda, between Button's webhooks and API on one side and a consumer that knows only the published contract
// on the other.

const START = '2026-06-01T12:00:00.000Z';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SHOPPER = 'user-1';
/** No orders arrive in these tests, so the weeks that pass here do not need a sweep every minute. */
const NO_ORDERS = { retrySweep: { schedule: 'rate(1 day)' } };

let world: SimulatedWorld;
let measured: Measured[];

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
});

function open(options: Partial<SimulatedWorldOptions> = {}): void {
  measured = [];
  world = new SimulatedWorld({
    seed: 'requirements of transactions',
    startAt: START,
    schedules: 'as-deployed',
    brand: NO_ORDERS,
    measure: (one) => measured.push(one),
    ...options,
  });
}

/** Button stores a version of a transaction, and sends a webhook about it unless that is lost. */
function button(row: InjectedTransactionInput): void {
  const whole = { amount: 600, currency: 'USD', publisher_customer_id: SHOPPER, ...row };
  world.button.transactions.inject(InjectedTransactionSchema.parse(whole));
}

const minutes = (count: number) => world.runFor(count * MINUTE_MS);

function events(): TransactionChangedDetail[] {
  return world.bus
    .filter(({ type }) => type.startsWith('transaction.'))
    .map(({ detail }) => JSON.parse(detail) as TransactionChangedDetail);
}

/**
 * What a consumer of the published contract owes: an event counts if it has the highest version under all of
 * its keys.
 */
function payable(user = SHOPPER): Record<string, number> {
  const ledger = new Map<string, RewardEntry>();
  for (const event of events())
    for (const [key, entry] of creditReward(ledger, event).entries) ledger.set(key, entry);
  return Object.fromEntries(payableByUser(countingEntries(ledger)).get(user) ?? []);
}

const latest = () => events().at(-1);

function stored(key: string): Record<string, unknown> {
  const item = world.dynamodb.item(TABLES.transactions, key);
  if (!item) throw new Error(`${key} is not stored`);
  return unmarshall(item);
}

const purchases = () =>
  world.dynamodb.items(TABLES.transactions).filter((item) => 'version' in item && !('mergedInto' in item));

const dynamodb: DynamoDB = {
  send: ((command: object) => Promise.resolve(world.dynamodb.execute(command))) as DynamoDB['send'],
};

const sum = (name: MetricName) =>
  measured.filter((one) => one.name === name).reduce((total, { value }) => total + value, 0);

describe('transactions, requirement 1: one purchase is one record and one reward', () => {
  const validated = { status: 'validated' } as const;

  it.each([
    ['its order id comes later', [{ id: 'tx-1' }, { id: 'tx-1', button_order_id: 'O', ...validated }]],
    [
      'its order id is left out later',
      [
        { id: 'tx-1', button_order_id: 'O' },
        { id: 'tx-1', ...validated, button_order_id: null },
      ],
    ],
    [
      'its id changes with the state',
      [
        { id: 'tx-1', button_order_id: 'O' },
        { id: 'tx-2', button_order_id: 'O', ...validated },
      ],
    ],
    [
      'it is two records by the time that its order is known',
      [
        { id: 'tx-1' },
        { id: 'tx-2' },
        { id: 'tx-1', button_order_id: 'O', ...validated },
        { id: 'tx-2', button_order_id: 'O', ...validated },
      ],
    ],
  ] satisfies [string, InjectedTransactionInput[]][])(
    'in any order of the facts, by webhook or by read: %s',
    async (_, versions) => {
      for (const webhook of [true, false]) {
        open();
        // Past the first tick, which records the time of deployment if no webhook has.
        await minutes(15);
        for (const version of versions) {
          button({ status: 'pending', ...version, webhook });
          await minutes(20);
        }

        expect(purchases()).toHaveLength(1);
        expect(payable()).toEqual({ USD: 600 });
      }
    },
  );

  it('several final transactions that differ are a stable conflict, until an operator settles it', async () => {
    open();
    await minutes(1);
    button({ id: 'tx-1', button_order_id: 'O', status: 'validated', amount: 600 });
    button({ id: 'tx-2', button_order_id: 'O', status: 'validated', amount: 200 });
    await world.runFor(3 * DAY_MS);

    expect(latest()).toMatchObject({
      status: 'conflict',
      conflictCause: 'several_transactions',
      rewardable: false,
    });
    expect(payable()).toEqual({});
    expect(sum('TransactionConflicts')).toBe(1);
    const before = events().length;

    const settled = transactionSettle.prepare({ arguments: ['order#O'], id: 'tx-2', reason: 'asked Button' });
    if (!('run' in settled)) throw new Error(JSON.stringify(settled));
    const dry = await settled.run(operatorContext(true) as never);
    const done = await settled.run(operatorContext() as never);
    await world.runFor(8 * DAY_MS);

    expect([dry.outcome, done]).toMatchObject([
      'done',
      { outcome: 'done', found: { id: 'tx-2', amountMinor: 200 } },
    ]);
    expect(transactionSettle).toMatchObject({
      changes: true,
      recorded: ['arguments', 'id', 'status', 'amount', 'reason'],
    });
    expect(events().length).toBe(before + 1);
    expect(payable()).toEqual({ USD: 200 });
  });
});

/** What an operator does as soon as the table is restored; `before` is the time of the restore. */
async function renewTransactions(before: string) {
  const prepared = transactionsRenew.prepare({ arguments: [], before });
  if (!('run' in prepared)) throw new Error(JSON.stringify(prepared));
  return prepared.run(operatorContext() as never);
}

/** The stage as an operator's command sees it. */
function operatorContext(isDryRun = false) {
  const stage = {
    output: (name: string) => (name.endsWith('TableName') ? TABLES.transactions : OUTPUTS[name]),
  };
  return {
    stage,
    clients: { dynamodb },
    now: () => new Date(world.clock.now()),
    isDryRun,
    progress: NO_PROGRESS,
  };
}

const OUTPUTS: Record<string, string> = {
  ShopperField: 'publisher_customer_id',
  RewardableCategories: '["new-user-order","existing-user-order"]',
};

describe('transactions, requirement 2: a higher version replaces a lower one, whatever happens to the tables', () => {
  const tables = [TABLES.transactions, TABLES.positions];

  /**
   * An hour in which transactions are created, validated, adjusted and declined. Returns what is owed in the
   * end.
   */
  async function hour(from: number): Promise<void> {
    for (const [number, status] of ['validated', 'declined', 'pending', 'validated'].entries()) {
      button({ id: `tx-${from + number}`, button_order_id: `O-${from + number}`, status: 'pending' });
      await minutes(7);
      button({ id: `tx-${from + number}`, button_order_id: `O-${from + number}`, status, amount: 500 });
      await minutes(7);
    }
  }

  it.each([
    ['both tables', tables],
    ['the transactions', [TABLES.transactions]],
    ['the positions', [TABLES.positions]],
  ])(
    'restored to an hour earlier, the table leads to the right events and balances: %s',
    async (_, restored) => {
      open();
      await minutes(1);
      await hour(0);
      const backups = restored.map((table) => [table, world.dynamodb.backUp(table)] as const);
      button({ id: 'tx-0', button_order_id: 'O-0', amount: 450 });
      button({ id: 'tx-2', button_order_id: 'O-2', status: 'validated', amount: 300 });
      await hour(10);
      for (const [table, backup] of backups) world.dynamodb.restore(table, backup);

      await hour(20);
      await world.runFor(2 * DAY_MS);

      // 450 for one, 300 for another that was pending before, 500 for each of the five others that are
      // validated.
      expect(payable()).toEqual({ USD: 450 + 300 + 5 * 500 });
      expect(purchases()).toHaveLength(12);
      const highest = new Map<string, number>();
      for (const { transactionKey: key, version } of events()) {
        expect(version).toBeGreaterThanOrEqual(highest.get(key) ?? 0);
        highest.set(key, version);
      }
    },
  );

  it.each([
    ['an amount that Button has taken back', { amount: 450 }, { amount: 600 }],
    ['a conflict', { status: 'declined', modified_date: '2026-06-01T12:20:00Z' }, undefined],
  ] satisfies [string, InjectedTransactionInput, InjectedTransactionInput | undefined][])(
    'restored, the table is right for a consumer that has handled the lost events: %s',
    async (_, lost, afterwards) => {
      open();
      const validated = { status: 'validated', validated_date: '2026-06-01T12:01:00Z' };
      const row = { id: 'tx-1', button_order_id: 'O', ...validated };
      await minutes(1);
      button(row);
      await minutes(2);
      const backup = world.dynamodb.backUp(TABLES.transactions);
      button({ ...row, ...lost });
      await minutes(1);
      world.dynamodb.restore(TABLES.transactions, backup);
      const restoredAt = isoNow();
      button({ ...row, modified_date: restoredAt, ...afterwards });
      await minutes(2);

      await renewTransactions(restoredAt);
      await world.runFor(2 * DAY_MS);
      const count = events().length;
      const again = await renewTransactions(restoredAt);
      await minutes(5);

      expect(stored('order#O')).toMatchObject({ status: 'validated', amountMinor: 600 });
      expect(payable()).toEqual({ USD: 600 });
      expect(again).toMatchObject({ outcome: 'done', found: { renewed: 0 } });
      expect(events()).toHaveLength(count);
    },
  );

  it.each([
    ['its order was not known at first', null, 'O', ['tx#tx-1', 'order#O']],
    ['Button no longer names its order', 'O', null, ['order#O', 'tx#tx-1']],
  ])(
    'restored, a purchase that is now stored under another key is paid once: %s',
    async (_, first, later, keys) => {
      open();
      await minutes(1);
      const backup = world.dynamodb.backUp(TABLES.transactions);
      button({ id: 'tx-1', button_order_id: first, status: 'validated' });
      await minutes(2);
      world.dynamodb.restore(TABLES.transactions, backup);
      button({ id: 'tx-1', button_order_id: later, status: 'validated' });

      await world.runFor(2 * DAY_MS);

      expect([...new Set(events().map(({ transactionKey }) => transactionKey))]).toEqual(keys);
      expect(payable()).toEqual({ USD: 600 });
    },
  );

  it('recreated with liveFrom, live transactions stay live, and their versions rise', async () => {
    open({ transactions: { liveFrom: START } });
    await minutes(1);
    await hour(0);
    for (const table of tables) world.dynamodb.restore(table, new Map());
    button({ id: 'tx-2', button_order_id: 'O-2', status: 'validated', amount: 300, webhook: false });

    await world.runFor(9 * DAY_MS);

    expect(payable()).toEqual({ USD: 2 * 500 + 300 });
    expect(latest()).toMatchObject({ delivery: 'live' });
  });
});

describe('transactions, requirement 3: the time of deployment decides what is live', () => {
  it('even for a transaction whose webhook was lost, before anybody had set the API key', async () => {
    open();
    const key = world.secrets.get(SECRETS.publisherApiKey) ?? '';
    world.secrets.delete(SECRETS.publisherApiKey);
    const before = { created_date: '2026-05-20T10:00:00Z' };
    button({ id: 'tx-old', button_order_id: 'old', ...before, status: 'validated' });
    button({
      id: 'tx-old-lost',
      button_order_id: 'old-lost',
      ...before,
      status: 'validated',
      webhook: false,
    });
    await world.runFor(2 * DAY_MS);
    button({ id: 'tx-new', button_order_id: 'new', status: 'validated' });
    button({ id: 'tx-lost', button_order_id: 'lost', status: 'validated', webhook: false });
    await world.runFor(2 * DAY_MS);

    world.secrets.set(SECRETS.publisherApiKey, key);
    await world.runFor(DAY_MS);

    const deliveries = ['old', 'old-lost', 'new', 'lost'].map(
      (order) => stored(`order#${order}`)['delivery'],
    );
    expect(deliveries).toEqual(['historical', 'historical', 'live', 'live']);
    expect(payable()).toEqual({ USD: 1200 });
    expect(events().filter(({ delivery, rewardable }) => delivery === 'historical' && rewardable)).toEqual(
      [],
    );
  });
});

describe('transactions, requirement 4: conflicts are settled by reads that can know the answer', () => {
  it('for an old transaction whose rows name no account, within 30 minutes', async () => {
    open();
    await minutes(1);
    const extra = { account_id: null };
    const old = { id: 'tx-1', button_order_id: 'O', created_date: '2026-06-01T12:00:30Z', extra };
    button({ ...old, status: 'pending' });
    await world.runFor(8 * DAY_MS);
    const contradicting = { ...old, modified_date: '2026-06-05T00:00:00Z' };
    button({ ...contradicting, status: 'validated' });
    button({ ...contradicting, status: 'declined' });
    await minutes(1);
    const inConflict = stored('order#O')['status'];
    await minutes(30);

    expect([inConflict, stored('order#O')['status']]).toEqual(['conflict', 'declined']);
  });

  it('for an old transaction, within 30 minutes, and a pending one with a date in the future is corrected', async () => {
    open();
    await minutes(1);
    const old = { id: 'tx-1', button_order_id: 'O', created_date: '2026-06-01T12:00:30Z' };
    button({ ...old, status: 'pending' });
    await world.runFor(20 * DAY_MS);
    const contradicting = { ...old, modified_date: '2026-06-15T00:00:00Z' };
    button({ ...contradicting, status: 'validated' });
    button({ ...contradicting, status: 'declined' });
    button({
      id: 'tx-2',
      button_order_id: 'P',
      status: 'pending',
      modified_date: '2099-01-01T00:00:00Z',
      amount: 1,
    });
    await minutes(1);
    button({ id: 'tx-2', button_order_id: 'P', status: 'pending', modified_date: isoNow(), webhook: false });
    const inConflict = stored('order#O')['status'];
    await minutes(30);

    expect([inConflict, stored('order#O')['status']]).toEqual(['conflict', 'declined']);
    expect(stored('order#P')).toMatchObject({ status: 'pending', amountMinor: 600 });
    expect(sum('PendingTransactionsCorrected')).toBe(1);
    expect(payable()).toEqual({ USD: 0 });
  });
});

function isoNow(): string {
  return new Date(world.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
}

const WHOLE = {
  ...{ id: 'tx-1', button_order_id: 'O', status: 'pending', category: 'existing-user-order' },
  ...{ order_total: 7350, order_currency: 'USD', pub_ref: 'spring' },
  ...{ attribution_date: '2026-06-01T11:50:00Z', order_purchase_date: '2026-06-01T11:59:00Z' },
  order_line_items: [
    { identifier: 'tee', total: 7350, amount: 7350, quantity: 1, publisher_commission: 600 },
  ],
} satisfies InjectedTransactionInput;

describe('transactions, requirement 5: an event holds what a consumer needs', () => {
  it('whose it is, what was bought, when, from which brand, what changed, and whether it is rewardable', async () => {
    open();
    await minutes(1);
    button(WHOLE);
    await minutes(1);
    button({ ...WHOLE, status: 'validated', amount: 450 });
    await minutes(1);
    button({ ...WHOLE, id: 'tx-3', button_order_id: 'install', category: 'App_Install' });
    button({ ...WHOLE, id: 'tx-4', button_order_id: 'new', category: 'gift-card' });
    await minutes(1);

    const [first, second, ...others] = events();
    expect(first).toMatchObject({
      ...{
        publisherCustomerId: SHOPPER,
        pubRef: 'spring',
        buttonOrderId: 'O',
        category: 'existing-user-order',
      },
      ...{ amountMinor: 600, currency: 'USD', orderTotalMinor: 7350, orderCurrency: 'USD' },
      ...{ attributionDate: '2026-06-01T11:50:00Z', purchaseDate: '2026-06-01T11:59:00Z' },
      ...{ lineItems: [{ identifier: 'tee' }], lineItemsOmitted: false, rewardable: true },
      commerceOrganization: expect.stringMatching(/^org-/) as string,
    });
    expect(second).toMatchObject({
      ...{
        previousAmountMinor: 600,
        previousCurrency: 'USD',
        deltaMinor: -150,
        amountMinor: 450,
        final: true,
      },
      validatedDate: expect.any(String) as string,
    });
    expect(others.map(({ notRewardableReason: reason }) => reason).sort()).toEqual([
      'app_install',
      'category_unknown',
    ]);
    expect(sum('TransactionsOfUnknownCategory')).toBe(1);
    expect(Date.parse(second?.storedAt ?? '')).toBe(second?.version);
  });
});

describe('transactions, requirement 6: stored data is readable', () => {
  it('as plain attributes, with a reader for the rest, and balances leave out what is not rewarded', async () => {
    open();
    await minutes(1);
    button({ ...WHOLE, status: 'validated' });
    button({ id: 'tx-2', button_order_id: 'old', created_date: '2026-05-01T00:00:00Z', status: 'validated' });
    button({ id: 'tx-3', category: 'app-install', status: 'validated' });
    button({ id: 'tx-4', button_order_id: 'odd', status: 'validated', modified_date: START });
    button({ id: 'tx-4', button_order_id: 'odd', status: 'declined', modified_date: START });
    await minutes(1);

    const { body, ...plain } = stored('order#O');
    expect(plain).toMatchObject({
      ...{ status: 'validated', delivery: 'live', rewardable: true, category: 'existing-user-order' },
      ...{ amountMinor: 600, currency: 'USD', orderTotalMinor: 7350, orderCurrency: 'USD', pubRef: 'spring' },
      ...{ publisherCustomerId: SHOPPER, buttonOrderId: 'O', transactionId: 'tx-1', shopper: SHOPPER },
      ...{ attributionDate: '2026-06-01T11:50:00Z', purchaseDate: '2026-06-01T11:59:00Z' },
      version: expect.any(Number) as number,
    });
    expect(lineItemsIn(body as Uint8Array)).toMatchObject([{ identifier: 'tee' }]);
    const access = { client: dynamodb, table: TABLES.transactions };
    const balance = await shopperTotals(access, SHOPPER, { now: () => new Date(world.clock.now()) });
    expect(balance.totals).toEqual([
      { status: 'validated', currency: 'USD', amountMinor: 600, transactions: 1 },
    ]);
    expect(balance.completeSince).toBe('2025-04-27T12:02:00.000Z');
  });
});

describe('transactions, requirement 12: a poison item never blocks a shard or a queue', () => {
  it('its key is kept, it is counted, and everything else goes on', async () => {
    open();
    await minutes(15);
    const put = (table: string, item: Record<string, AttributeValue>) =>
      world.dynamodb.execute(new PutItemCommand({ TableName: table, Item: item }));
    put(TABLES.transactions, { pk: { S: 'order#O' }, version: { S: 'spoilt' }, revision: { N: '1' } });
    put(TABLES.positions, { account: { S: '#conflicts' }, stream: { S: 'spoilt' } });
    for (const [queue, group] of [
      [QUEUES.deferredWebhooks, {}],
      [QUEUES.readQueue, { MessageGroupId: 'x', MessageDeduplicationId: 'x' }],
    ] as const)
      world.sqs.execute(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'spoilt', ...group }));
    button({ id: 'tx-1', button_order_id: 'O', status: 'validated' });
    button({ id: 'tx-2', button_order_id: 'P', status: 'validated' });
    button({ id: 'tx-3', button_order_id: 'Q', status: 'validated', webhook: false });
    await minutes(45);

    expect(payable()).toEqual({ USD: 1200 });
    expect(sum('UnreadableItems')).toBeGreaterThan(1);
    expect(JSON.stringify(vi.mocked(console.error).mock.calls)).toContain('order#O');
    const kinds = world.dynamodb.items(TABLES.webhookQuarantine).map((item) => item['kind']?.S);
    expect(kinds.sort()).toEqual(['read-message', 'transaction-row', 'webhook', 'webhook']);
    for (const queue of Object.values(QUEUES)) expect(world.sqs.contents(queue)).toEqual([]);
  });

  it('and read messages do not pile up behind a read that takes longer than a tick', async () => {
    open({ transactions: { reconciler: { pageSize: 1, sliceSeconds: 1 } } });
    await minutes(15);
    for (let number = 0; number < 300; number += 1)
      button({ id: `tx-${number}`, button_order_id: `O-${number}`, webhook: false });
    misbehave(world, { on: 'api', match: { path: 'transactions' }, answerDelayMs: 8000 });
    const waiting: number[] = [];
    for (let tick = 0; tick < 18; tick += 1) {
      await minutes(10);
      waiting.push(world.sqs.contents(QUEUES.readQueue).length);
    }

    expect(sum('ReconcilerSlicesHandedOn')).toBeGreaterThan(100);
    expect(Math.max(...waiting)).toBeLessThanOrEqual(3);
    await world.runFor(DAY_MS);
    expect(purchases()).toHaveLength(300);
  });
});

describe('transactions, requirement 13: a checkout', () => {
  const body = (changes: object = {}) => ({
    id: 'hook-123',
    event_type: 'order-checkout',
    data: {
      event_date: START,
      merchant_organization: 'org-1',
      thirdparty_id: SHOPPER,
      btn_ref: 'fakesrctok-1',
    },
    request_id: 'attempt-123',
    ...changes,
  });
  const checkouts = () => world.bus.filter(({ type }) => type === 'checkout.received');
  const keptInQuarantine = () => world.dynamodb.items(TABLES.webhookQuarantine);

  it('is accepted, stored and published once as a separate event, and its transaction is counted', async () => {
    for (const webhook of [true, false]) {
      open();
      await minutes(15);
      for (const attempt of ['1', '2']) await postWebhook(world, body({ request_id: attempt }));
      await postWebhook(world, body({ id: 'hook-2', data: { btn_ref: 'fakesrctok-2' } }));
      await postWebhook(world, body({ id: 'hook-3' }));
      await minutes(1);
      button({ id: 'tx-1', button_order_id: 'O', btn_ref: 'fakesrctok-1', status: 'pending', webhook });
      await minutes(45);
      button({ id: 'tx-1', button_order_id: 'O', btn_ref: 'fakesrctok-1', status: 'validated', webhook });
      await minutes(45);

      expect(checkouts().map(({ detail }) => JSON.parse(detail) as object)).toMatchObject([
        { btnRef: 'fakesrctok-1', publisherCustomerId: SHOPPER, commerceOrganization: 'org-1' },
        { btnRef: 'fakesrctok-2', commerceOrganization: null },
        { btnRef: 'fakesrctok-1', publisherCustomerId: SHOPPER },
      ]);
      expect([sum('CheckoutsReceived'), sum('CheckoutsFollowed')]).toEqual([2, 1]);
      expect(stored('checkout#fakesrctok-1')).toMatchObject({ followedBy: 'order#O' });
      expect(keptInQuarantine()).toEqual([]);
      expect(payable()).toEqual({ USD: 600 });
    }
  });

  it('finds a transaction that arrived before it, once that transaction has a new version', async () => {
    const row = { id: 'tx-1', button_order_id: 'O', btn_ref: 'fakesrctok-1' } as const;
    open();
    await minutes(15);
    button({ ...row, status: 'pending', webhook: true });
    await minutes(1);
    await postWebhook(world, body());
    button({ ...row, status: 'pending', webhook: true });
    await minutes(45);
    expect(sum('CheckoutsFollowed')).toBe(0);

    button({ ...row, status: 'validated', webhook: true });
    await minutes(1);

    expect(sum('CheckoutsFollowed')).toBe(1);
    expect(stored('checkout#fakesrctok-1')).toMatchObject({ followedBy: 'order#O' });
  });

  it('is published and never quarantined, whatever its data, and expires within 30 days', async () => {
    open();
    await minutes(15);
    let number = 0;
    const field = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.jsonValue({ maxDepth: 1 }));
    const data = fc.oneof(
      fc.record(
        { btn_ref: field, thirdparty_id: field, merchant_organization: field, event_date: field },
        { requiredKeys: [] },
      ),
      fc.jsonValue({ maxDepth: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(data, async (one) => {
        number += 1;
        const before = sum('WebhooksApplied') + sum('WebhooksUnchanged');
        await postWebhook(world, body({ id: `hook-${number}`, data: one }));
        expect(sum('WebhooksApplied') + sum('WebhooksUnchanged')).toBe(before + 1);
      }),
      { numRuns: 40 },
    );
    await minutes(1);
    expect(keptInQuarantine()).toEqual([]);
    expect(checkouts()).toHaveLength(number);
    const expiries = world.dynamodb
      .items(TABLES.transactions)
      .filter((item) => 'checkoutOf' in item)
      .map((item) => Number(item['expiresAtEpochSeconds']?.N) * 1000);
    expect(expiries).toHaveLength(number);
    expect(expiries.every((at) => at <= Date.parse(START) + 31 * DAY_MS)).toBe(true);
    await world.runFor(8 * DAY_MS);
    expect(sum('UnreadableItems')).toBe(0);
  });
});

describe('transactions, requirement 13: the finalization window of each brand', () => {
  const expectedDates = () => events().map(({ expectedValidationDate }) => expectedValidationDate);
  const twoWeeks = { finalizationWindowMinutes: 14 * 1440 };
  const byDefault = '2026-07-09T14:00:00Z';

  const windows = [
    ['two weeks', twoWeeks, '2026-04-24T14:00:00Z', 1],
    ['two weeks, in another format', { ...twoWeeks, brandsList: 'in-object' }, '2026-04-24T14:00:00Z', 1],
    [
      'two weeks, among malformed values',
      { ...twoWeeks, brandsList: 'among-malformed-entries' },
      '2026-04-24T14:00:00Z',
      1,
    ],
    ['two weeks, on several pages', { ...twoWeeks, brandsList: 'one-a-page' }, '2026-04-24T14:00:00Z', 1],
    ['300 days', { finalizationWindowMinutes: 300 * 1440 }, '2027-02-04T14:00:00Z', 0],
    ['none', { finalizationWindowMinutes: 0 }, byDefault, 0],
    ['unknown length, because Button refuses the list,', { brandsList: 'refused' }, byDefault, 0],
  ] as const;

  it.each(share(windows, 7))(
    'of %s determines when a transaction should be validated, and when it becomes overdue',
    { tags: ['volume'] },
    async (_name, buttons, expected, overdue) => {
      open();
      Object.assign(world.button.world, buttons);
      await minutes(121);
      const row = { id: 'tx-1', button_order_id: 'O', created_date: '2026-04-10T14:00:00Z' };
      button({ ...row, status: 'pending' });
      // Until the next weekly pass.
      await world.runFor(8 * DAY_MS);
      button({ ...row, status: 'validated' });
      await minutes(1);

      expect(expectedDates()).toEqual([expected, null]);
      const counts = measured.filter(({ name }) => name === 'StalePendingTransactions');
      expect(Math.max(...counts.map(({ value }) => value))).toBe(overdue);
      expect(sum('AccountsUnavailable')).toBe(0);
      expect(sum('BrandsUnavailable') > 0).toBe('brandsList' in buttons && buttons.brandsList === 'refused');
    },
  );
});
