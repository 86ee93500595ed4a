import * as z from 'zod';

import { parseEnvironment } from './env.ts';
import { createMetrics, type BufferedMetrics, type MetricsOptions } from './metrics.ts';

const EnvironmentSchema = z.object({
  /**
   * The stack sets it to its stage, so that two stages in one account are not added up. Outside a stack,
   * nothing can be mixed up.
   */
  METRICS_NAMESPACE: z.string().min(1).default('ButtonServerless'),
});

/** The metrics of a function, in the namespace that its environment names. */
export function functionMetrics<Name extends string>(
  definitions: MetricsOptions<Name>['definitions'],
  environment: Readonly<Record<string, string | undefined>>,
): BufferedMetrics<Name> {
  const { METRICS_NAMESPACE: namespace } = parseEnvironment(EnvironmentSchema, environment);
  return createMetrics({ namespace, definitions });
}
