import type { Clock } from '../../tooling/button-simulator/clock.ts';

/**
 * What happens at an alarm. An action that returns `NOTHING_HAPPENED` started nothing, so the clock does not
 * wait for it.
 */
export type Action = () => unknown;

/** Returned by an action that only looked. */
export const NOTHING_HAPPENED = Symbol('nothing happened');

type Alarm = { readonly dueMs: number; readonly place: number; action: Action | undefined };

/**
 * Time that passes only from one alarm to the next. Between two alarms, everything that the first one started
 * runs until it waits for another alarm, so that every run is the same.
 *
 * Code on this clock may wait for nothing but the clock: no timers, no sockets, no thread pool.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  #places = 0;
  /** A binary heap, earliest first. Alarms of the same instant keep the order in which they were set. */
  readonly #alarms: Alarm[] = [];
  #failure: { error: unknown } | undefined;

  constructor(startAt: string) {
    this.#nowMs = Date.parse(startAt);
  }

  now(): number {
    return this.#nowMs;
  }

  /**
   * Runs `action` when the clock reaches `dueMs`, or next if that has passed. Returns a function that cancels
   * it.
   */
  at(dueMs: number, action: Action): () => void {
    const alarm: Alarm = { dueMs: Math.max(dueMs, this.#nowMs), place: (this.#places += 1), action };
    this.#push(alarm);
    return () => {
      alarm.action = undefined;
    };
  }

  /** An error in `work` ends the run. */
  track(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.fail(error);
    });
  }

  /** Ends the run with this error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Lets time pass. Throws the error of an action or of tracked work. */
  async runUntil(untilMs: number): Promise<void> {
    for (;;) {
      const next = this.#alarms[0];
      if (!next || next.dueMs > untilMs) break;
      this.#pop();
      if (!next.action) continue;
      this.#nowMs = next.dueMs;
      if (next.action() !== NOTHING_HAPPENED) await everythingThatCanRun();
      if (this.#failure) throw this.#failure.error;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #push(alarm: Alarm): void {
    const heap = this.#alarms;
    let index = heap.push(alarm) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = heap[parent];
      if (!above || isBefore(above, alarm)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = alarm;
  }

  #pop(): void {
    const heap = this.#alarms;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let smallest = heap[child];
      const right = heap[child + 1];
      if (smallest && right && isBefore(right, smallest)) [smallest, child] = [right, child + 1];
      if (!smallest || isBefore(last, smallest)) break;
      heap[index] = smallest;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(one: Alarm, other: Alarm): boolean {
  return one.dueMs === other.dueMs ? one.place < other.place : one.dueMs < other.dueMs;
}

/** Resolves once no promise is left that can settle without the clock. */
function everythingThatCanRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
