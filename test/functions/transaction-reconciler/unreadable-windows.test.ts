// @module-tag volume
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ButtonResponse } from '../../../shared/button/button-http.ts';
import { PagedButton, pagedRow, PLAIN_WORLD, type PagedRow } from './paged-button.ts';
import { createReconciledButton } from './reconciled-button.ts';
import { volume } from '../../volume.ts';

const START = '2026-06-01T00:00:00Z';
const at = (minutes: number, seconds = 0) =>
  `${new Date(Date.parse(START) + minutes * 60_000 + seconds * 1000).toISOString().slice(0, 19)}Z`;

/** One row a minute. */
const rowsOf = (minutes: number) =>
  Array.from({ length: minutes }, (_, index) => pagedRow(index, at(index, 30)));
const keysOf = (rows: readonly PagedRow[]) => rows.map((row) => `order#${row.button_order_id}`).sort();

const failed = (status: number, body?: unknown): ButtonResponse => ({ result: 'answered', status, body });

/** Whether the window of the request contains this instant. */
const asksFor = (url: URL, instant: string) =>
  (url.searchParams.get('start') ?? '') <= instant && instant < (url.searchParams.get('end') ?? '');

function createWorld(rows: readonly PagedRow[]) {
  const button = new PagedButton(PLAIN_WORLD, rows);
  const accounts = { meta: { status: 'ok' }, objects: [{ id: 'acc-1', currency: 'USD' }] };
  let fault: (url: URL) => ButtonResponse | undefined = () => undefined;
  button.instead = (url) => (url.pathname.endsWith('/accounts') ? failed(200, accounts) : fault(url));
  const world = createReconciledButton(button.http(), START);
  return {
    button,
    ...world,
    fails: (next: typeof fault) => {
      fault = next;
    },
  };
}

describe('transactions, requirement 8: one bad row or moment never blocks later data', () => {
  it.each([
    ['a 500', failed(500)],
    ['garbage', failed(200, '<html>')],
    ['half a page', failed(200, { meta: { status: 'ok' } })],
    ['a 400', failed(400, { meta: { status: 'error' } })],
    ['a time-out', { result: 'unclear', reason: 'timeout' } as const],
    ['pages in a circle', failed(200, { meta: { status: 'ok', next: '?cursor=again' }, objects: [] })],
  ])('a row for which Button gives %s is passed over, counted, and read later', async (_what, answer) => {
    const rows = rowsOf(300);
    const bad = rows[100];
    if (!bad) throw new Error('no row');
    const world = createWorld(rows.filter((row) => row !== bad));
    const isCircle = (url: URL) => url.searchParams.get('cursor') === 'again';
    world.fails((url) => (asksFor(url, bad.modified_date) || isCircle(url) ? answer : undefined));

    await world.tick();
    await world.live(130);

    const readable = rows.filter((row) => row !== bad && row.modified_date < at(128));
    expect(world.stored()).toEqual(keysOf(readable));
    expect(await world.gaps()).toEqual([`${bad.modified_date} ${at(100, 31)}`]);
    expect([world.sum('WindowsPassedOver'), world.last('UnreadGaps')]).toEqual([1, 1]);

    world.fails(() => undefined);
    await world.live(130);

    expect(await world.gaps()).toEqual([]);
    expect(world.last('UnreadGaps')).toBe(0);
    expect(world.button.requests.length).toBeLessThan(400);
  });

  it('two ticks and a slice are enough to get past it', async () => {
    const rows = rowsOf(60);
    const world = createWorld(rows);
    world.fails((url) => (asksFor(url, at(2, 30)) ? failed(500) : undefined));

    await world.tick();
    await world.live(20);

    expect(world.stored()).toEqual(
      keysOf(rows.filter((row) => row.modified_date < at(18) && row !== rows[2])),
    );
  });

  it('an hour that Button cannot show is passed over in a few dozen requests', async () => {
    const rows = rowsOf(400);
    const isBad = (row: PagedRow) => row.modified_date >= at(60) && row.modified_date < at(120);
    const world = createWorld(rows);
    world.fails((url) =>
      rows.some((row) => isBad(row) && asksFor(url, row.modified_date)) ? failed(500) : undefined,
    );

    await world.tick();
    await world.live(300);

    expect(world.stored()).toEqual(
      expect.arrayContaining(
        keysOf(rows.filter((row) => row.modified_date < at(298) && row.modified_date >= at(120))),
      ),
    );
    expect(world.button.requests.length).toBeLessThan(2000);
    world.fails(() => undefined);
    await world.live(180);
    expect(world.stored()).toEqual(keysOf(rows));
    expect(await world.gaps()).toEqual([]);
  });

  it('sweeps and backfills still reach their end', async () => {
    const rows = rowsOf(300);
    const world = createWorld(rows);
    world.clock.now = new Date(at(290));
    world.fails((url) => (asksFor(url, at(100, 30)) ? failed(500) : undefined));

    await world.tick(['incremental', 'sweep-daily', 'sweep-weekly']);
    await world.live(20);

    for (const stream of ['sweep-daily', 'sweep-weekly']) {
      const { readThrough, readUntil } = await world.positionOf(stream);
      expect(readThrough).toBe(readUntil);
    }
    // The incremental stream and the daily sweep share one gap, by `modified_date`.
    expect(await world.gaps()).toHaveLength(2);
  });

  it('an outage leads to no gap, however long it is (E8)', async () => {
    const rows = rowsOf(600);
    const world = createWorld(rows);
    await world.tick();
    await world.live(60);
    world.fails(() => failed(503));
    await world.live(300);
    const during = [await world.gaps(), world.sum('WindowsPassedOver')];
    const asked = world.button.requests.length;

    world.fails(() => undefined);
    await world.live(20);

    expect(during).toEqual([[], 0]);
    expect(world.stored()).toEqual(keysOf(rows.filter((row) => row.modified_date < at(378))));
    expect(asked).toBeLessThan(300);
  });

  it('all good rows are read, whichever are bad, and all rows once Button can show them', async () => {
    const bad = fc.uniqueArray(fc.nat(119), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(bad, fc.constantFrom(1, 3, 100), async (badOnes, pageSize) => {
        const rows = rowsOf(120);
        const isBad = (row: PagedRow) => badOnes.some((index) => rows[index] === row);
        const world = createWorld(rows);
        world.fails((url) =>
          rows.some((row) => isBad(row) && asksFor(url, row.modified_date)) ? failed(502) : undefined,
        );

        await world.tick();
        await world.live(260, pageSize);
        const readable = world.stored();
        world.fails(() => undefined);
        await world.live(90, pageSize);

        expect(readable).toEqual(keysOf(rows.filter((row) => !isBad(row))));
        expect(world.stored()).toEqual(keysOf(rows));
        expect(await world.gaps()).toEqual([]);
      }),
      { numRuns: volume({ short: 4, long: 20 }) },
    );
  });
});

