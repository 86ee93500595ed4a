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
import { SHOWN_SERIES, stageMetrics, type OverallMetricName, type StageMetrics } from '../metrics.ts';

/**
 * The business board: are orders reported, do webhooks arrive, how much commission is there, and is what we
 * report right?
 */
export function businessWidgets({ config }: Deployment): IWidget[][] {
  const metrics = stageMetrics({ config });
  return [
    [
      new TextWidget({
        width: 24,
        height: 1,
        markdown: `Where a graph has a line for each brand, account or currency, it shows the ${SHOWN_SERIES} highest.`,
      }),
    ],
    ...(config.orderReporting
      ? [heading('Orders'), delayRow(metrics), brandRow(metrics), brandMoneyRow(metrics), auditRow(metrics)]
      : []),
    ...(config.transactions
      ? [
          heading('Webhooks'),
          webhookRow(metrics),
          pauseRow(metrics),
          deferredRow(metrics),
          heading('Commission'),
          commissionRow(metrics),
          overdueRow(metrics),
          heading('Compared with Button'),
          freshnessRow(metrics),
          driftRow(metrics),
          reconcilerRow(metrics),
        ]
      : []),
    ...(config.transactions?.publisherApi ? [heading('Publisher API'), publisherApiRow(metrics)] : []),
  ];
}

function delayRow(metrics: StageMetrics): IWidget[] {
  return [
    graph('From an order to Button, seconds', overall(metrics, 'ReportDelaySeconds')),
    graph(
      'Oldest order that is due, seconds since it arrived',
      overall(metrics, 'OldestDueOrderAgeSeconds'),
      [{ value: 3600, label: 'alarm' }],
    ),
    graph(
      'Calls stopped (1), brand paused (1), keys refused, retries of waiting orders, and the last rate per second',
      overall(
        metrics,
        'BreakerOpen',
        'BrandPaused',
        'ButtonKeyRefused',
        'OrderRetriesSent',
        'DrainPacePerSecond',
        'UnreadableLedgerItems',
        'CustomersExpired',
      ),
    ),
  ];
}

/** A series for each brand. */
function brandRow(metrics: StageMetrics): IWidget[] {
  return [
    graph('Reported, by brand', [metrics.searched('OrdersReported'), metrics.searched('OrdersUnchanged')]),
    graph('Nothing to send, by brand', [
      metrics.searched('OrdersDuplicate'),
      metrics.searched('OrdersSuperseded'),
      metrics.searched('OrdersIgnoredAfterCancel'),
    ]),
    graph('Not reported, by brand; waiting: change since the left edge', [
      metrics.searched('OrdersWaiting'),
      metrics.searched('OrdersQuarantined'),
      metrics.searchedRunningSums('WaitingOrdersChange'),
    ]),
  ];
}

function brandMoneyRow(metrics: StageMetrics): IWidget[] {
  return [
    graph('Value at Button, change in minor units, by brand', [
      metrics.searched('ReportedAmountChangeMinor'),
    ]),
    graph('Waiting value, change in minor units, by brand', [metrics.searched('WaitingAmountChangeMinor')]),
    graph('Value refused, minor units, by brand', [metrics.searched('QuarantinedAmountMinor')]),
    graph('Tokens missing, different and not accepted, by brand', [
      metrics.searched('OrdersCreatedWithoutToken'),
      metrics.searched('OrderTokensDiffering'),
      metrics.searched('OrderTokensNotTaken'),
    ]),
  ];
}

/** Empty if there is no audit. */
function auditRow(metrics: StageMetrics): IWidget[] {
  return [
    graph('Orders compared with Button, by brand', [
      metrics.searched('OrdersAudited'),
      metrics.searched('OrdersNotAudited'),
      metrics.searched('OrdersDrifted'),
    ]),
    graph('Orders that differ at Button, by brand and reason', [metrics.searched('OrderDriftReasons')]),
    graph('Value that differs at Button, minor units, by brand', [metrics.searched('OrderDriftAmountMinor')]),
  ];
}

function webhookRow(metrics: StageMetrics): IWidget[] {
  return [
    graph(
      'Webhooks accepted',
      overall(
        metrics,
        'WebhooksFromButton',
        'WebhooksApplied',
        'WebhooksUnchanged',
        'WebhooksDeferred',
        'WebhooksQuarantined',
      ),
    ),
    graph(
      'Webhooks refused',
      overall(
        metrics,
        'WebhooksForged',
        'WebhooksNotConfigured',
        'MalformedWebhookSecrets',
        'WebhooksUnavailable',
        'WebhooksFailedForButton',
      ),
    ),
    graph('By signing secret, and flags', [
      metrics.searched('WebhooksBySecret'),
      metrics.searched('WebhookFlags'),
      metrics.searched('RowFlags'),
    ]),
  ];
}

/** Source: docs/button/webhooks.md, "Retries and automatic pause". */
function pauseRow(metrics: StageMetrics): IWidget[] {
  const hour = Duration.hours(1);
  const counts = {
    received: metrics.overall('WebhooksFromButton'),
    failed: metrics.overall('WebhooksFailedForButton'),
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
  ];
}

