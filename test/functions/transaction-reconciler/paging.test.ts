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
    ...{ account: 'acc-1', stream: 'incremental', fence: 0, readThrough: '2026-06-15T11:00:00Z' },
    historicalBefore: null,
  });
  const read = (button: PagedButton, now = NOW) =>
    reconcile(
      { account: 'acc-1', stream: 'incremental' },
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

/** The cursor of the window from 11:00 behind this number of rows. */
function cursorBehind(from: number): string {
  const filters = { start: '2026-06-15T11:00:00Z', end: '2026-06-15T11:58:01Z', field: 'modified_date' };
  return Buffer.from(JSON.stringify({ ...filters, size: 4, from })).toString('base64url');
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
    const position = await positions.read('acc-1', 'incremental');
    expect(position).toMatchObject({ readThrough: '2026-06-15T11:58:01Z' });
    expect(position === 'unreadable' ? undefined : position?.learnt?.form).toBe(learnt);
    for (const { path } of button.requests) expect(path).toMatch(/^\/v1\/affiliation\//);
  });

  it.each(WORLDS)(
    'of a Button that %s, an account finds out once which form works there',
    async (_what, world) => {
      const { positions, read } = await openAccount();
      await read(new PagedButton({ ...PLAIN_WORLD, ...world }, ROWS));
      const position = await positions.read('acc-1', 'incremental');
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

  const ONLY_ALONE: PagingWorld = { ...PLAIN_WORLD, besideFilters: 'refuses', takesPrinted: false };

  it.each([2, 3, 4])(
    'accepts an empty last page behind %i rows if Button takes its cursors only alone, and asks no more then',
    async (count) => {
      const rows = READ.slice(0, count);
      const button = new PagedButton({ ...ONLY_ALONE, endsEmpty: true }, rows);
      const { positions, read, keys } = await openAccount();

      expect(await read(button)).toEqual({ outcome: 'complete' });
      const asked = button.requests.length;
      const position = await positions.read('acc-1', 'incremental');
      if (position === undefined || position === 'unreadable') throw new Error('no position');
      await positions.save({ ...position, readThrough: '2026-06-15T11:00:00Z' });
      await read(button);

      expect(keys()).toEqual(rows.map((row) => `order#${row.button_order_id}`));
      expect(position).toMatchObject({
        ...{ readThrough: '2026-06-15T11:58:01Z', learnt: { form: 'cursor-alone' } },
      });
      expect([asked <= 8, button.requests.length - asked]).toEqual([true, 2]);
    },
  );

  it('accepts it behind a single row too, which does not show that the form works in longer lists', async () => {
    const button = new PagedButton({ ...ONLY_ALONE, endsEmpty: true }, READ.slice(0, 1));
    const { positions, read, keys } = await openAccount();

    expect(await read(button)).toEqual({ outcome: 'complete' });
    expect(keys()).toHaveLength(1);
    expect(await positions.read('acc-1', 'incremental')).not.toHaveProperty('learnt');
    expect(button.requests.length).toBeLessThan(10);
  });

  it.each([false, true])(
    'loses no row of a Button that follows no cursor and finds nothing, even if every list ends empty: %s',
    async (endsEmpty) => {
      const button = new PagedButton({ ...ONLY_ALONE, alone: 'finds-nothing', endsEmpty }, READ);
      const { positions, read, keys } = await openAccount();

      await read(button);

      expect(await positions.read('acc-1', 'incremental')).not.toHaveProperty('learnt');
      expect(keys()).toHaveLength(READ.length);
    },
  );

  it('does not accept an empty page for a cursor that has expired', async () => {
    const button = new PagedButton({ ...PLAIN_WORLD, alone: 'finds-nothing', takesPrinted: false }, READ);
    let isExpired = false;
    button.instead = ({ searchParams: sent }) => {
      if (!sent.has('cursor')) isExpired &&= sent.get('page_size') !== '4';
      const isOfSecondPage = Buffer.from(sent.get('cursor') ?? '', 'base64url').includes('"from":4');
      const isRefused = isExpired && isOfSecondPage && sent.has('start');
      return isRefused ? { result: 'answered', status: 400, body: undefined } : undefined;
    };
    const { positions, read, keys } = await openAccount();
    await read(button, new Date('2026-06-15T11:00:00Z'));
    isExpired = true;
    const next = { cursor: cursorBehind(4), printed: null };
    const position = await positions.read('acc-1', 'incremental');
    if (position === undefined || position === 'unreadable') throw new Error('no position');
    const window = { start: '2026-06-15T11:00:00Z', end: '2026-06-15T11:58:01Z', next };
    await positions.save({ ...position, window: { ...window, pages: 1, rows: 4, repaired: 4 } });

    expect(await read(button)).toEqual({ outcome: 'complete' });

    expect(keys()).toHaveLength(READ.length);
    expect(await positions.read('acc-1', 'incremental')).not.toHaveProperty('learnt');
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
    expect(await positions.read('acc-1', 'incremental')).not.toHaveProperty('learnt');
  });
});
