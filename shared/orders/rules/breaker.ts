import type { DrainPace, Throttle } from './drain-pace.ts';
import type { CallResult } from './order-ledger.ts';

/**
 * A brand's breaker. While it is open, only one probe a minute is sent for the brand, and everything else
 * waits in the ledger. An operator who pauses the brand opens it without probes. The breaker also holds how
 * fast waiting orders are sent after an outage. All instants are ISO 8601 UTC.
 */
export type Breaker = BreakerState & {
  /** Missing if Button has never answered 429. */
  throttle?: Throttle;
  /** Missing if orders have never been drained. */
  pace?: DrainPace;
  /** When an operator last ended a pause. */
  resumedAt?: string;
};

/** Whether the breaker is open. */
export type BreakerState =
  | {
      state: 'closed';
      since: string;
      /** Orders that failed for the first time in environments that see few orders: see `countFailure`. */
      failures?: readonly FirstFailure[];
      /** Since when an environment that also sees successes has had several such orders in a row. */
      suspectedSince?: string;
      /**
       * A success (also of a probe). Failures before it, in environments that did not know of it, do not
       * count any more.
       */
      lastSuccessAt?: string;
    }
  | { state: 'open'; cause: BreakerCause; since: string; nextProbeAt: string }
  /** Until an operator resumes the brand: no probe is sent, and no success ends it. */
  | { state: 'open'; cause: 'paused'; since: string; reason: string };

/** Why a breaker opens: Button refuses the key, or fails. */
export type BreakerCause = 'key-refused' | 'outage';

/** An order whose very first try failed, and when. */
export type FirstFailure = { orderId: string; at: string };

/**
 * What a call says about Button and the key.
 *
 * - `healthy`: Button answers and accepts the key.
 * - `throttled`: Button is healthy and asks for fewer calls.
 * - `unauthorized`: Button refuses the key. This alone opens the breaker at once.
 * - `forbidden`: Button refuses the key for this order, or for every order.
 * - `outage`: a 5xx, no answer, or an answer that is not Button's.
 * - `not-asked`: no call was made, or its result is about the order only.
 */
export type ButtonHealth = 'healthy' | 'throttled' | 'unauthorized' | 'forbidden' | 'outage' | 'not-asked';

/**
 * The number of different orders that open the breaker if each fails for the first time, with no success in
 * between.
 */
export const OUTAGE_AFTER_ORDERS = 5;

/**
 * If an order has failed this number of times and Button accepts others meanwhile, an answer about the key or
 * the rate is the order's own. A 429 at the rate limit may meet an order several times in a row.
 */
const OWN_AFTER_TRIES: ReadonlyMap<string, number> = new Map([
  ['unauthorized', 1],
  ['http_429', 5],
]);

/**
 * Whether the result is the order's own, because the order has failed often enough, if Button accepts others.
 * Pure.
 */
export function mayBeOwn(result: CallResult, tries: number): boolean {
  if (result.result === 'done' || result.result === 'refused' || result.isLookUp) return false;
  const ownAfter = OWN_AFTER_TRIES.get(result.reason);
  return ownAfter !== undefined && tries >= ownAfter;
}

/** From one probe to the next. */
const PROBE_INTERVAL_MS = 60_000;

/** An older first failure says nothing about the present state of Button. */
const FAILURE_COUNTS_FOR_MS = 900_000;

/**
 * What the result of the calls about one order says about Button and the key, apart from the order. Pure.
 *
 * An unanswered look-up by token counts as `healthy`, because Button has answered the read before it. So does
 * a read that Button refused. A 429 to a look-up counts as `throttled`.
 */
export function healthOf(result: CallResult): ButtonHealth {
  if (result.result === 'done' || result.result === 'refused') return 'healthy';
  const { reason } = result;
  if (result.blamesOrder && OWN_AFTER_TRIES.has(reason)) return 'not-asked';
  if (reason === 'http_429') return 'throttled';
  if (result.isLookUp) return 'healthy';
  if (reason === 'unauthorized') return 'unauthorized';
  if (reason === 'forbidden') return 'forbidden';
  if (reason.startsWith('api_key_')) return 'not-asked';
  return reason === 'not_found' || reason === 'http_425' ? 'healthy' : 'outage';
}

/**
 * The breaker after `cause`: the next sweep makes the first probe. An open breaker stays unchanged, so that
 * its probes keep their time. Pure.
 */
export function openBreaker(breaker: Breaker | undefined, cause: BreakerCause, now: Date): Breaker {
  if (breaker?.state === 'open') return breaker;
  return {
    ...drainOf(breaker),
    state: 'open',
    cause,
    since: now.toISOString(),
    nextProbeAt: now.toISOString(),
  };
}

/**
 * The breaker after a probe that found Button healthy, or one that has never been open; that of a paused
 * brand stays as it is. Pure.
 */
