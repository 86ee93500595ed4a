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

/** A read or write of the item; its answer says nothing about what others wrote after `beganAtMs`. */
type Request = { number: number; beganAtMs: number };

/** The breaker's item, as far as this environment knows it. Its methods throw what the store throws. */
export class BreakerItem {
  readonly #ports: BreakerItemPorts;
  #known: (Request & { stored: Versioned<Breaker> | undefined }) | undefined;
  #requests = 0;
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
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(): Promise<void> {
    const request = this.#begin();
    this.#remember(await this.#ports.store.read(), request);
  }

  async readIfOld(maxAgeMs = READ_AGAIN_AFTER_MS): Promise<void> {
    const ageMs = this.#nowMs() - this.#beganAtMs();
    // Below zero, the clock was set back.
    if (ageMs < 0 || ageMs >= maxAgeMs) await this.read();
  }

  /**
   * To be called before each message: a closed breaker is rarely read. The sweep reads the breaker before it
   * sends a retry: where it was known to be open before `retrySentAt`, it may be closed by now.
   */
  readForMessage(retrySentAt?: Date): Promise<void> {
    const isOutdated = this.isOpen() && retrySentAt && this.#beganAtMs() < retrySentAt.getTime();
    return isOutdated ? this.read() : this.readIfOld(this.isOpen() ? READ_AGAIN_AFTER_MS : CLOSED_FOR_MS);
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
      const request = this.#begin();
      const result = await this.#write(changed, current?.revision ?? 0);
      this.#remember(result.ok ? result.stored : result.current, request);
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

  #begin(): Request {
    this.#requests += 1;
    return { number: this.#requests, beganAtMs: this.#nowMs() };
  }

  /** The answer to a later request may have been faster. */
  #remember(stored: Versioned<Breaker> | undefined, request: Request): void {
    if (this.#known && this.#known.number > request.number) return;
    if (this.isOpen() && stored?.value.state === 'closed') this.#ports.onClosed();
    this.#known = { stored, ...request };
  }

  /** Since when what is known holds at least. */
  #beganAtMs(): number {
    return this.#known?.beganAtMs ?? -Infinity;
  }

  #nowMs(): number {
    return this.#ports.now().getTime();
  }
}
