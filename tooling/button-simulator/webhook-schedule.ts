const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long Button keeps sending a webhook that is not acknowledged. */
const GIVE_UP_AFTER_MS = 3 * DAY_MS;

/** The first interval is unknown; the doubling in the first hour is documented. */
const FIRST_RETRY_MS = 10_000;

/**
 * When a webhook that failed again is sent next: exponential back-off in the first hour, then once an hour,
 * for three days (Button's guide "Configure webhooks"). Undefined if Button gives up.
 */
export function nextAttemptMs(attemptsMs: readonly number[]): number | undefined {
  const firstMs = attemptsMs[0];
  const lastMs = attemptsMs.at(-1);
  if (firstMs === undefined || lastMs === undefined) return undefined;
  const withinFirstHour = lastMs - firstMs < HOUR_MS;
  const backOffMs = FIRST_RETRY_MS * 2 ** (attemptsMs.length - 1);
  const nextMs = lastMs + (withinFirstHour ? Math.min(backOffMs, HOUR_MS) : HOUR_MS);
  return nextMs > firstMs + GIVE_UP_AFTER_MS ? undefined : nextMs;
}

/** A webhook in the rule that pauses an endpoint. */
export type Outcome = { createdMs: number; attempted: boolean; failed: boolean };

/**
 * Whether an endpoint is paused: more than 10% of the webhooks created and attempted in the past hour failed,
 * and at least 5 did (same guide). A webhook that failed once and was delivered later counts as failed here,
 * which is the stricter of the two interpretations.
 */
export function isTooUnreliable(outcomes: readonly Outcome[], nowMs: number): boolean {
  const counted = outcomes.filter((outcome) => outcome.attempted && outcome.createdMs > nowMs - HOUR_MS);
  const failures = counted.filter((outcome) => outcome.failed).length;
  return failures >= 5 && failures > counted.length / 10;
}
