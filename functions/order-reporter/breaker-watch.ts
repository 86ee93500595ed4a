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
import { liftThrottle, noteThrottle } from '../../shared/orders/rules/drain-pace.ts';
import type { CallResult } from '../../shared/orders/rules/order-ledger.ts';
import type { BreakerStore } from '../../shared/orders/store/breaker-store.ts';
import { BreakerItem } from './breaker-item.ts';
import { RecentSuccesses } from './recent-successes.ts';

/** The order that the calls were about. */
export type WatchedCall = {
  orderId: string;
  /** The order has not failed before: only then does its failure say something about Button. */
  isFirstFailure: boolean;
  /** The order has waited in the ledger: the sweep sent it, or a newer version arrived. */
  hasWaited: boolean;
  isProbe: boolean;
  /** When the calls began. */
  askedAt: Date;
};

/**
 * What one environment of the function knows about its brand's breaker. Its methods throw what the store
 * throws.
 */
export type BreakerWatch = {
  /**
   * Whether only a probe may be sent. Reads the breaker when the environment starts, then at most once a
   * minute, and while it is known to be open, at most once in ten seconds. `retrySentAt`: when the sweep sent
   * the message. If it was known to be open before that, it is read again.
   */
  isOpen(retrySentAt?: Date): Promise<boolean>;
  /** Whether not even a probe may be sent: an operator has paused the brand. Reads as `isOpen` does. */
  isPaused(retrySentAt?: Date): Promise<boolean>;
  /**
   * Takes the result of the calls about an order: opens the breaker, closes it after a probe that found
   * Button healthy, or records that Button asks for fewer calls. Successes disprove what other environments
   * have recorded: failures at most once in five minutes; a `Retry-After`, after a success of an order that
   * has waited, at most once in ten seconds.
   */
  record(result: CallResult, call: WatchedCall): Promise<void>;
  /** Takes the result of a probe that was not about an order. */
  recordProbe(health: ButtonHealth): Promise<void>;
  /** When this environment last reported an order; undefined if it never did. */
  lastSuccessAt(): Date | undefined;
  /**
   * Whether this environment has reported another order in the last ten minutes: then the failure is the
   * order's own.
   */
  othersSucceed(orderId: string): boolean;
  /**
   * Whether Button accepts other orders: this environment has reported one in the last ten minutes, or the
   * breaker knows of a success since that instant (ISO 8601 UTC).
   */
  isWellSince(instant: string, orderId: string): Promise<boolean>;
};

/** While calls succeed, the failures that other environments have recorded are disproved this often. */
const DISPROVE_AFTER_MS = 300_000;

/**
 * An environment without a success for this long shares its first failures with the others through the
 * breaker's item, because each environment alone may see too few orders. An environment with successes does
 * not share its count, because it does not know the successes of the others.
 */
const ALONE_AFTER_MS = 60_000;

/**
 * For this long after a success, failures of waiting orders do not count: more orders of the kind that opened
 * the breaker may be waiting, and all are sent as soon as it closes. New orders count at once.
 */
const WAITED_COUNTS_AFTER_MS = 30_000;

/** A watch over the breaker in `store`. Keep it for the lifetime of the environment. */
export function createBreakerWatch(ports: { store: BreakerStore; now: () => Date }): BreakerWatch {
  return new StoredBreakerWatch(ports);
}

class StoredBreakerWatch implements BreakerWatch {
  readonly #now: () => Date;
  readonly #item: BreakerItem;
  readonly #successes: RecentSuccesses;
  /** The orders that failed for the first time since the last success, and when. */
  readonly #failing = new Map<string, string>();
  #disprovedAtMs: number;

  constructor({ store, now }: { store: BreakerStore; now: () => Date }) {
    this.#now = now;
    this.#disprovedAtMs = now().getTime();
    this.#successes = new RecentSuccesses(now);
    const onClosed = (): void => {
      this.#failing.clear();
    };
    this.#item = new BreakerItem({ store, now, onClosed });
  }

  async isOpen(retrySentAt?: Date): Promise<boolean> {
    await this.#item.readForMessage(retrySentAt);
    return this.#item.isOpen();
  }

  async isPaused(retrySentAt?: Date): Promise<boolean> {
    await this.#item.readForMessage(retrySentAt);
    return this.#item.isPaused();
  }