describe('transactions, requirement 8: large pages are read in smaller ones', () => {
  /** A page is too large if its rows have too many bytes. */
  function limitTo(rowsInPage: number, takesPageSize: boolean) {
    return (url: URL): ButtonResponse | undefined => {
      const size = takesPageSize ? Number(url.searchParams.get('page_size')) : 100;
      return size > rowsInPage
        ? { result: 'answered', status: 200, body: undefined, isTooLarge: true }
        : undefined;
    };
  }

  it.each([40, 7, 1])('of at most %i rows, until they fit in memory', async (rowsInPage) => {
    const rows = rowsOf(100);
    const world = createWorld(rows);
    world.fails(limitTo(rowsInPage, true));
    world.clock.now = new Date(at(110));

    await world.tick();

    expect(world.stored()).toEqual(keysOf(rows));
    expect(world.sum('WindowsPassedOver')).toBe(0);
  });

  it('a page size that Button refuses is not requested again', async () => {
    const rows = rowsOf(100);
    const world = createWorld(rows);
    world.fails((url) => (Number(url.searchParams.get('page_size')) > 50 ? failed(400) : undefined));
    world.clock.now = new Date(at(110));

    await world.tick();
    const refused = world.button.requests.length;
    await world.live(60);

    expect(world.stored()).toEqual(keysOf(rows));
    expect(refused).toBeLessThan(8);
    const sizes = world.button.requests.slice(refused).map(({ path }) => /page_size=(\d+)/.exec(path)?.[1]);
    expect(new Set(sizes.filter((size) => size !== undefined))).toEqual(new Set(['50']));
  });

  const BATCH = at(60);
  /** A second with 300 rows among others. */
  const withBatch = () => [
    ...rowsOf(60),
    ...Array.from({ length: 300 }, (_, index) => pagedRow(1000 + index, BATCH)),
    ...Array.from({ length: 100 }, (_, index) => pagedRow(2000 + index, at(61 + index))),
  ];
  const sizeOf = ({ searchParams }: URL) => Number(searchParams.get('page_size'));
  const SLOW: [what: string, answer: ButtonResponse][] = [
    ['a 504', failed(504)],
    ['a 503 with Retry-After', { result: 'answered', status: 503, body: undefined, retryAfterMs: 1000 }],
    ['a time-out', { result: 'unclear', reason: 'timeout' }],
    ['half a page', failed(200)],
  ];

  it.each(SLOW)('if a large page of one second gets %s, before it is passed over', async (_what, answer) => {
    const rows = withBatch();
    const world = createWorld(rows);
    world.fails((url) => (asksFor(url, BATCH) && sizeOf(url) > 20 ? answer : undefined));
    await world.tick();

    await world.live(200);

    expect(world.stored()).toEqual(keysOf(rows));
    expect([await world.gaps(), world.sum('WindowsPassedOver')]).toEqual([[], 0]);
    expect(world.button.requests.length).toBeLessThan(250);
  });

  it.each(SLOW)('if every large page gets %s, before the account is stuck', async (_what, answer) => {
    const rows = withBatch();
    const world = createWorld(rows);
    world.fails((url) => (sizeOf(url) > 50 ? answer : undefined));
    await world.tick();
    await world.live(200);
    const before = world.button.requests.length;

    await world.live(120);

    const later = world.button.requests.slice(before).map(({ path }) => /page_size=(\d+)/.exec(path)?.[1]);
    expect(later.filter((size) => Number(size) > 50)).toEqual([]);
    expect(world.stored()).toEqual(keysOf(rows));
    expect([await world.gaps(), world.sum('WindowsPassedOver')]).toEqual([[], 0]);
    expect(before).toBeLessThan(250);
  });

  it('and the latest second too, so that a second which Button never shows is still passed over', async () => {
    const rows = rowsOf(100);
    const world = createWorld(rows);
    world.fails((url) => (sizeOf(url) > 50 || asksFor(url, at(10, 30)) ? failed(504) : undefined));
    await world.tick();

    await world.live(200);

    expect(world.stored()).toEqual(keysOf(rows.filter((row) => row !== rows[10])));
    expect(await world.gaps()).toEqual([`${at(10, 30)} ${at(10, 31)}`]);
  });

  it('but not for longer than an outage lasts', async () => {
    const world = createWorld(rowsOf(200));
    await world.tick();
    world.fails(() => failed(503));
    await world.live(60);
    world.fails(() => undefined);

    await world.live(20);

    const position = await world.positionOf('incremental');
    expect(position.readThrough >= at(78)).toBe(true);
    expect(position).not.toHaveProperty('pageSize');
  });
});
