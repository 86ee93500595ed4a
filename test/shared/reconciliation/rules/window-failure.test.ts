import { describe, expect, it } from 'vitest';

import {
  afterPage,
  isFinished,
  windowToRead,
  type Position,
  type ReadWindow,
} from '../../../../shared/reconciliation/rules/position.ts';
import {
  afterFailure,
  hasTooManyPages,
  isAtLastTry,
  readShorter,
  type WindowFailure,
} from '../../../../shared/reconciliation/rules/window-failure.ts';

const DAY: ReadWindow = {
  ...{ start: '2026-06-01T00:00:00Z', end: '2026-06-02T00:00:00Z' },
  ...{ next: { cursor: 'c', printed: null }, pages: 3, rows: 9, repaired: 0 },
};
const SECOND: ReadWindow = { ...DAY, end: '2026-06-01T00:00:01Z' };

function position(changes: Partial<Position> = {}): Position {
  return {
    ...{ account: 'acc-1', stream: 'live', fence: 1, readThrough: DAY.start, historicalBefore: null },
    ...changes,
  };
}

const fail = (failure: WindowFailure, window = DAY, changes: Partial<Position> = {}) =>
  afterFailure({ position: position({ window, ...changes }), window, pageSize: 100 }, failure);

describe('a window that could not be read', () => {
  it('is tried unchanged at two ticks if Button returns no page: it may be down (E8)', () => {
    const first = fail('no-page');

    expect(first).toEqual({ then: 'wait', position: position({ window: { ...DAY, failures: 1 } }) });
    expect(fail('no-page', { ...DAY, failures: 1 }).then).toBe('read-on');
  });

  it('is then read in halves, without its overlap', () => {
    const { position: halved } = fail('no-page', { ...DAY, start: '2026-05-31T23:45:00Z', failures: 1 });
    const next = windowToRead(halved, new Date('2026-06-15T00:00:00Z'), { overlapMs: 900_000, lagMs: 0 });

    expect(halved).toMatchObject({ maxWindowSeconds: 43_200, narrowUntil: DAY.end });
    expect(next).toMatchObject({ start: DAY.start, end: '2026-06-01T12:00:00Z', next: null });
  });

  it('is not waited for within a window that has failed already', () => {
    expect(fail('no-page', DAY, { narrowUntil: '2026-06-03T00:00:00Z' })).toMatchObject({
      then: 'read-on',
      position: { maxWindowSeconds: 43_200, narrowUntil: '2026-06-03T00:00:00Z' },
    });
  });

  it('is cut into 64 if Button asks for a pause, and its parts are of one length', () => {
    const window = { ...DAY, failures: 1 };
    const { then, position: cut } = afterFailure(
      { position: position({ window }), window, pageSize: 100, isPaused: true },
      'no-page',
    );

    expect(then).toBe('read-on');
    expect(cut).toMatchObject({ maxWindowSeconds: 1350, narrowUntil: DAY.end, evenUntil: DAY.end });
  });

  it('of one second is at its last try after two failures', () => {
    const isLast = (window: ReadWindow) => isAtLastTry(position({ window }));

    expect([0, 1, 2, 7].map((failures) => isLast({ ...SECOND, failures }))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect([isLast({ ...DAY, failures: 7 }), isAtLastTry(position())]).toEqual([false, false]);
  });

  it('is started again twice if a page was refused or its pages do not end (E12, E13)', () => {
    for (const failure of ['page-refused', 'endless'] as const) {
      const first = fail(failure);
      const again = first.position.window ?? DAY;
      const third = fail(failure, { ...DAY, restarts: 2 });

      expect(again).toMatchObject({ start: DAY.start, end: DAY.end, next: null, pages: 0, restarts: 1 });
      expect([first.then, third.then]).toEqual(['read-on', 'read-on']);
      expect(third.position).toMatchObject({ maxWindowSeconds: 43_200 });
    }
  });

  it('is cut into sixteen if it has too many pages', () => {
    expect(fail('too-many-pages').position.maxWindowSeconds).toBe(5400);
    expect(hasTooManyPages(position(), { ...DAY, pages: 19_999 })).toBe(false);
    expect(hasTooManyPages(position(), { ...DAY, pages: 20_000 })).toBe(true);
  });

  it('of one second may have twenty million rows', () => {
    expect(hasTooManyPages(position(), { ...SECOND, pages: 199_999 })).toBe(false);
    expect(hasTooManyPages(position(), { ...SECOND, pages: 200_000 })).toBe(true);
    expect(fail('too-many-pages', SECOND).then).toBe('pass-over');
  });

  it('is read with half the rows per page, down to one, if a page is too large', () => {
    expect(fail('too-large').position).toMatchObject({ pageSize: 50, window: { next: null, end: DAY.end } });
    expect(fail('too-large', DAY, { pageSize: 3 }).position.pageSize).toBe(1);
    expect(fail('too-large', DAY, { pageSize: 1 }).position.maxWindowSeconds).toBe(43_200);
  });

  it('is requested with the usual number of rows if Button refuses its first page, then in halves', () => {
    expect(fail('refused').position.pageSize).toBe(50);
    expect(fail('refused', DAY, { pageSize: 50 }).position).toMatchObject({ maxWindowSeconds: 43_200 });
  });

  it('of one second is tried three times and then passed over', () => {
    const thens = [0, 1, 2].map((failures) => fail('no-page', { ...SECOND, failures }).then);

    expect(thens).toEqual(['wait', 'read-on', 'pass-over']);
    expect(fail('refused', { ...SECOND, failures: 2 }, { pageSize: 50 }).then).toBe('pass-over');
  });

  it('of one second is begun again in smaller pages if it gets no page, but not in more than 500 up to there', () => {
    const narrow = { narrowUntil: '2026-06-03T00:00:00Z' };
    const smaller = (window: Partial<ReadWindow>, failure: WindowFailure = 'no-page') =>
      fail(failure, { ...SECOND, ...window }, narrow).position.window?.smaller;

    expect(smaller({})).toEqual({ size: 10 });
    expect(smaller({ smaller: { size: 10 } })).toEqual({ size: 1 });
    expect(smaller({ smaller: { size: 1 } })).toEqual({ size: 1 });
    expect(smaller({ rows: 10_000 })).toEqual({ size: 20 });
    expect(smaller({ rows: 60_000 })).toBeUndefined();
    expect(smaller({}, 'page-refused')).toBeUndefined();
  });

  it('of one second loses its overlap first', () => {
    const overlapping = { ...SECOND, start: '2026-05-31T23:45:00Z', failures: 5 };

    expect(fail('no-page', overlapping).then).toBe('read-on');
    expect(readShorter(position({ readThrough: '2026-06-01T00:00:00.500Z' }), SECOND, 2)).toBeUndefined();
  });

  it('is dropped if it contains nothing new', () => {
    expect(fail('no-page', DAY, { readThrough: DAY.end })).toEqual({
      then: 'wait',
      position: position({ readThrough: DAY.end }),
    });
  });
});

describe('transactions, requirement 8: an account with ten million rows completes', () => {
  const ROWS = 10_000_000;
  const now = new Date('2026-06-15T00:00:00Z');

  /**
   * Requests until a one-day stream is done whose rows are spread evenly between these instants, a hundred
   * per page.
   */
  function requestsFor(from: string, to: string): number {
    const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
    const rowsIn = ({ start, end }: ReadWindow): number => {
      const overlapMs = Math.min(toMs, Date.parse(end)) - Math.max(fromMs, Date.parse(start));
      return Math.ceil((Math.max(0, overlapMs) / (toMs - fromMs)) * ROWS);
    };
    let current = position({ stream: 'sweep-daily', readUntil: DAY.end });
    let requests = 0;
    while (!isFinished(current)) {
      const window = windowToRead(current, now, { overlapMs: 0, lagMs: 0 });
      if (!window || requests > 1_000_000) throw new Error('does not complete');
      requests += 1;
      const hasNext = (window.pages + 1) * 100 < rowsIn(window);
      if (hasNext && hasTooManyPages(current, window)) {
        const { then, position: next } = afterFailure(
          { position: current, window, pageSize: 100 },
          'too-many-pages',
        );
        expect(then).toBe('read-on');
        current = next;
        continue;
      }
      const next = hasNext ? { cursor: String(requests), printed: null } : null;
      current = afterPage(current, window, { next, rows: 100, repaired: 0, storedAt: now });
    }
    return requests;
  }

  it.each([
    ['over a day', DAY.start, DAY.end, 125_000],
    ['within an hour', '2026-06-01T12:00:00Z', '2026-06-01T13:00:00Z', 190_000],
    ['within one second', '2026-06-01T12:00:00Z', '2026-06-01T12:00:01Z', 290_000],
  ])('%s', (_what, from, to, most) => {
    const requests = requestsFor(from, to);

    expect(requests).toBeGreaterThanOrEqual(ROWS / 100);
    expect(requests).toBeLessThan(most);
  });
});
