type Alarm = { readonly dueMs: number; readonly action: () => void; calledOff: boolean };

/** Where a simulator's clock begins and how fast it runs. */
export type ClockSettings = {
  /** The first instant on the clock, ISO 8601; the real time when absent. */
  startAt?: string;
  /** Simulated seconds per real second; 1 is real time, 0 stops the clock. */
  speed: number;
};

/** The longest delay that `setTimeout` takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What Button's parts need of a clock. */
export type Clock = Pick<SimulatorClock, 'now' | 'at' | 'track'>;

/**
 * The simulator's own time. It runs at any speed and can be moved forward by days at once. Everything due on
 * the way happens in order, each at its own instant, and the move ends when all of it is done.
 */
export class SimulatorClock {
  #anchorMs: number;
  #anchorRealMs = performance.now();
  #speed: number;
  #moving = false;
  #stopped = false;
  #alarms: Alarm[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastMove: Promise<void> = Promise.resolve();
  readonly #running = new Set<Promise<void>>();

  constructor(settings: ClockSettings) {
    this.#anchorMs = settings.startAt === undefined ? Date.now() : Date.parse(settings.startAt);
    this.#speed = settings.speed;
  }

  /** The instant on the clock, in whole epoch milliseconds. */
  now(): number {
    if (this.#moving) return this.#anchorMs;
    return Math.floor(this.#anchorMs + (performance.now() - this.#anchorRealMs) * this.#speed);
  }

  get speed(): number {
    return this.#speed;
  }

  /**
   * Runs `action` once when the clock reaches `dueMs` (soon, if that is in the past). Returns a function that
   * cancels it.
   */
  at(dueMs: number, action: () => void): () => void {
    if (this.#stopped) return () => undefined;
    const alarm = { dueMs, action, calledOff: false };
    this.#alarms.splice(this.#placeAfter(dueMs), 0, alarm);
    this.#arm();
    return () => {
      alarm.calledOff = true;
    };
  }

  /** Makes a move of the clock wait for `work`. `work` must not reject. */
  track(work: Promise<void>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  /**
   * Moves the clock forward. Resolves when everything due by then, and what followed from it by then, is
   * done; with 0 it waits for what is due now.
   */
  advance(byMs: number): Promise<void> {
    this.#lastMove = this.#lastMove.then(() => this.#moveBy(byMs));
    return this.#lastMove;
  }

  /** Changes the speed from now on. */
  setSpeed(speed: number): void {
    this.#anchor(this.now());
    this.#speed = speed;
    this.#arm();
  }

  /** Cancels everything that is waiting. */
  clear(): void {
    this.#alarms = [];
    clearTimeout(this.#timer);
  }

  /** Ends the clock: nothing more happens on it. Resolves when the work it started has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.clear();
    await Promise.all(this.#running);
  }

  async #moveBy(byMs: number): Promise<void> {
    this.#anchor(this.now());
    this.#moving = true;
    clearTimeout(this.#timer);
    const targetMs = this.#anchorMs + byMs;
    while (await this.#nextStep(targetMs));
    this.#anchor(targetMs);
    this.#moving = false;
    this.#arm();
  }

  /**
   * Runs what is due by now and waits for everything that runs, or else goes on to the next alarm. False if
   * there is none up to the target.
   */
  async #nextStep(targetMs: number): Promise<boolean> {
    this.#runDue(this.#anchorMs);
    if (this.#running.size > 0) {
      await Promise.all(this.#running);
      return true;
    }
    const dueMs = this.#alarms[0]?.dueMs;
    if (dueMs === undefined || dueMs > targetMs) return false;
    this.#anchorMs = dueMs;
    return true;
  }

  #anchor(atMs: number): void {
    this.#anchorMs = atMs;
    this.#anchorRealMs = performance.now();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#alarms[0];
    if (next === undefined || this.#stopped) return;
    const waitMs = Math.max(0, next.dueMs - this.now());
    const standsStill = this.#moving || this.#speed === 0;
    if (waitMs > 0 && standsStill) return;
    const realWaitMs = waitMs === 0 ? 0 : Math.min(Math.ceil(waitMs / this.#speed), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => {
      this.#runDue(this.now());
      this.#arm();
    }, realWaitMs).unref();
  }

  #runDue(untilMs: number): void {
    for (const alarm of this.#alarms.splice(0, this.#placeAfter(untilMs)))
      if (!alarm.calledOff) alarm.action();
  }

  /**
   * The place of the first alarm that is due after `dueMs`, by bisection: there can be one for every open
   * order.
   */
  #placeAfter(dueMs: number): number {
    let [low, high] = [0, this.#alarms.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#alarms[middle]?.dueMs ?? Infinity) <= dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
