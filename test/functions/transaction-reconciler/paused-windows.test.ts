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

/** Two rows a minute, one in each account. */
const rowsOf = (minutes: number) =>
  Array.from({ length: 2 * minutes }, (_, index) =>
    pagedRow(index, at(Math.floor(index / 2), 30), `acc-${1 + (index % 2)}`),
  );
const keysOf = (rows: readonly PagedRow[]) => rows.map((row) => `order#${row.button_order_id}`).sort();

const failed = (status: number, retryAfterSeconds?: number): ButtonResponse => ({
  ...{ result: 'answered', status, body: undefined },
  ...(retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1000 }),
});

const isOf = (url: URL, account: string) => url.pathname.includes(`/${account}/`);
/** Whether the window of the request contains this instant. */
const asksFor = (url: URL, instant: string) =>
  (url.searchParams.get('start') ?? '') <= instant && instant < (url.searchParams.get('end') ?? '');

function createWorld(rows: readonly PagedRow[]) {
  const button = new PagedButton(PLAIN_WORLD, rows);
  const accounts = { meta: { status: 'ok' }, objects: [{ id: 'acc-1' }, { id: 'acc-2' }] };
  let fault: (url: URL) => ButtonResponse | undefined = () => undefined;
  button.instead = (url) =>
    url.pathname.endsWith('/accounts') ? { ...failed(200), body: accounts } : fault(url);
  const world = createReconciledButton(button.http(), START);
  let mostBehindMs = 0;
  return {
    ...world,
    button,
    fails: (next: typeof fault) => {
      fault = next;
    },
    /** As `live`; remembers by how much the second account was ever behind. */
    async live(minutes: number, pageSize?: number): Promise<void> {
      for (let passed = 0; passed < minutes; passed += 10) {
        await world.live(10, pageSize);
        const { readThrough } = await world.positionOf('incremental', 'acc-2');
        mostBehindMs = Math.max(mostBehindMs, world.clock.now.getTime() - Date.parse(readThrough));
      }
    },
    minutesBehind: () => mostBehindMs / 60_000,
  };
}

/** Button asks for at most a quarter of an hour, which is two ticks; windows end two minutes before now. */
const TWO_TICKS_MINUTES = 22;

describe('transactions, requirement 8: a second that Button never shows blocks nothing, whatever it answers', () => {
  it.each([
    ['a 503 with Retry-After: 1', failed(503, 1), 70],
    ['a 503 with Retry-After: 60', failed(503, 60), 70],
    ['a 503 with Retry-After: 900', failed(503, 900), 130],
    ['a 500 with Retry-After: 900', failed(500, 900), 130],
    ['a 403', failed(403), 20],
    ['a 401', failed(401), 20],
    ['a 404', failed(404), 20],
  ])('%s: it is passed over, and the other account is read meanwhile', async (_what, answer, within) => {
    const rows = rowsOf(300);
    const bad = at(2, 30);
    const isBad = (row: PagedRow) => row.account_id === 'acc-1' && row.modified_date === bad;
    const world = createWorld(rows);
    world.fails((url) => (isOf(url, 'acc-1') && asksFor(url, bad) ? answer : undefined));
    await world.tick();

    await world.live(within);

    const until = at(within - 2);
    expect(world.stored()).toEqual(keysOf(rows.filter((row) => !isBad(row) && row.modified_date < until)));
    expect(await world.gaps()).toEqual([`${bad} ${at(2, 31)}`]);
    expect(world.minutesBehind()).toBeLessThanOrEqual(TWO_TICKS_MINUTES);
    expect(world.sum('WindowsPassedOver')).toBe(1);
    expect(world.sum('PublisherKeyUnusable')).toBe(0);

    world.fails(() => undefined);
    await world.live(90);

    expect(await world.gaps()).toEqual([]);
    expect(world.stored()).toContain(keysOf(rows.filter(isBad))[0]);
  });

  it('all good rows are read, whichever are bad, and all rows once Button can show them', async () => {
    const answers = fc.constantFrom(
      failed(503, 1),
      failed(502, 240),
      failed(503, 900),
      failed(403),
      failed(404),
    );
    const bad = fc.dictionary(fc.nat(59).map(String), answers, { maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(bad, async (badOnes) => {
        const rows = rowsOf(60);
        const own = rows.filter((row) => row.account_id === 'acc-1');
        const world = createWorld(rows);
        world.fails((url) => {
          if (!isOf(url, 'acc-1')) return undefined;
          const index = own.findIndex((row, place) => badOnes[place] && asksFor(url, row.modified_date));
          return badOnes[index];
        });
        await world.tick();

        await world.live(900);
        const readable = world.stored();
        const behind = world.minutesBehind();
        world.fails(() => undefined);
        await world.live(90);

        expect(readable).toEqual(
          keysOf(rows.filter((row) => row.account_id === 'acc-2' || !badOnes[own.indexOf(row)])),
        );
        expect(behind).toBeLessThanOrEqual(TWO_TICKS_MINUTES);
        expect(world.stored()).toEqual(keysOf(rows));
        expect(await world.gaps()).toEqual([]);
      }),
      { numRuns: volume({ short: 12, long: 60 }) },
    );
  });

  it('a second of which only a later page fails is passed over too, and its first pages are stored', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => pagedRow(index, at(3, 10)));
    const later = pagedRow(99, at(4));
    const world = createWorld([...rows, later]);
    const isOfPage25 = (url: URL) => {
      const cursor = Buffer.from(url.searchParams.get('cursor') ?? '', 'base64url').toString();
      return cursor.includes('"from":25');
    };
    world.fails((url) => (isOfPage25(url) ? failed(503, 60) : undefined));
    await world.tick();

    await world.live(120, 1);
    const readable = world.stored();
    const gaps = await world.gaps();
    world.fails(() => undefined);
    await world.live(90);

    expect(readable).toEqual(keysOf([...rows.slice(0, 25), later]));
    expect(gaps).toEqual([`${at(3, 10)} ${at(3, 11)}`]);
    expect(world.stored()).toEqual(keysOf([...rows, later]));
  });

  it('a minute of it is divided until its readable rest is read', async () => {
    const rows = Array.from({ length: 60 }, (_, second) => pagedRow(second, at(3, second)));
    const isBad = (row: PagedRow) => row.modified_date >= at(3, 10) && row.modified_date < at(3, 25);
    const world = createWorld(rows);
    world.fails((url) =>
      isOf(url, 'acc-1') && rows.some((row) => isBad(row) && asksFor(url, row.modified_date))
        ? failed(503, 60)
        : undefined,
    );
    await world.tick();

    await world.live(600);

    expect(world.stored()).toEqual(expect.arrayContaining(keysOf(rows.filter((row) => !isBad(row)))));
    expect((await world.positionOf('incremental')).readThrough > at(590)).toBe(true);
  });
});

