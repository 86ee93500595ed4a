import { describe, expect, it } from 'vitest';

import { reconcile } from '../../../shared/reconciliation/reconcile.ts';
import { createTransactionsApi } from '../../../shared/button/transactions-api.ts';
import { createInMemoryPositions } from '../../fakes/in-memory-positions.ts';
import { createInMemoryQuarantine } from '../../fakes/in-memory-stores.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';
import { PagedButton, pagedRow, PLAIN_WORLD, type PagingWorld } from './paged-button.ts';

const NOW = new Date('2026-06-15T12:00:00Z');
/** Some rows before the range that is read, one a minute in it, and some after it. */
const OLD = Array.from({ length: 7 }, (_, index) => pagedRow(index, '2026-05-01T00:00:00Z'));
const READ = Array.from({ length: 25 }, (_, index) =>
  pagedRow(100 + index, `2026-06-15T11:${String(index).padStart(2, '0')}:00Z`),
);
const ROWS = [...OLD, ...READ];

async function openAccount() {
  const positions = createInMemoryPositions();
  const transactions = createInMemoryTransactions();
  await positions.create({
    ...{ account: 'acc-1', stream: 'live', fence: 0, readThrough: '2026-06-15T11:00:00Z' },
    historicalBefore: null,
  });
  const read = (button: PagedButton, now = NOW) =>
    reconcile(
      { account: 'acc-1', stream: 'live' },
      {
        api: createTransactionsApi(button.http(), 'sk-test'),
        positions,
        transactions,
        quarantine: createInMemoryQuarantine(),
        send: () => Promise.resolve(),
        metrics: { add: () => undefined },
        windows: { overlapMs: 0, lagMs: 120_000 },
        pageSize: 4,
        driftRetentionDays: 400,
        timeLeft: () => true,
        now: () => now,
      },
    );
  const keys = () =>
    transactions
      .all()
      .map(({ key }) => key)
      .filter((key) => key.startsWith('order#'));
  return { positions, transactions, read, keys };
}

const WORLDS: [what: string, world: Partial<PagingWorld>, learnt: string | undefined][] = [
  ['accepts the cursor together with the filters', { alone: 'refuses', takesPrinted: false }, undefined],
  ['accepts a cursor only alone', { besideFilters: 'refuses', takesPrinted: false }, 'cursor-alone'],
  [
    'ignores a cursor together with filters',
    { besideFilters: 'ignores-cursor', takesPrinted: false },
    'cursor-alone',
  ],
  [
    'drops the filters together with a cursor',
    { besideFilters: 'drops-filters', takesPrinted: false },
    'cursor-alone',
  ],
  [
    'accepts only the URL as printed',
    {
      ...{ besideFilters: 'refuses', alone: 'drops-filters' },
      printed: ({ account, cursor }) =>
        `https://api.usebutton.com/v1/affiliation/accounts/${account}/transactions?v=2&cursor=${cursor}`,
    },
    'printed-url',
  ],
  [
    'accepts only the URL as printed, without `accounts/`',
    {
      ...{ besideFilters: 'refuses', alone: 'refuses' },
      printed: ({ account, cursor }) =>
        `https://api.usebutton.com/v1/affiliation/${account}/transactions?cursor=${cursor}`,
    },
    'printed-url',
  ],
  [
    'prints the filters too',
    {
      ...{ besideFilters: 'refuses', alone: 'refuses' },
      printed: ({ account, cursor }) =>
        `https://api.usebutton.com/v1/affiliation/accounts/${account}/transactions?time_field=x&cursor=${cursor}`,
    },
    'printed-url',
  ],
  [
    'prints a page without a cursor',
    {
      printed: ({ account, cursor }) =>
        `https://api.usebutton.com/v1/affiliation/accounts/${account}/transactions?page=${cursor}`,
    },
    'printed-url',
  ],
  [
    'prints another host',
    { printed: ({ cursor }) => `https://evil.example/steal?cursor=${cursor}` },
    undefined,
  ],
  ['prints a relative URL', { printed: ({ cursor }) => `?cursor=${cursor}` }, undefined],
  [
    'prints a relative URL, and accepts a cursor only alone',
    { besideFilters: 'refuses', printed: ({ cursor }) => `transactions?cursor=${cursor}` },
    'cursor-alone',
  ],
  ['gives null for an empty page', { empty: 'null' }, undefined],
];

describe('transactions, requirement 8: pages are read in any documented form that Button offers', () => {
  it.each(WORLDS)('of a Button that %s, every row is read (E11, E13)', async (_what, world, learnt) => {
    const button = new PagedButton({ ...PLAIN_WORLD, ...world }, ROWS);
    const { positions, read, keys } = await openAccount();

    expect(await read(button)).toEqual({ outcome: 'complete' });
    expect(keys()).toEqual(expect.arrayContaining(READ.map((row) => `order#${row.button_order_id}`)));
    const position = await positions.read('acc-1', 'live');
    expect(position).toMatchObject({ readThrough: '2026-06-15T11:58:01Z' });
    expect(position === 'unreadable' ? undefined : position?.learnt?.form).toBe(learnt);
    for (const { path } of button.requests) expect(path).toMatch(/^\/v1\/affiliation\//);
  });

  it.each(WORLDS)(
    'of a Button that %s, an account finds out once which form works there',
    async (_what, world) => {
      const { positions, read } = await openAccount();
      await read(new PagedButton({ ...PLAIN_WORLD, ...world }, ROWS));
      const position = await positions.read('acc-1', 'live');
      if (position === undefined || position === 'unreadable') throw new Error('no position');
      await positions.save({ ...position, readThrough: '2026-06-15T11:00:00Z' });
      const button = new PagedButton({ ...PLAIN_WORLD, ...world }, ROWS);

      await read(button);

      expect(button.requests).toHaveLength(Math.ceil(READ.length / 4));
    },
  );

  it('does not treat an empty page in another form as the end of the list', async () => {
    const button = new PagedButton({ ...PLAIN_WORLD, alone: 'finds-nothing', takesPrinted: false }, ROWS);
    let isFirst = true;
    button.instead = (url) => {
      const cursor = url.searchParams.get('cursor');
      if (cursor === null || !isFirst) return undefined;
      isFirst = false;
      // A circle of cursors.
      const next = `?cursor=${encodeURIComponent(cursor)}`;
      return { result: 'answered', status: 200, body: { meta: { status: 'ok', next }, objects: [] } };
    };
    const { read, keys } = await openAccount();

    while ((await read(button)).outcome !== 'complete');

    expect(keys()).toHaveLength(READ.length);
  });

  it('does not give up the first form because Button refuses it once', async () => {
    const button = new PagedButton(PLAIN_WORLD, ROWS);
    let isFirst = true;
    button.instead = (url) => {
      if (!url.searchParams.has('cursor') || !isFirst) return undefined;
      isFirst = false;
      return { result: 'answered', status: 400, body: undefined };
    };
    const { positions, read, keys } = await openAccount();

    expect(await read(button)).toEqual({ outcome: 'complete' });
    expect(keys()).toHaveLength(READ.length);
    expect(await positions.read('acc-1', 'live')).not.toHaveProperty('learnt');
  });
});
