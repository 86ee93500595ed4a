// @module-tag volume
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { eraseTransaction } from '../../../../shared/transactions/rules/erase-transaction.ts';
import { stateOf, versionIdentity } from '../../../../shared/transactions/rules/transaction-state.ts';
import type {
  Candidate,
  Observation,
  Transaction,
  TransactionRecord,
} from '../../../../shared/validation/webhooks/transaction.ts';
import { mergeTransaction } from '../../../fakes/merge-first.ts';
import { minute, webhook as webhookOf } from '../../../fakes/observation.ts';
import { volume } from '../../../volume.ts';

const MOST_KEPT = 20;

function webhook(at: number, changes: Partial<Transaction> = {}, payload: unknown = {}): Observation {
  return webhookOf(at, { publisherCustomerId: null, ...changes }, { payload });
}

function read(at: number, changes: Partial<Transaction> = {}, payload: unknown = {}): Observation {
  return { ...webhook(at, changes, payload), source: { kind: 'api', readStartedAt: minute(at) } };
}

function mergeAll(observations: readonly Observation[]): TransactionRecord {
  let record: TransactionRecord | undefined;
  for (const observation of observations) record = mergeTransaction(record, observation).record;
  if (!record) throw new Error('nothing was merged');
  return record;
}

/** The state that follows from all versions. */
function stateOfAll(all: readonly Observation[]): string {
  const seen = [...Map.groupBy(all, ({ transaction }) => versionIdentity(transaction)).values()].map(
    (same) => {
      const [first] = same.toSorted((one, other) => (one.seenAt < other.seenAt ? -1 : 1));
      if (!first) throw new Error('A version that nobody has seen');
      const shown = same.flatMap(({ source }) => (source.kind === 'api' ? [source.readStartedAt] : []));
      const shownAt = shown.sort().at(-1);
      return { ...first, source: 'any', ...(shownAt === undefined ? {} : { shownAt }) };
    },
  );
  return said(stateOf(seen, undefined)?.candidates ?? []);
}

function said(candidates: readonly Candidate[]): string {
  const [first, ...others] = candidates;
  return others.length > 0 ? 'conflict' : JSON.stringify(first?.transaction);
}

const LAST_AMOUNT = 139;

/** More pending versions than are kept, each later than the one before it. */
function adjustments(from: number): Observation[] {
  return Array.from({ length: 40 }, (_, nth) =>
    webhook(from + nth, { modifiedDate: minute(nth + 1), amountMinor: 100 + nth }),
  );
}

const maybe = <Value>(value: Value) => fc.constantFrom(null, null, null, value);

const changes = fc.record({
  id: fc.constantFrom('tx-1', 'tx-1', 'tx-1', 'tx-2'),
  amountMinor: fc.constantFrom(100, 600, null),
  currency: fc.constantFrom('USD', null),
  modifiedDate: fc.integer({ min: 0, max: 500 }).map((at) => minute(at)),
  attributionDate: maybe(minute(-99)),
  purchaseDate: maybe(minute(-98)),
  commerceOrganizationName: maybe('Shop'),
  linesDigest: fc.constantFrom(null, null, 'a', 'b'),
  publisherCustomerId: maybe('user-1'),
  pubRef: maybe('ref'),
});
const pending = fc.tuple(fc.integer({ min: 0, max: 99 }), changes);
const final = fc.tuple(
  fc.integer({ min: 0, max: 99 }),
  fc.record({
    status: fc.constantFrom('validated' as const, 'validated' as const, 'declined' as const),
    amountMinor: fc.constantFrom(100, 600),
    validatedDate: maybe(minute(300)),
  }),
);

