import type { InvocationResult } from '../../tooling/local-aws/lambda/invocation-result.ts';
import { failedBy } from '../../tooling/local-aws/lambda/invocation-result.ts';
import type { Measured } from '../../shared/runtime/metric-definitions.ts';
import type { InvocationContext } from '../../shared/runtime/runtime.ts';
import type { Call, Fate, Weather } from './weather.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** One invocation that has ended. */
export type Invocation = {
  functionName: string;
  startMs: number;
  endMs: number;
  status: 'succeeded' | 'failed' | 'timed-out' | 'killed';
};

/** What the functions run on. */
export type Ground = {
  clock: VirtualClock;
  weather: Weather;
  measure: (measured: Measured & { atMs: number }) => void;
  onInvocation: (invocation: Invocation) => void;
  /** Called with every call that a function makes, whatever its outcome. */
  onCall?: (call: Call) => void;
};

/**
 * One execution environment of a function: a process with its own clock. It reaches other services through
 * `call` only. Once it is dead, nothing that it does has an effect.
 */
export class Host {
  readonly functionName: string;
  /** Unique among the environments of its function. */
  readonly number: number;
  onDeath: () => void = () => undefined;

  readonly #ground: Ground;
  readonly #skewMs: number;
  #isAlive = true;
  #isZombie = false;
  #held: Measured[] = [];

