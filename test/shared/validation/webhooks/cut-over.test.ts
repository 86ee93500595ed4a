import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createInMemoryCheckouts } from '../../../fakes/in-memory-checkouts.ts';
import { storeRows } from '../../../../shared/reconciliation/store-rows.ts';
import {
  transactionChanged,
  type TransactionChanged,
} from '../../../../shared/validation/webhooks/transaction-changed.ts';
import {
  countingEntries,
  creditReward,
  payableMinor,
  type RewardEntry,
} from '../../../../shared/validation/webhooks/reward-ledger.ts';
import { applyWebhook } from '../../../../shared/transactions/apply-webhook.ts';
import {
  createInMemoryTransactions,
  publishedState,
  type InMemoryTransactions,
} from '../../../fakes/in-memory-transactions.ts';
import pending from '../../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };

/**
 * The older system rewards what was created before this instant, even if it changes later; this system
 * rewards what comes after.
 */
const LIVE_FROM = '2026-06-01T00:00:00.000Z';
const BEFORE = '2026-05-20T10:00:00Z';
const AFTER = '2026-06-03T10:00:00Z';

type Version = {
  order: number;
  /** Button's id; unless given, the one that names the order. */
  id?: string;
  /** False for a version that names no order. */
  hasOrder?: boolean;
  created: string;
  modified: string;
  status: 'pending' | 'validated';
  amount: number;
};

/** Two versions of each order, both of which change money: pending, then validated with another amount. */
function versionsOf(order: number, created: string): [Version, Version] {
  return [
    { order, created, modified: created, status: 'pending', amount: 100 },
    { order, created, modified: '2026-06-10T10:00:00Z', status: 'validated', amount: 90 + order },
  ];
}

function row({ order, id = `tx-${order}`, hasOrder = true, created, modified, status, amount }: Version) {
  return {
    ...pending.data,
    id,
    button_order_id: hasOrder ? `btnorder-${order}` : null,
    status,
    amount,
    created_date: created,
    modified_date: modified,
  };
}

function createPublisher({ liveFrom, historicalBefore }: { liveFrom?: string; historicalBefore?: string }) {
  const transactions = createInMemoryTransactions();
  const sums = new Map<string, number>();
  const ports = {
    transactions,
    checkouts: createInMemoryCheckouts(),
    quarantine: { put: () => Promise.reject(new Error('Nothing is refused here')) },
    metrics: {
      add: ({ name, value }: { name: string; value: number }) => {
        sums.set(name, value + (sums.get(name) ?? 0));
      },
    },
    windows: { lagMs: 0 },
    now: () => new Date('2026-06-15T12:00:00.000Z'),
    cutOver: () => Promise.resolve(liveFrom ?? historicalBefore ?? '1970-01-01T00:00:00Z'),
    ...(liveFrom === undefined ? {} : { liveFrom }),
  };
  return {
    transactions,
    webhook: (version: Version) =>
      applyWebhook(
        {
          body: Buffer.from(
            JSON.stringify({
              ...pending,
              id: `hook-${version.id ?? version.order}-${version.status}`,
              event_type: `tx-${version.status}`,
              data: row(version),
            }),
          ),
          receivedAt: '2026-06-15T12:00:00.000Z',
        },
        ports,
      ),
    read: (version: Version) =>
      storeRows(
        {
          rows: [row(version)],
          position: { account: 'acc-1', stream: 'live', historicalBefore: historicalBefore ?? null },
          readStartedAt: '2026-06-15T12:00:00.000Z',
        },
        ports,
      ),
    count: (metric: string): number => sums.get(metric) ?? 0,
    /** The events of the table's changes. */
    events: () => eventsOf(transactions),
    /** What the sample consumer pays for them. */
    paid: (): number => {
      const ledger = new Map<string, RewardEntry>();
      for (const { detail } of eventsOf(transactions)) {
        for (const [key, entry] of creditReward(ledger, detail).entries) ledger.set(key, entry);
      }
      return payableMinor(countingEntries(ledger)).get('USD') ?? 0;
    },
  };
}

function eventsOf({ changes }: InMemoryTransactions): TransactionChanged[] {
  return changes()
    .filter(({ before, after }) => before?.version !== after.version)
    .map(({ before, after }) =>
      transactionChanged(before && publishedState(before), publishedState(after), {
        includePersonalFields: false,
      }),
    );
}

