import * as z from 'zod';

import { parseEnvironment } from './env.ts';
import type { MetricName } from './metric-definitions.ts';
import { createMetrics, type BufferedMetrics } from './metrics.ts';

const EnvironmentSchema = z.object({
  /**
   * The stack sets it to its stage, so that two stages in one account are not added up. Outside a stack,
   * nothing can be mixed up.
   */
  METRICS_NAMESPACE: z.string().min(1).default('ButtonServerless'),
});

/** The metrics of a function, in the namespace that its environment names. */
export function functionMetrics(
  environment: Readonly<Record<string, string | undefined>>,
): BufferedMetrics<MetricName> {
  const { METRICS_NAMESPACE: namespace } = parseEnvironment(EnvironmentSchema, environment);
  return createMetrics({ namespace });
}
