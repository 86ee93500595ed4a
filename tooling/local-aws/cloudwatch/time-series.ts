import type { MetricIdentity, MetricStore, Sample, Span } from './metric-store.ts';
import { summarize } from './statistic.ts';

/** A number of consecutive periods. */
export type TimeWindow = { fromMs: number; periodMs: number; length: number };

/** One value for each period of a window; undefined where there is no data. */
export type TimeSeries = {
  values: (number | undefined)[];
  /** If it comes from one metric alone. */
  metric?: MetricIdentity;
  /** If it is one statistic, unchanged. */
  statistic?: string;
};

/** The window of `length` periods up to an instant: an alarm's, which slides. */
export function windowUntil(
  untilMs: number,
  { periodMs, length }: { periodMs: number; length: number },
): TimeWindow {
  return { fromMs: untilMs - periodMs * length, periodMs, length };
}

/**
 * The window that covers a span, from a multiple of the period since 1970 on: a graph's.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html, StartTime
 */
export function windowOver({ fromMs, untilMs }: Span, periodMs: number): TimeWindow {
  const firstMs = Math.floor(fromMs / periodMs) * periodMs;
  return { fromMs: firstMs, periodMs, length: Math.max(1, Math.ceil((untilMs - firstMs) / periodMs)) };
}

/** A metric's statistic for each period. Throws for a statistic that is not supported. */
export function metricSeries(
  store: MetricStore,
  metric: MetricIdentity,
  { statistic, window }: { statistic: string; window: TimeWindow },
): TimeSeries {
  const { fromMs, periodMs, length } = window;
  const periods = Array.from({ length }, (): Sample[] => []);
  for (const sample of store.samples(metric, { fromMs, untilMs: fromMs + length * periodMs }))
    periods[Math.floor((sample.atMs - fromMs) / periodMs)]?.push(sample);
  return { values: periods.map((samples) => summarize(samples, statistic)), metric, statistic };
}
