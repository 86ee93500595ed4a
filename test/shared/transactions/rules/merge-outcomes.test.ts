import { describe, expect, it } from 'vitest';

import { eraseTransaction } from '../../../../shared/transactions/rules/erase-transaction.ts';
import {
  giveWayTo,
  mergeTransaction,
  renewVersion,
  settleTransaction,
  takeOver,
  takePlace,
  UNWRITTEN,
  type MergeOutcome,
} from '../../../../shared/transactions/rules/merge-transaction.ts';
import type {
  Observation,
  Transaction,
  TransactionRecord,
} from '../../../../shared/validation/webhooks/transaction.ts';
import { minute, webhook } from '../../../fakes/observation.ts';

function read(at: number, changes: Partial<Transaction> = {}, row?: string): Observation {
  const source = { kind: 'api', readStartedAt: minute(at), ...(row === undefined ? {} : { row }) } as const;
  return webhook(at, changes, { source });
}

const storing = (at: number) => ({ storedAt: minute(at) });

/** The record after these observations, each stored a minute after the one before it. */
function recordOf(...all: readonly Observation[]): TransactionRecord {
  const record = all.reduce<TransactionRecord | undefined>(
    (before, one, index) => mergeTransaction(before, one, storing(index)).record,
    undefined,
  );
  if (!record) throw new Error('nothing was merged');
  return record;
}

function merged(
  record: TransactionRecord,
  one: Observation,
): { outcome: MergeOutcome; record: TransactionRecord } {
  return mergeTransaction(record, one, storing(99));
}

const validated = { status: 'validated', modifiedDate: '2026-01-01T12:00:00Z' } as const;
const declined = { status: 'declined', modifiedDate: '2026-01-01T12:00:00Z' } as const;
const other = { id: 'tx-2' } as const;

describe('the outcome', () => {
  it('names what the purchase is now, and what is first stored of one that was pending', () => {
    const story = [
      webhook(0),
      webhook(1, { modifiedDate: '2026-01-01T11:00:00Z', amountMinor: 400 }),
      webhook(2, validated),
      webhook(3, declined),
      read(9, declined),
    ];
    const outcomes = story.map((one, index) =>
      index === 0
        ? mergeTransaction(undefined, one, storing(0)).outcome
        : merged(recordOf(...story.slice(0, index)), one).outcome,
    );

    expect(outcomes).toEqual(['created', 'adjusted', 'validated', 'conflict', 'declined']);
    expect(mergeTransaction(undefined, webhook(0, validated), storing(0)).outcome).toBe('validated');
    expect(mergeTransaction(undefined, webhook(0, declined), storing(0)).outcome).toBe('declined');
  });
});

describe('what is stored of a first version', () => {
  it('says where it comes from, and until when a read shows what Button has', () => {
    const source = { kind: 'api', readStartedAt: minute(3), visibleUntil: minute(1) } as const;

    expect(recordOf(webhook(0)).seen).toEqual([
      { transaction: webhook(0).transaction, payload: {}, source: 'webhook:hook-1', seenAt: minute(0) },
    ]);
    expect(recordOf(webhook(3, {}, { source })).seen[0]).toMatchObject({
      source: `api:${minute(3)}`,
      shownAt: minute(1),
    });
  });

  it('is the version, under the key of its order, found by its id too', () => {
    expect(recordOf(read(3, {}, 'digest'))).toEqual({
      key: 'order#btnorder-1',
      version: Date.parse(minute(0)),
      changes: 1,
      storedAt: minute(0),
      candidates: [{ transaction: read(3).transaction, payload: {} }],
      buttonIds: ['tx-1'],
      otherKeys: ['tx#tx-1'],
      seen: [
        {
          ...{ transaction: read(3).transaction, payload: {}, source: `api:${minute(3)}` },
          ...{ seenAt: minute(3), shownAt: minute(3) },
        },
      ],
      shownRow: 'digest',
      delivery: 'live',
    });
  });

  it('is nothing about a shopper who was erased', () => {
    const record = recordOf(webhook(0, { pubRef: 'ref' }, { erasedAt: minute(9) }));

    expect(record).toMatchObject({ erasedAt: minute(9), notRewardableReason: 'erased' });
    expect(record.candidates[0]).toMatchObject({ payload: null, transaction: { publisherCustomerId: null } });
    expect(JSON.stringify(record)).not.toMatch(/user-1|"ref"/);
  });
});