  constructor(functionName: string, number: number, ground: Ground) {
    this.functionName = functionName;
    this.number = number;
    this.#ground = ground;
    this.#skewMs = ground.weather.skewMs(functionName);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Whether it is still running after its timeout. */
  get isZombie(): boolean {
    return this.#isZombie;
  }

  readonly now = (): Date => new Date(this.#ground.clock.now() + this.#skewMs);

  /** Never resolves in a process that has died in the meantime. */
  readonly wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const { clock } = this.#ground;
      clock.at(clock.now() + ms, () => {
        if (this.#isAlive) resolve();
      });
    });

  /** Collects metrics until the invocation ends, as the handlers do. */
  readonly metrics = {
    add: (measured: Measured): void => {
      this.#held.push(measured);
    },
  };

  /** Emits the collected metrics. */
  flush(): void {
    const atMs = this.#ground.clock.now();
    for (const measured of this.#held.splice(0)) this.#ground.measure({ ...measured, atMs });
  }

  kill(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#held = [];
    this.onDeath();
  }

  /**
   * Calls a service. The call takes time and has its effect at one instant, if the process is alive then. The
   * weather decides what the process gets back. `perform` may return a promise that the service fulfils.
   */
  call<Output>(
    call: Omit<Call, 'functionName'>,
    perform: (fate: Fate) => Output | Promise<Output>,
  ): Promise<Output> {
    if (!this.#isAlive) return never();
    const { clock, weather } = this.#ground;
    const made = { ...call, functionName: this.functionName };
    this.#ground.onCall?.(made);
    const fate = weather.fateOf(made);
    if (fate.freezesForMs !== undefined) this.#isZombie = true;
    return new Promise((resolve, reject) => {
      clock.at(clock.now() + fate.latencyMs + (fate.freezesForMs ?? 0), () => {
        if (fate.dies === 'before') this.kill();
        if (!this.#isAlive) return;
        if (fate.error) {
          reject(fate.error);
          return;
        }
        settle({ fate, perform, resolve, reject });
        if (fate.dies === 'after') this.kill();
      });
    }).then(
      (output) => (this.#isAlive ? (output as Output) : never()),
      (error: unknown) => (this.#isAlive ? Promise.reject(error as Error) : never()),
    );
  }
}

/** What a dead process waits for: a new promise for each, because a promise keeps what waits for it. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

/**
 * `retried`: the client got no answer and repeated the call itself, so the process gets the second answer.
 */
function settle<Output>({
  fate,
  perform,
  resolve,
  reject,
}: {
  fate: Fate;
  perform: (fate: Fate) => Output | Promise<Output>;
  resolve: (output: Output | Promise<Output>) => void;
  reject: (error: unknown) => void;
}): void {
  try {
    const output = perform(fate);
    if (fate.answer === 'lost') reject(lostAnswer());
    else resolve(fate.answer === 'retried' ? perform(fate) : output);
  } catch (error) {
    // A failed call always reports its error: losing that answer would make no difference.
    reject(error instanceof Error ? error : new Error(String(error)));
  }
}

/** The error that the SDK throws when a connection breaks, with the number of its attempts. */
function lostAnswer(): Error {
  return Object.assign(new Error('socket hang up'), { name: 'TimeoutError', $metadata: { attempts: 3 } });
}

/** A function with its name and timeout. `boot` loads its code into an environment. */
export type FunctionSettings<Event> = {
  name: string;
  timeoutMs: number;
  boot: (host: Host) => (event: Event, context: InvocationContext) => Promise<unknown>;
};

type Environment<Event> = {
  host: Host;
  handler: (event: Event, context: InvocationContext) => Promise<unknown>;
};

/** How long Lambda waits before it retries a failed asynchronous invocation. */
const ASYNC_RETRIES_MS = [60_000, 120_000];

/**
 * A function as Lambda runs it. An environment handles one invocation at a time and is reused until it dies.
 */
export class LambdaModel<Event> {
  readonly #settings: FunctionSettings<Event>;
  readonly #ground: Ground;
  readonly #idle: Environment<Event>[] = [];
  #environments = 0;
  #invocations = 0;
  #running = 0;

  constructor(settings: FunctionSettings<Event>, ground: Ground) {
    this.#settings = settings;
    this.#ground = ground;
  }

  /** The number of running invocations. */
  get running(): number {
    return this.#running;
  }

  /** Runs the function once. Resolves when Lambda knows the result. */
  invoke(event: Event, awsRequestId = this.newRequestId()): Promise<InvocationResult> {
    const { clock } = this.#ground;
    const { timeoutMs } = this.#settings;
    const environment = this.#idle.pop() ?? this.#boot();
    const { host, handler } = environment;
    const startMs = clock.now();
    this.#running += 1;
    return new Promise((resolve) => {
      let isOver = false;
      const finish = (status: Invocation['status'], result: InvocationResult): void => {
        if (isOver) return;
        isOver = true;
        this.#running -= 1;
        callOffTimeout();
        this.#ground.onInvocation({
          functionName: this.#settings.name,
          startMs,
          endMs: clock.now(),
          status,
        });
        resolve(result);
      };
      const callOffTimeout = clock.at(startMs + timeoutMs, () => {
        finish('timed-out', failedBy('Sandbox.Timedout', 'The function ran out of time.'));
        if (!host.isZombie) host.kill();
      });
      host.onDeath = () => {
        finish('killed', failedBy('Runtime.ExitError', 'The process ended.'));
      };
      const context = {
        awsRequestId,
        getRemainingTimeInMillis: () => startMs + timeoutMs - clock.now(),
      };
      handler(event, context).then(
        (payload) => {
          this.#release(environment);
          finish('succeeded', { status: 'succeeded', payload });
        },
        (error: unknown) => {
          this.#release(environment);
          const { name, message } = error instanceof Error ? error : new Error(String(error));
          finish('failed', failedBy(name, message));
        },
      );
    });
  }

  /**
   * Invokes the function as Scheduler does: a failed invocation is tried twice more with the same request id.
   */
  invokeAsync(event: Event): void {
    const awsRequestId = this.newRequestId();
    const { clock } = this.#ground;
    const attempt = async (retries: readonly number[]): Promise<void> => {
      const { status } = await this.invoke(event, awsRequestId);
      const [pauseMs, ...rest] = retries;
      if (status === 'succeeded' || pauseMs === undefined) return;
      clock.at(clock.now() + pauseMs, () => {
        clock.track(attempt(rest));
      });
    };
    clock.track(attempt(ASYNC_RETRIES_MS));
  }

  /** A new id; the sequence of ids is the same in every run. */
  newRequestId(): string {
    this.#invocations += 1;
    return `${this.#settings.name}-${this.#invocations}`;
  }

  /** After a deployment or idle time, the next invocation gets a new environment. */
  forgetIdleEnvironments(): void {
    this.#idle.length = 0;
  }

  #boot(): Environment<Event> {
    this.#environments += 1;
    const host = new Host(this.#settings.name, this.#environments, this.#ground);
    return { host, handler: this.#settings.boot(host) };
  }

  #release(environment: Environment<Event>): void {
    const { host } = environment;
    host.flush();
    host.onDeath = () => undefined;
    if (host.isAlive && !host.isZombie) this.#idle.push(environment);
  }
}