describe('transactions, requirement 7: what Button answers for one account does not keep the others from being read', () => {
  it('not even if all of it is a 503 with the longest Retry-After, and a second account recovers from that', async () => {
    const rows = rowsOf(300);
    const world = createWorld(rows);
    await world.tick();
    world.fails(() => failed(503, 900));
    await world.live(60);
    world.fails((url) => (isOf(url, 'acc-1') ? failed(503, 900) : undefined));

    await world.live(60);

    expect(world.stored()).toEqual(
      keysOf(rows.filter((row) => row.account_id === 'acc-2' && row.modified_date < at(108))),
    );
    expect(await world.gaps()).toEqual([]);
  });
});

describe('what says nothing about a window never leads to a gap', () => {
  it.each([1, 60, 900])('an outage with Retry-After: %i (E8)', async (seconds) => {
    const rows = rowsOf(900);
    const world = createWorld(rows);
    await world.tick();
    await world.live(60);
    world.fails(() => failed(503, seconds));
    await world.live(600);
    const during = [await world.gaps(), world.sum('WindowsPassedOver')];

    world.fails(() => undefined);
    await world.live(40);

    expect(during).toEqual([[], 0]);
    expect(await world.gaps()).toEqual([]);
    expect(world.stored()).toEqual(keysOf(rows.filter((row) => row.modified_date < at(698))));
  });

  it.each([undefined, 1, 900])(
    'a 429 for one second only, with Retry-After: %s: it is waited for, and the other account is read',
    async (seconds) => {
      const rows = rowsOf(300);
      const world = createWorld(rows);
      world.fails((url) =>
        isOf(url, 'acc-1') && asksFor(url, at(2, 30)) ? failed(429, seconds) : undefined,
      );
      await world.tick();

      await world.live(200);
      const during = [await world.gaps(), world.sum('ReconcilerWindowsRestarted')];
      world.fails(() => undefined);
      await world.live(20);

      expect(during).toEqual([[], 0]);
      expect(world.minutesBehind()).toBeLessThanOrEqual(TWO_TICKS_MINUTES);
      expect(world.stored()).toEqual(keysOf(rows.filter((row) => row.modified_date < at(218))));
    },
  );

  it('a key that Button refuses for everything', async () => {
    const world = createWorld(rowsOf(60));
    await world.tick();
    world.fails(() => failed(403));

    await world.live(120);

    expect([await world.gaps(), world.sum('ReconcilerWindowsRestarted')]).toEqual([[], 0]);
    expect(world.sum('PublisherKeyUnusable')).toBeGreaterThan(0);
  });
});
