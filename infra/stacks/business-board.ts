import {
  GraphWidget,
  MathExpression,
  SingleValueWidget,
  TextWidget,
  type HorizontalAnnotation,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';

import type { Deployment } from '../deployment.ts';
import {
  brandMetric,
  overallMetric,
  PERIOD,
  searchedMetric,
  type BrandMetricName,
  type OverallMetricName,
  type SearchedMetricName,
} from '../metrics.ts';

/** What people ask of the business: are orders reported, do webhooks come, what commission stands, and is what we say right? */
export function businessWidgets({ config }: Deployment): IWidget[][] {
  const brands = config.orderReporting?.brands ?? [];
  return [
    ...(config.orderReporting ? [heading('Orders'), delayRow()] : []),
    ...brands.flatMap(({ id }) => [brandRow(id), brandMoneyRow(id)]),
    ...(config.transactions
      ? [
          heading('Webhooks'),
          webhookRow(),
          pauseRow(),
          heading('Commission'),
          commissionRow(),
          overdueRow(),
          heading('Compared with Button'),
          freshnessRow(),
          driftRow(),
          reconcilerRow(),
        ]
      : []),
  ];
}

function delayRow(): IWidget[] {
  return [
    graph('From an order to Button, seconds', overall('ReportDelaySeconds')),
    graph(
      'Oldest order not reported, and longest overdue, seconds',
      overall('OldestUnreportedOrderAgeSeconds', 'OldestDueOrderAgeSeconds'),
      [{ value: 3600, label: 'alarm' }],
    ),
    graph(
      'Calls stopped (1), keys refused, waiting orders woken',
      overall('BreakerOpen', 'ButtonKeyRefused', 'OrdersWoken'),
    ),
  ];
}

function brandRow(brandId: string): IWidget[] {
  const metrics = (...names: BrandMetricName[]): IMetric[] => names.map((name) => brandMetric(name, brandId));
  return [
    graph(`Reported: ${brandId}`, metrics('OrdersReported', 'OrdersUnchanged')),
    graph(
      `Not to be sent: ${brandId}`,
      metrics('OrdersDuplicate', 'OrdersSuperseded', 'OrdersIgnoredAfterCancel'),
    ),
    graph(`Not reported: ${brandId}`, [
      ...metrics('OrdersWaiting', 'OrdersQuarantined'),
      runningSum('WaitingOrdersChange', brandId),
    ]),
  ];
}

function brandMoneyRow(brandId: string): IWidget[] {
  const money = (name: SearchedMetricName): IMetric[] => [searchedMetric(name, `Brand="${brandId}"`)];
  return [
    graph(`Value at Button, change in minor units: ${brandId}`, money('ReportedAmountChangeMinor')),
    graph(`Value that waits, change in minor units: ${brandId}`, money('WaitingAmountChangeMinor')),
    graph(`Value refused, minor units: ${brandId}`, money('QuarantinedAmountMinor')),
  ];
}

/** How many more wait now than at the left edge of the graph. */
function runningSum(metricName: BrandMetricName, brandId: string): IMetric {
  return new MathExpression({
    expression: 'RUNNING_SUM(FILL(changes, 0))',
    usingMetrics: { changes: brandMetric(metricName, brandId) },
    label: 'Waiting, more than at the left edge',
    period: PERIOD,
  });
}

function webhookRow(): IWidget[] {
  return [
    graph('Webhooks taken in', [
      ...overall(
        'WebhooksFromButton',
        'WebhooksApplied',
        'WebhooksUnchanged',
        'WebhooksDeferred',
        'WebhooksQuarantined',
      ),
    ]),
    graph(
      'Webhooks refused',
      overall('WebhooksForged', 'WebhooksNotConfigured', 'WebhooksUnavailable', 'WebhooksFailedForButton'),
    ),
    graph(
      'Webhooks held back: each try',
      overall('DeferredWebhooksApplied', 'DeferredWebhooksKeptWaiting', 'DeferredWebhooksSetAside'),
    ),
  ];
}

/** Source: docs/button/webhooks.md, "Retries and automatic pause". */
function pauseRow(): IWidget[] {
  const hour = Duration.hours(1);
  const counts = {
    received: overallMetric('WebhooksFromButton'),
    failed: overallMetric('WebhooksFailedForButton'),
  };
  const failures = new MathExpression({
    expression: 'FILL(failed, 0)',
    usingMetrics: { failed: counts.failed },
    label: 'Failures in an hour: Button pauses from 5 on',
    period: hour,
  });
  const percent = new MathExpression({
    expression: 'IF(failed > 0, 100 * failed / IF(received > failed, received, failed), 0)',
    usingMetrics: counts,
    label: 'Per cent of an hour: Button pauses above 10',
    period: hour,
  });
  return [
    new SingleValueWidget({
      title: "Distance to Button's automatic pause",
      metrics: [percent, failures],
      period: hour,
      width: 8,
      height: 6,
    }),
    graph(
      'Failed webhooks, per cent of an hour',
      [percent],
      [
        { value: 2, label: 'alarm' },
        { value: 10, label: 'pause, from 5 failures on' },
      ],
    ),
    graph('By the secret that signed, and what was odd', [
      searchedMetric('WebhooksBySecret'),
      searchedMetric('WebhookFlags'),
    ]),
  ];
}

function commissionRow(): IWidget[] {
  return [
    graph('Pending commission, change in minor units', [searchedMetric('PendingCommissionChangeMinor')]),
    graph('Confirmed commission, change in minor units', [searchedMetric('ValidatedCommissionChangeMinor')]),
    graph('Declined commission, minor units', [searchedMetric('DeclinedCommissionMinor')]),
  ];
}

function overdueRow(): IWidget[] {
  return [
    graph('Pending far beyond their finalization, counted once a week', overall('StalePendingTransactions')),
    graph('Pending far beyond their finalization, minor units', [searchedMetric('StalePendingAmountMinor')]),
  ];
}

function freshnessRow(): IWidget[] {
  return [
    graph('Account last read, seconds ago: the longest', overall('OldestWindowAgeSeconds'), [
      { value: 3 * 3600, label: 'alarm' },
    ]),
    graph('Account last read, seconds ago: each', [searchedMetric('WindowAgeSeconds')]),
    graph('Events published, and contradictions', overall('EventsPublished', 'TransactionConflicts')),
  ];
}

function driftRow(): IWidget[] {
  return [
    graph(
      'Repaired: no webhook had brought it',
      overall(
        'MissingTransactionsRepaired',
        'StaleTransactionsRepaired',
        'SettledConflicts',
        'RowsOnlyInAllAccountsList',
        'RowsOnlyInAccountLists',
      ),
    ),
    graph('Repaired, money in minor units', [searchedMetric('DriftAmountMinor')]),
    graph('From a change to its repair, seconds', overall('RepairDelaySeconds'), [
      { value: 3 * 3600, label: 'alarm' },
    ]),
  ];
}

function reconcilerRow(): IWidget[] {
  return [
    graph(
      'Rows read from Button',
      overall('RowsReconciled', 'RowsQuarantined', 'TransactionsImported', 'PersonalDataExpired'),
    ),
    graph(
      'Reads, by slices of work',
      overall(
        'AccountsPlanned',
        'ReconcilerSlicesComplete',
        'ReconcilerSlicesHandedOn',
        'ReconcilerSlicesPartial',
        'ReconcilerSlicesOvertaken',
      ),
    ),
    graph(
      'What keeps from reading',
      overall(
        'PublisherKeyUnusable',
        'AccountsUnavailable',
        'ReconcilerNotConfigured',
        'ReconcilerUnknownStreams',
        'ReconcilerWindowsRestarted',
        'UnusablePositions',
      ),
    ),
  ];
}

function overall(...names: OverallMetricName[]): IMetric[] {
  return names.map((name) => overallMetric(name));
}

function heading(title: string): IWidget[] {
  return [new TextWidget({ width: 24, height: 1, markdown: `## ${title}` })];
}

function graph(title: string, left: IMetric[], leftAnnotations: HorizontalAnnotation[] = []): GraphWidget {
  return new GraphWidget({ title, left, leftAnnotations, width: 8, height: 6 });
}