describe('the cut-over from an older system', () => {
  it('makes exactly one of the two systems pay, whatever brings a transaction first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(BEFORE, AFTER), { minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom('webhook' as const, 'read' as const)), {
          minLength: 4,
          maxLength: 30,
        }),
        async (created, deliveries) => {
          const publisher = createPublisher({ liveFrom: LIVE_FROM, historicalBefore: BEFORE });
          const versions = created.flatMap((date, order) => versionsOf(order, date));
          for (const [index, way] of deliveries) {
            const version = versions[index % versions.length];
            if (version) await publisher[way](version);
          }
          // In the end everything arrives.
          for (const version of versions) await publisher.read(version);

          const owed = versions
            .filter(({ status, created: date }) => status === 'validated' && date === AFTER)
            .reduce((sum, { amount }) => sum + amount, 0);
          expect(publisher.paid()).toBe(owed);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('transactions, requirement 3: arrival order never decides whether an order with several ids of different ages is paid', async () => {
    const aWay = fc.constantFrom('webhook' as const, 'read' as const);
    const anId = fc.record({ created: fc.constantFrom(BEFORE, AFTER), namesOrderAtFirst: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anId, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(), aWay), { maxLength: 12 }),
        fc.array(aWay, { minLength: 6, maxLength: 6 }),
        async (ids, arrivals, ways) => {
          const publisher = createPublisher({ liveFrom: LIVE_FROM });
          const versions = ids.flatMap(({ created, namesOrderAtFirst }, index) => {
            const id = `tx-${index}`;
            const [first, last] = versionsOf(1, created);
            return [
              { ...first, id, hasOrder: namesOrderAtFirst },
              { ...last, id },
            ];
          });
          for (const [index, way] of arrivals) {
            const version = versions[index % versions.length];
            if (version) await publisher[way](version);
          }
          // In the end everything arrives.
          for (const [index, version] of versions.entries()) await publisher[ways[index] ?? 'read'](version);

          const isLive = ids.every(({ created }) => created === AFTER);
          expect(publisher.paid()).toBe(isLive ? 91 : 0);
          const counting = publisher.transactions.all().filter(({ mergedInto }) => mergedInto === undefined);
          expect(counting).toMatchObject([{ delivery: isLive ? 'live' : 'historical' }]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('takes a reward back, with a reason and a count, once an older id of its order turns up', async () => {
    const publisher = createPublisher({ liveFrom: LIVE_FROM });
    const [old] = versionsOf(1, BEFORE);
    const [, changed] = versionsOf(1, AFTER);

    await publisher.webhook({ ...changed, id: 'tx-new' });
    expect(publisher.paid()).toBe(91);
    await publisher.read({ ...old, id: 'tx-old' });

    expect(publisher.paid()).toBe(0);
    expect(publisher.events().map(({ detail }) => detail)).toMatchObject([
      { delivery: 'live', rewardable: true },
      { delivery: 'historical', rewardable: false, notRewardableReason: 'historical', amountMinor: 91 },
    ]);
    expect(publisher.count('TransactionsFoundHistorical')).toBe(1);

    await publisher.read({ ...old, id: 'tx-old' });
    expect(publisher.events()).toHaveLength(2);
    expect(publisher.count('TransactionsFoundHistorical')).toBe(1);
  });

  it('takes a reward back, counted, when a newer record joins a historical one', async () => {
    const publisher = createPublisher({ liveFrom: LIVE_FROM });
    const [old] = versionsOf(1, BEFORE);
    const [unnamed, changed] = versionsOf(1, AFTER);

    await publisher.read({ ...old, id: 'tx-old' });
    await publisher.webhook({ ...unnamed, id: 'tx-new', hasOrder: false });
    await publisher.webhook({ ...changed, id: 'tx-new' });
    await publisher.webhook({ ...changed, id: 'tx-new', modified: '2026-06-11T10:00:00Z' });

    expect(publisher.paid()).toBe(0);
    expect(publisher.count('TransactionsFoundHistorical')).toBe(1);
  });

  it.each(['webhook', 'read'] as const)(
    'takes what was created in the second of the cut-over as live, with milliseconds or without, by a %s',
    async (way) => {
      for (const liveFrom of ['2026-06-01T11:00:00.500Z', '2026-06-01T11:00:00Z'])
        for (const created of ['2026-06-01T11:00:00Z', '2026-06-01T11:00:00.700Z']) {
          const publisher = createPublisher({ liveFrom });
          await publisher[way](versionsOf(1, created)[0]);
          expect(publisher.transactions.all()).toMatchObject([{ delivery: 'live' }]);
        }
    },
  );

  it('depends on the creation: a change after the deployment does not make an old transaction new', async () => {
    const [, changed] = versionsOf(1, BEFORE);
    const publisher = createPublisher({ historicalBefore: '2026-06-01T00:00:00Z' });

    await publisher.read(changed);

    expect(publisher.transactions.all()).toMatchObject([{ delivery: 'historical' }]);
    expect(publisher.paid()).toBe(0);
  });

  it('also publishes every later version of a historical transaction, with its state, for the older system', async () => {
    const publisher = createPublisher({ liveFrom: LIVE_FROM });
    const [first, second] = versionsOf(1, BEFORE);

    await publisher.webhook(first);
    await publisher.webhook(second);

    const [, change] = publisher.events();
    expect(change).toMatchObject({
      type: 'transaction.validated',
      detail: { delivery: 'historical', amountMinor: 91, deltaMinor: -9 },
    });
  });

  it('makes every webhook live if no instant is set', async () => {
    const publisher = createPublisher({});

    await publisher.webhook(versionsOf(1, '2014-01-01T00:00:00Z')[0]);

    expect(publisher.transactions.all()).toMatchObject([{ delivery: 'live' }]);
  });
});
