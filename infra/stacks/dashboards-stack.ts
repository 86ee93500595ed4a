import {
  Dashboard,
  GraphWidget,
  MathExpression,
  TextWidget,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';
import { brandMetric, overallMetric, type BrandMetricName, type OverallMetricName } from '../metrics.ts';

/** What the stack is built from. */
export type DashboardsStackProps = StackProps & { deployment: Deployment };

/**
 * A business board of what our code counts, and a technical board of what AWS counts.
 *
 * Boards only, and nothing of another stack by reference: our own metrics have names that are known beforehand, and AWS's are found by
 * the stack's name in theirs. (A board may search; an alarm may not.)
 */
export class DashboardsStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, ...stackProps }: DashboardsStackProps) {
    super(scope, id, stackProps);
    const business = new Dashboard(this, 'Business', { widgets: businessWidgets(deployment) });
    const technical = new Dashboard(this, 'Technical', {
      widgets: technicalWidgets(deployment.config.stage),
    });
    new CfnOutput(this, 'BusinessDashboardUrl', { value: this.#consoleUrl(business) });
    new CfnOutput(this, 'TechnicalDashboardUrl', { value: this.#consoleUrl(technical) });
  }

  #consoleUrl({ dashboardName }: Dashboard): string {
    return `https://${this.region}.console.aws.amazon.com/cloudwatch/home?region=${this.region}#dashboards/dashboard/${dashboardName}`;
  }
}

function businessWidgets({ config }: Deployment): IWidget[][] {
  const brands = config.orderReporting?.brands ?? [];
  return [
    ...(config.orderReporting ? [delayRow()] : []),
    ...brands.map(({ id }) => brandRow(id)),
    ...(config.transactions ? [webhookRow(), reconciliationRow()] : []),
  ];
}

function delayRow(): IWidget[] {
  return [
    graph('From an order to Button, seconds', overall('ReportDelaySeconds')),
    graph(
      'Oldest order not reported, and oldest overdue, seconds',
      overall('OldestUnreportedOrderAgeSeconds', 'OldestDueOrderAgeSeconds'),
    ),
    graph('Waiting orders woken, and keys refused', overall('OrdersWoken', 'ButtonKeyRefused')),
  ];
}

function brandRow(brandId: string): IWidget[] {
  const metrics = (...names: BrandMetricName[]): IMetric[] => names.map((name) => brandMetric(name, brandId));
  return [
    graph(`Orders of ${brandId}`, metrics('OrdersReported', 'OrdersUnchanged')),
    graph(`Not sent: ${brandId}`, metrics('OrdersDuplicate', 'OrdersSuperseded', 'OrdersIgnoredAfterCancel')),
    graph(`Not reported yet: ${brandId}`, metrics('OrdersWaiting', 'OrdersQuarantined')),
  ];
}

function webhookRow(): IWidget[] {
  return [
    graph('Webhooks', overall('WebhooksApplied', 'WebhooksUnchanged', 'DeferredWebhooksApplied')),
    graph(
      'Webhooks not applied',
      overall('WebhooksForged', 'WebhooksQuarantined', 'WebhooksDeferred', 'WebhooksUnavailable'),
    ),
    graph('Events published', overall('EventsPublished')),
  ];
}

function reconciliationRow(): IWidget[] {
  return [
    graph('Rows read from Button', overall('RowsReconciled', 'RowsQuarantined')),
    graph(
      'Found by reading, not by webhook',
      overall(
        'MissingTransactionsRepaired',
        'StaleTransactionsRepaired',
        'SettledConflicts',
        'TransactionConflicts',
      ),
    ),
    graph('Oldest account read, seconds ago', overall('OldestWindowAgeSeconds')),
  ];
}

function overall(...names: OverallMetricName[]): IMetric[] {
  return names.map((name) => overallMetric(name));
}

function technicalWidgets(stage: string): IWidget[][] {
  const functions = (metricName: string, statistic: string): IMetric =>
    search({ namespace: 'AWS/Lambda', dimension: 'FunctionName', metricName, statistic, stage });
  const queues = (metricName: string): IMetric =>
    search({ namespace: 'AWS/SQS', dimension: 'QueueName', metricName, statistic: 'Maximum', stage });
  return [
    [
      new TextWidget({
        width: 24,
        height: 1,
        markdown: `Every function and queue whose name begins with \`Button-${stage}-\`.`,
      }),
    ],
    [
      graph('Errors', [functions('Errors', 'Sum')]),
      graph('Throttles', [functions('Throttles', 'Sum')]),
      graph('Duration, p99, milliseconds', [functions('Duration', 'p99')]),
    ],
    [
      graph('Messages waiting', [queues('ApproximateNumberOfMessagesVisible')]),
      graph('Oldest message, seconds', [queues('ApproximateAgeOfOldestMessage')]),
      graph('Concurrent executions', [functions('ConcurrentExecutions', 'Maximum')]),
    ],
  ];
}

type Search = { namespace: string; dimension: string; metricName: string; statistic: string; stage: string };

/** Names are matched by their words: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html */
function search({ namespace, dimension, metricName, statistic, stage }: Search): IMetric {
  const period = Duration.minutes(5);
  const terms = `{${namespace},${dimension}} MetricName="${metricName}" Button ${stage.replaceAll('-', ' ')}`;
  return new MathExpression({
    expression: `SEARCH('${terms}', '${statistic}', ${period.toSeconds()})`,
    label: '',
    period,
  });
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6 });
}
