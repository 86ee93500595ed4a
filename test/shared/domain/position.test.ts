import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  afterPage,
  isCaughtUp,
  livePosition,
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

describe('livePosition', () => {
  const first = { readFrom: '2020-01-01T00:00:00Z', deployedAt: '2026-06-01T00:00:00.000Z' };

  it('imports an account that was there at deployment as historical', () => {
    const begun = livePosition('acc-1', { ...first, firstRead: 'historical', wasThere: true });

    expect(begun).toMatchObject({ doneUntil: first.readFrom, historicalBefore: '2026-06-01T00:00:00Z' });
  });

  it('reads an account that appears later live from its beginning (E9)', () => {
    const begun = livePosition('acc-2', { ...first, firstRead: 'historical', wasThere: false });

    expect(begun).toMatchObject({ doneUntil: first.readFrom, historicalBefore: null });
  });

  it('begins at deployment where the first read is switched off', () => {
    const begun = livePosition('acc-1', { ...first, firstRead: 'none', wasThere: true });

    expect(begun.doneUntil).toBe(first.deployedAt);
  });
});

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
