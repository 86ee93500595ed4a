// Every metric by name, for the code that emits it and for the boards and alarms that read it. Constants and
// types only.

/** The CloudWatch namespace of every metric, before a slash and the stage. */
export const METRICS_NAMESPACE = 'ButtonServerless';

/** A metric's unit and, in order, its dimensions. No personal data ever stands in a dimension. */
export type MetricDefinition = {
  unit: 'Count' | 'Seconds' | 'None';
  dimensions: readonly string[];
  /** A level, of which the highest counts; what is no level adds up. Seconds are levels, all of them. */
  isLevel?: true;
};

// What most metrics are; each bundle holds them once.
const COUNT = { unit: 'Count', dimensions: [] } as const satisfies MetricDefinition;
const LEVEL = { unit: 'Count', dimensions: [], isLevel: true } as const satisfies MetricDefinition;
const SECONDS = { unit: 'Seconds', dimensions: [] } as const satisfies MetricDefinition;
const BRAND_COUNT = { unit: 'Count', dimensions: ['Brand'] } as const satisfies MetricDefinition;
const AMOUNT = { unit: 'None', dimensions: ['Currency'] } as const satisfies MetricDefinition;
const BRAND_AMOUNT = { unit: 'None', dimensions: ['Brand', 'Currency'] } as const satisfies MetricDefinition;

/**
 * The metrics. What an alarm watches has no dimension that is not known at synth, because an alarm can't
 * search: it is emitted as one number that speaks for all, such as the age of the oldest. Amounts are minor
 * units of the currency in the dimension.
 *
 * Everything but a level is a flow: its sum over a time is what came in that time. A flow called `…Change`
 * goes up and down; its sum is by how much a total changed, never the total.
 */
