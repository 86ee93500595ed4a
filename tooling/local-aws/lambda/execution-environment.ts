import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { killProcess, signalProcess } from '../processes.ts';
import type { LocalProcess, Processes } from '../processes.ts';
import type { Log } from '../log.ts';
import type { AccountConcurrency } from './account-concurrency.ts';
import { runtimeEnvironment } from './function-configuration.ts';
import type { FunctionConfiguration } from './function-configuration.ts';
import type { FunctionMetrics } from './function-metrics.ts';
import { failedBy } from './invocation-result.ts';
import type { InvocationResult } from './invocation-result.ts';
import { startRuntimeApi } from './runtime-api.ts';
import type { RuntimeAnswer, RuntimeApi } from './runtime-api.ts';

/** An event (JSON), and the trace header that the SDK sends on. */
export type TracedEvent = { event: string; traceId: string };

/** One process that runs one invocation of a function at a time. */
export type ExecutionEnvironment = {
  /** Resolves when the code is loaded, or says what became of that. Never rejects. */
  initialised: Promise<'ready' | 'init-timed-out' | InvocationResult>;
  /** Runs one event, for at most `limitMs`. Whoever calls waits for the invocation before. Never rejects. */
  invoke(event: TracedEvent, limitMs: number): Promise<InvocationResult>;
  /**
   * Resolves to whether another invocation can be given to it: after the runtime has asked for one, or is
   * gone.
   */
  released(): Promise<boolean>;
  isGone(): boolean;
  /**
   * Stops the process until the next invocation, with its timers and sockets.
   *
   * Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, "Invoke phase".
   */
  freeze(): void;
  kill(): Promise<void>;
};

/** What an environment needs around it. */
export type EnvironmentContext = {
  processes: Processes;
  log: Log;
  region: string;
  /** `AWS_ENDPOINT_URL_...`: what makes SDK clients call the emulators. */
  endpoints: Record<string, string>;
  /** Under which calls count as the role's. */
  accessKeyId: string;
  metrics: FunctionMetrics;
  concurrency: AccountConcurrency;
  /** Where Node.js keeps compiled code, which halves the time that a process takes to start. */
  compileCacheDirectory: string;
};

const RUNTIME_CLIENT = fileURLToPath(new URL('./runtime/runtime-client.ts', import.meta.url));

/**
 * What Lambda turns off in Node.js 22: guessing the kind of a module, and `require` of ES modules
 * (https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html). Of Node.js 24 nothing is said; code that
 * runs without them runs with them.
 */
const DISABLED_FEATURES = ['--no-experimental-detect-module', '--no-experimental-require-module'];

/** Starts a process for the function and lets it load its code. */
export async function startEnvironment(
  configuration: FunctionConfiguration,
  context: EnvironmentContext,
): Promise<ExecutionEnvironment> {
  const { promise: initialised, resolve: settleInit } = Promise.withResolvers<
    'ready' | 'init-timed-out' | InvocationResult
  >();
  let idle = Promise.withResolvers<boolean>();
  let exitError: InvocationResult | undefined;
  let inProgress: { requestId: string; settle: (result: InvocationResult) => void } | undefined;

  const api = await startRuntimeApi({
    onNext: () => {
      settleInit('ready');
      idle.resolve(true);
    },
    onAnswer: (requestId, answer) => {
      if (inProgress?.requestId === requestId) inProgress.settle(resultOf(answer));
    },
    onInitError: (error) => {
      settleInit({ status: 'failed', error });
    },
  });
  const child = spawnRuntime(configuration, context, api);
  limit(initialised, configuration.initLimitMs, () => {
    settleInit('init-timed-out');
  });

  void waitForExit(child).then(async (how) => {
    const requestId = inProgress?.requestId ?? randomUUID();
    exitError = failedBy('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited ${how}`);
    settleInit(exitError);
    inProgress?.settle(exitError);
    idle.resolve(false);
    await api.close();
  });

  return {
    initialised,
    released: () => idle.promise,
    isGone: () => exitError !== undefined,
    freeze: () => {
      signalProcess(child, 'SIGSTOP');
    },
    kill: () => killProcess(child),
    async invoke({ event, traceId }, limitMs) {
      if (exitError !== undefined) return exitError;
      const { promise, resolve } = Promise.withResolvers<InvocationResult>();
      const requestId = randomUUID();
      const deadlineEpochMs = Date.now() + limitMs;
      inProgress = { requestId, settle: resolve };
      idle = Promise.withResolvers<boolean>();
      signalProcess(child, 'SIGCONT');
      const timer = setTimeout(() => {
        resolve(timedOut(requestId, configuration.timeoutMs));
        void killProcess(child);
      }, limitMs);

      api.deliver({
        requestId,
        deadlineEpochMs,
        functionArn: configuration.arn,
        traceId,
        event,
      });
      const result = await promise;

      // An environment that another invocation could have is free before its result is known.
      await idle.promise;
      clearTimeout(timer);
      inProgress = undefined;
      await untilOutputIsRead();
      return result;
    },
  };
}

/** Calls `end` when the promise has not been settled in time. */
function limit(promise: Promise<unknown>, limitMs: number, end: () => void): void {
  const timer = setTimeout(end, limitMs);
  void promise.then(() => {
    clearTimeout(timer);
  });
}

/** What Lambda answers when a function runs into its timeout. */
export function timedOut(requestId: string, timeoutMs: number): InvocationResult {
  const seconds = (timeoutMs / 1000).toFixed(2);
  return failedBy(
    'Sandbox.Timedout',
    `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
  );
}

function spawnRuntime(
  configuration: FunctionConfiguration,
  { processes, log, region, endpoints, accessKeyId, compileCacheDirectory }: EnvironmentContext,
  api: RuntimeApi,
): LocalProcess {
  const logStreamName = `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomUUID().replaceAll('-', '')}`;
  const child = processes.spawn(process.execPath, [...DISABLED_FEATURES, RUNTIME_CLIENT], {
    cwd: configuration.codeDirectory,
    env: {
      ...runtimeEnvironment(configuration, { region, logStreamName, runtimeApi: api.address, accessKeyId }),
      ...configuration.environment,
      ...endpoints,
      NODE_COMPILE_CACHE: compileCacheDirectory,
    },
  });
  log.follow(child.stdout);
  log.follow(child.stderr);
  return child;
}

async function waitForExit(child: LocalProcess): Promise<string> {
  try {
    await once(child, 'exit');
    if (child.signalCode !== null) return `with signal ${child.signalCode}`;
    const status = child.exitCode ?? 0;
    return status === 0 ? 'without providing a reason' : `with error: exit status ${status}`;
  } catch (error) {
    return `because it could not be started: ${String(error)}`;
  }
}

function resultOf(answer: RuntimeAnswer): InvocationResult {
  switch (answer.kind) {
    case 'response':
      return { status: 'succeeded', payload: JSON.parse(answer.json) };
    case 'error':
      return { status: 'failed', error: answer.error };
    case 'response-too-large':
      return failedBy(
        'Function.ResponseSizeTooLarge',
        'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
      );
  }
}

/**
 * What the handler printed is in the pipe before its answer is sent; two turns of the event loop bring it in.
 * So log lines and metrics of an invocation are there as soon as its result is.
 */
async function untilOutputIsRead(): Promise<void> {
  await nextTurn();
  await nextTurn();
}
