import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  adaptPace,
  noteThrottle,
  paceOf,
  type DrainPace,
} from '../../../../shared/orders/rules/drain-pace.ts';

const noon = new Date('2026-06-01T12:00:00.000Z');
const at = (seconds: number): Date => new Date(noon.getTime() + seconds * 1000);
const maxPerSecond = 1000;

/**
 * Drains for this many seconds at a Button that accepts `limit` orders a second. Returns the number sent in
 * each second.
 */
function drain(limit: number, seconds: number): number[] {
  let pace = paceOf(undefined, { maxPerSecond, now: noon });
  let throttle;
  const sent: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    sent.push(pace.perSecond);
    if (pace.perSecond > limit) throttle = noteThrottle(throttle, undefined, at(second));
    pace = adaptPace(pace, { throttle, isLimit: true, maxPerSecond, now: at(second + 1) });
  }
  return sent;
}

describe('the pace of a drain', () => {
  it.each([5, 50, 500])('finds a limit of %i a second within a minute and stays near it', (limit) => {
    const later = drain(limit, 1800).slice(60);
    const taken = later.reduce((sum, sent) => sum + Math.min(sent, limit), 0) / later.length;

    expect(taken).toBeGreaterThan(0.8 * limit);
    expect(later.filter((sent) => sent > limit).length).toBeLessThan(later.length / 4);
  });

  it('rises to its maximum if Button accepts everything, and no further', () => {
    expect(Math.max(...drain(Infinity, 300))).toBe(maxPerSecond);
  });

  it('stays between one a second and its maximum, and falls after a 429, whatever happens', () => {
    const pace: DrainPace = { perSecond: 80, changedAt: noon.toISOString(), wasThrottled: true };
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (throttled) => {
        let current = pace;
        throttled.forEach((isThrottled, index) => {
          const now = at(10 * (index + 1));
          const throttle = isThrottled ? { at: now.toISOString() } : undefined;
          const next = adaptPace(current, { throttle, isLimit: true, maxPerSecond: 100, now });
          expect(next.perSecond).toBeGreaterThanOrEqual(1);
          expect(next.perSecond).toBeLessThanOrEqual(100);
          if (isThrottled) expect(next.perSecond).toBeLessThanOrEqual(Math.max(1, current.perSecond));
          current = next;
        });
      }),
    );
  });

  it('does not rise while something else limits the drain', () => {
    const pace = paceOf(undefined, { maxPerSecond, now: noon });

    expect(adaptPace(pace, { throttle: undefined, isLimit: false, maxPerSecond, now: at(60) })).toBe(pace);
  });

  it('continues where the last run stopped, and starts again after an hour', () => {
    const pace: DrainPace = { perSecond: 300, changedAt: noon.toISOString(), wasThrottled: true };

    expect(paceOf(pace, { maxPerSecond, now: at(60) })).toEqual(pace);
    expect(paceOf(pace, { maxPerSecond: 100, now: at(60) }).perSecond).toBe(100);
    expect(paceOf(pace, { maxPerSecond, now: at(3601) })).toMatchObject({
      perSecond: 10,
      wasThrottled: false,
    });
  });
});

describe('noteThrottle', () => {
  it('is the known throttle for two seconds, unless Button asks to wait longer', () => {
    const first = noteThrottle(undefined, 10_000, noon);

    expect(noteThrottle(first, 10_000, at(1))).toBe(first);
    expect(noteThrottle(first, undefined, at(1))).toBe(first);
    expect(noteThrottle(first, 60_000, at(1))).toEqual({
      at: at(1).toISOString(),
      until: at(61).toISOString(),
    });
    expect(noteThrottle(first, undefined, at(5))).toEqual({
      at: at(5).toISOString(),
      until: at(10).toISOString(),
    });
  });
});
