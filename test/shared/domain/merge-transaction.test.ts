import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { eraseTransaction } from '../../../shared/domain/erase-transaction.ts';
import { mergeTransaction, type MergeOutcome } from '../../../shared/domain/merge-transaction.ts';
import {
  recordStatus,
  transactionContent,
  type Observation,
  type Transaction,
  type TransactionRecord,
} from '../../../shared/domain/transaction.ts';

function transaction(changes: Partial<Transaction> = {}): Transaction {
  return {
    id: 'tx-1',
    buttonOrderId: 'btnorder-1',
    status: 'pending',
    category: 'new-user-order',
    amountMinor: 600,
    currency: 'USD',
    orderTotalMinor: 6000,
    orderCurrency: 'USD',
    createdDate: '2026-01-01T10:00:00Z',
    modifiedDate: '2026-01-01T10:00:00Z',
    validatedDate: null,
    attributionDate: null,
    accountId: 'acc-1',
    commerceOrganization: 'org-1',
    publisherCustomerId: 'user-1',
    pubRef: null,
    ...changes,
  };
}

function seen(
  changes: Partial<Transaction>,
  source: Observation['source'] = { kind: 'webhook', eventId: 'hook-1' },
): Observation {
  return {
    transaction: transaction(changes),
    payload: {},
    source,
    seenAt: '2026-01-02T00:00:00.000Z',
    delivery: 'live',
  };
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
const declined = seen({ status: 'declined', modifiedDate: '2026-01-04T00:00:00Z' });

const observation = fc
  .record({
    status: fc.constantFrom(
      'pending' as const,
      'pending' as const,
      'validated' as const,
      'declined' as const,
    ),
    second: fc.integer({ min: 0, max: 3 }),
    amountMinor: fc.constantFrom(0, 100, 600),
    id: fc.constantFrom('tx-1', 'tx-2'),
  })
  .map(({ second, ...changes }) => seen({ ...changes, modifiedDate: `2026-01-01T10:00:0${second}Z` }));

/** What a read of the API shows that begins `minute` minutes after everything was seen, or before where that is negative. */
function readAt(minute: number, shown: Observation): Observation {
  const readStartedAt = new Date(Date.parse('2026-01-02T00:00:00.000Z') + minute * 60_000).toISOString();
  return { ...shown, source: { kind: 'api', readStartedAt }, seenAt: readStartedAt };
}

describe('mergeTransaction', () => {
  it('follows a transaction from pending over an adjustment to validated, one version each', () => {
    const { record, outcomes } = mergeAll([pendingAt(1, 600), pendingAt(2, 400), validatedFor(400)]);

    expect(outcomes).toEqual(['created', 'adjusted', 'validated']);
    expect(record.version).toBe(3);
    expect(record.seen.map(({ amountMinor }) => amountMinor)).toEqual([600, 400, 400]);
  });

  it('keeps validated when the pending version comes later (D1)', () => {
    const { record, outcomes } = mergeAll([validatedFor(400), pendingAt(2, 600)]);

    expect(outcomes).toEqual(['validated', 'stale']);
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

  it('keeps both contents of one second as a conflict until an API read begun later picks one (D3)', () => {
    const conflict = mergeAll([pendingAt(1, 600), pendingAt(1, 400)]).record;
    const early = seen(
      { modifiedDate: '2026-01-01T10:00:01Z', amountMinor: 400 },
      // At the very instant: what such a read shows may be from before.
      { kind: 'api', readStartedAt: '2026-01-02T00:00:00.000Z' },
    );
    const late = { ...early, source: { kind: 'api', readStartedAt: '2026-01-02T00:00:01.000Z' } } as const;

    const afterEarly = mergeTransaction(conflict, early);
    const afterLate = mergeTransaction(conflict, late);

    expect(recordStatus(conflict)).toBe('conflict');
    expect(afterEarly).toEqual({ record: conflict, outcome: 'duplicate' });
    expect(afterLate.outcome).toBe('adjusted');
    expect(afterLate.record.candidates.map(({ transaction: it }) => it.amountMinor)).toEqual([400]);
    expect(afterLate.record).not.toHaveProperty('conflictSince');
  });

  it('does not reopen a settled conflict when the overruled version comes again', () => {
    const conflict = mergeAll([validatedFor(400), declined]).record;
    const read = {
      ...validatedFor(400),
      source: { kind: 'api', readStartedAt: '2026-01-06T00:00:00.000Z' },
    } as const;
    const settled = mergeTransaction(conflict, read).record;

    const again = mergeTransaction(settled, declined);

    expect(recordStatus(settled)).toBe('validated');
    expect(again).toEqual({ record: settled, outcome: 'stale' });
  });

  it('shows validated against declined as a conflict, and a pending API read does not settle it (D4, D12)', () => {
    const { record, outcomes } = mergeAll([validatedFor(400), declined]);
    const read = {
      ...pendingAt(3, 400),
      source: { kind: 'api', readStartedAt: '2026-01-06T00:00:00.000Z' },
    } as const;

    const after = mergeTransaction(record, read);

    expect(outcomes).toEqual(['validated', 'conflict']);
    expect(after).toEqual({ record, outcome: 'stale' });
  });

  it('remembers every Button id of an order without raising the version (D6)', () => {
    const { record, outcomes } = mergeAll([
      pendingAt(1, 600),
      seen({ modifiedDate: '2026-01-01T10:00:01Z', id: 'tx-2' }),
    ]);

    expect(outcomes).toEqual(['created', 'noted']);
    expect(record.buttonIds).toEqual(['tx-1', 'tx-2']);
    expect(record.version).toBe(1);
  });

  it('keeps the later date of a final version that comes twice, without a new version', () => {
    const again = seen({ status: 'validated', modifiedDate: '2026-01-04T00:00:00Z', amountMinor: 400 });

    const later = mergeAll([validatedFor(400), again]);
    const earlier = mergeAll([again, validatedFor(400)]);

    expect(later.outcomes).toEqual(['validated', 'noted']);
    expect(earlier.outcomes).toEqual(['validated', 'duplicate']);
    expect(currentState(later.record)).toEqual(currentState(earlier.record));
    expect(later.record.version).toBe(1);
  });

  it('reopens a settled conflict only for an API read begun after the one that settled it (D4, D9)', () => {
    const settled = mergeAll([validatedFor(400), declined, readAt(5, validatedFor(400))]).record;

    const latePage = mergeTransaction(settled, readAt(4, declined));
    const reopened = mergeTransaction(settled, readAt(10, declined));
    const settledAnew = mergeTransaction(reopened.record, readAt(15, declined));

    expect(latePage).toEqual({ record: settled, outcome: 'stale' });
    expect(reopened.outcome).toBe('conflict');
    expect(settledAnew.outcome).toBe('declined');
    expect(recordStatus(mergeTransaction(settledAnew.record, validatedFor(400)).record)).toBe('declined');
  });

  it('lets no read judge a conflict that began before every version of it had been seen', () => {
    const heldBack = { ...pendingAt(1, 400), seenAt: '2026-01-01T12:00:00.000Z' };
    const conflict = mergeAll([pendingAt(1, 600), heldBack]).record;

    const { record } = mergeTransaction(conflict, readAt(-60, pendingAt(1, 400)));

    expect(recordStatus(record)).toBe('conflict');
  });

  it('stays what it was first, live or historical: a second import takes no reward back', () => {
    const imported = { ...pendingAt(2, 400), delivery: 'historical' } as const;

    const live = mergeAll([pendingAt(1, 600), imported]).record;
    const historical = mergeAll([imported, validatedFor(400)]).record;

    expect([live.delivery, historical.delivery]).toEqual(['live', 'historical']);
  });

  it('forgets a ruling about a pending version that time has passed, and its repeat is stale all the same', () => {
    const settled = mergeAll([pendingAt(1, 600), pendingAt(1, 400), readAt(5, pendingAt(1, 400))]).record;

    const { record } = mergeTransaction(settled, pendingAt(2, 300));

    expect(settled.overruled).toHaveLength(1);
    expect(record.overruled).toEqual([]);
    expect(mergeTransaction(record, pendingAt(1, 600))).toEqual({ record, outcome: 'stale' });
  });

  it('keeps the latest twenty versions that it has seen, with their source and what was odd', () => {
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
    expect(full.seen.map(({ amountMinor }) => amountMinor)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 5),
    );
  });

  it('lists the versions of a conflict, and those ruled out, in the same order whichever came first', () => {
    const versions = [600, 500, 400, 300, 200].map((amountMinor) => pendingAt(1, amountMinor));
    const straight = mergeAll(versions).record;
    const reversed = mergeAll(versions.toReversed()).record;
    const read = readAt(5, pendingAt(1, 300));

    expect(straight.candidates).toHaveLength(5);
    expect(reversed.candidates).toEqual(straight.candidates);
    expect(mergeTransaction(reversed, read).record.overruled).toEqual(
      mergeTransaction(straight, read).record.overruled,
    );
  });

  it('begins a conflict when the last of its versions was seen, and again when another one comes', () => {
    const at = (minute: number, shown: Observation) => ({
      ...shown,
      seenAt: `2026-01-02T00:0${minute}:00.000Z`,
    });
    const two = mergeAll([at(1, pendingAt(1, 600)), at(3, pendingAt(1, 400))]).record;
    const three = mergeTransaction(two, at(2, pendingAt(1, 300))).record;
    const four = mergeTransaction(three, at(5, pendingAt(1, 200))).record;

    expect([two, three, four].map(({ conflictSince }) => conflictSince)).toEqual([
      '2026-01-02T00:03:00.000Z',
      '2026-01-02T00:03:00.000Z',
      '2026-01-02T00:05:00.000Z',
    ]);
  });

  it('notes another id of a conflict without beginning it again, and keeps no second line of history for it', () => {
    const conflict = mergeAll([pendingAt(1, 600), pendingAt(1, 400)]).record;
    const again = seen({ modifiedDate: '2026-01-01T10:00:01Z', amountMinor: 400, id: 'tx-2' });

    const { record, outcome } = mergeTransaction(conflict, { ...again, seenAt: '2026-01-09T00:00:00.000Z' });

    expect(outcome).toBe('noted');
    expect(record.conflictSince).toBe(conflict.conflictSince);
    expect(record.seen).toEqual(conflict.seen);
  });

  it('needs no ruling where a newer version ends a conflict, nor where a read finds none', () => {
    const conflict = mergeAll([pendingAt(1, 600), pendingAt(1, 400)]).record;

    const ended = mergeTransaction(conflict, readAt(5, validatedFor(400))).record;
    const calm = mergeAll([pendingAt(1, 600), readAt(5, pendingAt(2, 400))]).record;

    for (const record of [ended, calm]) {
      expect(record.overruled).toEqual([]);
      expect(record).not.toHaveProperty('settledBy');
      expect(record).not.toHaveProperty('conflictSince');
    }
  });

  it('holds a ruling against a read that began at the same instant, and against an earlier one in a later conflict', () => {
    const settled = mergeAll([validatedFor(400), declined, readAt(5, validatedFor(400))]).record;
    const reopened: TransactionRecord = {
      ...mergeTransaction(settled, readAt(10, validatedFor(300))).record,
      // A clock that is behind has seen it begin before the ruling.
      conflictSince: '2026-01-02T00:01:00.000Z',
    };

    expect(mergeTransaction(settled, readAt(5, declined))).toEqual({ record: settled, outcome: 'stale' });
    expect(recordStatus(reopened)).toBe('conflict');
    expect(mergeTransaction(reopened, readAt(4, declined))).toEqual({ record: reopened, outcome: 'stale' });
  });

  it('keeps no empty list of what was odd', () => {
    expect(mergeAll([{ ...pendingAt(1, 600), flags: [] }]).record.seen[0]).not.toHaveProperty('flags');
  });

  it('gives the same state and the same ids for every order and any repeats of the same observations', () => {
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
      { numRuns: 2000 },
    );
  });

  it('gives the same state and the same ids for each and every order of up to five observations', () => {
    fc.assert(
      fc.property(fc.array(observation, { minLength: 1, maxLength: 5 }), (all) => {
        const states = permutations(all).map((order) => JSON.stringify(currentState(mergeAll(order).record)));

        expect(new Set(states).size).toBe(1);
      }),
      { numRuns: 300 },
    );
  });

  it('comes to what the API shows after two later reads, whatever came before, and no repeat of a webhook changes it', () => {
    const anyRead = fc
      .tuple(fc.integer({ min: -60, max: 60 }), observation)
      .map(([minute, it]) => readAt(minute, it));
    const history = fc
      .tuple(fc.array(observation, { minLength: 1, maxLength: 5 }), fc.array(anyRead, { maxLength: 4 }))
      .map(([webhooks, reads]) => [...webhooks, ...reads])
      .chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));
    const truth = fc.constantFrom('validated' as const, 'declined' as const);
    fc.assert(
      fc.property(history, truth, fc.constantFrom(0, 100, 600), (all, status, amountMinor) => {
        const shown = seen({ status, amountMinor, modifiedDate: '2026-01-01T10:00:03Z' });

        const { record } = mergeAll([...all, readAt(120, shown), readAt(240, shown)]);
        const webhooks = all.filter(({ source }) => source.kind === 'webhook');
        const repeated = mergeAll([...all, readAt(120, shown), readAt(240, shown), ...webhooks]).record;

        expect(record.candidates.map(({ transaction: it }) => transactionContent(it))).toEqual([
          transactionContent(shown.transaction),
        ]);
        expect(currentState(repeated)).toEqual(currentState(record));
      }),
      { numRuns: 2000 },
    );
  });

  it('never leaves a final state but for a conflict, whatever webhooks come', () => {
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
      { numRuns: 1000 },
    );
  });

  it('raises the version exactly when status or rewardable content changes', () => {
    fc.assert(
      fc.property(fc.array(observation, { minLength: 2, maxLength: 8 }), (all) => {
        let record = mergeAll(all.slice(0, 1)).record;
        const head = (it: TransactionRecord): string =>
          recordStatus(it) === 'conflict' ? 'conflict' : transactionContent(it.candidates[0].transaction);
        for (const one of all.slice(1)) {
          const before = record;
          record = mergeTransaction(before, one).record;
          expect(record.version - before.version).toBe(head(record) === head(before) ? 0 : 1);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('eraseTransaction', () => {
  const erasedAt = '2026-03-01T00:00:00.000Z';
  const personal = { ...pendingAt(1, 600), payload: { publisher_customer_id: 'user-1', note: 'SENTINEL' } };

  it('leaves the head and nothing personal, and every repeat is still recognised', () => {
    const record = mergeAll([personal]).record;

    const erased = eraseTransaction(record, erasedAt);

    expect(JSON.stringify(erased)).not.toMatch(/user-1|SENTINEL/);
    expect(erased.version).toBe(record.version);
    expect(mergeTransaction(erased, personal)).toEqual({ record: erased, outcome: 'duplicate' });
    expect(eraseTransaction(erased, '2027-01-01T00:00:00.000Z')).toBe(erased);
  });

  it('keeps later versions without what is personal', () => {
    const erased = eraseTransaction(mergeAll([personal]).record, erasedAt);

    const { record, outcome } = mergeTransaction(erased, { ...validatedFor(600), payload: personal.payload });

    expect(outcome).toBe('validated');
    expect(JSON.stringify(record)).not.toMatch(/user-1|SENTINEL/);
  });

  it('still knows what an API read has ruled out', () => {
    const settled = mergeAll([validatedFor(400), declined, readAt(5, validatedFor(400))]).record;
    const erased = eraseTransaction(settled, erasedAt);

    const again = mergeTransaction(erased, declined);

    expect(again).toEqual({ record: erased, outcome: 'stale' });
  });

  it('commutes with the merge: whatever comes before or after, the same state stands', () => {
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
      { numRuns: 1000 },
    );
  });
});

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}
