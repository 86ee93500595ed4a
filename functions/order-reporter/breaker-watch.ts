import {
  closeBreaker,
  countFailure,
  forgetFailures,
  healthOf,
  openBreaker,
  suspectOutage,
  OUTAGE_AFTER_ORDERS,
  withThrottle,
  type Breaker,
  type BreakerCause,
  type ButtonHealth,
} from '../../shared/orders/rules/breaker.ts';
import { heldUntilMs, liftThrottle, noteThrottle } from '../../shared/orders/rules/drain-pace.ts';
import type { CallResult } from '../../shared/orders/rules/order-ledger.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';
import type { BreakerStore } from '../../shared/orders/store/breaker-store.ts';
import type { Versioned, WriteResult } from '../../shared/dynamodb/versioned-item.ts';

/** Which order the calls were about. */
export type WatchedCall = {
  orderId: string;
  /** The order has not failed before: only then its failure says something about Button. */
  isFirstFailure: boolean;
  /** The order has waited in the ledger: the sweep sent it, or a newer version came. */
  hasWaited: boolean;
  isProbe: boolean;
  /** When the calls began. */
  askedAt: Date;
};

/**
 * What one environment of the function knows of its brand's breaker. Its methods throw what the store throws.
 */
export type BreakerWatch = {
  /**
   * Whether to send nothing but a probe. Reads at the environment's start, and while the breaker is known to
   * be open.
   */
  isOpen(): Promise<boolean>;
  /**
   * Takes in how the calls about an order ended: opens the breaker, closes it after a probe that found Button
   * well, or notes that Button asks for fewer calls. Successes disprove what other environments have noted, also
   * a `Retry-After`: they read the breaker once in five minutes, those of orders that have waited once in ten
   * seconds.
   */
  record(result: CallResult, call: WatchedCall): Promise<void>;
  /** Takes in what a probe that was about no order found. */
  recordProbe(health: ButtonHealth): Promise<void>;
  /** When this environment last reported an order; undefined if it never did. */
  lastSuccessAt(): Date | undefined;
  /**
   * Whether this environment has reported another order within the last ten minutes: then a failure is the
   * order's own.
   */
  othersSucceed(orderId: string): boolean;
  /**
   * Whether Button takes other orders: this environment has reported one within the last ten minutes, or the breaker
   * knows of a success since that instant (ISO 8601 UTC).
   */
  isWellSince(instant: string, orderId: string): Promise<boolean>;
};

/** While the breaker is known to be open, and while calls fail, it is read again no more often than this. */
const READ_AGAIN_AFTER_MS = 10_000;
const DISPROVE_AFTER_MS = 300_000;
const MAX_RACES = 5;
const OTHERS_SUCCEED_FOR_MS = 600_000;

/**
 * An environment without a success for so long shares its first failures with the others through the
 * breaker's item: each of them alone may see too few orders. One that has successes keeps its count to
 * itself, because it can't know of the successes of all the others.
 */
const ALONE_AFTER_MS = 60_000;

/**
 * After a success, the failures of orders that have waited count no more for so long: beside those that opened the
 * breaker, more of their kind wait, and are all sent as soon as it closes. New orders count at once.
 */
const WAITED_COUNTS_AFTER_MS = 30_000;

/** A watch over the breaker in `store`, to be kept for as long as the environment lives. */
export function createBreakerWatch({ store, now }: { store: BreakerStore; now: () => Date }): BreakerWatch {
  const item = watchItem(store, now);
  const successes = watchSuccesses(now);
  /** The orders that have failed for the first time without a success in between, and when. */
  const failing = new Map<string, string>();
  item.onClosed(() => {
    failing.clear();
  });

  const recordFailure = async (cause: BreakerCause, orderId: string): Promise<void> => {
    failing.set(orderId, now().toISOString());
    if (failing.size >= OUTAGE_AFTER_ORDERS) {
      await item.readIfOld();
      return item.update((breaker) => {
        const { lastSuccessAt = '' } = breaker?.state === 'closed' ? breaker : {};
        for (const [earlier, at] of failing) if (at <= lastSuccessAt) failing.delete(earlier);
        return failing.size >= OUTAGE_AFTER_ORDERS ? openBreaker(breaker, cause, now()) : breaker;
      });
    }
    if (successes.sinceMs() < ALONE_AFTER_MS)
      return failing.size > 1 ? item.note((breaker) => suspectOutage(breaker, now())) : item.readIfOld();
    const lastSuccessAt = successes.lastAt();
    return item.note((breaker) => countFailure(breaker, { orderId, cause, lastSuccessAt }, now()));
  };
  /** The last success that is known here, of this environment or in the breaker. */
  const lastSuccess = async (): Promise<string> => {
    const ofAll = await item.readLastSuccess();
    const own = successes.lastAt()?.toISOString() ?? '';
    return own > ofAll ? own : ofAll;
  };
  const countsAsFirst = async ({ isFirstFailure, hasWaited, isProbe }: WatchedCall): Promise<boolean> => {
    if (!isFirstFailure || isProbe || !hasWaited) return isFirstFailure && !isProbe;
    const countsSince = new Date(now().getTime() - WAITED_COUNTS_AFTER_MS).toISOString();
    return (await lastSuccess()) < countsSince;
  };
  /** Without a read, a `Retry-After` that another environment has noted is not known. */
  const recordTaken = async ({ hasWaited, askedAt }: WatchedCall): Promise<void> => {
    if (!hasWaited && item.heldUntilMs() <= now().getTime()) return;
    await item.note((breaker) => {
      if (!breaker?.throttle) return breaker;
      const throttle = liftThrottle(breaker.throttle, askedAt);
      return throttle === breaker.throttle ? breaker : withThrottle(breaker, throttle, now());
    });
  };
  const recordWell = async (isProbe: boolean): Promise<void> => {
    failing.clear();
    if (!isProbe) return item.isOlderThan(DISPROVE_AFTER_MS) ? item.note(disprove) : undefined;
    // Another environment opened it: what is known here may be older.
    await item.read();
    if (item.isOpen()) await item.update((breaker) => closeBreaker(breaker, now()));
  };
  const disprove = (breaker: Breaker | undefined): Breaker | undefined =>
    breaker && forgetFailures(breaker, now());
  const recordThrottle = (afterMs: number | undefined): Promise<void> =>
    item.note((breaker) => {
      const throttle = noteThrottle(breaker?.throttle, afterMs, now());
      return breaker && throttle === breaker.throttle ? breaker : withThrottle(breaker, throttle, now());
    });

  return {
    async isOpen() {
      if (!item.isKnown()) await item.read();
      else if (item.isOpen()) await item.readIfOld();
      return item.isOpen();
    },

    async record(result, call) {
      const { orderId, isProbe } = call;
      const health = healthOf(result);
      if (result.result === 'done') successes.add(orderId);
      switch (health) {
        case 'not-asked':
          return;
        case 'healthy':
          await recordWell(isProbe);
          return recordTaken(call);
        case 'throttled':
          await recordWell(isProbe);
          return recordThrottle('afterMs' in result ? result.afterMs : undefined);
        case 'unauthorized':
          return item.update((breaker) => openBreaker(breaker, 'key-refused', now()));
        case 'forbidden':
        case 'outage':
          return (await countsAsFirst(call))
            ? recordFailure(health === 'forbidden' ? 'key-refused' : health, orderId)
            : item.readIfOld();
      }
    },

    async recordProbe(health) {
      if (health === 'healthy' || health === 'throttled') await recordWell(true);
    },

    lastSuccessAt: successes.lastAt,
    othersSucceed: successes.areOfOthers,
    async isWellSince(instant, orderId) {
      return successes.areOfOthers(orderId) || (await item.readLastSuccess()) > instant;
    },
  };
}

