// Every metric by name, for the code that emits it and for the boards and alarms that use it. Of this file, a
// function's bundle contains only `unitOf`.

/** The CloudWatch namespace of every metric, before a slash and the stage. */
export const METRICS_NAMESPACE = 'ButtonServerless';

/** A metric's dimensions, in order. A dimension never contains personal data. */
export type MetricDefinition = {
  dimensions: readonly string[];
  /** A level: its highest value counts. All other metrics add up. All metrics in seconds are levels. */
  isLevel?: true;
};

const OVERALL = { dimensions: [] } as const satisfies MetricDefinition;
const LEVEL = { dimensions: [], isLevel: true } as const satisfies MetricDefinition;
const BY_BRAND = { dimensions: ['Brand'] } as const satisfies MetricDefinition;
const BY_CURRENCY = { dimensions: ['Currency'] } as const satisfies MetricDefinition;
const BY_BRAND_AND_CURRENCY = { dimensions: ['Brand', 'Currency'] } as const satisfies MetricDefinition;

/**
 * The metrics. A metric with an alarm has only dimensions that are known at synthesis, because an alarm
 * cannot search: it is emitted as one number for all, such as the age of the oldest. Amounts are minor units
 * of the currency in the dimension.
 *
 * Every metric that is not a level is a flow: its sum over a time is what arrived in that time. A flow called
 * `…Change` goes up and down; its sum is the change of a total, never the total.
 */
