import * as z from 'zod';
import { parseFilterPattern, valueAt } from './filter-pattern.ts';
import type { MetricStore } from './metric-store.ts';

/** The properties of AWS::Logs::MetricFilter that are understood. */
export const METRIC_FILTER_PROPERTIES = {
  FilterPattern: z.string(),
  LogGroupName: z.string(),
  MetricTransformations: z.tuple([
    z.strictObject({
      MetricNamespace: z.string(),
      MetricName: z.string(),
      MetricValue: z.string().regex(/^(-?\d+(\.\d+)?|\$(\.[\w-]+)+)$/u, 'is neither a number nor a selector'),
      DefaultValue: z.number().optional(),
      Unit: z.string().optional(),
    }),
  ]),
};
type MetricFilterProperties = z.infer<z.ZodObject<typeof METRIC_FILTER_PROPERTIES>>;

/** Turns the lines of a log group into a metric. */
export type MetricFilter = { logGroupName: string; read(line: string, atMs: number): void };

/**
 * A metric filter that writes to `store`. A matching line puts its value; another line puts the default
 * value, where AWS puts one for each minute in which lines came and none matched: sums are the same, sample
 * counts are not.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
 */
export function createMetricFilter(properties: MetricFilterProperties, store: MetricStore): MetricFilter {
  const [transformation] = properties.MetricTransformations;
  const matches = parseFilterPattern(properties.FilterPattern);
  const metric = {
    namespace: transformation.MetricNamespace,
    name: transformation.MetricName,
    dimensions: {},
  };
  return {
    logGroupName: properties.LogGroupName,
    read(line, atMs) {
      const value = matches(line)
        ? metricValue(transformation.MetricValue, line)
        : transformation.DefaultValue;
      if (value !== undefined) store.put(metric, { atMs, value });
    },
  };
}

const NumericSchema = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/u)
    .transform(Number),
]);

/** The number itself, or the number that the selector finds; undefined where that is none. */
function metricValue(text: string, line: string): number | undefined {
  if (!text.startsWith('$')) return Number(text);
  return NumericSchema.safeParse(valueAt(text)(JSON.parse(line))).data;
}
