import { describe, expect, it } from 'vitest';

import { dryTransactions } from '../../../ops/dry-transactions.ts';
import { createTransactionsApi } from '../../../shared/button/transactions-api.ts';
import type { ConflictNote } from '../../../shared/reconciliation/rules/conflict-note.ts';
import {
  readRange,
  type RangeToRead,
  type ReadRangePorts,
} from '../../../shared/reconciliation/read-range.ts';
import { createInMemoryQuarantine } from '../../fakes/in-memory-stores.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';
import {
  PagedButton,
  pagedRow,
  PLAIN_WORLD,
  type PagingWorld,
} from '../../functions/transaction-reconciler/paged-button.ts';

const RANGE: RangeToRead = {
  ...{ account: 'acc-1', from: '2026-03-01T00:00:00Z', to: '2026-03-11T00:00:00Z', delivery: 'historical' },
};
const day = (index: number) => `2026-03-${String(index + 1).padStart(2, '0')}T10:00:00Z`;
const ROWS = Array.from({ length: 10 }, (_, index) => pagedRow(index, day(index)));
const failed = (status: number) => ({ result: 'answered', status, body: undefined }) as const;

type Rows = ConstructorParameters<typeof PagedButton>[1];

function open(
  world: Partial<PagingWorld> = {},
  rows: Rows = ROWS,
  more: Pick<ReadRangePorts, 'rewardableCategories' | 'noteConflicts'> = {},
) {
  const button = new PagedButton({ ...PLAIN_WORLD, ...world }, rows);
  const transactions = createInMemoryTransactions();
  const read = (changes: Partial<RangeToRead> = {}, store = transactions) =>
    readRange(
      { ...RANGE, ...changes },
      {
        ...more,
        api: createTransactionsApi(button.http(), 'sk-test'),
        transactions: store,
        quarantine: createInMemoryQuarantine(),
        pageSize: 3,
        now: () => new Date('2026-06-01T12:00:00Z'),
      },
    );
  return { button, transactions, read };
}

describe("transactions, requirement 14: a range is read again by the reconciler's code", () => {
  it('brings back every transaction of the range, and finds nothing to do the next time', async () => {
    const { read, transactions } = open();

    expect(await read()).toEqual({ outcome: 'complete', changed: 10, unchanged: 0, quarantined: 0 });
    expect(await read()).toEqual({ outcome: 'complete', changed: 0, unchanged: 10, quarantined: 0 });
    expect(new Set(transactions.all().map(({ delivery }) => delivery))).toEqual(new Set(['historical']));
  });

  it('counts what it brings as live if asked to, and reads nothing beyond now', async () => {
    const { read, transactions } = open();

    expect(await read({ delivery: 'live', to: '2027-01-01T00:00:00Z' })).toMatchObject({
      outcome: 'complete',
    });
    expect(new Set(transactions.all().map(({ delivery }) => delivery))).toEqual(new Set(['live']));
  });

  it('rewards the categories that the stage rewards', async () => {
    const { read, transactions } = open({}, ROWS, { rewardableCategories: ['existing-user-order'] });

    await read({ delivery: 'live' });

    expect(new Set(transactions.all().map(({ notRewardableReason }) => notRewardableReason))).toEqual(
      new Set(['category_unknown']),
    );
  });

  it('requests another read of a conflict that it finds', async () => {
    const notes: string[] = [];
    const noteConflicts = (left: readonly ConflictNote[]) => {
      notes.push(...left.map(({ key }) => key));
      return Promise.resolve();
    };
    const rows = [{ ...pagedRow(1, day(1)), status: 'validated' }];
    const { read } = open({}, rows, { noteConflicts });

    await read();
    // The clock does not move, so this read did not start after the previous one.
    rows.splice(0, 1, { ...pagedRow(1, day(1)), status: 'declined' });
    await read();

    expect(notes).toEqual(['order#btnorder-1']);
  });

  it('has the same result as a dry run, which stores nothing', async () => {
    const { read, transactions } = open();

    expect(await read({}, dryTransactions(transactions) as typeof transactions)).toMatchObject({
      changed: 10,
    });
    expect(transactions.all()).toEqual([]);
  });

  it('follows pages as the reconciler does, and quarantines what it does not understand', async () => {
    const odd = { ...pagedRow(99, day(2)), status: 'unheard-of' };
    const { read } = open({ besideFilters: 'refuses' }, [...ROWS, odd]);

    expect(await read()).toEqual({ outcome: 'complete', changed: 10, unchanged: 0, quarantined: 1 });
  });

  it('ends if cursors lead in a circle, and reports what is not read (E12)', async () => {
    const { read, button } = open();
    const next = (cursor: string) => ({
      ...{ result: 'answered' as const, status: 200 },
      body: { meta: { status: 'ok', next: `?cursor=${cursor}` }, objects: [] },
    });
    button.instead = (url) => next(url.searchParams.get('cursor') === 'a' ? 'b' : 'a');

    expect(await read()).toMatchObject({
      outcome: 'partial',
      reason: 'endless_pages',
      notRead: [{ from: RANGE.from, to: RANGE.to }],
    });
    expect(button.requests.length).toBeLessThan(500);
  });

  it('passes over what Button cannot show, and reports it', async () => {
    const { read, button } = open();
    button.instead = ({ searchParams }) =>
      (searchParams.get('start') ?? '') <= day(4) && day(4) < (searchParams.get('end') ?? '')
        ? failed(500)
        : undefined;

    expect(await read()).toEqual({
      ...{ outcome: 'partial', reason: 'passed_over', changed: 9, unchanged: 0, quarantined: 0 },
      notRead: [{ from: day(4), to: '2026-03-05T10:00:01Z' }],
    });
  });

  it('stops if Button does not answer', async () => {
    const { read, button } = open();
    button.instead = () => failed(401);

    expect(await read()).toMatchObject({ outcome: 'partial', reason: 'unauthorized', changed: 0 });
  });
});
