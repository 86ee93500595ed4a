import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { DEFAULT_ASYNC_RETRIES, runWithRetries } from './async-retries.ts';
import type { AsyncRetries } from './async-retries.ts';
import { startEnvironment, timedOut } from './execution-environment.ts';
import type { EnvironmentContext, ExecutionEnvironment, TracedEvent } from './execution-environment.ts';
import type { FunctionConfiguration } from './function-configuration.ts';
import { refusedBy, throttled } from './invocation-result.ts';
import type { InvocationResult } from './invocation-result.ts';
import { nextLink } from './lineage.ts';

/** A deployed function. */
export type LocalFunction = {
  readonly configuration: FunctionConfiguration;
  /**
   * Runs it and waits for the result (RequestResponse). `traces` are the trace headers under which other
   * invocations have asked for it. Never rejects while the deployment is up.
   */
  invoke(payload: unknown, traces?: readonly string[]): Promise<InvocationResult>;
  /** Accepts the event and runs it later (Event); a failed run is tried again as `asyncRetries` says. */
  invokeAsync(payload: unknown): InvocationResult | 'accepted';
  /** Sets what `AWS::Lambda::EventInvokeConfig` sets. */
  setAsyncRetries(retries: AsyncRetries): void;
  /** Gives it other code and settings: invocations under way end as they began, later ones have the new. */
  update(configuration: FunctionConfiguration, context: EnvironmentContext): void;
  /** Starts nothing more. Environments without an invocation end now, the others after it. */
  close(): void;
};

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, "Invocation payload". */
export const PAYLOAD_LIMIT_BYTES = { sync: 6_291_456, async: 1_048_576 };

/** Makes a function; nothing is started before it is invoked. */
export function createLocalFunction(
  firstConfiguration: FunctionConfiguration,
  firstContext: EnvironmentContext,
): LocalFunction {
  const closing = new AbortController();
  let current = withPool({ configuration: firstConfiguration, context: firstContext }, closing.signal);
  let asyncRetries = DEFAULT_ASYNC_RETRIES;

  const run = async (event: string, traces: readonly string[] = []): Promise<InvocationResult> => {
    const { configuration, context, pool } = current;
    const { traceId, isLoop } = nextLink(configuration.name, traces);
    if (isLoop && configuration.recursiveLoop === 'Terminate') {
      context.metrics.loopDropped();
      return refusedBy('RecursiveInvocationException', 'Lambda has stopped a loop of invocations.');
    }
    if (!context.concurrency.take(configuration.name)) {
      context.metrics.throttled();
      return throttled();
    }
    try {
      const lease = await pool.acquire();
      if (lease === undefined) return throttled();
      const end = context.metrics.begin();
      await lease.environment.initialised;
      const startedAtMs = performance.now();
      const result = await runIn(lease, { event: { event, traceId }, configuration, context });
      end({ result, durationMs: performance.now() - startedAtMs });
      pool.release(lease);
      if (result.status !== 'succeeded') context.log.write(platformReport(result));
      return result;
    } finally {
      context.concurrency.release(configuration.name);
    }
  };

  return {
    get configuration() {
      return current.configuration;
    },
    invoke: async (payload, traces) => {
      const event = JSON.stringify(payload ?? null);
      return tooLarge(event, PAYLOAD_LIMIT_BYTES.sync) ?? run(event, traces);
    },
    invokeAsync: (payload) => {
      const event = JSON.stringify(payload ?? null);
      const refusal = tooLarge(event, PAYLOAD_LIMIT_BYTES.async);
      if (refusal !== undefined) return refusal;
      runWithRetries(() => run(event), { retries: asyncRetries, signal: closing.signal });
      return 'accepted';
    },
    setAsyncRetries: (retries) => {
      asyncRetries = retries;
    },
    update: (configuration, context) => {
      const { pool } = current;
      current = withPool({ configuration, context }, closing.signal);
      pool.retire();
    },
    close: () => {
      closing.abort();
      current.pool.retire();
    },
  };
}

/** Settings of a function, and the environments that have them. */
function withPool(
  deployed: { configuration: FunctionConfiguration; context: EnvironmentContext },
  closing: AbortSignal,
) {
  const { configuration, context } = deployed;
  context.concurrency.reserve(configuration.name, configuration.reservedConcurrency);
  const pool = createPool(configuration.processLimit, async () =>
    closing.aborted ? undefined : startEnvironment(configuration, context),
  );
  return { ...deployed, pool };
}

type Run = { event: TracedEvent; configuration: FunctionConfiguration; context: EnvironmentContext };

