import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  transactionChanged,
  type PublishedState,
  type TransactionChangedDetail,
} from '../../../../shared/validation/webhooks/transaction-changed.ts';
import type { Observation, TransactionRecord } from '../../../../shared/validation/webhooks/transaction.ts';
import {
  countingEntries,
  creditReward,
  payableByUser,
  payableMinor,
  type RewardEntry,
} from '../../../../shared/validation/webhooks/reward-ledger.ts';
import { publishedState } from '../../../fakes/in-memory-transactions.ts';
import { mergeTransaction } from '../../../fakes/merge-first.ts';

/** Versions of a few transactions as they arrive, by webhook or by an API read that can settle a conflict. */
const observation: fc.Arbitrary<Observation> = fc
  .record({
    order: fc.integer({ min: 1, max: 3 }),
    status: fc.constantFrom('pending' as const, 'validated' as const, 'declined' as const),
    category: fc.constantFrom('new-user-order', 'app-install'),
    amountMinor: fc.integer({ min: -500, max: 1000 }),
    second: fc.integer({ min: 0, max: 3 }),
    delivery: fc.constantFrom('live' as const, 'live' as const, 'historical' as const),
    readMinute: fc.option(fc.integer({ min: -5, max: 5 })),
  })
  .map(({ order, status, category, amountMinor, second, delivery, readMinute }) => ({
    transaction: {
      id: `tx-${order}`,
      buttonOrderId: `btnorder-${order}`,
      status,
      category,
      amountMinor,
      currency: 'USD',
      orderTotalMinor: null,
      orderCurrency: null,
      createdDate: '2026-01-01T10:00:00Z',
      modifiedDate: `2026-01-01T10:00:0${second}Z`,
      validatedDate: null,
      attributionDate: null,
      accountId: null,
      commerceOrganization: null,
      commerceOrganizationName: null,
      linesDigest: null,
      purchaseDate: null,
      publisherCustomerId: null,
      pubRef: null,
    },
    payload: {},
    source:
      readMinute === null
        ? { kind: 'webhook', eventId: 'hook-1' }
        : { kind: 'api', readStartedAt: new Date(Date.UTC(2026, 0, 2) + readMinute * 60_000).toISOString() },
    seenAt: '2026-01-02T00:00:00.000Z',
    delivery,
  }));

/** The events of a history, and the records that it ends with. */
function play(history: readonly Observation[]) {
  const records = new Map<string, TransactionRecord>();
  const events: TransactionChangedDetail[] = [];
  for (const one of history) {
    const key = String(one.transaction.buttonOrderId);
    const before = records.get(key);
    const { record: after } = mergeTransaction(before, one);
    records.set(key, after);
    if (before?.version !== after.version) {
      const event = transactionChanged(before && publishedState(before), publishedState(after), {
        includePersonalFields: false,
      });
      events.push(event.detail);
    }
  }
  return { records: [...records.values()], events };
}

function ledgerOf(events: readonly TransactionChangedDetail[]): Map<string, RewardEntry> {
  const ledger = new Map<string, RewardEntry>();
  for (const event of events) {
    for (const [key, entry] of creditReward(ledger, event).entries) ledger.set(key, entry);
  }
  return ledger;
}

/** An event of a purchase that is worth 400 cents. */
function saying(version: number, purchaseKeys: [string, ...string[]]): TransactionChangedDetail {
  const [pk, ...otherKeys] = purchaseKeys;
  const after: PublishedState = {
    ...{ pk, otherKeys, version, changes: 1, storedAt: '2026-01-02T00:00:00Z', status: 'validated' },
    ...{ category: 'new-user-order', amountMinor: 400, currency: 'USD', transactionId: 'tx-1' },
    ...{ createdDate: '2026-01-01T10:00:00Z', modifiedDate: '2026-01-01T10:00:00Z', delivery: 'live' },
  };
  return transactionChanged(undefined, after, { includePersonalFields: false }).detail;
}

const sorted = (ledger: Map<string, RewardEntry>) =>
  [...ledger].sort(([one], [other]) => (one < other ? -1 : 1));