describe('an observation of a known version', () => {
  const known = recordOf(webhook(1, { pubRef: 'ref' }), webhook(2, validated));

  it.each<[string, Observation]>([
    ['a repeat', webhook(2, validated)],
    ['a repeat that was seen later', webhook(9, validated)],
    ['a repeat of a version that does not count', webhook(9, { pubRef: 'ref' })],
    ['one of those with another payload', webhook(9, { pubRef: 'ref' }, { payload: { more: 1 } })],
  ])('is a duplicate: %s', (_which, one) => {
    const result = merged(known, one);

    expect(result.outcome).toBe('duplicate');
    expect(result.record).toBe(known);
  });

  it.each<[string, Observation]>([
    ['a version that does not count', webhook(3, { amountMinor: 1, pubRef: 'ref' })],
    ['the time at which a version was first seen', webhook(0, { pubRef: 'ref' })],
    ['a payload that says more', webhook(9, validated, { payload: { more: 1 } })],
    ['a later date of the same content', webhook(9, { ...validated, modifiedDate: '2026-01-01T13:00:00Z' })],
  ])('is noted, in the same version, if it brings %s', (_what, one) => {
    const { outcome, record } = merged(known, one);

    expect(outcome).toBe('noted');
    expect(UNWRITTEN).not.toContain(outcome);
    expect(record.version).toBe(known.version);
    expect(record.changes).toBe(known.changes);
    expect(record).not.toEqual(known);
    expect(merged(record, one)).toEqual({ outcome: 'duplicate', record });
  });

  it('has the payload that says more, and of two that say as much always the same', () => {
    const payloads = [{ a: 1 }, { b: 2 }, {}, { more: 'of it' }];
    const records = [payloads, payloads.toReversed()].map((all) =>
      recordOf(...all.map((payload) => webhook(1, {}, { payload }))),
    );
    const alike = [payloads.slice(0, 2), payloads.slice(0, 2).toReversed()].map((all) =>
      recordOf(...all.map((payload) => webhook(1, {}, { payload }))),
    );

    expect(records.map(({ candidates: [{ payload }] }) => payload)).toEqual([
      { more: 'of it' },
      { more: 'of it' },
    ]);
    expect(alike.map(({ candidates: [{ payload }] }) => payload)).toEqual([{ b: 2 }, { b: 2 }]);
  });

  it('is confirmed by a read, and needs no write', () => {
    const { outcome, record } = merged(known, read(9, validated));

    expect(outcome).toBe('confirmed');
    expect(UNWRITTEN).toContain(outcome);
    expect(record.seen.map(({ shownAt }) => shownAt)).toEqual([undefined, minute(9)]);
    expect(merged(record, read(8, validated)).record.seen[1]?.shownAt).toBe(minute(9));
  });

  it('is noted if a read shows one of several ids for the first time, and confirmed by the next read', () => {
    const single = merged(recordOf(webhook(0)), read(9));
    const both = recordOf(webhook(0), webhook(1, other));
    const first = merged(both, read(9));
    const second = merged(first.record, read(9, other));

    expect(single.outcome).toBe('confirmed');
    expect([first.outcome, second.outcome]).toEqual(['noted', 'noted']);
    expect(second.record.version).toBe(both.version);
    for (const again of [read(10), read(10, other)])
      expect(merged(second.record, again).outcome).toBe('confirmed');
    expect(merged(both, webhook(2)).outcome).toBe('duplicate');
  });

  it('keeps the earlier time at which it was seen', () => {
    const seenLate = merged(recordOf(webhook(5)), webhook(1));
    const readLate = merged(recordOf(webhook(5)), read(1));

    expect([seenLate, readLate].map(({ outcome }) => outcome)).toEqual(['noted', 'noted']);
  });

  it('keeps the flags of whichever sighting has some', () => {
    const [flagged, plain] = [webhook(1, {}, { flags: ['unknown_field'] }), webhook(2)];
    const later = webhook(3, {}, { flags: ['unknown_category'] });
    const flagsOf = (...all: Observation[]) => recordOf(...all).seen[0]?.flags;

    expect([flagsOf(flagged, plain), flagsOf(flagged, webhook(0))]).toEqual([
      ['unknown_field'],
      ['unknown_field'],
    ]);
    expect([flagsOf(flagged, later), flagsOf(later, flagged)]).toEqual([
      ['unknown_field'],
      ['unknown_field'],
    ]);
    expect(recordOf(webhook(1, {}, { flags: [] })).seen[0]).not.toHaveProperty('flags');
  });

  it('erases the record if the shopper was erased meanwhile', () => {
    const { outcome, record } = merged(known, webhook(2, validated, { erasedAt: minute(9) }));

    expect(UNWRITTEN).not.toContain(outcome);
    expect(record).toMatchObject({ erasedAt: minute(9), version: known.version });
    expect(JSON.stringify(record)).not.toMatch(/user-1|"ref"/);
    expect(merged(record, webhook(2, validated, { erasedAt: minute(9) }))).toEqual({
      outcome: 'duplicate',
      record,
    });
  });

  it('is noted if another id with the same content comes to count', () => {
    const payload = {};
    const half = webhook(1, { modifiedDate: '2026-01-01T11:00:00.500Z' }, { payload });
    const whole = webhook(2, { ...other, modifiedDate: '2026-01-01T11:00:00Z' }, { payload });
    const pending = recordOf(half, whole);

    const { outcome, record } = merged(pending, { ...read(9), transaction: whole.transaction, payload });
    expect([pending, record].map(({ candidates: [{ transaction }] }) => transaction.id)).toEqual([
      'tx-1',
      'tx-2',
    ]);
    expect(outcome).toBe('noted');
    expect(record.version).toBe(pending.version);
  });

  it('makes no new version if only milliseconds or the name of the Brand come to be known', () => {
    const exact = {
      ...{ createdDate: '2026-01-01T10:00:00.120Z', attributionDate: '2026-01-01T09:00:00.5Z' },
      ...{ purchaseDate: '2026-01-01T09:00:00.5Z', validatedDate: '2026-01-01T13:00:00.5Z' },
    };
    const whole = {
      ...{ createdDate: '2026-01-01T10:00:00Z', attributionDate: '2026-01-01T09:00:00Z' },
      ...{ purchaseDate: '2026-01-01T09:00:00Z', validatedDate: '2026-01-01T13:00:00Z' },
    };
    const before = recordOf(webhook(0, { ...validated, ...exact }));
    const named = { ...validated, ...whole, commerceOrganizationName: 'A Brand' };
    const after = merged(before, read(9, named)).record;

    expect(after.candidates[0].transaction.commerceOrganizationName).toBe('A Brand');
    expect(after.version).toBe(before.version);
    const later = { modifiedDate: '2026-01-01T13:00:00Z', commerceOrganizationName: 'Another name' };
    expect(merged(after, read(20, { ...named, ...later })).record.version).toBeGreaterThan(after.version);
  });

  it('of an erased purchase makes a new version only if its reward changes', () => {
    const erased = eraseTransaction(recordOf(webhook(0, validated)), minute(5));
    const after = (changes: Partial<Transaction>, categories = ['new-user-order']) =>
      mergeTransaction(erased, read(9, { ...validated, ...changes }), {
        ...storing(99),
        rewardableCategories: categories,
      }).record;

    expect(after({ orderTotalMinor: 1 })).toMatchObject({ version: erased.version, changes: 1 });
    expect(after({ orderTotalMinor: 1 })).not.toHaveProperty('notRewardableReason');
    for (const changes of [{ amountMinor: 1 }, { currency: 'EUR' }, { status: 'declined' } as const])
      expect(after(changes)).toMatchObject({ changes: 2, notRewardableReason: 'erased' });
    expect(after({}, ['gift-card'])).toMatchObject({ changes: 2, notRewardableReason: 'erased' });
  });

  it('adds a key that leads to the purchase, in a new version', () => {
    const { record } = mergeTransaction(known, webhook(2, validated), {
      ...storing(99),
      foundBy: ['order#btnorder-1', 'order#another'],
    });

    expect(record.otherKeys).toEqual(['order#another', 'tx#tx-1']);
    expect(record).toMatchObject({ version: Date.parse(minute(99)), changes: known.changes + 1 });
  });

  it('makes the purchase historical if it is older than what is known', () => {
    const older = { createdDate: '2025-01-01T10:00:00Z', amountMinor: 1 };

    expect(merged(known, webhook(3, older, { delivery: 'historical' })).record.delivery).toBe('historical');
    expect(merged(known, webhook(3, older)).record.delivery).toBe('live');
    expect(merged(known, webhook(3, { amountMinor: 1 }, { delivery: 'historical' })).record.delivery).toBe(
      'live',
    );
  });

  it('remembers the row of the latest read only', () => {
    const shown = recordOf(
      read(5, {}, 'first'),
      webhook(6, { modifiedDate: '2026-01-01T11:00:00Z', amountMinor: 1 }),
    );

    expect(shown.shownRow).toBe('first');
    expect(merged(shown, read(4, { amountMinor: 2 }, 'older')).record.shownRow).toBe('first');
    expect(merged(shown, read(9, { amountMinor: 2 }, 'later')).record.shownRow).toBe('later');
    expect(merged(shown, webhook(9, { amountMinor: 3 })).record.shownRow).toBe('first');
  });
});

