import type { CallResult } from './order-ledger.ts';

/**
 * A brand's breaker: while it is open, nothing is sent for the brand but one probe a minute, and everything else waits in the ledger.
 * All instants are ISO 8601 UTC.
 */
export type Breaker =
  | { state: 'closed'; since: string }
  | { state: 'open'; cause: BreakerCause; since: string; nextProbeAt: string };

/** Why a breaker opens: Button refuses the key, or does not do its work. */
export type BreakerCause = 'key-refused' | 'outage';

/** So many calls in a row that found Button out of order make an outage, as one environment of the function sees it. */
export const OUTAGE_AFTER_FAILURES = 5;

/** From one probe to the next. */
const PROBE_INTERVAL_MS = 60_000;

/**
 * What the result of a call says about Button and the key, whatever it says about the order. Pure.
 *
 * - `healthy`: Button answers and takes the key. A 429 counts as such: each order waits for its own `Retry-After` (B2). So does a look-up by
 *   token, whatever became of it: the read before it was answered.
 * - `key-refused`: a 401, or a 403 where only the key can be meant.
 * - `outage`: a 5xx, no answer, or one that makes no sense.
 * - `not-asked`: no call was made.
 */
export function healthOf(result: CallResult): 'healthy' | BreakerCause | 'not-asked' {
  if (result.result === 'done' || result.result === 'refused') return 'healthy';
  if (result.result === 'try-again' && result.isLookUp) return 'healthy';
  const { reason } = result;
  if (reason === 'unauthorized') return 'key-refused';
  if (reason.startsWith('api_key_')) return 'not-asked';
  return reason === 'not_found' || /^http_[34]/.test(reason) ? 'healthy' : 'outage';
}

/** The breaker after `cause` was seen; one that is open already stays as it is, so that its probes keep their time. Pure. */
export function openBreaker(breaker: Breaker | undefined, cause: BreakerCause, now: Date): Breaker {
  if (breaker?.state === 'open') return breaker;
  return { state: 'open', cause, since: now.toISOString(), nextProbeAt: afterProbe(now) };
}

/** The breaker after a probe that found Button healthy. Pure. */
export function closeBreaker(breaker: Breaker | undefined, now: Date): Breaker {
  return breaker?.state === 'closed' ? breaker : { state: 'closed', since: now.toISOString() };
}

/** The breaker with its next probe a minute on, for whoever makes the one that is due; undefined if none is. Pure. */
export function takeProbe(breaker: Breaker, now: Date): Breaker | undefined {
  if (breaker.state === 'closed' || breaker.nextProbeAt > now.toISOString()) return undefined;
  return { ...breaker, nextProbeAt: afterProbe(now) };
}

function afterProbe(now: Date): string {
  return new Date(now.getTime() + PROBE_INTERVAL_MS).toISOString();
}