/** What becomes of the breaker; undefined if there is none and need be none. */
type Change = (breaker: Breaker | undefined) => Breaker | undefined;

/** The breaker's item, as far as it is known here. */
function watchItem(store: BreakerStore, now: () => Date) {
  let known: { stored: Versioned<Breaker> | undefined; readAtMs: number } | undefined;
  let reading: Promise<void> | undefined;
  let notifyClosed = (): void => undefined;

  const isOpen = (): boolean => known?.stored?.value.state === 'open';
  const remember = (stored: Versioned<Breaker> | undefined): void => {
    if (isOpen() && stored?.value.state === 'closed') notifyClosed();
    known = { stored, readAtMs: now().getTime() };
  };
  const read = (): Promise<void> => {
    reading ??= store
      .read()
      .then(remember)
      .finally(() => (reading = undefined));
    return reading;
  };
  const isOlderThan = (ms: number): boolean => !known || now().getTime() - known.readAtMs >= ms;
  const readIfOld = async (): Promise<void> => {
    if (isOlderThan(READ_AGAIN_AFTER_MS)) await read();
  };
  /**
   * A write without an answer may have been carried out: what is stored is read before it is relied on again.
   */
  const write = async (breaker: Breaker, revision: number): Promise<WriteResult<Breaker>> => {
    try {
      return await store.write(breaker, revision);
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
  /**
   * Writes what `change` makes of the breaker, unless that is what is stored; false if others were always
   * faster.
   */
  const tryUpdate = async (change: Change): Promise<boolean> => {
    for (let race = 0; race < MAX_RACES; race += 1) {
      const current = known?.stored;
      const changed = change(current?.value);
      if (!changed || changed === current?.value) return true;
      const result = await write(changed, current?.revision ?? 0);
      remember(result.ok ? result.stored : result.current);
      if (result.ok) return true;
    }
    return false;
  };

  return {
    isKnown: () => known !== undefined,
    isOpen,
    /** Until when Button asked to be left alone, as far as it is known here; 0 if it did not. */
    heldUntilMs: () => heldUntilMs(known?.stored?.value.throttle),
    /** The last success that a closed breaker knows of; an empty text for none. */
    readLastSuccess: async (): Promise<string> => {
      await readIfOld();
      const { state, ...breaker } = known?.stored?.value ?? { state: 'open' };
      return state === 'closed' && 'lastSuccessAt' in breaker ? (breaker.lastSuccessAt ?? '') : '';
    },
    read,
    readIfOld,
    isOlderThan,
    onClosed: (listener: () => void) => (notifyClosed = listener),
    update: async (change: Change): Promise<void> => {
      if (!(await tryUpdate(change))) throw new RetryableError('Too many writers at the breaker');
    },
    /** Like `update`, for what others will write down too if this environment can't. */
    note: async (change: Change): Promise<void> => {
      await readIfOld();
      await tryUpdate(change);
    },
  };
}

/**
 * The orders that this environment has reported last: two of them, so that there is one besides any order.
 */
function watchSuccesses(now: () => Date) {
  const startedAtMs = now().getTime();
  let last: { orderId: string; at: Date } | undefined;
  let lastOfAnother: { orderId: string; at: Date } | undefined;
  return {
    add(orderId: string): void {
      if (last && last.orderId !== orderId) lastOfAnother = last;
      last = { orderId, at: now() };
    },
    lastAt: () => last?.at,
    sinceMs: () => now().getTime() - (last?.at.getTime() ?? startedAtMs),
    areOfOthers: (orderId: string): boolean => {
      const other = last?.orderId === orderId ? lastOfAnother : last;
      return other !== undefined && now().getTime() - other.at.getTime() < OTHERS_SUCCEED_FOR_MS;
    },
  };
}
