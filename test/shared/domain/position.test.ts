import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  afterPage,
  boundBy,
  isCaughtUp,
  isFinished,
  isInFuture,
  readAgain,
  readHalf,
  windowToRead,
  withoutWindow,
  type Position,
  type ReadWindow,
} from '../../../shared/domain/position.ts';

const policy = { overlapMs: 900_000, lagMs: 120_000 };
const now = new Date('2026-06-15T12:00:30.500Z');

function position(changes: Partial<Position> = {}): Position {
  return {
    account: 'acc-1',
    stream: 'live',
    fence: 1,
    readThrough: '2026-06-15T11:00:00Z',
    historicalBefore: null,
    ...changes,
  };
}

const at = (cursor: string) => ({ cursor, printed: null });
const lastPage = { next: null, rows: 3, repaired: 1, storedAt: now };

describe('windowToRead', () => {
  it('overlaps what is done and ends a lag before now, with the second that has begun (E1, E3)', () => {
    const window = windowToRead(position(), now, policy);

    expect(window).toMatchObject({
      start: '2026-06-15T10:45:00Z',
      end: '2026-06-15T11:58:31Z',
      next: null,
    });
  });

  it('goes on with the window that is open, as it was requested', () => {
    const window = { start: 'a', end: 'b', next: at('c'), pages: 2, rows: 9, repaired: 0 };

    expect(windowToRead(position({ window }), now, policy)).toBe(window);
  });

  it('takes at most a day near now and at most a month far back', () => {
    const recent = windowToRead(position({ readThrough: '2026-06-01T00:00:00Z' }), now, policy);
    const old = windowToRead(position({ readThrough: '2020-01-01T00:00:00Z' }), now, policy);

    expect(recent?.end).toBe('2026-06-02T00:00:00Z');
    expect(old?.end).toBe('2020-02-01T00:00:00Z');
  });

  it('reads nothing from a position in the future (E4)', () => {
    expect(windowToRead(position({ readThrough: '2027-01-01T00:00:00Z' }), now, policy)).toBeUndefined();
  });

  it('keeps a stream with an end within its bounds, and is then over', () => {
    const bounded = { readFrom: '2026-05-01T00:00:00Z', readUntil: '2026-05-01T06:00:00Z' };
    const begun = position({ ...bounded, readThrough: bounded.readFrom });

    expect(windowToRead(begun, now, policy)).toMatchObject({
      start: bounded.readFrom,
      end: bounded.readUntil,
    });
    expect(
      windowToRead(position({ ...bounded, readThrough: bounded.readUntil }), now, policy),
    ).toBeUndefined();
  });
});

describe('the windows’ edges', () => {
  const open: ReadWindow = {
    start: '2026-06-15T10:45:00Z',
    end: '2026-06-15T11:58:31Z',
    next: null,
    pages: 0,
    rows: 0,
    repaired: 0,
  };

  it('leave no window of no length', () => {
    const readThrough = '2026-06-15T11:58:31Z';
    const withoutOverlap = { ...policy, overlapMs: 0 };

    expect(windowToRead(position({ readThrough }), now, withoutOverlap)).toBeUndefined();
    expect(
      windowToRead(position({ readThrough: '2026-06-15T11:58:30Z' }), now, withoutOverlap),
    ).toMatchObject({
      start: '2026-06-15T11:58:30Z',
      end: readThrough,
    });
  });

  it('lie a month apart only for what is more than a month old', () => {
    const monthAgo = new Date(now.getTime() - 31 * 86_400_000);
    const lengthOf = (readThrough: string) => {
      const window = windowToRead(position({ readThrough }), now, { ...policy, overlapMs: 0 });
      return window && (Date.parse(window.end) - Date.parse(window.start)) / 86_400_000;
    };

    expect(lengthOf(monthAgo.toISOString())).toBe(1);
    expect(lengthOf(new Date(monthAgo.getTime() - 1000).toISOString())).toBeCloseTo(31, 0);
  });

  it('count as caught up only where no window is open and the last end is reached', () => {
    const last = '2026-06-15T11:58:31Z';

    expect(isCaughtUp(position({ readThrough: last }), now, policy)).toBe(true);
    expect(isCaughtUp(position({ readThrough: '2026-06-15T11:58:30Z' }), now, policy)).toBe(false);
    expect(isCaughtUp(position({ readThrough: last, window: open }), now, policy)).toBe(false);
  });

  it('end a stream only where it has an end, that is reached, and no window is open', () => {
    const readUntil = '2026-06-15T11:00:00Z';

    expect(isFinished(position({ readUntil }))).toBe(true);
    expect(isFinished(position())).toBe(false);
    expect(isFinished(position({ readUntil, readThrough: '2026-06-15T10:59:59Z' }))).toBe(false);
    expect(isFinished(position({ readUntil, window: open }))).toBe(false);
  });

  it('give a stream that is over nothing more to read, and one with a window the rest of it', () => {
    const readUntil = '2026-06-15T11:00:00Z';

    expect(windowToRead(position({ readUntil }), now, policy)).toBeUndefined();
    expect(windowToRead(position({ readUntil, window: open }), now, policy)).toBe(open);
  });
});