export const METRICS = {
  // Order reporting: each message, or retry message, counts once, under its outcome.
  OrdersReported: BY_BRAND,
  OrdersUnchanged: BY_BRAND,
  OrdersDuplicate: BY_BRAND,
  OrdersSuperseded: BY_BRAND,
  OrdersIgnoredAfterCancel: BY_BRAND,
  OrdersWaiting: BY_BRAND,
  OrdersQuarantined: BY_BRAND,
  /**
   * The value of the orders that Button holds: a create adds, an update adds the difference, a cancellation
   * subtracts.
   */
  ReportedAmountChangeMinor: BY_BRAND_AND_CURRENCY,
  /**
   * Orders in the ledger that still have to be reported to Button, and their value: up when an order begins
   * to wait, down when it stops.
   */
  WaitingOrdersChange: BY_BRAND,
  WaitingAmountChangeMinor: BY_BRAND_AND_CURRENCY,
  /**
   * The value that the refused order states, each time that it is refused; an unreadable message states none.
   */
  QuarantinedAmountMinor: BY_BRAND_AND_CURRENCY,
  /**
   * Orders that Button cannot attribute to anybody: the commission of each is lost unless its token arrives
   * later.
   */
  OrdersCreatedWithoutToken: BY_BRAND,
  /** Messages with a different token than the order's first one, which stays. */
  OrderTokensDiffering: BY_BRAND,
  /**
   * Tokens that Button does not accept, with a create or, if they became known later, with an update.
   */
  OrderTokensNotTaken: BY_BRAND,
  /** From the arrival of the first message with content that Button did not hold to Button's answer. */
  ReportDelaySeconds: OVERALL,
  /** A brand's key: the reporter's calls that Button refused for it. */
  ButtonKeyRefused: OVERALL,
  // Retry sweep.
  OrderRetriesSent: OVERALL,
  /**
   * For the orders that each sweep finds due: since the first message of the oldest arrived, whatever time
   * its event names, or since its brand was resumed. Not measured while the brand is paused.
   */
  OldestDueOrderAgeSeconds: OVERALL,
  /** The last rate of a sweep, in orders a second, while more orders were due than it sent. */
  DrainPacePerSecond: LEVEL,
  /** 1 while any brand's breaker is open, and the brand is not paused, else 0. */
  BreakerOpen: LEVEL,
  /** 1 while an operator has paused any brand, else 0. */
  BrandPaused: LEVEL,
  /** Unreadable items of the order ledger that were met: an order, or a breaker. The log names each. */
  UnreadableLedgerItems: OVERALL,
  /** Orders whose customer was erased because the order is old. */
  CustomersExpired: OVERALL,
  // Order audit: each order of a sample counts once.
  OrdersAudited: BY_BRAND,
  /** Orders of the sample for which Button gave no usable answer. */
  OrdersNotAudited: BY_BRAND,
  /** Orders that differ at Button from what was reported. */
  OrdersDrifted: BY_BRAND,
  /** The same by `DriftReason`; an order counts once under each of its reasons. */
  OrderDriftReasons: { dimensions: ['Brand', 'Reason'] },
  OrderDriftAmountMinor: BY_BRAND_AND_CURRENCY,
  // Webhooks: each request counts once, under its outcome.
  WebhooksApplied: OVERALL,
  WebhooksUnchanged: OVERALL,
  WebhooksQuarantined: OVERALL,
  WebhooksDeferred: OVERALL,
  WebhooksForged: OVERALL,
  WebhooksNotConfigured: OVERALL,
  WebhooksUnavailable: OVERALL,
  /** Reads of the webhooks' secrets that found a malformed entry, or no list at all. */
  MalformedWebhookSecrets: OVERALL,
  /**
   * Authentic webhooks by the configured name of the secret that signed them: an old secret at 0 can be
   * removed.
   */
  WebhooksBySecret: { dimensions: ['Secret'] },
  // What Button's pause rule counts, counted at the gateway: see infra/constructs/webhook-endpoint.ts.
  WebhooksFromButton: OVERALL,
  WebhooksFailedForButton: OVERALL,
  // Flags of webhooks that are accepted all the same, by `TransactionFlag`.
  WebhookFlags: { dimensions: ['Flag'] },
  /** Flags of rows of the Transactions API, once for each row with new content. */
  RowFlags: { dimensions: ['Flag'] },
  /** Purchases that were just made, by webhook: a transaction is expected for each. */
  CheckoutsReceived: OVERALL,
  /** Those whose transaction has arrived. */
  CheckoutsFollowed: OVERALL,
  /** Requests that the publisher API has answered, by status. */
  PublisherApiRequests: { dimensions: ['Status'] },
  // The queue of deferred webhooks: each try counts once; a webhook that ends in quarantine also counts as
  // WebhooksQuarantined.
  DeferredWebhooksApplied: OVERALL,
  DeferredWebhooksWaiting: OVERALL,
  DeferredWebhooksQuarantined: OVERALL,
  /**
   * Since it was received, at each failed try: SQS's own age ignores messages that were received three times.
   */
  OldestDeferredWebhookAgeSeconds: OVERALL,
  // Reconciliation: each slice of work counts once, under its outcome.
  AccountsPlanned: OVERALL,
  AccountsUnavailable: OVERALL,
  /** How many accounts Button has listed, each time that it returned the whole list. */
  AccountsListed: OVERALL,
  /** Entries of the list that do not name an account. */
  MalformedAccounts: OVERALL,
  /** Brands whose finalization window Button has returned, each time that its list was requested. */
  BrandsListed: OVERALL,
  /** Entries of that list without a usable id or window. */
  MalformedBrands: OVERALL,
  /** Times that the list could not be read: known windows stay in use, and the default if none is known. */
  BrandsUnavailable: OVERALL,
  OldestWindowAgeSeconds: OVERALL,
  /** The same by account, for the boards. */
  WindowAgeSeconds: { dimensions: ['Account'] },
  /**
   * Runs and slices for which the publisher's key was set but did not work: Button refused it, or it could
   * not be read.
   */
  PublisherKeyUnusable: OVERALL,
  ReconcilerSlicesComplete: OVERALL,
  ReconcilerSlicesHandedOn: OVERALL,
  ReconcilerSlicesPartial: OVERALL,
  ReconcilerSlicesOvertaken: OVERALL,
  /** Chains of slices that were stopped because they got nowhere, or did not end. */
  ReconcilerChainsStopped: OVERALL,
  ReconcilerNotConfigured: OVERALL,
  ReconcilerUnknownStreams: OVERALL,
  ReconcilerWindowsRestarted: OVERALL,
  /** Ranges of time that could not be read and were passed over, so that later ones could be read. */
  WindowsPassedOver: OVERALL,
  /** Of those, the ones that have not been read yet: the current number in each run of the planner. */
  UnreadGaps: LEVEL,
  /** Positions that are unreadable or in the future. */
  UnusablePositions: OVERALL,
  RowsReconciled: OVERALL,
  /** Unreadable rows, each counted once: rows that a sweep reads again are measured as 0. */
  RowsQuarantined: OVERALL,
  MissingTransactionsRepaired: OVERALL,
  StaleTransactionsRepaired: OVERALL,
  /**
   * Of these, pending ones whose stored date was later than Button's: it was in the future, or has gone back
   * since.
   */
  PendingTransactionsCorrected: OVERALL,
  /** Live purchases that an older transaction has made historical: their rewards are taken back. */
  TransactionsFoundHistorical: OVERALL,
  SettledConflicts: OVERALL,
  /** Transactions from before the deployment of this system. */
  TransactionsImported: OVERALL,
  /**
   * From a change at Button that no webhook brought to its repair; the longest of a page. Settled conflicts
   * do not count.
   */
  RepairDelaySeconds: OVERALL,
  /** Found by the cross-check, if it is switched on. */
  RowsOnlyInAllAccountsList: OVERALL,
  RowsOnlyInAccountLists: OVERALL,
  DriftAmountMinor: BY_CURRENCY,
  // The weekly pass over the transactions: expiry of personal data, and overdue transactions.
  PersonalDataExpired: OVERALL,
  /** Overdue transactions: the current number, counted once a week. */
  StalePendingTransactions: LEVEL,
  StalePendingAmountMinor: { dimensions: ['Currency'], isLevel: true },
  /**
   * Unreadable items that were met: a transaction, a note of a conflict, the pass itself. The log names each.
   */
  UnreadableItems: OVERALL,
  /** Messages on the queue of read messages that are not read messages. They are in quarantine. */
  UnreadableReadMessages: OVERALL,
  // Event publisher: each version of a transaction counts once, whatever brought it.
  EventsPublished: OVERALL,
  /** Versions that contradict what was known. */
  TransactionConflicts: OVERALL,
  /** Versions that are not rewardable because of a category that is in no setting. */
  TransactionsOfUnknownCategory: OVERALL,
  /**
   * The change of the pending, and of the validated, commission: both live and imported. A contradiction
   * counts as neither.
   */
  PendingCommissionChangeMinor: BY_CURRENCY,
  ValidatedCommissionChangeMinor: BY_CURRENCY,
  /** The commission that a declined transaction would have brought. */
  DeclinedCommissionMinor: BY_CURRENCY,
} as const satisfies Record<string, MetricDefinition>;

/** The unit of a metric, by the end of its name. CloudWatch has no unit for an amount. Pure. */
export function unitOf(name: string): 'Seconds' | 'None' | 'Count' {
  if (name.endsWith('Seconds')) return 'Seconds';
  return name.endsWith('Minor') ? 'None' : 'Count';
}

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
   * Other fields of the line, such as the id of what was measured; not part of the metric. Never personal
   * data.
   */
  fields?: Readonly<Record<string, string>>;
};

/** Where a use case records its measurements. */
export type Metrics = { add(measured: Measured): void };