describe('a record that gives way to another', () => {
  const record = recordOf(webhook(0), webhook(1, validated));

  it('rewards nobody, in a new version, once', () => {
    const gone = giveWayTo('order#another', record, storing(9));

    expect(gone).toMatchObject({ mergedInto: 'order#another', notRewardableReason: 'merged', changes: 3 });
    expect(gone.version).toBe(Date.parse(minute(9)));
    expect(giveWayTo('order#another', gone, storing(20))).toBe(gone);
    expect(giveWayTo('order#third', gone, storing(20))).toMatchObject({
      mergedInto: 'order#third',
      changes: 4,
    });
  });

  it('takes the place of the other if nothing is stored there', () => {
    const placed = takePlace('order#another', giveWayTo('order#another', record, storing(9)), storing(10));

    expect(placed).toMatchObject({
      key: 'order#another',
      otherKeys: ['order#btnorder-1', 'tx#tx-1'],
      changes: 4,
    });
    expect(placed).not.toHaveProperty('mergedInto');
    expect(placed).not.toHaveProperty('notRewardableReason');
  });
});

describe('a record that takes over another', () => {
  const record = recordOf(webhook(0));
  const theirs = recordOf(webhook(1, { ...validated, ...other, buttonOrderId: 'btnorder-2' }));

  it('has its versions, ids and keys, under a later version than both', () => {
    const joined = takeOver(record, theirs, storing(0));

    expect(joined).toMatchObject({
      ...{ key: 'order#btnorder-1', buttonIds: ['tx-1', 'tx-2'], changes: 2, shownRow: undefined },
      ...{ otherKeys: ['order#btnorder-2', 'tx#tx-1', 'tx#tx-2'], candidates: [{ transaction: validated }] },
    });
    expect(joined.version).toBeGreaterThan(Math.max(record.version, theirs.version));
    expect(takeOver(joined, theirs, storing(50))).toBe(joined);
  });

  it.each<[string, Partial<TransactionRecord>]>([
    ['a version', { seen: recordOf(webhook(1, { amountMinor: 1 })).seen }],
    ['a key', { otherKeys: ['tx#tx-0', 'tx#tx-1'] }],
    ['a decision', { settlement: { id: 'tx-1', about: [], reason: 'asked', settledAt: minute(3) } }],
  ])('has what only the other knows, even if its own version is later: %s', (_what, more) => {
    const latest = renewVersion(record, storing(50));

    expect(takeOver(latest, record, storing(60))).toBe(latest);
    expect(takeOver(latest, { ...record, ...more }, storing(60))).not.toEqual(latest);
  });

  it('follows a version of the other that is later than its own', () => {
    const late = { ...theirs, version: Date.parse(minute(500)) };
    const joined = takeOver(record, late, storing(9));

    expect(joined.version).toBe(late.version + 1);
    expect(takeOver(joined, { ...late, version: joined.version }, storing(9)).version).toBe(late.version + 2);
  });

  it.each<[string, TransactionRecord, TransactionRecord]>([
    ['it was itself', eraseTransaction(record, minute(7)), theirs],
    ['the other was', record, eraseTransaction(theirs, minute(7))],
  ])('is erased if %s', (_which, own, others) => {
    const joined = takeOver(own, others, storing(9));

    expect(joined).toMatchObject({ erasedAt: minute(7), notRewardableReason: 'erased' });
    expect(JSON.stringify(joined)).not.toContain('user-1');
  });

  it('has the later decision of an operator', () => {
    const conflict = recordOf(webhook(0, validated), webhook(0, { ...declined, ...other }));
    const settled = (id: string, at: number) =>
      settleTransaction(conflict, { id, reason: 'asked' }, storing(at));
    const [first, second] = [settled('tx-1', 10), settled('tx-2', 20)];
    if (!first || !second) throw new Error('not settled');
    const decision = (joined: TransactionRecord) => joined.settlement?.id;

    expect(first.settlement?.about).toHaveLength(2);
    expect(decision(takeOver(first, second, storing(30)))).toBe('tx-2');
    expect(decision(takeOver(second, first, storing(30)))).toBe('tx-2');
    expect(decision(takeOver(conflict, first, storing(30)))).toBe('tx-1');
    expect(decision(takeOver(first, conflict, storing(30)))).toBe('tx-1');
  });
});

