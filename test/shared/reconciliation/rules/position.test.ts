// @module-tag volume
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { passOver } from '../../../../shared/reconciliation/rules/gap.ts';
import {
  afterPage,
  boundBy,
  hasFailed,
  isCaughtUp,
  isFinished,
  isInFuture,
  isLeftToAnother,
  windowToRead,
  type Position,
  type ReadWindow,
} from '../../../../shared/reconciliation/rules/position.ts';
import { afterFailure } from '../../../../shared/reconciliation/rules/window-failure.ts';
import { volume } from '../../../volume.ts';

const policy = { overlapMs: 900_000, lagMs: 120_000 };
const now = new Date('2026-06-15T12:00:30.500Z');

function position(changes: Partial<Position> = {}): Position {
  return {
    account: 'acc-1',
    stream: 'incremental',
    fence: 1,
    readThrough: '2026-06-15T11:00:00Z',
    historicalBefore: null,
    ...changes,
  };
}

const at = (cursor: string) => ({ cursor, printed: null });
const lastPage = { next: null, rows: 3, repaired: 1, storedAt: now };

describe('windowToRead', () => {
  it('overlaps what is done and ends a lag before now, including the second that has begun (E1, E3)', () => {
    const window = windowToRead(position(), now, policy);

    expect(window).toMatchObject({
      start: '2026-06-15T10:45:00Z',
      end: '2026-06-15T11:58:31Z',
      next: null,
    });
  });

  it('continues the open window, as it was requested', () => {
    const window = { start: 'a', end: 'b', next: at('c'), pages: 2, rows: 9, repaired: 0 };

    expect(windowToRead(position({ window }), now, policy)).toBe(window);
  });

  it('covers at most a day near now and at most a month far back', () => {
    const recent = windowToRead(position({ readThrough: '2026-06-01T00:00:00Z' }), now, policy);
    const old = windowToRead(position({ readThrough: '2020-01-01T00:00:00Z' }), now, policy);

    expect(recent?.end).toBe('2026-06-02T00:00:00Z');
    expect(old?.end).toBe('2020-02-01T00:00:00Z');
  });

  it('reads nothing from a position in the future (E4)', () => {
    expect(windowToRead(position({ readThrough: '2027-01-01T00:00:00Z' }), now, policy)).toBeUndefined();
  });

  it('keeps a stream with an end within its bounds, and is then done', () => {
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

  it('leave no empty window', () => {
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

  it('are a month apart only for what is more than a month old', () => {
    const monthAgo = new Date(now.getTime() - 31 * 86_400_000);
    const lengthOf = (readThrough: string) => {
      const window = windowToRead(position({ readThrough }), now, { ...policy, overlapMs: 0 });
      return window && (Date.parse(window.end) - Date.parse(window.start)) / 86_400_000;
    };

    expect(lengthOf(monthAgo.toISOString())).toBe(1);
    expect(lengthOf(new Date(monthAgo.getTime() - 1000).toISOString())).toBeCloseTo(31, 0);
  });

  it('count as caught up only if no window is open and the last end is reached', () => {
    const last = '2026-06-15T11:58:31Z';

    expect(isCaughtUp(position({ readThrough: last }), now, policy)).toBe(true);
    expect(isCaughtUp(position({ readThrough: '2026-06-15T11:58:30Z' }), now, policy)).toBe(false);
    expect(isCaughtUp(position({ readThrough: last, window: open }), now, policy)).toBe(false);
  });

  it('end a stream only if it has an end, that end is reached, and no window is open', () => {
    const readUntil = '2026-06-15T11:00:00Z';

    expect(isFinished(position({ readUntil }))).toBe(true);
    expect(isFinished(position())).toBe(false);
    expect(isFinished(position({ readUntil, readThrough: '2026-06-15T10:59:59Z' }))).toBe(false);
    expect(isFinished(position({ readUntil, window: open }))).toBe(false);
  });

  it('give a finished stream nothing more to read, and one with a window the rest of it', () => {
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

  it('allows a small difference between two of our clocks', () => {
    expect(isInFuture(position({ readThrough: '2026-06-15T12:01:00Z' }), now)).toBe(false);
    // Exactly one minute, and one millisecond more.
    expect(isInFuture(position({ readThrough: '2026-06-15T12:01:30.500Z' }), now)).toBe(false);
    expect(isInFuture(position({ readThrough: '2026-06-15T12:01:30.501Z' }), now)).toBe(true);
  });
});

describe('boundBy', () => {
  it("moves what is done no further than Button's own clock, if that is behind (E1)", () => {
    const window = windowToRead(position(), now, policy);
    if (!window) throw new Error('no window');
    const serverTime = new Date('2026-06-15T11:50:00Z');

    const done = afterPage(position(), boundBy(window, serverTime, policy), lastPage);

    expect(done.readThrough).toBe('2026-06-15T11:48:01Z');
    expect(isCaughtUp(done, serverTime, policy)).toBe(true);
  });

  it('bounds a window by its first page only, and only if the other clock is behind', () => {
    const window = { start: '2026-06-15T10:45:00Z', end: '2026-06-15T11:58:31Z', next: null };
    const first: ReadWindow = { ...window, pages: 0, rows: 0, repaired: 0 };
    const next = { ...first, next: at('c'), pages: 1 };
    const behind = new Date('2026-06-15T11:50:00Z');

    expect(boundBy(first, behind, policy)).toEqual({ ...first, endAtButton: '2026-06-15T11:48:01Z' });
    expect(boundBy(next, behind, policy)).toBe(next);
    expect(boundBy(first, new Date('2026-06-15T12:00:30Z'), policy)).toBe(first);
    expect(boundBy(first, new Date('2026-06-15T13:00:00Z'), policy)).toBe(first);
  });

  it('does not count it as progress if a stopped clock permits no more: the alarm must fire (E20)', () => {
    const window = windowToRead(position(), now, policy);
    if (!window) throw new Error('no window');

    const done = afterPage(position(), boundBy(window, new Date('1970-01-01T00:01:00Z'), policy), lastPage);

    expect(done).toEqual(position());
  });
});

describe('windows that grow again', () => {
  const current = position({ readThrough: '2026-06-01T00:00:00Z', maxWindowSeconds: 43_200 });
  const read = (changes: Partial<Position>, windowChanges: Partial<ReadWindow> = {}) => {
    const begun = { ...current, ...changes };
    const window = windowToRead(begun, now, policy);
    if (!window) throw new Error('no window');
    return afterPage(begun, { ...window, ...windowChanges }, lastPage);
  };

  it('are twice as long after each that was read without an error', () => {
    expect(read({}).maxWindowSeconds).toBe(86_400);
    expect(read({}, { restarts: 1 }).maxWindowSeconds).toBe(43_200);
    expect(read({ maxWindowSeconds: (31 * 86_400) / 2 })).not.toHaveProperty('maxWindowSeconds');
    expect(read({ maxWindowSeconds: (31 * 86_400) / 2 - 1 }).maxWindowSeconds).toBe(31 * 86_400 - 2);
  });

  it('stay as long as before if twice the length could be too many pages', () => {
    expect(read({}, { pages: 4999 }).maxWindowSeconds).toBe(86_400);
    expect(read({}, { pages: 5000 }).maxWindowSeconds).toBe(43_200);
  });

  it('get larger pages again, up to the number of rows that Button returns by default', () => {
    expect(read({ pageSize: 6 }).pageSize).toBe(12);
    expect(read({ pageSize: 30 }).pageSize).toBe(50);
    expect(read({ pageSize: 50 }).pageSize).toBe(50);
  });
});

describe('windows near a range that could not be read', () => {
  const rt = '2026-06-15T11:00:00Z';

  it('overlap nothing before the end of a window that could not be read completely', () => {
    const narrow = position({ readThrough: rt, narrowUntil: '2026-06-15T11:00:01Z' });

    expect(windowToRead(narrow, now, policy)?.start).toBe(rt);
    expect(windowToRead({ ...narrow, narrowUntil: rt }, now, policy)?.start).toBe('2026-06-15T10:45:00Z');
  });

  it('never reach back over what was passed over', () => {
    const start = (notBefore: string) =>
      windowToRead(position({ readThrough: rt, notBefore }), now, policy)?.start;

    expect(start('2026-06-15T10:50:00Z')).toBe('2026-06-15T10:50:00Z');
    expect(start('2026-06-15T10:00:00Z')).toBe('2026-06-15T10:45:00Z');
    expect(start('2026-06-15T12:00:00Z')).toBe(rt);
  });

  it('forget the failure once they are past it', () => {
    const narrow = position({ readThrough: rt, narrowUntil: '2026-06-15T11:30:00Z' });
    const window = windowToRead(narrow, now, policy);
    if (!window) throw new Error('no window');

    expect(afterPage(narrow, window, lastPage)).not.toHaveProperty('narrowUntil');
    expect(afterPage(narrow, { ...window, end: '2026-06-15T11:10:00Z' }, lastPage)).toHaveProperty(
      'narrowUntil',
    );
  });

  it('stay as short as they are up to a window that failed with a pause, and grow after it', () => {
    const even = { narrowUntil: '2026-06-15T11:30:00Z', evenUntil: '2026-06-15T11:20:00Z' };
    const narrow = position({ readThrough: rt, maxWindowSeconds: 600, ...even });
    const first = windowToRead(narrow, now, policy);
    if (!first) throw new Error('no window');

    const within = afterPage(narrow, first, lastPage);
    const next = windowToRead(within, now, policy) ?? first;
    const beyond = afterPage(within, next, lastPage);

    expect([within.maxWindowSeconds, beyond.maxWindowSeconds]).toEqual([600, 1200]);
    expect(afterPage(beyond, { ...next, end: '2026-06-15T11:30:00Z' }, lastPage)).not.toHaveProperty(
      'evenUntil',
    );
  });
});

describe('hasFailed', () => {
  const window: ReadWindow = { start: 'a', end: 'b', next: null, pages: 0, rows: 0, repaired: 0 };

  it.each([
    ['nothing has failed', {}, false],
    ['the window has not failed', { window }, false],
    ['a page of the window has failed', { window: { ...window, failures: 1 } }, true],
    ['the last read failed', { retryAt: '2026-06-15T12:05:00Z' }, true],
    ['it reads what failed before', { narrowUntil: '2026-06-15T11:00:01Z' }, true],
    ['it is past what failed before', { narrowUntil: '2026-06-15T11:00:00Z' }, false],
  ])('if %s: %o', (_what, changes, isFailing) => {
    expect(hasFailed(position(changes))).toBe(isFailing);
  });
});

describe('isLeftToAnother', () => {
  const left = (handedOnAt: string) => position({ chain: 'first', handedOnAt });

  it('leaves a stream to the message of another chain that is on the queue', () => {
    expect(isLeftToAnother(left('2026-06-15T12:00:00Z'), 'second', now)).toBe(true);
    expect(isLeftToAnother(left('2026-06-15T12:00:00Z'), undefined, now)).toBe(true);
  });

  it('continues its own chain, and a stream that is left to nobody', () => {
    expect(isLeftToAnother(left('2026-06-15T12:00:00Z'), 'first', now)).toBe(false);
    expect(isLeftToAnother(position({ chain: 'first' }), 'second', now)).toBe(false);
  });

  it('takes over after a quarter of an hour, by whichever clock the message was sent', () => {
    expect(isLeftToAnother(left('2026-06-15T11:45:31Z'), 'second', now)).toBe(true);
    expect(isLeftToAnother(left('2026-06-15T11:45:30.500Z'), 'second', now)).toBe(false);
    expect(isLeftToAnother(left('2026-06-15T12:15:30Z'), 'second', now)).toBe(true);
    expect(isLeftToAnother(left('2026-06-15T12:15:30.500Z'), 'second', now)).toBe(false);
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

  it('moves nothing, and reports it, if a window ends at the position', () => {
    const window = { start: '2026-06-15T10:45:00Z', end: position().readThrough, next: null };

    const done = afterPage(position(), { ...window, pages: 0, rows: 0, repaired: 0 }, lastPage);

    expect(done).toEqual(position());
  });

  it('keeps the trail of the pages only with another page to come', () => {
    const window = windowToRead(position(), now, policy);
    if (!window) throw new Error('no window');
    const trail = { markedPage: 1, rows: 'of its rows', next: 'of its next page', emptyPages: 0 };

    const read = afterPage(position(), window, { ...lastPage, next: at('2'), trail }).window;

    expect(read).toMatchObject({ next: at('2'), trail });
    expect(afterPage(position(), window, { ...lastPage, next: at('2') }).window).not.toHaveProperty('trail');
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

/** One event while a window is read. */
const happening = fc.constantFrom(
  ...([
    'page',
    'page',
    'last page',
    'last page',
    'last page',
    'no-page',
    'no-page',
    'too-large',
    'refused',
    'page-refused',
    'endless',
    'too-many-pages',
    'killed',
  ] as const),
);

/** A stream at some point in its life, how its windows are cut, and Button's clock relative to ours. */
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
  it('leaves no gap, claims nothing that is ahead of either clock, never moves back, and ends (E1, E2, E3, E12, E13)', () => {
    fc.assert(
      fc.property(streams, ({ begun, overlapMs, lagMs, behindMs, happenings }) => {
        const cut = { overlapMs, lagMs };
        const serverTime = new Date(now.getTime() - behindMs);
        const isLive = begun.readUntil === undefined;
        /** Everything before this instant was in a window that was read to its end. */
        let coveredMs = Date.parse(begun.readThrough);
        /** A gap is read later, so it may reach beyond Button's clock. */
        let passedMs = 0;
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
          if (what === 'page' || what === 'last page') {
            const next = what === 'page' ? at(`after ${steps}`) : null;
            const bound = boundBy(window, serverTime, cut);
            current = afterPage(current, bound, { next, rows: 1, repaired: 0, storedAt: now });
            clock = serverTime;
            if (next === null) {
              expect(Date.parse(window.start)).toBeLessThanOrEqual(coveredMs);
              coveredMs = Math.max(coveredMs, Date.parse(bound.endAtButton ?? bound.end));
            }
          } else {
            const { then, position: after } = afterFailure(
              { position: current, window, pageSize: 100 },
              what,
            );
            current = after;
            if (then === 'pass-over') {
              const passed = passOver(after, { to: window.end, most: window.end, at: serverTime });
              expect(Date.parse(passed.gap.from)).toBeLessThanOrEqual(coveredMs);
              coveredMs = Math.max(coveredMs, Date.parse(passed.gap.to));
              passedMs = Date.parse(passed.gap.to);
              current = passed.position;
            }
          }
          expect(Date.parse(current.readThrough)).toBeGreaterThanOrEqual(Date.parse(before.readThrough));
          expect(Date.parse(current.readThrough)).toBeLessThanOrEqual(coveredMs);
          expect(Date.parse(current.readThrough)).toBeLessThanOrEqual(
            Math.max(Date.parse(begun.readThrough), serverTime.getTime() - lagMs + 1000, passedMs),
          );
          if (begun.readUntil !== undefined)
            expect(Date.parse(window.end)).toBeLessThanOrEqual(Date.parse(begun.readUntil) + 1000);
        }

        const latestMs = serverTime.getTime() - lagMs;
        const endMs = Math.min(latestMs, Date.parse(begun.readUntil ?? serverTime.toISOString()));
        expect(coveredMs).toBeGreaterThanOrEqual(Math.floor(endMs / 1000) * 1000);
      }),
      { numRuns: volume({ short: 600, long: 3000 }) },
    );
  });
});