describe('creditReward', () => {
  it('leads to the same balances in any order of the events and however often they come', () => {
    const deliveries = fc
      .array(observation, { minLength: 1, maxLength: 12 })
      .map((history) => play(history).events)
      .chain((events) =>
        fc.tuple(
          fc.constant(events),
          fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }),
          fc.array(fc.constantFrom(...events), { maxLength: 8 }),
        ),
      );
    fc.assert(
      fc.property(deliveries, ([events, shuffled, repeats]) => {
        const inOrder = ledgerOf(events);

        expect(sorted(ledgerOf([...shuffled, ...repeats]))).toEqual(sorted(inOrder));
        expect(sorted(ledgerOf([...repeats, ...shuffled]))).toEqual(sorted(inOrder));
      }),
      { numRuns: 1000 },
    );
  });

  it('credits what the table holds: live, rewardable, and neither declined nor in conflict', () => {
    fc.assert(
      fc.property(fc.array(observation, { minLength: 1, maxLength: 12 }), (history) => {
        const { records, events } = play(history);

        const ledger = ledgerOf(events);

        for (const record of records) {
          const { status, category, amountMinor } = record.candidates[0].transaction;
          const earns =
            record.candidates.length === 1 &&
            record.delivery === 'live' &&
            status !== 'declined' &&
            category !== 'app-install';
          expect(ledger.get(record.key)?.creditMinor).toBe(earns ? amountMinor : 0);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('writes nothing for a version that it has', () => {
    const ledger = ledgerOf([saying(2, ['order#O', 'tx#1'])]);

    for (const version of [1, 2])
      expect(creditReward(ledger, saying(version, ['order#O', 'tx#1']))).toEqual({
        entries: new Map(),
        credits: [],
      });
    expect([...creditReward(ledger, saying(3, ['order#O', 'tx#1'])).entries.keys()]).toEqual([
      'order#O',
      'tx#1',
    ]);
  });

  it('credits a purchase once that a restored table has stored under another key, in any order of the events', () => {
    const stories = [
      // First under its own id, then, after the restore, under its order.
      [saying(1, ['tx#1']), saying(2, ['order#O', 'tx#1'])],
      // The other way round: Button no longer names the order.
      [saying(1, ['order#O', 'tx#1']), saying(2, ['tx#1'])],
      // Twice, and with another id of the order.
      [saying(1, ['tx#1', 'order#O']), saying(2, ['order#O', 'tx#2']), saying(3, ['tx#2'])],
    ];
    for (const story of stories) {
      const orders = fc.shuffledSubarray([...story, ...story], { minLength: story.length * 2 });
      fc.assert(
        fc.property(orders, (events) => {
          const counting = countingEntries(ledgerOf(events));

          expect(counting.map(({ version }) => version)).toEqual([story.length]);
        }),
      );
    }
  });

  it('gives credits that sum up to the balances after every event, in any order and however often', () => {
    const restored = [
      [saying(1, ['tx#1']), saying(2, ['order#O', 'tx#1'])],
      [saying(1, ['tx#1', 'order#O']), saying(2, ['order#O', 'tx#2']), saying(3, ['tx#2'])],
      [saying(1, ['tx#1']), saying(2, ['tx#2']), saying(3, ['tx#1', 'tx#2'])],
    ];
    const stories = fc.oneof(
      fc.constantFrom(...restored),
      fc.array(observation, { minLength: 1, maxLength: 12 }).map((history) => play(history).events),
    );
    const named = stories.chain((events) =>
      fc
        .array(fc.constantFrom('user-1', 'user-2', undefined), {
          minLength: events.length,
          maxLength: events.length,
        })
        .map((users) =>
          events.map((event, index) => {
            const publisherCustomerId = users[index];
            return publisherCustomerId === undefined ? event : { ...event, publisherCustomerId };
          }),
        ),
    );
    const deliveries = named.chain((events) => fc.array(fc.constantFrom(...events), { maxLength: 25 }));
    fc.assert(
      fc.property(deliveries, (events) => {
        const ledger = new Map<string, RewardEntry>();
        const booked = new Map<string, number>();
        for (const event of events) {
          // A store returns an equal object, not the same one.
          const stored = new Map([...ledger].map(([key, entry]) => [key, { ...entry }]));
          const { entries, credits } = creditReward(stored, event);
          for (const [key, entry] of entries) ledger.set(key, entry);
          for (const { user, currency, pendingMinor, payableMinor } of credits)
            for (const [kind, amount] of Object.entries({ pendingMinor, payableMinor })) {
              const account = `${user ?? 'nobody'} ${currency} ${kind}`;
              booked.set(account, (booked.get(account) ?? 0) + amount);
            }

          const balances = new Map<string, number>();
          for (const { user, currency, isFinal, creditMinor } of countingEntries(ledger)) {
            const account = `${user ?? 'nobody'} ${currency} ${isFinal ? 'payableMinor' : 'pendingMinor'}`;
            balances.set(account, (balances.get(account) ?? 0) + creditMinor);
          }
          const nonZero = (accounts: Map<string, number>) =>
            [...accounts].filter(([, amount]) => amount !== 0).sort();
          expect(nonZero(booked)).toEqual(nonZero(balances));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('moves a reward from one user to another, and takes a declined one back', () => {
    const first = { ...saying(1, ['order#O']), publisherCustomerId: 'user-1' };
    const { entries } = creditReward(new Map(), first);
    const moved = creditReward(entries, { ...saying(2, ['order#O']), publisherCustomerId: 'user-2' });
    const declined = creditReward(entries, { ...first, version: 2, rewardable: false });

    expect(moved.credits).toEqual([
      { user: 'user-1', currency: 'USD', pendingMinor: 0, payableMinor: -400 },
      { user: 'user-2', currency: 'USD', pendingMinor: 0, payableMinor: 400 },
    ]);
    expect(declined.credits).toEqual([
      { user: 'user-1', currency: 'USD', pendingMinor: 0, payableMinor: -400 },
    ]);
  });

  it('keeps two purchases separate that share no key', () => {
    const ledger = ledgerOf([saying(1, ['order#O', 'tx#1']), saying(2, ['order#P'])]);

    expect(payableMinor(countingEntries(ledger)).get('USD')).toBe(800);
  });

  it('leads to the same balances when events are published again', () => {
    fc.assert(
      fc.property(fc.array(observation, { minLength: 1, maxLength: 12 }), (history) => {
        const { records, events } = play(history);
        const again = records.map(
          (record) =>
            transactionChanged('unknown', publishedState(record), { includePersonalFields: false }).detail,
        );

        expect(sorted(ledgerOf(again))).toEqual(sorted(ledgerOf(events)));
        expect(sorted(ledgerOf([...again, ...events]))).toEqual(sorted(ledgerOf(events)));
      }),
    );
  });

  it('credits the user whom the event names, and pays by currency', () => {
    const entries = ['user-1', 'user-2', undefined].flatMap((publisherCustomerId) =>
      countingEntries(
        ledgerOf([
          {
            ...saying(1, ['order#O']),
            ...(publisherCustomerId === undefined ? {} : { publisherCustomerId }),
          },
        ]),
      ),
    );

    expect(entries.map(({ user }) => user)).toEqual(['user-1', 'user-2', null]);
    expect(payableByUser([...entries, ...entries.slice(0, 1)])).toEqual(
      new Map([
        ['user-1', new Map([['USD', 800]])],
        ['user-2', new Map([['USD', 400]])],
      ]),
    );
  });

  it('pays out what is final only, by currency', () => {
    const entry = { version: 1, purchaseKeys: ['order#O'], user: 'user-1', creditMinor: 100, isFinal: true };

    const payable = payableMinor([
      { ...entry, currency: 'USD' },
      { ...entry, currency: 'USD', creditMinor: -30 },
      { ...entry, currency: 'EUR', isFinal: false },
    ]);

    expect([...payable]).toEqual([['USD', 70]]);
  });
});
