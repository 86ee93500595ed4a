import { setTimeout as delay } from 'node:timers/promises';
import { isThrottled } from './invocation-result.ts';
import type { InvocationResult } from './invocation-result.ts';

/** How a failed asynchronous invocation is repeated. */
export type AsyncRetries = {
  /** The wait before each further attempt. */
  delaysMs: number[];
  maximumEventAgeMs: number;
};

/**
 * Twice, after one minute and then two; the event is dropped after six hours:
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export const DEFAULT_ASYNC_RETRIES: AsyncRetries = {
  delaysMs: [60_000, 120_000],
  maximumEventAgeMs: 21_600_000,
};

/**
 * The pause before an asynchronous invocation that was throttled is tried again. It doubles up to the second
 * value, and is none of the two retries.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const THROTTLE_DELAY_MS = { first: 1000, longest: 300_000 };

/** Runs an accepted event, and again as often as it is to be tried; ends when the signal is aborted. */
export function runWithRetries(
  run: () => Promise<InvocationResult>,
  options: { retries: AsyncRetries; signal: AbortSignal },
): void {
  tryUntilDone(run, options).catch((error: unknown) => {
    if (!options.signal.aborted) throw error;
  });
}

async function tryUntilDone(
  run: () => Promise<InvocationResult>,
  { retries: { delaysMs, maximumEventAgeMs }, signal }: { retries: AsyncRetries; signal: AbortSignal },
): Promise<void> {
  const acceptedAtMs = Date.now();
  const left = [...delaysMs];
  let throttleDelayMs = THROTTLE_DELAY_MS.first;
  let waitMs: number | undefined = 0;
  while (waitMs !== undefined) {
    await delay(waitMs, undefined, { signal });
    if (Date.now() - acceptedAtMs > maximumEventAgeMs) return;
    const result = await run();
    if (result.status === 'succeeded') return;
    if (isThrottled(result)) {
      waitMs = throttleDelayMs;
      throttleDelayMs = Math.min(throttleDelayMs * 2, THROTTLE_DELAY_MS.longest);
    } else waitMs = left.shift();
  }
}