describe('the versions that are kept', () => {
  it('have the state of all versions, however many there are and in whatever order they arrive', () => {
    const story = fc
      .tuple(
        fc.array(pending, { minLength: 25, maxLength: 45 }),
        fc.array(final, { maxLength: 2 }),
        fc.integer(),
      )
      .map(([some, ends, seed]) => {
        const hooks = some.map(([at, one]) => webhook(at, one));
        const finals = ends.map(([at, one], nth) => webhook(at, { ...hooks[nth]?.transaction, ...one }));
        return shuffled([...hooks, ...finals], seed);
      });
    fc.assert(
      fc.property(story, (all) => {
        const record = mergeAll(all);

        expect(said(record.candidates)).toBe(stateOfAll(all));
        for (const { length } of Map.groupBy(record.seen, ({ transaction }) => transaction.id).values())
          expect(length).toBeLessThanOrEqual(MOST_KEPT);
      }),
      { numRuns: volume({ short: 30, long: 1500 }), endOnFailure: true },
    );
  });

  it('have the state of all versions if reads show some of them again and overrule others', () => {
    const sightings = fc.array(fc.tuple(fc.boolean(), fc.oneof(pending, final)), {
      minLength: 25,
      maxLength: 45,
    });
    fc.assert(
      fc.property(sightings, (some) => {
        const all = some.map(([isRead, [, one]], at) => (isRead ? read(at, one) : webhook(at, one)));

        expect(said(mergeAll(all).candidates)).toBe(stateOfAll(all));
      }),
      { numRuns: volume({ short: 30, long: 1500 }), endOnFailure: true },
    );
  });

  it('are twenty, with one payload, however often a purchase with lines is touched', () => {
    const payload = { order_line_items: [{ identifier: 'a', total: 6000 }] };
    const touched = Array.from({ length: 60 }, (_, at) =>
      read(at, { linesDigest: 'a', modifiedDate: minute(at) }, { ...payload }),
    );

    const { seen, candidates } = mergeAll(touched);

    expect(seen).toHaveLength(MOST_KEPT);
    expect(seen.filter((version) => version.payload !== null)).toHaveLength(1);
    expect(candidates[0]).toMatchObject({ transaction: { modifiedDate: minute(59) }, payload });
  });

  it('include the only one that names the shopper, so that no reward is for nobody', () => {
    const first = webhook(0, { publisherCustomerId: 'user-1' });
    const later = Array.from({ length: 40 }, (_, at) =>
      webhook(at + 1, { modifiedDate: minute(at), amountMinor: at }),
    );

    const [{ transaction }] = mergeAll([first, ...later]).candidates;

    expect(transaction).toMatchObject({ publisherCustomerId: 'user-1', amountMinor: 39 });
  });

  it('include the read that overrules a version of which something is known, so that it does not count again', () => {
    const future = webhook(0, { modifiedDate: minute(9999), amountMinor: 1, pubRef: 'ref' });
    const all = [future, read(1, { modifiedDate: minute(0) }), ...adjustments(2)];

    expect(said(mergeAll(all).candidates)).toBe(stateOfAll(all));
    expect(mergeAll(all).candidates[0].transaction).toMatchObject({
      amountMinor: LAST_AMOUNT,
      pubRef: 'ref',
    });
  });

  it('include the version that counts and the one with its lines, however long ago they were seen', () => {
    const named = { pubRef: 'ref', commerceOrganizationName: 'Shop' };
    const future = { ...named, modifiedDate: minute(9999), amountMinor: 1, linesDigest: 'b' };
    const counting = { modifiedDate: minute(900), amountMinor: 2 };
    const states = [[webhook(2, { ...counting, linesDigest: 'a' })], []].map((withLines) => {
      const before = [webhook(0, future), read(1, { modifiedDate: minute(0) }), ...withLines];
      const all = [...before, webhook(2, { ...counting, ...named }), ...adjustments(3)];
      const { candidates } = mergeAll(all);
      expect(said(candidates)).toBe(stateOfAll(all));
      return candidates[0].transaction;
    });

    expect(states).toMatchObject([
      { amountMinor: 2, linesDigest: 'a' },
      { amountMinor: 2, linesDigest: 'b' },
    ]);
  });

  it('include final versions that a read has overruled: no repeat of them opens a conflict', () => {
    const declined = webhook(0, { status: 'declined' });
    const validated = read(1, { status: 'validated', amountMinor: 1, modifiedDate: minute(0) });
    const all = [declined, validated, ...adjustments(2), { ...declined, seenAt: minute(999) }];

    expect(mergeAll(all).candidates).toMatchObject([
      { transaction: { status: 'validated', amountMinor: 1 } },
    ]);
  });

  it('name nobody again once the purchase is erased', () => {
    const named = webhook(0, { publisherCustomerId: 'user-1', pubRef: 'user-1' });
    const later = Array.from({ length: 40 }, (_, at) =>
      webhook(at + 1, { modifiedDate: minute(at), amountMinor: at, publisherCustomerId: 'user-1' }),
    );
    const erased = eraseTransaction(mergeAll([named, ...later.slice(0, 20)]), minute(99));

    let record = erased;
    for (const one of [...later, named]) record = mergeTransaction(record, one).record;

    expect(JSON.stringify(record)).not.toContain('user-1');
  });

  it('are few enough for the merge of a record that was stored with hundreds of them', () => {
    const old = Array.from({ length: 300 }, (_, at) =>
      read(at, { linesDigest: 'a', modifiedDate: minute(at) }),
    );
    const seen = old.map((one) => ({ ...one, source: 'api', shownAt: one.seenAt }));

    const { record } = mergeTransaction({ ...mergeAll(old.slice(0, 1)), seen }, read(301, {}));

    expect(record.seen).toHaveLength(MOST_KEPT);
    expect(said(record.candidates)).toBe(stateOfAll([...old, read(301, {})]));
  });
});

function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const rank = (index: number): number => (Math.sin(seed + index * 12.9898) * 43758.5453) % 1;
  return items
    .map((item, index) => ({ item, at: rank(index) }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