describe('isInFuture', () => {
  const later = '2026-06-15T12:05:00Z';

  it.each([
    { readThrough: later },
    { completedAt: later },
    { window: { start: later, end: later, next: null, pages: 0, rows: 0, repaired: 0 } },
  ])('refuses %j (E4)', (changes) => {
    expect(isInFuture(position(changes), now)).toBe(true);
  });

  it('lets two clocks of ours differ a little', () => {
    expect(isInFuture(position({ readThrough: '2026-06-15T12:01:00Z' }), now)).toBe(false);
    // A minute to the millisecond, and one more.
    expect(isInFuture(position({ readThrough: '2026-06-15T12:01:30.500Z' }), now)).toBe(false);
    expect(isInFuture(position({ readThrough: '2026-06-15T12:01:30.501Z' }), now)).toBe(true);
  });
});

describe('boundBy', () => {
  it("moves what is done no further than Button's own clock, where that is behind (E1)", () => {
    const window = windowToRead(position(), now, policy);
    if (!window) throw new Error('no window');
    const serverTime = new Date('2026-06-15T11:50:00Z');

    const done = afterPage(position(), boundBy(window, serverTime, policy), lastPage);

    expect(done.readThrough).toBe('2026-06-15T11:48:01Z');
    expect(isCaughtUp(done, serverTime, policy)).toBe(true);
  });

  it('bounds a window by its first page only, and only where the other clock is behind', () => {
    const window = { start: '2026-06-15T10:45:00Z', end: '2026-06-15T11:58:31Z', next: null };
    const first: ReadWindow = { ...window, pages: 0, rows: 0, repaired: 0 };
    const next = { ...first, next: at('c'), pages: 1 };
    const behind = new Date('2026-06-15T11:50:00Z');

    expect(boundBy(first, behind, policy)).toEqual({ ...first, endAtButton: '2026-06-15T11:48:01Z' });
    expect(boundBy(next, behind, policy)).toBe(next);
    expect(boundBy(first, new Date('2026-06-15T12:00:30Z'), policy)).toBe(first);
    expect(boundBy(first, new Date('2026-06-15T13:00:00Z'), policy)).toBe(first);
  });

  it('does not count as progress what a stopped clock allows: silence must alarm (E20)', () => {
    const window = windowToRead(position(), now, policy);
    if (!window) throw new Error('no window');

    const done = afterPage(position(), boundBy(window, new Date('1970-01-01T00:01:00Z'), policy), lastPage);

    expect(done).toEqual(position());
  });
});

