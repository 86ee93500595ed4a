import type { MiddlewareObj } from '@middy/core';

/** A middleware that writes an invocation's metrics when it is over, also when it failed. */
export function flushMetrics(metrics: { flush(): void }): MiddlewareObj {
  const flush = (): void => {
    metrics.flush();
  };
  return { after: flush, onError: flush };
}
