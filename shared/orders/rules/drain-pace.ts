/** Button answered 429. Instants are ISO 8601 UTC. */
export type Throttle = {
  /** When Button last answered 429, to within a few seconds. */
  at: string;
  /**
   * The end of the pause that Button asked for (`Retry-After`); missing if it named no time, or has accepted
   * a later call since.
   */
  until?: string;
};

/** How fast waiting orders are sent to Button. */
export type DrainPace = {
  perSecond: number;
  /** When it was last changed; ISO 8601 UTC. */
  changedAt: string;
  /** Button has answered 429 since the drain began: after that the rate rises slowly. */
  wasThrottled: boolean;
};

/** The initial rate: no more than the system calls Button on a busy day. */
const FIRST_PER_SECOND = 10;
const LEAST_PER_SECOND = 1;

/**
 * Between two changes of the rate: as long as it takes until a change reaches Button and its answers have
 * come back.
 */
const CHANGE_INTERVAL_MS = 5000;

/** For this long, answers to calls from before a change still arrive. */
const ANSWERS_LATER_MS = 2000;

/** After this long without a drain, what was learnt about Button's limit is forgotten. */
const FORGOTTEN_AFTER_MS = 3_600_000;

/** The rate grows by half until the first 429: from 10 to 500 a second in less than a minute. */
const RISE_UNTIL_THROTTLED = 1.5;
const RISE = 1.02;
const LEAST_RISE = 0.25;
const FALL = 0.7;

/**
 * For this long, one recorded 429 stands for all: less than the time between two changes of the rate, so that
 * each change sees its own.
 */
const THROTTLE_NOTED_MS = 2000;

/** The rate to continue with; the initial one if nothing was drained for an hour. Pure. */
export function paceOf(
  pace: DrainPace | undefined,
  { maxPerSecond, now }: { maxPerSecond: number; now: Date },
): DrainPace {
  if (!pace || now.getTime() - Date.parse(pace.changedAt) > FORGOTTEN_AFTER_MS)
    return {
      perSecond: Math.min(FIRST_PER_SECOND, maxPerSecond),
      changedAt: now.toISOString(),
      wasThrottled: false,
    };
  return { ...pace, perSecond: Math.min(pace.perSecond, maxPerSecond) };
}

/**
 * The rate after some seconds at `pace`. It falls by a third after a 429, and rises while the rate itself
 * holds orders back (`isLimit`), but never above `maxPerSecond`. Pure.
 *
 * Source: additive increase and multiplicative decrease, https://www.rfc-editor.org/rfc/rfc5681 (section
 * 3.1); the increase is proportional, so that it finds a limit of five a second as well as one of five
 * hundred.
 */
export function adaptPace(
  pace: DrainPace,
  {
    throttle,
    isLimit,
    maxPerSecond,
    now,
  }: { throttle: Throttle | undefined; isLimit: boolean; maxPerSecond: number; now: Date },
): DrainPace {
  const changedAtMs = Date.parse(pace.changedAt);
  if (now.getTime() - changedAtMs < CHANGE_INTERVAL_MS) return pace;
  const changedAt = now.toISOString();
  const throttledAtMs = throttle ? Date.parse(throttle.at) : 0;
  if (throttledAtMs > changedAtMs + ANSWERS_LATER_MS)
    return { perSecond: Math.max(LEAST_PER_SECOND, pace.perSecond * FALL), changedAt, wasThrottled: true };
  if (throttledAtMs >= changedAtMs || !isLimit || pace.perSecond >= maxPerSecond) return pace;
  const raised = pace.wasThrottled
    ? Math.max(pace.perSecond * RISE, pace.perSecond + LEAST_RISE)
    : pace.perSecond * RISE_UNTIL_THROTTLED;
  return { ...pace, perSecond: Math.min(maxPerSecond, raised), changedAt };
}

/**
 * The throttle after a 429 with that `Retry-After`, in milliseconds; the known throttle itself if it says the
 * same, so that few of many 429s are written. Pure.
 */
export function noteThrottle(known: Throttle | undefined, afterMs: number | undefined, now: Date): Throttle {
  const until = afterMs === undefined ? undefined : new Date(now.getTime() + afterMs).toISOString();
  const isRecent = known !== undefined && now.getTime() - Date.parse(known.at) < THROTTLE_NOTED_MS;
  const isCovered =
    until === undefined || (known?.until !== undefined && secondsBetween(known.until, until) < 2);
  if (known && isRecent && isCovered) return known;
  const latest = [known?.until, until]
    .filter((instant) => instant !== undefined)
    .sort()
    .at(-1);
  return { at: now.toISOString(), ...(latest === undefined ? {} : { until: latest }) };
}

/**
 * Until when only probes may be sent for waiting orders, in milliseconds since 1970; 0 if nothing is held
 * back. Pure.
 */
export function heldUntilMs(throttle: Throttle | undefined): number {
  return throttle?.until === undefined ? 0 : Date.parse(throttle.until);
}

/**
 * The throttle after Button has accepted a call that was made at `askedAt`. If that was after the 429, the
 * 429 was about its own order, or about a moment that is over, and nothing is held back any more. Pure.
 */
export function liftThrottle(known: Throttle, askedAt: Date): Throttle {
  return known.until !== undefined && known.at < askedAt.toISOString() ? { at: known.at } : known;
}

function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}