describe('readAgain', () => {
  const open = {
    start: '2026-06-01T00:00:00Z',
    end: '2026-06-02T00:00:00Z',
    next: at('c'),
    pages: 3,
    rows: 9,
    repaired: 0,
  };
  const current = position({ readThrough: open.start, window: open });

  it('begins the same window again, twice (E13)', () => {
    const first = readAgain(current, open);
    const second = first?.window && readAgain(first, first.window);

    expect(first?.window).toMatchObject({ start: open.start, end: open.end, next: null, pages: 0 });
    expect(second?.window).toMatchObject({ next: null, restarts: 2 });
  });

  it('then reads it in halves, and remembers that', () => {
    const halved = readAgain(current, { ...open, restarts: 2 });

    expect(halved).toMatchObject({ readThrough: open.start, maxWindowSeconds: 43_200 });
    expect(halved && windowToRead(halved, now, policy)?.end).toBe('2026-06-01T12:00:00Z');
  });

  it('gives up on what is refused however short it is', () => {
    const shortest = { ...open, end: '2026-06-01T00:15:00Z', restarts: 2 };

    expect(readAgain(current, shortest)).toBeUndefined();
  });

  it('lets windows grow again once one has been read without trouble', () => {
    const halved = position({ readThrough: open.start, maxWindowSeconds: 43_200 });
    const window = windowToRead(halved, now, policy);
    if (!window) throw new Error('no window');

    expect(afterPage(halved, window, lastPage).maxWindowSeconds).toBe(86_400);
    expect(afterPage(halved, { ...window, restarts: 1 }, lastPage).maxWindowSeconds).toBe(43_200);
    const half = { ...halved, maxWindowSeconds: (31 * 86_400) / 2 };
    expect(afterPage(half, window, lastPage)).not.toHaveProperty('maxWindowSeconds');
    expect(
      afterPage({ ...half, maxWindowSeconds: half.maxWindowSeconds - 1 }, window, lastPage),
    ).toHaveProperty('maxWindowSeconds', 31 * 86_400 - 2);
  });
});

describe('afterPage', () => {
  it('moves what is done only with the last page (E2)', () => {
    const window = windowToRead(position(), now, policy);
    if (!window) throw new Error('no window');

    const midway = afterPage(position(), window, { ...lastPage, next: at('next') });
    const done = afterPage(midway, midway.window ?? window, lastPage);

    expect(midway).toMatchObject({
      readThrough: '2026-06-15T11:00:00Z',
      window: { next: at('next'), pages: 1, rows: 3 },
    });
    expect(done).toMatchObject({ readThrough: window.end, completedAt: now.toISOString() });
    expect(done).not.toHaveProperty('window');
  });

  it('counts pages, rows and repairs', () => {
    const window = windowToRead(position(), now, policy);
    if (!window) throw new Error('no window');

    const one = afterPage(position(), window, { ...lastPage, next: at('a') });
    const two = afterPage(one, one.window ?? window, { ...lastPage, next: at('b') });

    expect(two.window).toMatchObject({ next: at('b'), pages: 2, rows: 6, repaired: 2 });
  });

  it('moves nothing, and says so, where a window ends where the position stands', () => {
    const window = { start: '2026-06-15T10:45:00Z', end: position().readThrough, next: null };

    const done = afterPage(position(), { ...window, pages: 0, rows: 0, repaired: 0 }, lastPage);

    expect(done).toEqual(position());
  });

  it('never moves back', () => {
    const ahead = position({ readThrough: '2026-06-16T00:00:00Z' });
    const window = {
      start: '2026-06-01T00:00:00Z',
      end: '2026-06-02T00:00:00Z',
      next: null,
      pages: 0,
      rows: 0,
      repaired: 0,
    };

    expect(afterPage(ahead, window, lastPage).readThrough).toBe(ahead.readThrough);
  });

  it('leaves no gap between windows and catches up in the end, wherever the position begins', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('2024-01-01'), max: now, noInvalidDate: true }), (begin) => {
        let current = position({ readThrough: begin.toISOString() });
        for (let windows = 0; !isCaughtUp(current, now, policy); windows += 1) {
          const window = windowToRead(current, now, policy);
          if (!window || windows > 100) throw new Error('does not catch up');
          expect(Date.parse(window.start)).toBeLessThanOrEqual(
            Date.parse(current.readThrough) - policy.overlapMs + 1000,
          );
          expect(Date.parse(window.end)).toBeGreaterThan(Date.parse(current.readThrough));
          current = afterPage(current, window, lastPage);
        }
      }),
    );
  });
});

/** One thing that happens to a window that is being read. */
const happening = fc.constantFrom(
  ...([
    'page',
    'page',
    'last page',
    'last page',
    'last page',
    'cursor refused',
    'too long',
    'killed',
  ] as const),
);

