// Every metric by name, for the code that emits it and for the boards and alarms that read it. Constants and types only.

/** The CloudWatch namespace of every metric. */
export const METRICS_NAMESPACE = 'ButtonServerless';

/** A metric's unit and, in order, its dimensions. No personal data ever stands in a dimension. */
export type MetricDefinition = { unit: 'Count' | 'Seconds' | 'None'; dimensions: readonly string[] };

/**
 * The metrics. What an alarm watches has no dimension, because an alarm can't search them: it is emitted as one number that speaks
 * for all, such as the age of the oldest. Amounts are minor units of the currency in the dimension.
 */
export const METRICS = {
  // Order reporting: each message counts once, under its outcome.
  OrdersReported: { unit: 'Count', dimensions: ['Brand'] },
  OrdersUnchanged: { unit: 'Count', dimensions: ['Brand'] },
  OrdersDuplicate: { unit: 'Count', dimensions: ['Brand'] },
  OrdersSuperseded: { unit: 'Count', dimensions: ['Brand'] },
  OrdersIgnoredAfterCancel: { unit: 'Count', dimensions: ['Brand'] },
  OrdersWaiting: { unit: 'Count', dimensions: ['Brand'] },
  OrdersQuarantined: { unit: 'Count', dimensions: ['Brand'] },
  ReportedAmountMinor: { unit: 'None', dimensions: ['Brand', 'Currency'] },
  QuarantinedAmountMinor: { unit: 'None', dimensions: ['Brand', 'Currency'] },
  ReportDelaySeconds: { unit: 'Seconds', dimensions: [] },
  OldestUnreportedOrderAgeSeconds: { unit: 'Seconds', dimensions: [] },
  ButtonKeyRefused: { unit: 'Count', dimensions: [] },
  // Retry sweep.
  OrdersWoken: { unit: 'Count', dimensions: [] },
  OldestDueOrderAgeSeconds: { unit: 'Seconds', dimensions: [] },
  /** 1 for each sweep that finds its brand's breaker open, else 0. */
  BreakerOpen: { unit: 'Count', dimensions: [] },
  // Webhooks: each request counts once, under its outcome.
  WebhooksApplied: { unit: 'Count', dimensions: [] },
  WebhooksUnchanged: { unit: 'Count', dimensions: [] },
  WebhooksQuarantined: { unit: 'Count', dimensions: [] },
  WebhooksDeferred: { unit: 'Count', dimensions: [] },
  WebhooksForged: { unit: 'Count', dimensions: [] },
  WebhooksNotConfigured: { unit: 'Count', dimensions: [] },
  WebhooksUnavailable: { unit: 'Count', dimensions: [] },
  // What Button's pause rule looks at, counted at the gateway: see infra/constructs/webhook-endpoint.ts.
  WebhooksFromButton: { unit: 'Count', dimensions: [] },
  WebhooksFailedForButton: { unit: 'Count', dimensions: [] },
  // What is odd about a webhook that is accepted all the same, by `TransactionFlag`.
  WebhookFlags: { unit: 'Count', dimensions: ['Flag'] },
  // The fallback queue: each try counts once; what ends in quarantine counts as WebhooksQuarantined too.
  DeferredWebhooksApplied: { unit: 'Count', dimensions: [] },
  DeferredWebhooksKeptWaiting: { unit: 'Count', dimensions: [] },
  DeferredWebhooksSetAside: { unit: 'Count', dimensions: [] },
  TransactionConflicts: { unit: 'Count', dimensions: [] },
  // Reconciliation: each slice of work counts once, under its outcome.
  AccountsPlanned: { unit: 'Count', dimensions: [] },
  AccountsUnavailable: { unit: 'Count', dimensions: [] },
  OldestWindowAgeSeconds: { unit: 'Seconds', dimensions: [] },
  ReconcilerSlicesComplete: { unit: 'Count', dimensions: [] },
  ReconcilerSlicesHandedOn: { unit: 'Count', dimensions: [] },
  ReconcilerSlicesPartial: { unit: 'Count', dimensions: [] },
  ReconcilerSlicesOvertaken: { unit: 'Count', dimensions: [] },
  ReconcilerNotConfigured: { unit: 'Count', dimensions: [] },
  ReconcilerUnknownStreams: { unit: 'Count', dimensions: [] },
  ReconcilerWindowsRestarted: { unit: 'Count', dimensions: [] },
  /** Positions that are unreadable or claim the future. */
  UnusablePositions: { unit: 'Count', dimensions: [] },
  RowsReconciled: { unit: 'Count', dimensions: [] },
  RowsQuarantined: { unit: 'Count', dimensions: [] },
  MissingTransactionsRepaired: { unit: 'Count', dimensions: [] },
  StaleTransactionsRepaired: { unit: 'Count', dimensions: [] },
  SettledConflicts: { unit: 'Count', dimensions: [] },
  /** What Button held before this system was deployed. */
  TransactionsImported: { unit: 'Count', dimensions: [] },
  /** From a change at Button to its repair; the longest of a page. */
  RepairDelaySeconds: { unit: 'Seconds', dimensions: [] },
  /** By comparison of the lists, where it is switched on. */
  RowsOnlyInAllAccountsList: { unit: 'Count', dimensions: [] },
  RowsOnlyInAccountLists: { unit: 'Count', dimensions: [] },
  DriftAmountMinor: { unit: 'None', dimensions: ['Currency'] },
  // The weekly scan of the transactions: expiry of personal data, and what is overdue.
  PersonalDataExpired: { unit: 'Count', dimensions: [] },
  /** Transactions that are pending far beyond their finalization: as many as there are, counted once a week. */
  StalePendingTransactions: { unit: 'Count', dimensions: [] },
  StalePendingAmountMinor: { unit: 'None', dimensions: ['Currency'] },
  // Event publisher.
  EventsPublished: { unit: 'Count', dimensions: [] },
} as const satisfies Record<string, MetricDefinition>;

/** The name of a metric. */
export type MetricName = keyof typeof METRICS;

type DimensionOf<Name extends MetricName> = (typeof METRICS)[Name]['dimensions'][number];

/** One measured value, with every dimension of its metric and no other. */
export type Measured = {
  [Name in MetricName]: [DimensionOf<Name>] extends [never]
    ? { name: Name; value: number }
    : { name: Name; value: number; dimensions: Readonly<Record<DimensionOf<Name>, string>> };
}[MetricName];

/** Where a use case puts what it measured. */
export type Metrics = { add(measured: Measured): void };
