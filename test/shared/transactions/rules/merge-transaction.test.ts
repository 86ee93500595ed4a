// @module-tag volume
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { eraseTransaction } from '../../../../shared/transactions/rules/erase-transaction.ts';
import {
  firstNewVersion,
  giveWayTo,
  takeOver,
  renewVersion,
  settleTransaction,
  UNWRITTEN,
  type MergeOutcome,
} from '../../../../shared/transactions/rules/merge-transaction.ts';
import {
  recordStatus,
  transactionContent,
  type Observation,
  type Transaction,
  type TransactionRecord,
} from '../../../../shared/validation/webhooks/transaction.ts';
import { mergeTransaction } from '../../../fakes/merge-first.ts';
import { transaction, webhook } from '../../../fakes/observation.ts';
import { volume } from '../../../volume.ts';

function seen(
  changes: Partial<Transaction>,
  source: Observation['source'] = { kind: 'webhook', eventId: 'hook-1' },
): Observation {
  return webhook(0, changes, { source });
}

function mergeAll(observations: readonly Observation[]): {
  record: TransactionRecord;
  outcomes: MergeOutcome[];
} {
  let record: TransactionRecord | undefined;
  const outcomes: MergeOutcome[] = [];
  for (const observation of observations) {
    const merged = mergeTransaction(record, observation);
    record = merged.record;
    outcomes.push(merged.outcome);
  }
  if (!record) throw new Error('nothing was merged');
  return { record, outcomes };
}

/** What must not depend on the order of arrival. */
function currentState(record: TransactionRecord): unknown {
  return {
    status: recordStatus(record),
    candidates: record.candidates
      .map(({ transaction: it }) => `${transactionContent(it)} ${it.modifiedDate}`)
      .sort(),
    buttonIds: record.buttonIds,
  };
}

const pendingAt = (second: number, amountMinor: number): Observation =>
  seen({ modifiedDate: `2026-01-01T10:00:0${second}Z`, amountMinor });
const validatedFor = (amountMinor: number): Observation =>
  seen({ status: 'validated', modifiedDate: '2026-01-03T00:00:00Z', amountMinor });

const observation = fc
  .record({
    status: fc.constantFrom(
      'pending' as const,
      'pending' as const,
      'validated' as const,
      'declined' as const,
    ),
    modifiedDate: fc
      .constantFrom('00', '00.002', '00.402', '01', '02.500', '03')
      .map((second) => `2026-01-01T10:00:${second}Z`),
    amountMinor: fc.constantFrom(null, 0, 100, 600),
    orderTotalMinor: fc.constantFrom(null, 6000),
    validatedDate: fc.constantFrom(null, null, '2026-01-03T00:00:00Z'),
    id: fc.constantFrom('tx-1', 'tx-2'),
  })
  .map((changes) => seen(changes));

/** A read of the API that starts `minute` minutes after everything was seen, or before that if negative. */
function readAt(minute: number, shown: Observation): Observation {
  const readStartedAt = new Date(Date.parse('2026-01-02T00:00:00.000Z') + minute * 60_000).toISOString();
  return { ...shown, source: { kind: 'api', readStartedAt }, seenAt: readStartedAt };
}

