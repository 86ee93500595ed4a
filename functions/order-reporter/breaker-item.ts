import { isPaused, type Breaker } from '../../shared/orders/rules/breaker.ts';
import { heldUntilMs } from '../../shared/orders/rules/drain-pace.ts';
import type { BreakerStore } from '../../shared/orders/store/breaker-store.ts';
import type { Versioned, WriteResult } from '../../shared/dynamodb/versioned-item.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';

/** While the breaker is known to be open, and while calls fail, it is read at most this often. */
const READ_AGAIN_AFTER_MS = 10_000;
/** A closed breaker is read this often: so long can messages be sent for a brand that was just paused. */
const CLOSED_FOR_MS = 60_000;
const MAX_RACES = 5;

/** Decides the next state of the breaker; undefined if there is none and none is needed. */
export type Change = (breaker: Breaker | undefined) => Breaker | undefined;

/** What the item needs. */
export type BreakerItemPorts = {
  store: BreakerStore;
  now: () => Date;
  /** Called when a breaker that was open turns out to be closed. */
  onClosed: () => void;
};

/** The breaker's item, as far as this environment knows it. Its methods throw what the store throws. */
export class BreakerItem {
  readonly #ports: BreakerItemPorts;
  #known: { stored: Versioned<Breaker> | undefined; readAtMs: number } | undefined;
  #reading: Promise<void> | undefined;

  constructor(ports: BreakerItemPorts) {
    this.#ports = ports;
  }

  isOpen(): boolean {
    return this.#known?.stored?.value.state === 'open';
  }

  isPaused(): boolean {
    return isPaused(this.#known?.stored?.value);
  }

  /** The end of the pause that Button asked for, as far as this environment knows; 0 if there is none. */
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

  async readIfOld(maxAgeMs = READ_AGAIN_AFTER_MS): Promise<void> {
    if (!this.#known || this.#nowMs() - this.#known.readAtMs >= maxAgeMs) await this.read();
  }

  /** To be called before each message: a closed breaker is rarely read. */
  readForMessage(): Promise<void> {
    return this.readIfOld(this.isOpen() ? READ_AGAIN_AFTER_MS : CLOSED_FOR_MS);
  }

  /** The last success that a closed breaker knows; an empty text if there is none. */
  async readLastSuccess(): Promise<string> {
    await this.readIfOld();
    const breaker = this.#known?.stored?.value;
    return breaker?.state === 'closed' ? (breaker.lastSuccessAt ?? '') : '';
  }

  async update(change: Change): Promise<void> {
    if (!(await this.#tryUpdate(change))) throw new RetryableError('Too many writers at the breaker');
  }

  /** Like `update`, for a change that other environments will write too if this one cannot. */
  async note(change: Change): Promise<void> {
    await this.readIfOld();
    await this.#tryUpdate(change);
  }

  /**
   * Writes what `change` decides about the breaker, unless that is stored already; false if other writers
   * were always faster.
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

  /** A write without an answer may have been carried out: the item is read before it is relied on again. */
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
