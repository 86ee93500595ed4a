import { setTimeout as delay } from 'node:timers/promises';

import middy, { type MiddlewareObj, type MiddyfiedHandler } from '@middy/core';

import { functionMetrics } from './function-metrics.ts';
import type { ComposedFunction, Runtime } from './runtime.ts';

/** What Lambda provides to every function. */
type LambdaRuntime = Pick<Runtime, 'env' | 'metrics' | 'now' | 'random' | 'wait'>;

/**
 * Turns a composition into the handler that Lambda loads. The rest of the runtime is Lambda's: `process.env`,
 * the system's clock and randomness, and metrics that are written at the end of an invocation, even if it
 * failed.
 *
 * Importing a handler composes nothing. `prime` composes the function and then runs the function's own
 * `prime`; the bundle's entry (infra/function-bundles.ts) awaits it before the first event, so a wrong
 * environment fails the start of the function. If nobody calls `prime`, the first event composes the
 * function.
 */
export function lambda<Given, Event, Result>(
  compose: (runtime: LambdaRuntime & Given) => ComposedFunction<Event, Result>,
  given: Given,
): { handler: MiddyfiedHandler<Event, Result>; prime: () => Promise<void> } {
  let composition: (ComposedFunction<Event, Result> & { flush: () => void }) | undefined;
  const composed = (): NonNullable<typeof composition> => {
    composition ??= composeOnLambda(compose, given);
    return composition;
  };
  const flush = (): void => composition?.flush();
  const flushing: MiddlewareObj = { after: flush, onError: flush };
  return {
    handler: middy<Event, Result>()
      .use(flushing)
      .handler((event, context) => composed().handle(event, context)),
    prime: async () => {
      await composed().prime?.();
    },
  };
}

function composeOnLambda<Given, Event, Result>(
  compose: (runtime: LambdaRuntime & Given) => ComposedFunction<Event, Result>,
  given: Given,
): ComposedFunction<Event, Result> & { flush: () => void } {
  const { env } = process;
  const metrics = functionMetrics(env);
  const flush = (): void => {
    metrics.flush();
  };
  return {
    ...compose({ env, metrics, now: () => new Date(), random: Math.random, wait: delay, ...given }),
    flush,
  };
}
