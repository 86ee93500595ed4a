// @module-tag volume
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { applyTransaction } from '../../../shared/transactions/apply-transaction.ts';
import { renewVersions } from '../../../shared/transactions/renew-versions.ts';
import type { Scanned } from '../../../shared/transactions/store/transaction-scan.ts';
import {
  countingEntries,
  creditReward,
  type RewardEntry,
} from '../../../shared/validation/webhooks/reward-ledger.ts';
import type { Observation } from '../../../shared/validation/webhooks/transaction.ts';
import { transactionChanged } from '../../../shared/validation/webhooks/transaction-changed.ts';
import { createInMemoryTransactions, publishedState } from '../../fakes/in-memory-transactions.ts';
import { volume } from '../../volume.ts';

const MINUTE_MS = 60_000;

/** One version of one of Button's rows, and whether its webhook arrives. */
type Version = { id: string; order: string | null; amount: number; isFinal: boolean };

/**
 * The events of a history, a minute apart: Button changes a row, the table is backed up, or it is restored
 * and its versions are renewed.
 */
type Happening = { kind: 'version'; version: Version } | { kind: 'back-up' } | { kind: 'restore' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('version' as const),
      version: fc.record({
        id: fc.constantFrom('tx-1', 'tx-2', 'tx-3'),
        order: fc.constantFrom(null, 'O', 'P'),
        amount: fc.constantFrom(100, 200),
        isFinal: fc.boolean(),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'back-up' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'restore' as const }) },
);

/** A publisher's table that can be restored, and everything that was ever published from it. */
function createPublisher() {
  let nowMs = Date.parse('2026-06-01T12:00:00Z');
  let store = createInMemoryTransactions();
  let backup = store;
  /** What Button lists: the latest version of each row. */
  const listed = new Map<string, Observation>();
  const consumer = new Map<string, RewardEntry>();
  const now = (): Date => new Date(nowMs);

  function publish(from: number): void {
    for (const { before, after } of store.changes().slice(from)) {
      if (before?.version === after.version) continue;
      const settings = { includePersonalFields: true };
      const { detail } = transactionChanged(
        before && publishedState(before),
        publishedState(after),
        settings,
      );
      for (const [key, entry] of creditReward(consumer, detail).entries) consumer.set(key, entry);
    }
  }

  async function apply(observation: Observation): Promise<void> {
    const from = store.changes().length;
    await applyTransaction({ transactions: store, now }, { ...observation, seenAt: now().toISOString() });
    publish(from);
  }

  async function* all(): AsyncGenerator<Scanned> {
    for (const value of store.all()) {
      const found = await store.find(value.key);
      if (found.stored) yield { kind: 'record', stored: found.stored };
    }
  }

  return {
    async live(one: Happening): Promise<void> {
      nowMs += 5 * MINUTE_MS;
      if (one.kind === 'back-up') backup = store.copy();
      if (one.kind === 'restore') {
        store = backup.copy();
        const from = store.changes().length;
        await renewVersions(now().toISOString(), {
          ...{ all: all(), transactions: store, onUnreadable: () => undefined, now },
        });
        publish(from);
      }
      if (one.kind === 'version') {
        const observation = observationOf(one.version, now().toISOString());
        listed.set(`${one.version.id} ${one.version.order ?? ''}`, observation);
        await apply(observation);
      }
    },
    /** Reads everything that Button lists, twice. */
    async readAll(): Promise<void> {
      for (let round = 0; round < 2; round += 1) {
        nowMs += 30 * MINUTE_MS;
        const readStartedAt = now().toISOString();
        for (const row of listed.values()) await apply({ ...row, source: { kind: 'api', readStartedAt } });
      }
    },
    /** The credits of a consumer that has received every event. */
    credits: () => creditsOf(consumer),
    /** The merged records, the records that replaced them, and whether their versions are lower. */
    gone: (): string[] =>
      store.all().flatMap(({ key, mergedInto, version }) => {
        const home = store.all().find((one) => one.key === mergedInto);
        return home ? [`${key} in ${home.key}, ${version < home.version ? 'below' : 'above'} it`] : [];
      }),
    /** The current content of the table. */
    stored(): string[] {
      const ledger = new Map<string, RewardEntry>();
      for (const record of store.all()) {
        const { detail } = transactionChanged('unknown', publishedState(record), {
          includePersonalFields: true,
        });
        for (const [key, entry] of creditReward(ledger, detail).entries) ledger.set(key, entry);
      }
      return creditsOf(ledger);
    },
  };
}

function creditsOf(ledger: ReadonlyMap<string, RewardEntry>): string[] {
  return countingEntries(ledger)
    .filter(({ creditMinor }) => creditMinor !== 0)
    .map(({ purchaseKeys, creditMinor }) => `${purchaseKeys[0] ?? ''} ${creditMinor}`)
    .sort();
}

function observationOf({ id, order, amount, isFinal }: Version, at: string): Observation {
  return {
    transaction: {
      ...{ id, buttonOrderId: order, status: isFinal ? 'validated' : 'pending', category: 'new-user-order' },
      ...{ amountMinor: amount, currency: 'USD', orderTotalMinor: 6000, orderCurrency: 'USD' },
      ...{
        createdDate: '2026-06-01T12:00:00Z',
        modifiedDate: at,
        validatedDate: null,
        attributionDate: null,
      },
      ...{ purchaseDate: null, accountId: 'acc-1', commerceOrganization: 'org-1' },
      ...{ commerceOrganizationName: null, linesDigest: null, publisherCustomerId: 'user-1', pubRef: null },
    },
    ...{ payload: {}, source: { kind: 'webhook', eventId: 'hook-1' }, seenAt: at, delivery: 'live' },
  };
}

describe('transactions, requirement 2: whatever a restored table has forgotten', () => {
  it('a consumer that has received every event credits what the table holds, once everything is read again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 3, maxLength: 14 }), async (happenings) => {
        const publisher = createPublisher();
        for (const one of happenings) await publisher.live(one);

        await publisher.readAll();

        expect(publisher.credits()).toEqual(publisher.stored());
      }),
      { numRuns: volume({ short: 200, long: 1000 }) },
    );
  });

  it('renewing skips merged records: it never replaces the purchase that counts', async () => {
    const publisher = createPublisher();
    const version = { amount: 100, isFinal: false };
    for (const order of [null, 'O'])
      for (const id of ['tx-1', 'tx-2'])
        await publisher.live({ kind: 'version', version: { ...version, id, order } });
    await publisher.live({ kind: 'back-up' });

    await publisher.live({ kind: 'restore' });

    expect(publisher.gone()).toEqual(['tx#tx-2 in tx#tx-1, below it']);
    expect(publisher.credits()).toEqual(['tx#tx-1 100']);
  });
});
