import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  afterPage,
  boundBy,
  isCaughtUp,
  isInFuture,
  readAgain,
  windowToRead,
  type Position,
} from '../../../shared/domain/position.ts';

const policy = { overlapMs: 900_000, lagMs: 120_000 };
const now = new Date('2026-06-15T12:00:30.500Z');

function position(changes: Partial<Position> = {}): Position {
  return {
    account: 'acc-1',
    stream: 'live',
    fence: 1,
    doneUntil: '2026-06-15T11:00:00Z',
    historicalBefore: null,
    ...changes,
  };
}

const lastPage = { nextCursor: null, rows: 3, repaired: 1, storedAt: now };

describe('windowToRead', () => {
  it('overlaps what is done and ends a lag before now, with the second that has begun (E1, E3)', () => {
    const window = windowToRead(position(), now, policy);

    expect(window).toMatchObject({
      start: '2026-06-15T10:45:00Z',
      end: '2026-06-15T11:58:31Z',
      cursor: null,
    });
  });

  it('goes on with the window that is open, as it was requested', () => {
    const window = { start: 'a', end: 'b', cursor: 'c', pages: 2, rows: 9, repaired: 0 };

    expect(windowToRead(position({ window }), now, policy)).toBe(window);
  });

  it('takes at most a day near now and at most a month far back', () => {
    const recent = windowToRead(position({ doneUntil: '2026-06-01T00:00:00Z' }), now, policy);
    const old = windowToRead(position({ doneUntil: '2020-01-01T00:00:00Z' }), now, policy);

    expect(recent?.end).toBe('2026-06-02T00:00:00Z');
    expect(old?.end).toBe('2020-02-01T00:00:00Z');
  });

  it('reads nothing from a position in the future (E4)', () => {
    expect(windowToRead(position({ doneUntil: '2027-01-01T00:00:00Z' }), now, policy)).toBeUndefined();
  });

  it('keeps a stream with an end within its bounds, and is then over', () => {
    const bounded = { readFrom: '2026-05-01T00:00:00Z', readUntil: '2026-05-01T06:00:00Z' };
    const begun = position({ ...bounded, doneUntil: bounded.readFrom });

    expect(windowToRead(begun, now, policy)).toMatchObject({
      start: bounded.readFrom,
      end: bounded.readUntil,
    });
    expect(windowToRead(position({ ...bounded, doneUntil: bounded.readUntil }), now, policy)).toBeUndefined();
  });
});

describe('isInFuture', () => {
  const later = '2026-06-15T12:05:00Z';

  it.each([
    { doneUntil: later },
    { completedAt: later },
    { window: { start: later, end: later, cursor: null, pages: 0, rows: 0, repaired: 0 } },
  ])('refuses %j (E4)', (changes) => {
    expect(isInFuture(position(changes), now)).toBe(true);
  });

  it('lets two clocks of ours differ a little', () => {
    expect(isInFuture(position({ doneUntil: '2026-06-15T12:01:00Z' }), now)).toBe(false);
  });
});

describe('boundBy', () => {
  it("moves what is done no further than Button's own clock, where that is behind (E1)", () => {
    const window = windowToRead(position(), now, policy);
    if (!window) throw new Error('no window');
    const serverTime = new Date('2026-06-15T11:50:00Z');

    const done = afterPage(position(), boundBy(window, serverTime, policy), lastPage);

    expect(done.doneUntil).toBe('2026-06-15T11:48:01Z');
    expect(isCaughtUp(done, serverTime, policy)).toBe(true);
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
    cursor: 'c',
    pages: 3,
    rows: 9,
    repaired: 0,
  };
  const standing = position({ doneUntil: open.start, window: open });

  it('begins the same window again, twice (E13)', () => {
    const first = readAgain(standing, open);
    const second = first?.window && readAgain(first, first.window);

    expect(first?.window).toMatchObject({ start: open.start, end: open.end, cursor: null, pages: 0 });
    expect(second?.window).toMatchObject({ cursor: null, restarts: 2 });
  });

  it('then reads it in halves, and remembers that', () => {
    const halved = readAgain(standing, { ...open, restarts: 2 });

    expect(halved).toMatchObject({ doneUntil: open.start, maxWindowSeconds: 43_200 });
    expect(halved && windowToRead(halved, now, policy)?.end).toBe('2026-06-01T12:00:00Z');
  });

  it('gives up on what is refused however short it is', () => {
    const shortest = { ...open, end: '2026-06-01T00:15:00Z', restarts: 2 };

    expect(readAgain(standing, shortest)).toBeUndefined();
  });

  it('lets windows grow again once one has been read without trouble', () => {
    const halved = position({ doneUntil: open.start, maxWindowSeconds: 43_200 });
    const window = windowToRead(halved, now, policy);
    if (!window) throw new Error('no window');

    expect(afterPage(halved, window, lastPage).maxWindowSeconds).toBe(86_400);
    expect(afterPage(halved, { ...window, restarts: 1 }, lastPage).maxWindowSeconds).toBe(43_200);
  });
});

describe('afterPage', () => {
  it('moves what is done only with the last page (E2)', () => {
    const window = windowToRead(position(), now, policy);
    if (!window) throw new Error('no window');

    const midway = afterPage(position(), window, { ...lastPage, nextCursor: 'next' });
    const done = afterPage(midway, midway.window ?? window, lastPage);

    expect(midway).toMatchObject({
      doneUntil: '2026-06-15T11:00:00Z',
      window: { cursor: 'next', pages: 1, rows: 3 },
    });
    expect(done).toMatchObject({ doneUntil: window.end, completedAt: now.toISOString() });
    expect(done).not.toHaveProperty('window');
  });

  it('never moves back', () => {
    const ahead = position({ doneUntil: '2026-06-16T00:00:00Z' });
    const window = {
      start: '2026-06-01T00:00:00Z',
      end: '2026-06-02T00:00:00Z',
      cursor: null,
      pages: 0,
      rows: 0,
      repaired: 0,
    };

    expect(afterPage(ahead, window, lastPage).doneUntil).toBe(ahead.doneUntil);
  });

  it('leaves no gap between windows and catches up in the end, wherever the position begins', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('2024-01-01'), max: now, noInvalidDate: true }), (begin) => {
        let standing = position({ doneUntil: begin.toISOString() });
        for (let windows = 0; !isCaughtUp(standing, now, policy); windows += 1) {
          const window = windowToRead(standing, now, policy);
          if (!window || windows > 100) throw new Error('does not catch up');
          expect(Date.parse(window.start)).toBeLessThanOrEqual(
            Date.parse(standing.doneUntil) - policy.overlapMs + 1000,
          );
          expect(Date.parse(window.end)).toBeGreaterThan(Date.parse(standing.doneUntil));
          standing = afterPage(standing, window, lastPage);
        }
      }),
    );
  });
});
