import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  mergeTransaction,
  recordStatus,
  transactionContent,
  transactionKey,
  type MergeOutcome,
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
function standing(record: TransactionRecord): unknown {
  return {
    status: recordStatus(record),
    candidates: record.candidates.map(({ transaction: it }) => [transactionContent(it), it.modifiedDate]),
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
  .map(({ status, second, amountMinor, id }) =>
    seen({
      status,
      // A final version has one date: what Button changes no more, it dates no more.
      modifiedDate: status === 'pending' ? `2026-01-01T10:00:0${second}Z` : '2026-01-05T00:00:00Z',
      amountMinor,
      id,
    }),
  );

describe('transactionKey', () => {
  it('is the order where there is one, and the transaction itself for an app install (D6)', () => {
    expect(transactionKey({ id: 'tx-1', buttonOrderId: 'btnorder-1' })).toBe('order#btnorder-1');
    expect(transactionKey({ id: 'tx-1', buttonOrderId: null })).toBe('tx#tx-1');
  });
});

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
      { kind: 'api', readBegunAt: '2026-01-01T23:00:00.000Z' },
    );
    const late = { ...early, source: { kind: 'api', readBegunAt: '2026-01-02T00:00:01.000Z' } } as const;

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
      source: { kind: 'api', readBegunAt: '2026-01-06T00:00:00.000Z' },
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
      source: { kind: 'api', readBegunAt: '2026-01-06T00:00:00.000Z' },
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

          expect(standing(scrambled)).toEqual(standing(straight));
        },
      ),
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
