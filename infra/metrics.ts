import { MathExpression, Metric, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';

import {
  METRICS,
  METRICS_NAMESPACE,
  type MetricDefinition,
  type MetricName,
} from '../shared/domain/metrics.ts';

type NamesWith<Dimensions extends readonly string[]> = {
  [Name in MetricName]: (typeof METRICS)[Name]['dimensions'] extends Dimensions ? Name : never;
}[MetricName];

/** The name of a metric that our code emits for each brand. */
export type BrandMetricName = NamesWith<readonly ['Brand']>;

/** The name of a metric that our code emits without dimensions. */
export type OverallMetricName = NamesWith<readonly []>;

/** The name of a metric that our code emits under dimensions whose values are not known beforehand. */
export type SearchedMetricName = Exclude<MetricName, BrandMetricName | OverallMetricName>;

/** What boards show, and most alarms judge. */
export const PERIOD = Duration.minutes(5);

/** A metric of one brand's orders, over five minutes unless given. */
export function brandMetric(metricName: BrandMetricName, brandId: string, period = PERIOD): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { Brand: brandId },
    statistic: statisticOf(METRICS[metricName]),
    period,
  });
}

/** A metric without dimensions, over five minutes unless given. */
export function overallMetric(metricName: OverallMetricName, period = PERIOD): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    statistic: statisticOf(METRICS[metricName]),
    period,
  });
}

/** A series for each value that the metric's dimensions take, for a board: an alarm may not search. `terms` narrows them down. */
export function searchedMetric(metricName: SearchedMetricName, terms = ''): IMetric {
  const definition: MetricDefinition = METRICS[metricName];
  return searchSeries({
    schema: [METRICS_NAMESPACE, ...definition.dimensions].join(','),
    terms: [`MetricName="${metricName}"`, terms].join(' ').trim(),
    statistic: statisticOf(definition),
  });
}

/**
 * All metrics of a schema (namespace and names of dimensions) in which the terms occur as words.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
 */
export function searchSeries({
  schema,
  terms,
  statistic,
}: {
  schema: string;
  terms: string;
  statistic: string;
}): IMetric {
  return new MathExpression({
    expression: `SEARCH('{${schema}} ${terms}', '${statistic}', ${PERIOD.toSeconds()})`,
    label: '',
    period: PERIOD,
  });
}

/** Flows add up; of levels, such as ages and delays, the worst one counts. */
function statisticOf({ unit, isLevel }: MetricDefinition): string {
  return unit === 'Seconds' || isLevel ? 'Maximum' : 'Sum';
}
