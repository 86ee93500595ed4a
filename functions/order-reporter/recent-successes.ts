const OTHERS_SUCCEED_FOR_MS = 600_000;

/**
 * The last two orders that this environment reported, so that there is always one besides any given order.
 */
export class RecentSuccesses {
  readonly #now: () => Date;
  readonly #startedAtMs: number;
  #last: { orderId: string; at: Date } | undefined;
  #lastOfAnother: { orderId: string; at: Date } | undefined;

  constructor(now: () => Date) {
    this.#now = now;
    this.#startedAtMs = now().getTime();
  }

  add(orderId: string): void {
    if (this.#last && this.#last.orderId !== orderId) this.#lastOfAnother = this.#last;
    this.#last = { orderId, at: this.#now() };
  }

  /** Undefined if there was none. */
  lastAt(): Date | undefined {
    return this.#last?.at;
  }

  /** The time since the last success, or since the environment began. */
  sinceMs(): number {
    return this.#now().getTime() - (this.#last?.at.getTime() ?? this.#startedAtMs);
  }

  /** Whether another order was reported within the last ten minutes. */
  areOfOthers(orderId: string): boolean {
    const other = this.#last?.orderId === orderId ? this.#lastOfAnother : this.#last;
    return other !== undefined && this.#now().getTime() - other.at.getTime() < OTHERS_SUCCEED_FOR_MS;
  }
}
