import { MathExpression, Metric, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';

import {
  METRICS,
  METRICS_NAMESPACE,
  unitOf,
  type MetricDefinition,
  type MetricName,
} from '../shared/runtime/metric-definitions.ts';
import type { Deployment } from './deployment.ts';

type NamesWith<Dimensions extends readonly string[]> = {
  [Name in MetricName]: (typeof METRICS)[Name]['dimensions'] extends Dimensions ? Name : never;
}[MetricName];

/** The name of a metric that our code emits for each brand. */
export type BrandMetricName = NamesWith<readonly ['Brand']>;

/** The name of a metric that our code emits without dimensions. */
export type OverallMetricName = NamesWith<readonly []>;

/** The name of a metric that our code emits with dimensions whose values are not known beforehand. */
export type SearchedMetricName = Exclude<MetricName, BrandMetricName | OverallMetricName>;

/** The period of boards and of most alarms. */
const PERIOD = Duration.minutes(5);

/**
 * The namespace of a stage's metrics: each stage has its own; otherwise those of two stages in one account
 * would add up.
 */
export function metricsNamespace({ config }: Pick<Deployment, 'config'>): string {
  return `${METRICS_NAMESPACE}/${config.stage}`;
}

/** The metrics that our code emits, for a stage's boards and alarms; over five minutes unless given. */
export type StageMetrics = {
  /** A metric without dimensions. */
  overall(metricName: OverallMetricName, period?: Duration): Metric;
  /** One of a brand's orders. */
  forBrand(metricName: BrandMetricName, brandId: string, period?: Duration): Metric;
  /** A series for each value of the dimensions, for a board: an alarm may not search. */
  searched(metricName: SearchedMetricName | BrandMetricName): IMetric;
  /** The same for a flow that goes up and down: the change since the left edge of the graph. */
  searchedRunningSums(metricName: SearchedMetricName | BrandMetricName): IMetric;
};

/** The metrics of one stage. */
export function stageMetrics(deployment: Pick<Deployment, 'config'>): StageMetrics {
  const namespace = metricsNamespace(deployment);
  return {
    overall: (metricName, period = PERIOD) =>
      new Metric({ namespace, metricName, statistic: statisticOf(metricName), period }),
    forBrand: (metricName, brandId, period = PERIOD) =>
      new Metric({
        namespace,
        metricName,
        dimensionsMap: { Brand: brandId },
        statistic: statisticOf(metricName),
        period,
      }),
    searched: (metricName) => searchSeries(searchFor(namespace, metricName)),
    searchedRunningSums: (metricName) => searchRunningSums(searchFor(namespace, metricName)),
  };
}

function searchFor(namespace: string, metricName: MetricName): Search {
  const definition: MetricDefinition = METRICS[metricName];
  return {
    schema: [`"${namespace}"`, ...definition.dimensions].join(','),
    terms: `MetricName="${metricName}"`,
    statistic: statisticOf(metricName),
  };
}

/** How many series of a search a graph shows: more could not be distinguished. */
export const SHOWN_SERIES = 20;

/**
 * The terms of a search: all metrics of a schema (namespace and names of dimensions) in which the terms occur
 * as words.
 */
export type Search = { schema: string; terms: string; statistic: string };

/**
 * The series that a search finds: of more than twenty, those with the highest sum, or for a level the highest
 * value.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, SORT
 */
export function searchSeries(search: Search): IMetric {
  return highest(searchExpression(search), search.statistic === 'Sum' ? 'SUM' : 'MAX');
}

/** The sum, at each point of time, of everything that a search finds. */
export function searchTotal(search: Search): IMetric {
  return new MathExpression({
    expression: `SUM(${searchExpression(search)})`,
    label: 'All together',
    period: PERIOD,
  });
}

/** For each series that a search finds, the change since the left edge of the graph. */
function searchRunningSums(search: Search): IMetric {
  return highest(`RUNNING_SUM(FILL(${searchExpression(search)}, 0))`, 'MAX');
}

function highest(expression: string, by: 'SUM' | 'MAX'): IMetric {
  return new MathExpression({
    expression: `SORT(${expression}, ${by}, DESC, ${SHOWN_SERIES})`,
    label: '',
    period: PERIOD,
  });
}

/** Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html */
function searchExpression({ schema, terms, statistic }: Search): string {
  return `SEARCH('{${schema}} ${terms}', '${statistic}', ${PERIOD.toSeconds()})`;
}

/** Flows add up; of levels, such as ages and delays, the highest one counts. */
function statisticOf(name: MetricName): string {
  const { isLevel }: MetricDefinition = METRICS[name];
  return unitOf(name) === 'Seconds' || isLevel ? 'Maximum' : 'Sum';
}
