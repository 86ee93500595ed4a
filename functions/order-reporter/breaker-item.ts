import type { Breaker } from '../../shared/orders/rules/breaker.ts';
import { heldUntilMs } from '../../shared/orders/rules/drain-pace.ts';
import type { BreakerStore } from '../../shared/orders/store/breaker-store.ts';
import type { Versioned, WriteResult } from '../../shared/dynamodb/versioned-item.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';

/** While the breaker is known to be open, and while calls fail, it is read again no more often than this. */
const READ_AGAIN_AFTER_MS = 10_000;
const MAX_RACES = 5;

/** What becomes of the breaker; undefined if there is none and need be none. */
export type Change = (breaker: Breaker | undefined) => Breaker | undefined;

/** What the item needs. */
export type BreakerItemPorts = {
  store: BreakerStore;
  now: () => Date;
  /** Called when the breaker that was open is found closed. */
  onClosed: () => void;
};

/** The breaker's item, as far as one environment knows it. Its methods throw what the store throws. */
export class BreakerItem {
  readonly #ports: BreakerItemPorts;
  #known: { stored: Versioned<Breaker> | undefined; readAtMs: number } | undefined;
  #reading: Promise<void> | undefined;

  constructor(ports: BreakerItemPorts) {
    this.#ports = ports;
  }

  isKnown(): boolean {
    return this.#known !== undefined;
  }

  isOpen(): boolean {
    return this.#known?.stored?.value.state === 'open';
  }

  isOlderThan(ms: number): boolean {
    return !this.#known || this.#nowMs() - this.#known.readAtMs >= ms;
  }

  /** Until when Button asked to be left alone, as far as it is known here; 0 if it did not. */
  heldUntilMs(): number {
    return heldUntilMs(this.#known?.stored?.value.throttle);
  }

  read(): Promise<void> {
    this.#reading ??= this.#ports.store
      .read()
      .then((stored) => {
        this.#remember(stored);
      })
      .finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async readIfOld(): Promise<void> {
    if (this.isOlderThan(READ_AGAIN_AFTER_MS)) await this.read();
  }

  /** The last success that a closed breaker knows of; an empty text for none. */
  async readLastSuccess(): Promise<string> {
    await this.readIfOld();
    const breaker = this.#known?.stored?.value;
    return breaker?.state === 'closed' ? (breaker.lastSuccessAt ?? '') : '';
  }

  async update(change: Change): Promise<void> {
    if (!(await this.#tryUpdate(change))) throw new RetryableError('Too many writers at the breaker');
  }

  /** Like `update`, for what others will write down too if this environment can't. */
  async note(change: Change): Promise<void> {
    await this.readIfOld();
    await this.#tryUpdate(change);
  }

  /**
   * Writes what `change` makes of the breaker, unless that is what is stored; false if others were always
   * faster.
   */
  async #tryUpdate(change: Change): Promise<boolean> {
    for (let race = 0; race < MAX_RACES; race += 1) {
      const current = this.#known?.stored;
      const changed = change(current?.value);
      if (!changed || changed === current?.value) return true;
      const result = await this.#write(changed, current?.revision ?? 0);
      this.#remember(result.ok ? result.stored : result.current);
      if (result.ok) return true;
    }
    return false;
  }

  /**
   * A write without an answer may have been carried out: what is stored is read before it is relied on again.
   */
  async #write(breaker: Breaker, revision: number): Promise<WriteResult<Breaker>> {
    try {
      return await this.#ports.store.write(breaker, revision);
    } catch (error) {
      this.#known = undefined;
      throw error;
    }
  }

  #remember(stored: Versioned<Breaker> | undefined): void {
    if (this.isOpen() && stored?.value.state === 'closed') this.#ports.onClosed();
    this.#known = { stored, readAtMs: this.#nowMs() };
  }

  #nowMs(): number {
    return this.#ports.now().getTime();
  }
}
