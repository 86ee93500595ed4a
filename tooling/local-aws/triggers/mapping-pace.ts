import { setTimeout as delay } from 'node:timers/promises';

/** How fast a queue's mapping works: slower with each invocation that fails or is throttled. */
export type MappingPace = {
  /** How many batches may be under way at once. */
  readonly concurrency: number;
  /** How long the mapping rests before it receives or tries again. */
  readonly pauseMs: number;
  /** Lets batches be under way at once again, one more with each, up to the mapping's own maximum. */
  speedUp(): void;
  /** Halves the concurrency down to one batch, and doubles the pause. */
  slowDown(): void;
};

/** AWS names no pause; it says that Lambda backs off. */
const PAUSE_MS = { first: 100, longest: 10_000 };

/**
 * Lambda "gradually backs off the amount of concurrency allocated" to a queue whose invocations fail or are
 * throttled. By how much is not documented.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html, "Backoff strategy for
 * failed invocations".
 */
export function createMappingPace(maximum: number): MappingPace {
  let concurrency = maximum;
  let pauseMs = 0;
  return {
    get concurrency() {
      return concurrency;
    },
    get pauseMs() {
      return pauseMs;
    },
    speedUp() {
      concurrency = Math.min(maximum, concurrency + 1);
      pauseMs = 0;
    },
    slowDown() {
      concurrency = Math.max(1, Math.floor(concurrency / 2));
      pauseMs = Math.min(PAUSE_MS.longest, Math.max(PAUSE_MS.first, pauseMs * 2));
    },
  };
}

/** Waits. Returns early when the signal is aborted. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