function publisherApiRow(metrics: StageMetrics): IWidget[] {
  return [graph('Answers of the publisher API, by status', [metrics.searched('PublisherApiRequests')])];
}

function deferredRow(metrics: StageMetrics): IWidget[] {
  return [
    graph(
      'Deferred webhooks: each try',
      overall(metrics, 'DeferredWebhooksApplied', 'DeferredWebhooksWaiting', 'DeferredWebhooksQuarantined'),
    ),
    graph('Oldest deferred webhook, seconds', overall(metrics, 'OldestDeferredWebhookAgeSeconds'), [
      { value: 3600, label: 'alarm' },
    ]),
  ];
}

function commissionRow(metrics: StageMetrics): IWidget[] {
  return [
    graph('Pending commission, change in minor units', [metrics.searched('PendingCommissionChangeMinor')]),
    graph('Confirmed commission, change in minor units', [
      metrics.searched('ValidatedCommissionChangeMinor'),
    ]),
    graph('Declined commission, minor units', [metrics.searched('DeclinedCommissionMinor')]),
  ];
}

function overdueRow(metrics: StageMetrics): IWidget[] {
  return [
    graph('Overdue, counted once a week', overall(metrics, 'StalePendingTransactions')),
    graph('Overdue, minor units', [metrics.searched('StalePendingAmountMinor')]),
    graph(
      'Finalization windows of the brands: read, malformed, and lists that could not be read',
      overall(metrics, 'BrandsListed', 'MalformedBrands', 'BrandsUnavailable'),
    ),
  ];
}

function freshnessRow(metrics: StageMetrics): IWidget[] {
  return [
    graph('Account last read, seconds ago: the longest', overall(metrics, 'OldestWindowAgeSeconds'), [
      { value: 3 * 3600, label: 'alarm' },
    ]),
    graph('Account last read, seconds ago: each', [metrics.searched('WindowAgeSeconds')]),
    graph(
      'Events published, contradictions, and unknown categories',
      overall(metrics, 'EventsPublished', 'TransactionConflicts', 'TransactionsOfUnknownCategory'),
    ),
  ];
}

function driftRow(metrics: StageMetrics): IWidget[] {
  return [
    graph(
      'Repaired: no webhook had brought it',
      overall(
        metrics,
        'MissingTransactionsRepaired',
        'StaleTransactionsRepaired',
        'PendingTransactionsCorrected',
        'TransactionsFoundHistorical',
        'SettledConflicts',
        'RowsOnlyInAllAccountsList',
        'RowsOnlyInAccountLists',
      ),
    ),
    graph('Repaired, money in minor units', [metrics.searched('DriftAmountMinor')]),
    graph('Checkouts whose transaction has arrived, per cent', [checkoutShare(metrics)]),
    graph('From a change to its repair, seconds', overall(metrics, 'RepairDelaySeconds'), [
      { value: 3 * 3600, label: 'alarm' },
    ]),
  ];
}

function reconcilerRow(metrics: StageMetrics): IWidget[] {
  return [
    graph(
      'Rows read from Button',
      overall(metrics, 'RowsReconciled', 'RowsQuarantined', 'TransactionsImported', 'PersonalDataExpired'),
    ),
    graph(
      'Reads, by slices of work',
      overall(
        metrics,
        'AccountsPlanned',
        'AccountsListed',
        'ReconcilerSlicesComplete',
        'ReconcilerSlicesHandedOn',
        'ReconcilerSlicesPartial',
        'ReconcilerSlicesOvertaken',
      ),
    ),
    graph(
      'What prevents reading',
      overall(
        metrics,
        'PublisherKeyUnusable',
        'AccountsUnavailable',
        'MalformedAccounts',
        'ReconcilerNotConfigured',
        'ReconcilerChainsStopped',
        'ReconcilerUnknownStreams',
        'ReconcilerWindowsRestarted',
        'WindowsPassedOver',
        'UnreadGaps',
        'UnusablePositions',
        'UnreadableItems',
        'UnreadableReadMessages',
      ),
    ),
  ];
}

/**
 * The share of a week's checkouts that a transaction has followed: about 95 of 100, by Button's documents.
 */
function checkoutShare(metrics: StageMetrics): IMetric {
  return new MathExpression({
    expression: 'IF(received > 0, 100 * FILL(followed, 0) / received)',
    usingMetrics: {
      received: metrics.overall('CheckoutsReceived'),
      followed: metrics.overall('CheckoutsFollowed'),
    },
    label: 'Checkouts whose transaction has arrived, per cent of a week',
    period: Duration.days(7),
  });
}

function overall(metrics: StageMetrics, ...names: OverallMetricName[]): IMetric[] {
  return names.map((name) => metrics.overall(name));
}

function heading(title: string): IWidget[] {
  return [new TextWidget({ width: 24, height: 1, markdown: `## ${title}` })];
}

function graph(title: string, left: IMetric[], leftAnnotations: HorizontalAnnotation[] = []): GraphWidget {
  return new GraphWidget({ title, left, leftAnnotations, width: 8, height: 6 });
}