/** A stream somewhere in its life, how windows are cut, and how Button's clock stands to ours. */
const streams = fc
  .record({
    beganDaysAgo: fc.integer({ min: 0, max: 400 }),
    lengthDays: fc.option(fc.integer({ min: 0, max: 500 })),
    millisecond: fc.integer({ min: 0, max: 999 }),
    overlapMs: fc.integer({ min: 0, max: 3_600_000 }),
    lagMs: fc.integer({ min: 0, max: 600_000 }),
    behindMs: fc.constantFrom(0, 0, 500, 90_000, 7_200_000),
    maxWindowSeconds: fc.option(fc.integer({ min: 900, max: 86_400 })),
    happenings: fc.array(happening, { maxLength: 60 }),
  })
  .map(({ beganDaysAgo, lengthDays, millisecond, maxWindowSeconds, ...rest }) => {
    const beganMs = now.getTime() - beganDaysAgo * 86_400_000 - 600_000 + millisecond;
    const readFrom = new Date(beganMs).toISOString();
    const readUntil =
      lengthDays === null ? {} : { readUntil: new Date(beganMs + lengthDays * 86_400_000).toISOString() };
    const longest = maxWindowSeconds === null ? {} : { maxWindowSeconds };
    return { begun: position({ readThrough: readFrom, readFrom, ...readUntil, ...longest }), ...rest };
  });

describe('reading a stream to its end, whatever happens on the way', () => {
  it('leaves no gap, claims nothing that lies ahead of either clock, never moves back, and comes to an end (E1, E2, E3, E12, E13)', () => {
    fc.assert(
      fc.property(streams, ({ begun, overlapMs, lagMs, behindMs, happenings }) => {
        const cut = { overlapMs, lagMs };
        const serverTime = new Date(now.getTime() - behindMs);
        const isLive = begun.readUntil === undefined;
        /** Everything before this instant was in a window that was read to its end. */
        let coveredMs = Date.parse(begun.readThrough);
        let current = begun;
        const pending = [...happenings];
        // A worker knows Button's clock once it has had an answer.
        let clock = now;
        let steps = 0;
        for (;;) {
          const window = windowToRead(current, clock, cut);
          if (!window || (isLive && isCaughtUp(current, clock, cut))) break;
          steps += 1;
          if (steps > 10_000) throw new Error('does not come to an end');
          const before = current;
          const what = pending.shift() ?? 'last page';
          if (what === 'killed') {
            clock = now;
            continue;
          }
          if (what === 'cursor refused') {
            current = readAgain(current, window) ?? withoutWindow(current);
          } else if (what === 'too long') {
            current = readHalf(current, window) ?? withoutWindow(current);
          } else {
            const next = what === 'page' ? at(`after ${steps}`) : null;
            const bound = boundBy(window, serverTime, cut);
            current = afterPage(current, bound, { next, rows: 1, repaired: 0, storedAt: now });
            clock = serverTime;
            if (next === null) {
              expect(Date.parse(window.start)).toBeLessThanOrEqual(coveredMs);
              coveredMs = Math.max(coveredMs, Date.parse(bound.endAtButton ?? bound.end));
            }
          }
          expect(Date.parse(current.readThrough)).toBeGreaterThanOrEqual(Date.parse(before.readThrough));
          expect(Date.parse(current.readThrough)).toBeLessThanOrEqual(coveredMs);
          expect(Date.parse(current.readThrough)).toBeLessThanOrEqual(
            Math.max(Date.parse(begun.readThrough), serverTime.getTime() - lagMs + 1000),
          );
          if (begun.readUntil !== undefined)
            expect(Date.parse(window.end)).toBeLessThanOrEqual(Date.parse(begun.readUntil) + 1000);
        }

        const latestMs = serverTime.getTime() - lagMs;
        const endMs = Math.min(latestMs, Date.parse(begun.readUntil ?? serverTime.toISOString()));
        expect(coveredMs).toBeGreaterThanOrEqual(Math.floor(endMs / 1000) * 1000);
      }),
      { numRuns: 3000 },
    );
  });
});
