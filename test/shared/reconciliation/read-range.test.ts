import { describe, expect, it } from 'vitest';

import { dryTransactions } from '../../../ops/dry-transactions.ts';
import { createTransactionsApi } from '../../../shared/button/transactions-api.ts';
import { readRange, type RangeToRead } from '../../../shared/reconciliation/read-range.ts';
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

function open(world: Partial<PagingWorld> = {}, rows: ConstructorParameters<typeof PagedButton>[1] = ROWS) {
  const button = new PagedButton({ ...PLAIN_WORLD, ...world }, rows);
  const transactions = createInMemoryTransactions();
  const read = (changes: Partial<RangeToRead> = {}, store = transactions) =>
    readRange(
      { ...RANGE, ...changes },
      {
        api: createTransactionsApi(button.http(), 'sk-test'),
        transactions: store,
        quarantine: createInMemoryQuarantine(),
        pageSize: 3,
        now: () => new Date('2026-06-01T12:00:00Z'),
      },
    );
  return { button, transactions, read };
}

describe("requirement 14: a range is read again by the reconciler's code", () => {
  it('brings back every transaction of the range, and finds nothing to do the next time', async () => {
    const { read, transactions } = open();

    expect(await read()).toEqual({ outcome: 'complete', changed: 10, unchanged: 0, quarantined: 0 });
    expect(await read()).toEqual({ outcome: 'complete', changed: 0, unchanged: 10, quarantined: 0 });
    expect(new Set(transactions.all().map(({ delivery }) => delivery))).toEqual(new Set(['historical']));
  });

  it('takes what it brings for live where it is told so, and reads nothing beyond now', async () => {
    const { read, transactions } = open();

    expect(await read({ delivery: 'live', to: '2027-01-01T00:00:00Z' })).toMatchObject({
      outcome: 'complete',
    });
    expect(new Set(transactions.all().map(({ delivery }) => delivery))).toEqual(new Set(['live']));
  });

  it('a dry run comes to the same and stores nothing', async () => {
    const { read, transactions } = open();

    expect(await read({}, dryTransactions(transactions) as typeof transactions)).toMatchObject({
      changed: 10,
    });
    expect(transactions.all()).toEqual([]);
  });

  it('follows pages as the reconciler does, and sets aside what it does not understand', async () => {
    const odd = { ...pagedRow(99, day(2)), status: 'unheard-of' };
    const { read } = open({ besideFilters: 'refuses' }, [...ROWS, odd]);

    expect(await read()).toEqual({ outcome: 'complete', changed: 10, unchanged: 0, quarantined: 1 });
  });

  it('ends where cursors lead in a circle, and says what is not read (E12)', async () => {
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

  it('passes over what Button can not show, and says so', async () => {
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

  it('stops where Button does not answer', async () => {
    const { read, button } = open();
    button.instead = () => failed(401);

    expect(await read()).toMatchObject({ outcome: 'partial', reason: 'unauthorized', changed: 0 });
  });
});