export function closeBreaker(breaker: Breaker | undefined, now: Date): Breaker {
  if (breaker && (breaker.state === 'closed' || isPaused(breaker))) return breaker;
  const since = now.toISOString();
  return { ...drainOf(breaker), state: 'closed', since, ...(breaker && { lastSuccessAt: since }) };
}

/**
 * The breaker after an order's first try failed in an environment that has had no success for a while. It is
 * open once `OUTAGE_AFTER_ORDERS` different orders have failed. Earlier failures count only if they are
 * recent, and later than the last success; `lastSuccessAt` is the last one that this environment knows. Pure.
 */
export function countFailure(
  breaker: Breaker | undefined,
  {
    orderId,
    cause,
    lastSuccessAt,
  }: { orderId: string; cause: BreakerCause; lastSuccessAt: Date | undefined },
  now: Date,
): Breaker {
  if (breaker?.state === 'open') return breaker;
  const since = Math.max(
    lastSuccessAt?.getTime() ?? 0,
    Date.parse(breaker?.lastSuccessAt ?? '1970-01-01'),
    now.getTime() - FAILURE_COUNTS_FOR_MS,
  );
  const others = (breaker?.failures ?? []).filter(
    (failure) => failure.orderId !== orderId && Date.parse(failure.at) > since,
  );
  if (others.length + 1 >= OUTAGE_AFTER_ORDERS) return openBreaker(breaker, cause, now);
  const failures = [...others, { orderId, at: now.toISOString() }];
  return { ...(breaker ?? closeBreaker(undefined, now)), state: 'closed', failures };
}

/**
 * The breaker that asks environments with successes to say so, because another has had several first failures
 * in a row. Pure.
 */
export function suspectOutage(breaker: Breaker | undefined, now: Date): Breaker {
  if (breaker && (breaker.state === 'open' || breaker.suspectedSince)) return breaker;
  return { ...(breaker ?? closeBreaker(undefined, now)), state: 'closed', suspectedSince: now.toISOString() };
}

/** The closed breaker after a success in an environment that finds failures of others in it. Pure. */
export function forgetFailures(breaker: Breaker, now: Date): Breaker {
  if (breaker.state === 'open' || !(breaker.failures ?? breaker.suspectedSince)) return breaker;
  const { failures: _failures, suspectedSince: _since, ...rest } = breaker;
  return { ...rest, lastSuccessAt: now.toISOString() };
}

/**
 * The breaker with its next probe a minute later, for the sweep that makes the due probe; undefined if none
 * is due. Pure.
 */
export function takeProbe(breaker: Breaker, now: Date): Breaker | undefined {
  if (breaker.state === 'closed' || breaker.cause === 'paused') return undefined;
  return breaker.nextProbeAt > now.toISOString() ? undefined : { ...breaker, nextProbeAt: afterProbe(now) };
}

/** Whether an operator has paused the brand. Pure. */
export function isPaused(breaker: Breaker | undefined): boolean {
  return breaker?.state === 'open' && breaker.cause === 'paused';
}

/** The breaker of a brand that an operator pauses, whatever it was before. Pure. */
export function pauseBrand(breaker: Breaker | undefined, reason: string, now: Date): Breaker {
  if (breaker && isPaused(breaker)) return breaker;
  return { ...drainOf(breaker), state: 'open', cause: 'paused', since: now.toISOString(), reason };
}

/**
 * The breaker of a brand that an operator resumes; undefined if it is not paused. It is closed, and knows of
 * no success: if Button fails, the first failures open it again. Pure.
 */
export function resumeBrand(breaker: Breaker | undefined, now: Date): Breaker | undefined {
  if (!isPaused(breaker)) return undefined;
  const since = now.toISOString();
  return { ...drainOf(breaker), state: 'closed', since, resumedAt: since };
}

/** The breaker that knows that Button has answered 429. Pure. */
export function withThrottle(breaker: Breaker | undefined, throttle: Throttle, now: Date): Breaker {
  return { ...(breaker ?? closeBreaker(undefined, now)), throttle };
}

/** The breaker that remembers the rate at which orders are drained. Pure. */
export function withPace(breaker: Breaker | undefined, pace: DrainPace, now: Date): Breaker {
  return { ...(breaker ?? closeBreaker(undefined, now)), pace };
}

function drainOf(breaker: Breaker | undefined): Pick<Breaker, 'throttle' | 'pace' | 'resumedAt'> {
  return {
    ...(breaker?.throttle && { throttle: breaker.throttle }),
    ...(breaker?.pace && { pace: breaker.pace }),
    ...(breaker?.resumedAt && { resumedAt: breaker.resumedAt }),
  };
}

function afterProbe(now: Date): string {
  return new Date(now.getTime() + PROBE_INTERVAL_MS).toISOString();
}
