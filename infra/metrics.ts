import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';

import {
  METRICS,
  METRICS_NAMESPACE,
  type MetricDefinition,
  type MetricName,
} from '../shared/domain/metrics.ts';

type NamesWith<Dimension extends string> = {
  [Name in MetricName]: (typeof METRICS)[Name]['dimensions'] extends readonly [Dimension] ? Name : never;
}[MetricName];

/** The name of a metric that our code emits for each brand. */
export type BrandMetricName = NamesWith<'Brand'>;

/** The name of a metric that our code emits without dimensions. */
export type OverallMetricName = {
  [Name in MetricName]: (typeof METRICS)[Name]['dimensions'] extends readonly [] ? Name : never;
}[MetricName];

const PERIOD = Duration.minutes(5);

/** A metric of one brand's orders, over five minutes. */
export function brandMetric(metricName: BrandMetricName, brandId: string): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { Brand: brandId },
    statistic: statisticOf(METRICS[metricName]),
    period: PERIOD,
  });
}

/** A metric without dimensions, over five minutes. */
export function overallMetric(metricName: OverallMetricName): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    statistic: statisticOf(METRICS[metricName]),
    period: PERIOD,
  });
}

/** Counts add up; of ages and delays the worst one counts. */
function statisticOf({ unit }: MetricDefinition): string {
  return unit === 'Seconds' ? 'Maximum' : 'Sum';
}