describe('mergeTransaction', () => {
  it('follows a transaction from pending over an adjustment to validated, one version each', () => {
    const { record, outcomes } = mergeAll([pendingAt(1, 600), pendingAt(2, 400), validatedFor(400)]);

    expect(outcomes).toEqual(['created', 'adjusted', 'validated']);
    expect(record.version).toBe(3);
    expect(record.seen.map(({ transaction: it }) => it.amountMinor)).toEqual([600, 400, 400]);
  });

  it('keeps validated when the pending version comes later, and notes that once (D1)', () => {
    const { record, outcomes } = mergeAll([validatedFor(400), pendingAt(2, 600), pendingAt(2, 600)]);

    expect(outcomes).toEqual(['validated', 'noted', 'duplicate']);
    expect(recordStatus(record)).toBe('validated');
  });

  it('lets the later modified_date win when adjustments come out of order (D2)', () => {
    const { record } = mergeAll([pendingAt(3, 300), pendingAt(1, 100), pendingAt(2, 200)]);

    expect(record.candidates.map(({ transaction: it }) => it.amountMinor)).toEqual([300]);
    expect(record.version).toBe(1);
  });

  it('changes nothing on a repeat, under the same or another webhook id (C10, C11)', () => {
    const first = mergeAll([pendingAt(1, 600)]).record;

    const again = mergeTransaction(first, {
      ...pendingAt(1, 600),
      source: { kind: 'webhook', eventId: 'hook-2' },
    });

    expect(again.outcome).toBe('duplicate');
    expect(again.record).toBe(first);
  });

  it('remembers every Button id of an order, and gives consumers its key in one more version (D6)', () => {
    const second = seen({ modifiedDate: '2026-01-01T10:00:01Z', id: 'tx-2' });
    const { record, outcomes } = mergeAll([pendingAt(1, 600), second, second]);

    expect(outcomes).toEqual(['created', 'adjusted', 'duplicate']);
    expect(record.buttonIds).toEqual(['tx-1', 'tx-2']);
    expect(record.otherKeys).toEqual(['tx#tx-1', 'tx#tx-2']);
    expect(record.version).toBe(2);
  });

  it('has a version above that of the record that it takes over, which it replaces', () => {
    const record = mergeAll([pendingAt(1, 600)]).record;
    const own = mergeAll([seen({ modifiedDate: '2026-01-01T10:00:01Z', id: 'tx-2' })]).record;
    const storing = { storedAt: '1970-01-01T00:00:00.001Z' };
    const gone = giveWayTo(record.key, { ...own, key: 'tx#tx-2', version: 7 }, storing);

    const joined = takeOver(record, gone, storing);

    expect(joined).toMatchObject({ version: 9, otherKeys: ['tx#tx-1', 'tx#tx-2'] });
    expect(takeOver(joined, gone, storing)).toBe(joined);
    // A function whose clock was ahead has written the other record again.
    expect(takeOver(joined, { ...gone, version: 20 }, storing)).toMatchObject({ version: 21 });
  });

  it.each([
    ['the payload of a version that does not count', 1],
    ['more versions than are kept', 25],
  ])('takes over %s only once, although the other record keeps it', (_, count) => {
    const storing = { storedAt: '2026-01-05T00:00:00Z' };
    const versions = Array.from({ length: count }, (_one, index) => ({
      ...seen({ id: 'tx-2', modifiedDate: `2026-01-01T10:00:${String(index).padStart(2, '0')}Z` }),
      payload: { order_line_items: [{ identifier: 'a', total: index }] },
    }));
    const other = versions
      .map((one) => mergeTransaction(undefined, one).record)
      .reduce((record, one) => ({ ...record, seen: [...record.seen, ...one.seen] }));
    const record = mergeAll([seen({ modifiedDate: '2026-01-01T10:01:00Z' })]).record;
    const gone = giveWayTo(record.key, { ...other, key: 'tx#tx-2' }, storing);

    const joined = takeOver(record, gone, storing);

    expect(joined.seen.length).toBeGreaterThan(1);
    expect(takeOver(joined, gone, storing)).toBe(joined);
  });

  it('keeps the later settlement of two records that turn out to be one purchase', () => {
    const storing = (at: string) => ({ storedAt: `2026-01-05T00:00:0${at}Z` });
    const finals = [validatedFor(400), seen({ ...validatedFor(500).transaction, id: 'tx-2' })];
    const older = mergeAll([pendingAt(1, 600)]).record;
    const settled = (id: string, at: string) => {
      const record = settleTransaction(mergeAll(finals).record, { id, reason: 'asked Button' }, storing(at));
      if (!record) throw new Error('not settled');
      return record;
    };
    const join = (record: TransactionRecord, other: TransactionRecord) =>
      takeOver(record, giveWayTo(record.key, { ...other, key: 'tx#tx-3' }, storing('3')), storing('4'));

    const joined = join(older, settled('tx-2', '1'));
    const first = join(settled('tx-1', '1'), settled('tx-2', '2'));
    const second = join(settled('tx-2', '2'), settled('tx-1', '1'));

    for (const one of [joined, first, second]) {
      expect(one.settlement).toMatchObject({ id: 'tx-2' });
      expect(one.candidates.map(({ transaction: it }) => it.amountMinor)).toEqual([500]);
      for (const again of [...finals, ...finals.map((final) => readAt(9999, final))])
        expect(mergeTransaction(one, again).record.version).toBe(one.version);
    }
    expect(join(joined, settled('tx-1', '1')).settlement).toMatchObject({ id: 'tx-2' });
  });

  it('lets no read settle a conflict that started before every version of it had been seen', () => {
    const heldBack = { ...pendingAt(1, 400), seenAt: '2026-01-01T12:00:00.000Z' };
    const conflict = mergeAll([pendingAt(1, 600), heldBack]).record;

    const { record } = mergeTransaction(conflict, readAt(-60, pendingAt(1, 400)));

    expect(recordStatus(record)).toBe('conflict');
  });

  it('stays live or historical as it was first: a second import takes no reward back', () => {
    const imported = { ...pendingAt(2, 400), delivery: 'historical' } as const;

    const live = mergeAll([pendingAt(1, 600), imported]).record;
    const historical = mergeAll([imported, validatedFor(400)]).record;

    expect([live.delivery, historical.delivery]).toEqual(['live', 'historical']);
  });

  it('keeps the latest twenty versions that it has seen, with their source and flags', () => {
    const flagged = { ...pendingAt(1, 600), flags: ['unknown_field'] } as const;
    const many = Array.from({ length: 25 }, (_, index) =>
      seen({ modifiedDate: `2026-02-01T00:00:${index + 10}Z`, amountMinor: index }),
    );

    const { record } = mergeAll([flagged, readAt(1, pendingAt(2, 1))]);
    const full = mergeAll([flagged, ...many]).record;

    expect(record.seen.map(({ source, flags }) => [source, flags])).toEqual([
      ['webhook:hook-1', ['unknown_field']],
      ['api:2026-01-02T00:01:00.000Z', undefined],
    ]);
    expect(full.seen.map(({ transaction: it }) => it.amountMinor)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 5),
    );
  });

  it('stores no empty list of flags', () => {
    expect(mergeAll([{ ...pendingAt(1, 600), flags: [] }]).record.seen[0]).not.toHaveProperty('flags');
  });

  it('has the same state and the same ids for every order and any repeats of the same observations', () => {
    fc.assert(
      fc.property(
        fc
          .array(observation, { minLength: 1, maxLength: 6 })
          .chain((all) =>
            fc.tuple(
              fc.constant(all),
              fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
              fc.array(fc.constantFrom(...all), { maxLength: 6 }),
            ),
          ),
        ([all, shuffled, repeats]) => {
          const straight = mergeAll(all).record;
          const scrambled = mergeAll([...shuffled, ...repeats]).record;

          expect(currentState(scrambled)).toEqual(currentState(straight));
        },
      ),
      { numRuns: volume({ short: 80, long: 2000 }) },
    );
  });

  it('has the same state and the same ids for every order of up to five observations', () => {
    fc.assert(
      fc.property(fc.array(observation, { minLength: 1, maxLength: 5 }), (all) => {
        const states = permutations(all).map((order) => JSON.stringify(currentState(mergeAll(order).record)));

        expect(new Set(states).size).toBe(1);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves a final state only for a conflict, whatever webhooks come', () => {
    fc.assert(
      fc.property(fc.array(observation, { minLength: 1, maxLength: 8 }), (all) => {
        let record: TransactionRecord | undefined;
        for (const one of all) {
          const before = record && recordStatus(record);
          record = mergeTransaction(record, one).record;
          if (before === 'validated' || before === 'declined')
            expect([before, 'conflict']).toContain(recordStatus(record));
        }
      }),
      { numRuns: volume({ short: 150, long: 1000 }) },
    );
  });
});

describe('eraseTransaction', () => {
  const erasedAt = '2026-03-01T00:00:00.000Z';
  const personal = { ...pendingAt(1, 600), payload: { publisher_customer_id: 'user-1', note: 'SENTINEL' } };

  it('leaves the head and nothing personal, and every repeat is still recognized', () => {
    const record = mergeAll([personal]).record;

    const erased = eraseTransaction(record, erasedAt);

    expect(JSON.stringify(erased)).not.toMatch(/user-1|SENTINEL/);
    expect(erased.version).toBe(record.version);
    expect(mergeTransaction(erased, personal)).toEqual({ record: erased, outcome: 'duplicate' });
    expect(eraseTransaction(erased, '2027-01-01T00:00:00.000Z')).toBe(erased);
  });

  it('stores later versions without personal data', () => {
    const erased = eraseTransaction(mergeAll([personal]).record, erasedAt);

    const { record, outcome } = mergeTransaction(erased, { ...validatedFor(600), payload: personal.payload });

    expect(outcome).toBe('validated');
    expect(JSON.stringify(record)).not.toMatch(/user-1|SENTINEL/);
  });

  it('lets nothing take back a reward but a change of the reward: events name nobody any more', () => {
    const { record } = mergeAll([validatedFor(600)]);
    const erased = eraseTransaction(record, erasedAt);
    const later = (changes: Partial<Transaction>) =>
      mergeTransaction(erased, readAt(10, seen({ ...validatedFor(600).transaction, ...changes }))).record;

    for (const changes of [
      { commerceOrganizationName: 'Renamed' },
      { attributionDate: '2026-01-01T09:00:00Z' },
      { category: 'existing-user-order' },
      { id: 'tx-2' },
    ])
      expect(later(changes)).toMatchObject({ version: record.version });
    expect(later({ commerceOrganizationName: 'Renamed' })).not.toHaveProperty('notRewardableReason');
    for (const changes of [
      { status: 'declined' as const },
      { amountMinor: 500 },
      { category: 'app-install' },
    ])
      expect(later(changes)).toMatchObject({ version: record.version + 1, notRewardableReason: 'erased' });
  });

  it('says that nobody is rewarded for a record that takes another one over: its event names nobody', () => {
    const storing = { storedAt: '2026-04-01T00:00:00.000Z' };
    const own = eraseTransaction(
      mergeAll([seen({ ...validatedFor(100).transaction, id: 'tx-1' })]).record,
      erasedAt,
    );
    const other = mergeAll([seen({ ...validatedFor(100).transaction, id: 'tx-2' })]).record;
    const gone = giveWayTo(own.key, eraseTransaction({ ...other, key: 'tx#tx-2' }, erasedAt), storing);

    const joined = takeOver(own, gone, storing);

    expect(joined.version).toBeGreaterThan(gone.version);
    expect(joined.notRewardableReason).toBe('erased');
  });

  it('commutes with the merge: whatever comes before or after, the state is the same', () => {
    fc.assert(
      fc.property(
        fc.array(observation, { minLength: 1, maxLength: 4 }),
        fc.array(observation, { minLength: 1, maxLength: 4 }),
        ([first, ...before], after) => {
          if (!first) return;
          const late = eraseTransaction(mergeAll([first, ...before, ...after]).record, erasedAt);
          let early = eraseTransaction(mergeAll([first, ...before]).record, erasedAt);
          for (const one of after) early = mergeTransaction(early, one).record;

          expect(currentState(early)).toEqual(currentState(late));
        },
      ),
      { numRuns: volume({ short: 150, long: 1000 }) },
    );
  });
});

describe('an observation whose shopper was erased', () => {
  const erasedAt = '2026-03-01T00:00:00.000Z';
  /** The purchase before Button's rows named its shopper. */
  const unnamed = {
    ...readAt(1, pendingAt(1, 600)),
    transaction: transaction({ publisherCustomerId: null }),
  };

  it.each([
    ['is not named in the stored record', [unnamed], pendingAt(1, 600)],
    ['is named in the stored record', [pendingAt(1, 600)], pendingAt(1, 600)],
    ['is named in a later version', [unnamed, validatedFor(600)], pendingAt(1, 600)],
  ])('erases the record, and no read stores the name again, if the shopper %s', (_, before, deferred) => {
    const { record } = mergeAll(before);

    const erased = mergeTransaction(record, { ...deferred, erasedAt });
    const again = mergeTransaction(erased.record, readAt(10, deferred));

    expect(UNWRITTEN).not.toContain(erased.outcome);
    expect([erased.record.erasedAt, again.record.erasedAt]).toEqual([erasedAt, erasedAt]);
    expect(JSON.stringify([erased.record, again.record])).not.toContain('user-1');
  });

  it('changes no version if it brings nothing new: what was rewarded stays rewarded', () => {
    const { record } = mergeAll([pendingAt(1, 600), validatedFor(600)]);

    const erased = mergeTransaction(record, { ...pendingAt(1, 600), erasedAt });

    expect(erased.outcome).toBe('noted');
    expect(erased.record.version).toBe(record.version);
    expect(erased.record.notRewardableReason).toBeUndefined();
    expect(mergeTransaction(erased.record, { ...pendingAt(1, 600), erasedAt })).toEqual({
      record: erased.record,
      outcome: 'duplicate',
    });
  });

  it('leaves an erased record with the same state, whatever comes before or after', () => {
    fc.assert(
      fc.property(fc.array(observation, { minLength: 1, maxLength: 4 }), fc.nat(), (all, at) => {
        const index = at % all.length;
        const named = all.map((one, i) => (i === index ? { ...one, erasedAt } : one));
        const states = permutations(named).map((some) => mergeAll(some).record);

        for (const record of states) {
          expect(record.erasedAt).toBe(erasedAt);
          expect(JSON.stringify(record)).not.toContain('user-1');
          expect(currentState(record)).toEqual(
            currentState(eraseTransaction(mergeAll(all).record, erasedAt)),
          );
        }
      }),
      { numRuns: volume({ short: 60, long: 500 }) },
    );
  });
});

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

describe('an order whose id at Button changes with each change', () => {
  it('has the id that a read shows, whose date has no milliseconds, and not that of a webhook of the same second', () => {
    const webhook = seen({ id: 'tx-1', amountMinor: 100, modifiedDate: '2026-01-01T10:00:23.891Z' });
    const row = seen(
      { id: 'tx-2', amountMinor: 150, modifiedDate: '2026-01-01T10:00:23Z' },
      { kind: 'api', readStartedAt: '2026-01-02T00:00:00.000Z' },
    );

    for (const observations of [
      [webhook, row],
      [row, webhook],
    ]) {
      const { record } = mergeAll(observations);
      expect(record.candidates.map(({ transaction: { id, amountMinor } }) => [id, amountMinor])).toEqual([
        ['tx-2', 150],
      ]);
    }
  });
});

describe('a version that is renewed after a restore', () => {
  it('is higher than any that a function stored before, even with a clock that is almost a minute ahead', () => {
    const restoredAt = Date.parse('2026-01-03T00:00:00.000Z');

    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 59_999 }),
        fc.integer({ min: 0, max: 3_600_000 }),
        (ahead, later) => {
          const stored = mergeAll([seen({})]).record;

          const renewed = renewVersion(stored, { storedAt: new Date(restoredAt + later).toISOString() });

          expect(renewed.version).toBeGreaterThan(restoredAt + ahead);
          expect(renewed.version).toBeGreaterThanOrEqual(firstNewVersion(new Date(restoredAt).toISOString()));
        },
      ),
    );
  });
});