  async record(result: CallResult, call: WatchedCall): Promise<void> {
    const health = healthOf(result);
    if (result.result === 'done') this.#successes.add(call.orderId);
    switch (health) {
      case 'not-asked':
        return;
      case 'healthy':
        await this.#recordWell(call.isProbe);
        return this.#recordTaken(call);
      case 'throttled':
        await this.#recordWell(call.isProbe);
        return this.#recordThrottle('afterMs' in result ? result.afterMs : undefined);
      case 'unauthorized':
        return this.#item.update((breaker) => openBreaker(breaker, 'key-refused', this.#now()));
      case 'forbidden':
      case 'outage':
        return (await this.#countsAsFirst(call))
          ? this.#recordFailure(health === 'forbidden' ? 'key-refused' : health, call.orderId)
          : this.#item.readIfOld();
    }
  }

  async recordProbe(health: ButtonHealth): Promise<void> {
    if (health === 'healthy' || health === 'throttled') await this.#recordWell(true);
  }

  lastSuccessAt(): Date | undefined {
    return this.#successes.lastAt();
  }

  othersSucceed(orderId: string): boolean {
    return this.#successes.areOfOthers(orderId);
  }

  async isWellSince(instant: string, orderId: string): Promise<boolean> {
    return this.#successes.areOfOthers(orderId) || (await this.#item.readLastSuccess()) > instant;
  }

  async #recordFailure(cause: BreakerCause, orderId: string): Promise<void> {
    this.#failing.set(orderId, this.#now().toISOString());
    if (this.#failing.size >= OUTAGE_AFTER_ORDERS) {
      await this.#item.readIfOld();
      return this.#item.update((breaker) => this.#openUnlessDisproved(breaker, cause));
    }
    if (this.#successes.sinceMs() < ALONE_AFTER_MS)
      return this.#failing.size > 1
        ? this.#item.note((breaker) => suspectOutage(breaker, this.#now()))
        : this.#item.readIfOld();
    const lastSuccessAt = this.#successes.lastAt();
    return this.#item.note((breaker) =>
      countFailure(breaker, { orderId, cause, lastSuccessAt }, this.#now()),
    );
  }

  /** Failures before the last success of any environment do not count. */
  #openUnlessDisproved(breaker: Breaker | undefined, cause: BreakerCause): Breaker | undefined {
    const { lastSuccessAt = '' } = breaker?.state === 'closed' ? breaker : {};
    for (const [earlier, at] of this.#failing) if (at <= lastSuccessAt) this.#failing.delete(earlier);
    return this.#failing.size >= OUTAGE_AFTER_ORDERS ? openBreaker(breaker, cause, this.#now()) : breaker;
  }

  async #countsAsFirst({ isFirstFailure, hasWaited, isProbe }: WatchedCall): Promise<boolean> {
    if (!isFirstFailure || isProbe || !hasWaited) return isFirstFailure && !isProbe;
    const countsSince = new Date(this.#now().getTime() - WAITED_COUNTS_AFTER_MS).toISOString();
    return (await this.#lastSuccess()) < countsSince;
  }

  /** The last success that is known here, of this environment or from the breaker. */
  async #lastSuccess(): Promise<string> {
    const ofAll = await this.#item.readLastSuccess();
    const own = this.#successes.lastAt()?.toISOString() ?? '';
    return own > ofAll ? own : ofAll;
  }

  /** Without a read, a `Retry-After` that another environment recorded is not known. */
  async #recordTaken({ hasWaited, askedAt }: WatchedCall): Promise<void> {
    if (!hasWaited && this.#item.heldUntilMs() <= this.#now().getTime()) return;
    await this.#item.note((breaker) => {
      if (!breaker?.throttle) return breaker;
      const throttle = liftThrottle(breaker.throttle, askedAt);
      return throttle === breaker.throttle ? breaker : withThrottle(breaker, throttle, this.#now());
    });
  }

  async #recordWell(isProbe: boolean): Promise<void> {
    this.#failing.clear();
    if (!isProbe) {
      const nowMs = this.#now().getTime();
      if (nowMs - this.#disprovedAtMs < DISPROVE_AFTER_MS) return;
      this.#disprovedAtMs = nowMs;
      return this.#item.note((breaker) => breaker && forgetFailures(breaker, this.#now()));
    }
    // Another environment opened it: the state known here may be older.
    await this.#item.read();
    if (this.#item.isOpen()) await this.#item.update((breaker) => closeBreaker(breaker, this.#now()));
  }

  #recordThrottle(afterMs: number | undefined): Promise<void> {
    return this.#item.note((breaker) => {
      const throttle = noteThrottle(breaker?.throttle, afterMs, this.#now());
      return breaker && throttle === breaker.throttle
        ? breaker
        : withThrottle(breaker, throttle, this.#now());
    });
  }
}
