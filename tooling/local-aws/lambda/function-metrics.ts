import type { MetricStore } from '../cloudwatch/metric-store.ts';
import type { InvocationResult } from './invocation-result.ts';

/** What Lambda tells CloudWatch of one function. */
export type FunctionMetrics = {
  /**
   * An invocation begins; the function returned is told of its end. The duration is that of the handler,
   * without loading the code.
   */
  begin(): (end: { result: InvocationResult; durationMs: number }) => void;
  throttled(): void;
  /** An invocation of a loop was dropped. */
  loopDropped(): void;
  /** A batch of a stream is handed over; the age is that of its last record. */
  batchOfAge(ageMs: number): void;
};

/** Lambda's metrics, of single functions and of all together. */
export type LambdaMetrics = { forFunction(name: string): FunctionMetrics };

/**
 * Puts Lambda's metrics into the store, with the dimension FunctionName and without any, at the time at which
 * the function was invoked. Not put: those of asynchronous invocations, of provisioned concurrency, and by
 * the dimensions Resource and ExecutedVersion.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export function createLambdaMetrics(store: MetricStore, now: () => number = Date.now): LambdaMetrics {
  const running = new Map<string, number>();
  const put = (name: string, functionName: string, sample: { atMs: number; value: number }): void => {
    for (const dimensions of [{ FunctionName: functionName }, {}])
      store.put({ namespace: 'AWS/Lambda', name, dimensions }, sample);
  };
  const putConcurrency = (functionName: string, atMs: number): void => {
    const all = [...running.values()].reduce((total, count) => total + count, 0);
    const metric = { namespace: 'AWS/Lambda', name: 'ConcurrentExecutions' };
    store.put(
      { ...metric, dimensions: { FunctionName: functionName } },
      { atMs, value: running.get(functionName) ?? 0 },
    );
    store.put({ ...metric, dimensions: {} }, { atMs, value: all });
  };

  return {
    forFunction: (functionName) => ({
      begin() {
        const atMs = now();
        running.set(functionName, (running.get(functionName) ?? 0) + 1);
        putConcurrency(functionName, atMs);
        return ({ result, durationMs }) => {
          running.set(functionName, (running.get(functionName) ?? 1) - 1);
          put('Invocations', functionName, { atMs, value: 1 });
          put('Errors', functionName, { atMs, value: result.status === 'failed' ? 1 : 0 });
          put('Throttles', functionName, { atMs, value: 0 });
          put('Duration', functionName, { atMs, value: durationMs });
        };
      },
      throttled() {
        put('Throttles', functionName, { atMs: now(), value: 1 });
      },
      loopDropped() {
        put('RecursiveInvocationsDropped', functionName, { atMs: now(), value: 1 });
      },
      batchOfAge(ageMs) {
        put('IteratorAge', functionName, { atMs: now(), value: Math.max(0, ageMs) });
      },
    }),
  };
}
