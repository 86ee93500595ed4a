// Every metric by name, for the code that emits it and for the boards and alarms that read it. Constants and types only.

/** The CloudWatch namespace of every metric, before a slash and the stage. */
export const METRICS_NAMESPACE = 'ButtonServerless';

/** A metric's unit and, in order, its dimensions. No personal data ever stands in a dimension. */
export type MetricDefinition = {
  unit: 'Count' | 'Seconds' | 'None';
  dimensions: readonly string[];
  /** A level, of which the highest counts; what is no level adds up. Seconds are levels, all of them. */
  isLevel?: true;
};

/**
 * The metrics. What an alarm watches has no dimension that is not known at synth, because an alarm can't search: it is emitted as one
 * number that speaks for all, such as the age of the oldest. Amounts are minor units of the currency in the dimension.
 *
 * Everything but a level is a flow: its sum over a time is what came in that time. A flow called `…Change` goes up and down; its sum
 * is by how much a total changed, never the total.
 */
export const METRICS = {
  // Order reporting: each message, or retry message, counts once, under its outcome.
  OrdersReported: { unit: 'Count', dimensions: ['Brand'] },
  OrdersUnchanged: { unit: 'Count', dimensions: ['Brand'] },
  OrdersDuplicate: { unit: 'Count', dimensions: ['Brand'] },
  OrdersSuperseded: { unit: 'Count', dimensions: ['Brand'] },
  OrdersIgnoredAfterCancel: { unit: 'Count', dimensions: ['Brand'] },
  OrdersWaiting: { unit: 'Count', dimensions: ['Brand'] },
  OrdersQuarantined: { unit: 'Count', dimensions: ['Brand'] },
  /** The value of the orders that Button holds: a create adds, an update adds the difference, a cancellation takes away. */
  ReportedAmountChangeMinor: { unit: 'None', dimensions: ['Brand', 'Currency'] },
  /** Orders in the ledger that Button is still to be told of, and their value: up when one begins to wait, down when it is over. */
  WaitingOrdersChange: { unit: 'Count', dimensions: ['Brand'] },
  WaitingAmountChangeMinor: { unit: 'None', dimensions: ['Brand', 'Currency'] },
  /** What the refused order says that it is worth, each time that it is refused; a message that can't be read says nothing. */
  QuarantinedAmountMinor: { unit: 'None', dimensions: ['Brand', 'Currency'] },
  /** Orders that Button can't attribute to anybody: the commission of each is lost unless its token comes later. */
  OrdersCreatedWithoutToken: { unit: 'Count', dimensions: ['Brand'] },
  /** Messages with another token than the order's first one, which stays. */
  OrderTokensDiffering: { unit: 'Count', dimensions: ['Brand'] },
  /** Tokens that became known after the order was reported, and that Button does not take with an update. */
  OrderTokensNotTaken: { unit: 'Count', dimensions: ['Brand'] },
  /** From the arrival of the first message that brought what Button did not hold to Button's answer. */
  ReportDelaySeconds: { unit: 'Seconds', dimensions: [] },
  /** A brand's key: the reporter's calls that Button refused for it. */
  ButtonKeyRefused: { unit: 'Count', dimensions: [] },
  // Retry sweep.
  OrderRetriesSent: { unit: 'Count', dimensions: [] },
  /**
   * Of the orders that each sweep finds due: since the first message of the oldest arrived, whatever time its
   * event names.
   */
  OldestDueOrderAgeSeconds: { unit: 'Seconds', dimensions: [] },
  /** How many orders a second the sweep sent at last, while more were due than it sent. */
  DrainPacePerSecond: { unit: 'Count', dimensions: [], isLevel: true },
  /** 1 while any brand's breaker is open, else 0. */
  BreakerOpen: { unit: 'Count', dimensions: [], isLevel: true },
  // Order audit: each order of a sample counts once.
  OrdersAudited: { unit: 'Count', dimensions: ['Brand'] },
  /** Orders of the sample of which Button gave no usable answer. */
  OrdersNotAudited: { unit: 'Count', dimensions: ['Brand'] },
  /** Orders that Button holds otherwise than they were reported. */
  OrdersDrifted: { unit: 'Count', dimensions: ['Brand'] },
  /** The same by `DriftReason`; an order counts once under each of its reasons. */
  OrderDriftReasons: { unit: 'Count', dimensions: ['Brand', 'Reason'] },
  OrderDriftAmountMinor: { unit: 'None', dimensions: ['Brand', 'Currency'] },
  // Webhooks: each request counts once, under its outcome.
  WebhooksApplied: { unit: 'Count', dimensions: [] },
  WebhooksUnchanged: { unit: 'Count', dimensions: [] },
  WebhooksQuarantined: { unit: 'Count', dimensions: [] },
  WebhooksDeferred: { unit: 'Count', dimensions: [] },
  WebhooksForged: { unit: 'Count', dimensions: [] },
  WebhooksNotConfigured: { unit: 'Count', dimensions: [] },
  WebhooksUnavailable: { unit: 'Count', dimensions: [] },
  /** Readings of the webhooks' secrets that found a malformed entry, or no list at all. */
  MalformedWebhookSecrets: { unit: 'Count', dimensions: [] },
  /** Authentic webhooks by the configured name of the secret that signed them: an old secret at 0 can be taken away. */
  WebhooksBySecret: { unit: 'Count', dimensions: ['Secret'] },
  // What Button's pause rule looks at, counted at the gateway: see infra/constructs/webhook-endpoint.ts.
  WebhooksFromButton: { unit: 'Count', dimensions: [] },
  WebhooksFailedForButton: { unit: 'Count', dimensions: [] },
  // What is odd about a webhook that is accepted all the same, by `TransactionFlag`.
  WebhookFlags: { unit: 'Count', dimensions: ['Flag'] },
  /** The same about rows of the Transactions API, once for each row that brought something new. */
  RowFlags: { unit: 'Count', dimensions: ['Flag'] },
  // The queue of deferred webhooks: each try counts once; what ends in quarantine counts as WebhooksQuarantined too.
  DeferredWebhooksApplied: { unit: 'Count', dimensions: [] },
  DeferredWebhooksWaiting: { unit: 'Count', dimensions: [] },
  DeferredWebhooksQuarantined: { unit: 'Count', dimensions: [] },
  /** Since it was received, at each try that failed: SQS leaves what was tried three times out of the age that it measures itself. */
  OldestDeferredWebhookAgeSeconds: { unit: 'Seconds', dimensions: [] },
  // Reconciliation: each slice of work counts once, under its outcome.
  AccountsPlanned: { unit: 'Count', dimensions: [] },
  AccountsUnavailable: { unit: 'Count', dimensions: [] },
  /** How many accounts Button has listed, each time that it gave the whole list. */
  AccountsListed: { unit: 'Count', dimensions: [] },
  /** Entries of the list that name no account. */
  MalformedAccounts: { unit: 'Count', dimensions: [] },
  OldestWindowAgeSeconds: { unit: 'Seconds', dimensions: [] },
  /** The same by account, for the boards. */
  WindowAgeSeconds: { unit: 'Seconds', dimensions: ['Account'] },
  /** Ticks and slices for which the publisher's key was set and of no use: Button refused it, or it could not be read. */
  PublisherKeyUnusable: { unit: 'Count', dimensions: [] },
  ReconcilerSlicesComplete: { unit: 'Count', dimensions: [] },
  ReconcilerSlicesHandedOn: { unit: 'Count', dimensions: [] },
  ReconcilerSlicesPartial: { unit: 'Count', dimensions: [] },
  ReconcilerSlicesOvertaken: { unit: 'Count', dimensions: [] },
  ReconcilerNotConfigured: { unit: 'Count', dimensions: [] },
  ReconcilerUnknownStreams: { unit: 'Count', dimensions: [] },
  ReconcilerWindowsRestarted: { unit: 'Count', dimensions: [] },
  /** Ranges of time that could not be read and were passed over, so that what came later could be. */
  WindowsPassedOver: { unit: 'Count', dimensions: [] },
  /** Of those, the ones that have not been read yet: as many as there are at each tick. */
  UnreadGaps: { unit: 'Count', dimensions: [], isLevel: true },
  /** Positions that are unreadable or claim the future. */
  UnusablePositions: { unit: 'Count', dimensions: [] },
  RowsReconciled: { unit: 'Count', dimensions: [] },
  RowsQuarantined: { unit: 'Count', dimensions: [] },
  MissingTransactionsRepaired: { unit: 'Count', dimensions: [] },
  StaleTransactionsRepaired: { unit: 'Count', dimensions: [] },
  /** Of these, pending ones whose stored date was later than Button's: it lay in the future, or has gone back since. */
  PendingTransactionsCorrected: { unit: 'Count', dimensions: [] },
  SettledConflicts: { unit: 'Count', dimensions: [] },
  /** What Button held before this system was deployed. */
  TransactionsImported: { unit: 'Count', dimensions: [] },
  /** From a change at Button that no webhook brought to its repair; the longest of a page. Settled conflicts are no such change. */
  RepairDelaySeconds: { unit: 'Seconds', dimensions: [] },
  /** By comparison of the lists, where it is switched on. */
  RowsOnlyInAllAccountsList: { unit: 'Count', dimensions: [] },
  RowsOnlyInAccountLists: { unit: 'Count', dimensions: [] },
  DriftAmountMinor: { unit: 'None', dimensions: ['Currency'] },
  // The weekly pass over the transactions: expiry of personal data, and what is overdue.
  PersonalDataExpired: { unit: 'Count', dimensions: [] },
  /** Transactions that are pending far beyond their finalization: as many as there are, counted once a week. */
  StalePendingTransactions: { unit: 'Count', dimensions: [], isLevel: true },
  StalePendingAmountMinor: { unit: 'None', dimensions: ['Currency'], isLevel: true },
  // Event publisher: each version of a transaction counts once, whoever brought it.
  EventsPublished: { unit: 'Count', dimensions: [] },
  /** Versions that contradict what was known. */
  TransactionConflicts: { unit: 'Count', dimensions: [] },
  /** Versions that are held because of a category that no setting names. */
  TransactionsOfUnknownCategory: { unit: 'Count', dimensions: [] },
  /** The commission that stands as pending, and as validated: both live and imported. A contradiction counts as neither. */
  PendingCommissionChangeMinor: { unit: 'None', dimensions: ['Currency'] },
  ValidatedCommissionChangeMinor: { unit: 'None', dimensions: ['Currency'] },
  /** What a declined transaction would have brought. */
  DeclinedCommissionMinor: { unit: 'None', dimensions: ['Currency'] },
} as const satisfies Record<string, MetricDefinition>;

/** The name of a metric. */
export type MetricName = keyof typeof METRICS;

type DimensionOf<Name extends MetricName> = (typeof METRICS)[Name]['dimensions'][number];

/** One measured value, with every dimension of its metric and no other. */
export type Measured = {
  [Name in MetricName]: [DimensionOf<Name>] extends [never]
    ? { name: Name; value: number }
    : { name: Name; value: number; dimensions: Readonly<Record<DimensionOf<Name>, string>> };
}[MetricName] & {
  /** What the line says besides, such as the id of what was measured; no part of the metric. Never personal data. */
  fields?: Readonly<Record<string, string>>;
};

/** Where a use case puts what it measured. */
export type Metrics = { add(measured: Measured): void };
