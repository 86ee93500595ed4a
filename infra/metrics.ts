import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';

/** The CloudWatch namespace of every metric that our code emits; the same as in shared/domain/metrics.ts. */
export const METRICS_NAMESPACE = 'ButtonServerless';

/** What boards and alarms take from the order flow, each with the dimension `Brand`, and how its values are summed up. */
export const BRAND_METRICS = {
  OrdersReported: 'Sum',
  OrdersUnchanged: 'Sum',
  OrdersDuplicate: 'Sum',
  OrdersSuperseded: 'Sum',
  OrdersIgnoredAfterCancel: 'Sum',
  OrdersWaiting: 'Sum',
  OrdersQuarantined: 'Sum',
} as const;

/** What boards and alarms take without dimensions, from either flow, and how its values are summed up. */
export const OVERALL_METRICS = {
  ReportDelaySeconds: 'p90',
  OldestUnreportedOrderAgeSeconds: 'Maximum',
  ButtonKeyRefused: 'Sum',
  OldestDueOrderAgeSeconds: 'Maximum',
  OrdersWoken: 'Sum',
  WebhooksApplied: 'Sum',
  WebhooksUnchanged: 'Sum',
  WebhooksForged: 'Sum',
  WebhooksQuarantined: 'Sum',
  WebhooksDeferred: 'Sum',
  WebhooksUnavailable: 'Sum',
  DeferredWebhooksApplied: 'Sum',
  TransactionConflicts: 'Sum',
  RowsReconciled: 'Sum',
  RowsQuarantined: 'Sum',
  MissingTransactionsRepaired: 'Sum',
  StaleTransactionsRepaired: 'Sum',
  OldestWindowAgeSeconds: 'Maximum',
  EventsPublished: 'Sum',
} as const;

/** The name of a metric that our code emits for each brand. */
export type BrandMetricName = keyof typeof BRAND_METRICS;

/** The name of a metric that our code emits without dimensions. */
export type OverallMetricName = keyof typeof OVERALL_METRICS;

const PERIOD = Duration.minutes(5);

/** A metric of one brand's orders, over five minutes. */
export function brandMetric(metricName: BrandMetricName, brandId: string): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { Brand: brandId },
    statistic: BRAND_METRICS[metricName],
    period: PERIOD,
  });
}

/** A metric without dimensions, over five minutes. */
export function overallMetric(metricName: OverallMetricName): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    statistic: OVERALL_METRICS[metricName],
    period: PERIOD,
  });
}