describe('a conflict that an operator settles', () => {
  const conflict = recordOf(
    webhook(0, { ...declined, ...other }),
    webhook(0, validated),
    webhook(0, { ...validated, amountMinor: 100 }),
    webhook(0, { ...declined, amountMinor: 100 }),
    webhook(0, { id: 'tx-3' }),
  );
  const settle = (choice: Partial<Parameters<typeof settleTransaction>[1]>, record = conflict) =>
    settleTransaction(record, { id: 'tx-1', reason: 'asked Button', ...choice }, storing(60));

  it('counts as decided, and says about which versions the decision is', () => {
    expect(settle({ status: 'validated', amountMinor: 100 })).toMatchObject({
      candidates: [{ transaction: { id: 'tx-1', status: 'validated', amountMinor: 100 } }],
      settlement: {
        ...{ id: 'tx-1', version: '["tx-1","validated",100,"USD"]', reason: 'asked Button' },
        settledAt: minute(60),
        about: [
          '["tx-1","declined",100,"USD"]',
          '["tx-1","validated",100,"USD"]',
          '["tx-1","validated",600,"USD"]',
          '["tx-2","declined",600,"USD"]',
        ],
      },
    });
    expect(settle({ status: 'declined' })?.candidates[0].transaction.amountMinor).toBe(100);
    expect(settle({ amountMinor: 600 })?.candidates[0].transaction.status).toBe('validated');
    expect(settle({ id: 'tx-2' })?.candidates[0].transaction.id).toBe('tx-2');
  });

  it.each([
    ['several versions', {}],
    ['several versions of one status', { status: 'validated' as const }],
    ['several versions of one amount', { amountMinor: 100 }],
    ['none', { id: 'tx-9' }],
    ['none with that amount', { amountMinor: 7 }],
    ['a pending one', { id: 'tx-3' }],
  ])('stays if the choice is %s', (_what, choice) => {
    expect(settle(choice)).toBeUndefined();
  });

  it('is nothing to settle without a conflict, or in a record that has given way', () => {
    expect(settle({}, recordOf(webhook(0, validated)))).toBeUndefined();
    expect(settle({ id: 'tx-2' }, giveWayTo('order#another', conflict, storing(9)))).toBeUndefined();
  });
});

describe('a record under a new version', () => {
  it('is later than what consumers may have seen, with the same content', () => {
    const record = recordOf(webhook(0));
    const renewed = renewVersion(record, storing(10));

    expect(renewed).toMatchObject({ changes: 2, storedAt: minute(10), candidates: record.candidates });
    expect(renewed.version).toBeGreaterThan(Date.parse(minute(10)));
  });
});
