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
   * well, or notes that Button asks for fewer calls. Successes disprove what other environments have noted,
   * also a `Retry-After`: they read the breaker once in five minutes, those of orders that have waited once
   * in ten seconds.
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
   * Whether Button takes other orders: this environment has reported one within the last ten minutes, or the
   * breaker knows of a success since that instant (ISO 8601 UTC).
   */
  isWellSince(instant: string, orderId: string): Promise<boolean>;
};

/** After so long, what other environments have noted is looked at again while calls succeed. */
const DISPROVE_AFTER_MS = 300_000;

/**
 * An environment without a success for so long shares its first failures with the others through the
 * breaker's item: each of them alone may see too few orders. One that has successes keeps its count to
 * itself, because it can't know of the successes of all the others.
 */
const ALONE_AFTER_MS = 60_000;

/**
 * After a success, the failures of orders that have waited count no more for so long: beside those that
 * opened the breaker, more of their kind wait, and are all sent as soon as it closes. New orders count at
 * once.
 */
const WAITED_COUNTS_AFTER_MS = 30_000;

/** A watch over the breaker in `store`, to be kept for as long as the environment lives. */
export function createBreakerWatch(ports: { store: BreakerStore; now: () => Date }): BreakerWatch {
  return new StoredBreakerWatch(ports);
}

class StoredBreakerWatch implements BreakerWatch {
  readonly #now: () => Date;
  readonly #item: BreakerItem;
  readonly #successes: RecentSuccesses;
  /** The orders that have failed for the first time without a success in between, and when. */
  readonly #failing = new Map<string, string>();

  constructor({ store, now }: { store: BreakerStore; now: () => Date }) {
    this.#now = now;
    this.#successes = new RecentSuccesses(now);
    const onClosed = (): void => {
      this.#failing.clear();
    };
    this.#item = new BreakerItem({ store, now, onClosed });
  }

  async isOpen(): Promise<boolean> {
    if (!this.#item.isKnown()) await this.#item.read();
    else if (this.#item.isOpen()) await this.#item.readIfOld();
    return this.#item.isOpen();
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

  /** Failures before the last success of any environment say nothing. */
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

  /** The last success that is known here, of this environment or in the breaker. */
  async #lastSuccess(): Promise<string> {
    const ofAll = await this.#item.readLastSuccess();
    const own = this.#successes.lastAt()?.toISOString() ?? '';
    return own > ofAll ? own : ofAll;
  }

  /** Without a read, a `Retry-After` that another environment has noted is not known. */
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
      if (this.#item.isOlderThan(DISPROVE_AFTER_MS))
        await this.#item.note((breaker) => breaker && forgetFailures(breaker, this.#now()));
      return;
    }
    // Another environment opened it: what is known here may be older.
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