/**
 * Waits for the code to be loaded, then runs the event. Code that fails to load, or takes longer than the
 * init phase allows, is loaded a second time as part of the invocation and on its time, as Lambda does.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, "Init phase" and
 * "Failures during the Init phase".
 */
async function runIn(lease: Lease, { event, configuration, context }: Run): Promise<InvocationResult> {
  const init = await lease.environment.initialised;
  if (init === 'ready') return lease.environment.invoke(event, configuration.timeoutMs);
  await lease.environment.kill();

  const startedAtMs = Date.now();
  lease.environment = await startEnvironment(
    { ...configuration, initLimitMs: configuration.timeoutMs },
    context,
  );
  const secondInit = await lease.environment.initialised;
  if (secondInit === 'ready') {
    return lease.environment.invoke(event, Math.max(0, configuration.timeoutMs - (Date.now() - startedAtMs)));
  }
  await lease.environment.kill();
  return secondInit === 'init-timed-out' ? timedOut(randomUUID(), configuration.timeoutMs) : secondInit;
}

/** An environment in the hands of one invocation. */
type Lease = { environment: ExecutionEnvironment };

/** More processes than this only take the processor from each other, unless they wait for something. */
const BUSY_PROCESSES = availableParallelism() + 1;

/** If no process becomes free for so long, they wait for something. */
const STALLED_MS = 500;

/**
 * Gives out environments: one that has just become free, or a new one, or the next to become free where this
 * machine runs as many processes of the function as it should, or can keep busy. Nothing is given out when
 * `start` starts nothing.
 */
function createPool(limit: number, start: () => Promise<ExecutionEnvironment | undefined>) {
  const idle: ExecutionEnvironment[] = [];
  const waiting: ((environment: ExecutionEnvironment | undefined) => void)[] = [];
  let count = 0;
  let starting = 0;
  let isRetired = false;
  let stalled: NodeJS.Timeout | undefined;

  /** From now on, the first who waits gets a new process if nothing moves for a while. */
  const watch = (): void => {
    clearTimeout(stalled);
    if (waiting.length === 0) return;
    stalled = setTimeout(() => {
      if (count < limit && starting === 0) waiting.shift()?.(undefined);
      watch();
    }, STALLED_MS);
  };
  const takeIdle = () => {
    for (;;) {
      const free = idle.pop();
      if (free === undefined || !free.isGone()) return free;
      count -= 1;
    }
  };
  const startNew = async () => {
    count += 1;
    starting += 1;
    const environment = await start();
    void Promise.resolve(environment?.initialised).then(() => {
      starting -= 1;
      watch();
    });
    return environment;
  };
  const wait = () => {
    const { promise, resolve } = Promise.withResolvers<ExecutionEnvironment | undefined>();
    waiting.push(resolve);
    if (waiting.length === 1) watch();
    return promise;
  };

  return {
    async acquire(): Promise<Lease | undefined> {
      const free = takeIdle();
      const startsAtOnce = count < Math.min(limit, BUSY_PROCESSES);
      const environment = free ?? (startsAtOnce ? await startNew() : ((await wait()) ?? (await startNew())));
      return environment && { environment };
    },
    /**
     * Keeps no environment any more: idle ones end now, others after their invocation, and those who wait for
     * one try to start one instead.
     */
    retire(): void {
      isRetired = true;
      for (const environment of idle.splice(0)) void environment.kill();
      for (const next of waiting.splice(0)) next(undefined);
    },
    release({ environment }: Lease): void {
      void environment.released().then((reusable) => {
        const next = waiting.shift();
        if (!reusable) count -= 1;
        watch();
        if (next !== undefined) next(reusable ? environment : undefined);
        else if (isRetired) void environment.kill();
        else if (reusable) {
          environment.freeze();
          idle.push(environment);
        }
      });
    },
  };
}

function tooLarge(event: string, limitBytes: number): InvocationResult | undefined {
  if (Buffer.byteLength(event) <= limitBytes) return undefined;
  return refusedBy(
    'RequestTooLargeException',
    `Request must be smaller than ${limitBytes} bytes for the InvokeFunction operation`,
  );
}

/** The line that Lambda adds for an invocation that went wrong, in the JSON log format. */
function platformReport(result: Exclude<InvocationResult, { status: 'succeeded' }>): string {
  const { errorType, errorMessage } = result.error;
  const status = errorType === 'Sandbox.Timedout' ? 'timeout' : 'error';
  return JSON.stringify({
    time: new Date().toISOString(),
    type: 'platform.report',
    record: { status, errorType, errorMessage },
  });
}