export const METRICS = {
  // Order reporting: each message, or retry message, counts once, under its outcome.
  OrdersReported: BRAND_COUNT,
  OrdersUnchanged: BRAND_COUNT,
  OrdersDuplicate: BRAND_COUNT,
  OrdersSuperseded: BRAND_COUNT,
  OrdersIgnoredAfterCancel: BRAND_COUNT,
  OrdersWaiting: BRAND_COUNT,
  OrdersQuarantined: BRAND_COUNT,
  /**
   * The value of the orders that Button holds: a create adds, an update adds the difference, a cancellation
   * takes away.
   */
  ReportedAmountChangeMinor: BRAND_AMOUNT,
  /**
   * Orders in the ledger that Button is still to be told of, and their value: up when one begins to wait,
   * down when it is over.
   */
  WaitingOrdersChange: BRAND_COUNT,
  WaitingAmountChangeMinor: BRAND_AMOUNT,
  /**
   * What the refused order says that it is worth, each time that it is refused; a message that can't be read
   * says nothing.
   */
  QuarantinedAmountMinor: BRAND_AMOUNT,
  /**
   * Orders that Button can't attribute to anybody: the commission of each is lost unless its token comes
   * later.
   */
  OrdersCreatedWithoutToken: BRAND_COUNT,
  /** Messages with another token than the order's first one, which stays. */
  OrderTokensDiffering: BRAND_COUNT,
  /** Tokens that became known after the order was reported, and that Button does not take with an update. */
  OrderTokensNotTaken: BRAND_COUNT,
  /** From the arrival of the first message that brought what Button did not hold to Button's answer. */
  ReportDelaySeconds: SECONDS,
  /** A brand's key: the reporter's calls that Button refused for it. */
  ButtonKeyRefused: COUNT,
  // Retry sweep.
  OrderRetriesSent: COUNT,
  /**
   * Of the orders that each sweep finds due: since the first message of the oldest arrived, whatever time its
   * event names.
   */
  OldestDueOrderAgeSeconds: SECONDS,
  /** How many orders a second the sweep sent at last, while more were due than it sent. */
  DrainPacePerSecond: LEVEL,
  /** 1 while any brand's breaker is open, else 0. */
  BreakerOpen: LEVEL,
  /**
   * Meetings with items of the order ledger that are unreadable: an order, or a breaker. The log names each.
   */
  UnreadableLedgerItems: COUNT,
  /** Orders that lost their customer because they are old. */
  CustomersExpired: COUNT,
  // Order audit: each order of a sample counts once.
  OrdersAudited: BRAND_COUNT,
  /** Orders of the sample of which Button gave no usable answer. */
  OrdersNotAudited: BRAND_COUNT,
  /** Orders that Button holds otherwise than they were reported. */
  OrdersDrifted: BRAND_COUNT,
  /** The same by `DriftReason`; an order counts once under each of its reasons. */
  OrderDriftReasons: { unit: 'Count', dimensions: ['Brand', 'Reason'] },
  OrderDriftAmountMinor: BRAND_AMOUNT,
  // Webhooks: each request counts once, under its outcome.
  WebhooksApplied: COUNT,
  WebhooksUnchanged: COUNT,
  WebhooksQuarantined: COUNT,
  WebhooksDeferred: COUNT,
  WebhooksForged: COUNT,
  WebhooksNotConfigured: COUNT,
  WebhooksUnavailable: COUNT,
  /** Readings of the webhooks' secrets that found a malformed entry, or no list at all. */
  MalformedWebhookSecrets: COUNT,
  /**
   * Authentic webhooks by the configured name of the secret that signed them: an old secret at 0 can be taken
   * away.
   */
  WebhooksBySecret: { unit: 'Count', dimensions: ['Secret'] },
  // What Button's pause rule looks at, counted at the gateway: see infra/constructs/webhook-endpoint.ts.
  WebhooksFromButton: COUNT,
  WebhooksFailedForButton: COUNT,
  // What is odd about a webhook that is accepted all the same, by `TransactionFlag`.
  WebhookFlags: { unit: 'Count', dimensions: ['Flag'] },
  /** The same about rows of the Transactions API, once for each row that brought something new. */
  RowFlags: { unit: 'Count', dimensions: ['Flag'] },
  /** Purchases that were just made, by webhook: a transaction is expected for each. */
  CheckoutsReceived: COUNT,
  /** Those whose transaction has come. */
  CheckoutsFollowed: COUNT,
  /** Requests that the publisher API has answered, by status. */
  PublisherApiRequests: { unit: 'Count', dimensions: ['Status'] },
  // The queue of deferred webhooks: each try counts once; what ends in quarantine counts as
  // WebhooksQuarantined too.
  DeferredWebhooksApplied: COUNT,
  DeferredWebhooksWaiting: COUNT,
  DeferredWebhooksQuarantined: COUNT,
  /**
   * Since it was received, at each try that failed: SQS leaves what was tried three times out of the age that
   * it measures itself.
   */
  OldestDeferredWebhookAgeSeconds: SECONDS,
  // Reconciliation: each slice of work counts once, under its outcome.
  AccountsPlanned: COUNT,
  AccountsUnavailable: COUNT,
  /** How many accounts Button has listed, each time that it gave the whole list. */
  AccountsListed: COUNT,
  /** Entries of the list that name no account. */
  MalformedAccounts: COUNT,
  /** Brands whose finalization window Button has given, each time that it was asked for its list. */
  BrandsListed: COUNT,
  /** Entries of that list without a usable id or window. */
  MalformedBrands: COUNT,
  /** Times that the list could not be read: what is known stays in use, and the default where nothing is. */
  BrandsUnavailable: COUNT,
  OldestWindowAgeSeconds: SECONDS,
  /** The same by account, for the boards. */
  WindowAgeSeconds: { unit: 'Seconds', dimensions: ['Account'] },
  /**
   * Ticks and slices for which the publisher's key was set and of no use: Button refused it, or it could not
   * be read.
   */
  PublisherKeyUnusable: COUNT,
  ReconcilerSlicesComplete: COUNT,
  ReconcilerSlicesHandedOn: COUNT,
  ReconcilerSlicesPartial: COUNT,
  ReconcilerSlicesOvertaken: COUNT,
  ReconcilerNotConfigured: COUNT,
  ReconcilerUnknownStreams: COUNT,
  ReconcilerWindowsRestarted: COUNT,
  /** Ranges of time that could not be read and were passed over, so that what came later could be. */
  WindowsPassedOver: COUNT,
  /** Of those, the ones that have not been read yet: as many as there are at each tick. */
  UnreadGaps: LEVEL,
  /** Positions that are unreadable or claim the future. */
  UnusablePositions: COUNT,
  RowsReconciled: COUNT,
  /** Rows that were not understood, each counted once: those that a sweep reads again are measured as 0. */
  RowsQuarantined: COUNT,
  MissingTransactionsRepaired: COUNT,
  StaleTransactionsRepaired: COUNT,
  /**
   * Of these, pending ones whose stored date was later than Button's: it lay in the future, or has gone back
   * since.
   */
  PendingTransactionsCorrected: COUNT,
  SettledConflicts: COUNT,
  /** What Button held before this system was deployed. */
  TransactionsImported: COUNT,
  /**
   * From a change at Button that no webhook brought to its repair; the longest of a page. Settled conflicts
   * are no such change.
   */
  RepairDelaySeconds: SECONDS,
  /** By comparison of the lists, where it is switched on. */
  RowsOnlyInAllAccountsList: COUNT,
  RowsOnlyInAccountLists: COUNT,
  DriftAmountMinor: AMOUNT,
  // The weekly pass over the transactions: expiry of personal data, and what is overdue.
  PersonalDataExpired: COUNT,
  /**
   * Transactions that are pending far beyond their finalization: as many as there are, counted once a week.
   */
  StalePendingTransactions: LEVEL,
  StalePendingAmountMinor: { unit: 'None', dimensions: ['Currency'], isLevel: true },
  /**
   * Meetings with items that are unreadable: a transaction, a note of a conflict, the pass itself. The log
   * names each.
   */
  UnreadableItems: COUNT,
  /** Messages on the queue of read messages that are none. They are in quarantine. */
  UnreadableReadMessages: COUNT,
  // Event publisher: each version of a transaction counts once, whoever brought it.
  EventsPublished: COUNT,
  /** Versions that contradict what was known. */
  TransactionConflicts: COUNT,
  /** Versions that are held because of a category that no setting names. */
  TransactionsOfUnknownCategory: COUNT,
  /**
   * The commission that stands as pending, and as validated: both live and imported. A contradiction counts
   * as neither.
   */
  PendingCommissionChangeMinor: AMOUNT,
  ValidatedCommissionChangeMinor: AMOUNT,
  /** What a declined transaction would have brought. */
  DeclinedCommissionMinor: AMOUNT,
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
  /**
   * What the line says besides, such as the id of what was measured; no part of the metric. Never personal
   * data.
   */
  fields?: Readonly<Record<string, string>>;
};

/** Where a use case puts what it measured. */
export type Metrics = { add(measured: Measured): void };
