import { setTimeout as delay } from 'node:timers/promises';

import type { Advance } from './progress.ts';

/** Waits until the next items may be handled. */
export type Pace = (count: number) => Promise<void>;

/** A clock, and a way to wait on it. */
export type PaceClock = { nowMs: () => number; wait: (ms: number) => Promise<unknown> };

const SYSTEM_CLOCK: PaceClock = { nowMs: () => performance.now(), wait: (ms) => delay(ms) };

/** Limits work to `perSecond` items a second, evenly, so that a command leaves room for incoming traffic. */
export function createPace(perSecond: number, { nowMs, wait }: PaceClock = SYSTEM_CLOCK): Pace {
  let freeAtMs = -Infinity;
  return async (count) => {
    const waitMs = freeAtMs - nowMs();
    if (waitMs > 0) await wait(waitMs);
    freeAtMs = Math.max(freeAtMs, nowMs()) + (count * 1000) / perSecond;
  };
}

/** The same pace, which also says how many items may be handled by now. */
export function countedPace(pace: Pace, advance: Advance): Pace {
  return async (count) => {
    await pace(count);
    advance(count);
  };
}
