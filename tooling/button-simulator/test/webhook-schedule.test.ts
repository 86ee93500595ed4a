import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTooUnreliable, nextAttemptMs, type Outcome } from '../webhook-schedule.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The times at which a webhook is sent that never succeeds. */
function allAttempts(firstMs: number): number[] {
  const attemptsMs = [firstMs];
  for (let next = nextAttemptMs(attemptsMs); next !== undefined; next = nextAttemptMs(attemptsMs))
    attemptsMs.push(next);
  return attemptsMs;
}

function gaps(attemptsMs: number[]): number[] {
  return attemptsMs.slice(1).map((at, index) => at - (attemptsMs[index] ?? 0));
}

describe('retries', () => {
  it('double their interval in the first hour', () => {
    const attempts = allAttempts(0);

    const inFirstHour = gaps(attempts.filter((at) => at < HOUR_MS));

    expect(inFirstHour).toEqual([10, 20, 40, 80, 160, 320, 640, 1280].map((seconds) => seconds * 1000));
  });

  it('come once an hour afterwards', () => {
    const attempts = allAttempts(0);

    const afterwards = gaps(attempts.filter((at) => at >= HOUR_MS));

    expect(afterwards.length).toBeGreaterThan(60);
    expect(new Set(afterwards)).toEqual(new Set([HOUR_MS]));
  });

  it('end with the third day, whenever the first attempt was', () => {
    fc.assert(
      fc.property(fc.nat(), (firstMs) => {
        const attempts = allAttempts(firstMs);

        const lastMs = attempts.at(-1) ?? 0;
        expect(lastMs).toBeLessThanOrEqual(firstMs + 3 * DAY_MS);
        expect(lastMs).toBeGreaterThan(firstMs + 3 * DAY_MS - HOUR_MS);
      }),
    );
  });

  it('need a first attempt', () => {
    expect(nextAttemptMs([])).toBeUndefined();
  });
});

describe('an endpoint is paused', () => {
  const now = 10 * DAY_MS;
  const outcomes = (succeeded: number, failed: number, change: Partial<Outcome> = {}): Outcome[] => [
    ...Array.from({ length: succeeded }, () => ({ createdMs: now, attempted: true, failed: false })),
    ...Array.from({ length: failed }, () => ({ createdMs: now, attempted: true, failed: true, ...change })),
  ];

  it.each([
    [0, 4, false],
    [0, 5, true],
    [44, 5, true],
    [45, 5, false],
    [54, 6, false],
    [53, 6, true],
    [1000, 100, false],
  ])('with %i successes and %i failures in the past hour: %s (K2)', (succeeded, failed, paused) => {
    expect(isTooUnreliable(outcomes(succeeded, failed), now)).toBe(paused);
  });

  it('by what was created in the past hour only', () => {
    const old = outcomes(0, 9, { createdMs: now - HOUR_MS });
    const young = outcomes(0, 9, { createdMs: now - HOUR_MS + 1 });

    expect([isTooUnreliable(old, now), isTooUnreliable(young, now)]).toEqual([false, true]);
  });

  it('by what was attempted only', () => {
    const untried = outcomes(0, 95).map((outcome) => ({ ...outcome, attempted: false, failed: false }));

    expect(isTooUnreliable([...untried, ...outcomes(5, 5)], now)).toBe(true);
  });
});
