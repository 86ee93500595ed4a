// Names that the infrastructure and the code share. Constants only: this file must not import an SDK.

/** One item for each brand and order: what was reported to Button, and what still has to be reported. */
export const ORDER_LEDGER_TABLE = {
  partitionKey: 'pk',
  /** Sparse: only orders that wait for another try have `dueShard` and `dueAt`. */
  dueIndex: {
    name: 'due',
    partitionKey: 'dueShard',
    sortKey: 'dueAt',
    nonKeyAttributes: ['receivedAt', 'attempts'],
  },
} as const;

/**
 * The position of the pass over the ledger, in the ledger itself: no brand's id begins with `#`, so no
 * brand's rights cover it.
 */
export const CUSTOMER_EXPIRY_KEY = '#customer-expiry';

/**
 * Spreads a brand's waiting orders over index partitions. A change would leave orders in shards that nobody
 * reads.
 */
export const DUE_SHARDS = 4;

/**
 * One item for each purchase, keyed by its `button_order_id`, or by Button's `id` if the order was not known
 * at first; and its aliases.
 */
export const TRANSACTIONS_TABLE = {
  partitionKey: 'pk',
  /** Only on the items that hold a part of a large transaction: the key of its own item. */
  partOf: 'partOf',
  /** Only on aliases: the key of the purchase that this item stands for. */
  aliasOf: 'aliasOf',
  /** Only on checkouts: Button's id of the webhook that reported it. */
  checkoutOf: 'checkoutOf',
  /** Only on checkouts: a purchase is never deleted. */
  timeToLive: 'expiresAtEpochSeconds',
  /** Sparse: only transactions with a known shopper have `shopper`. */
  shopperIndex: {
    name: 'byShopper',
    partitionKey: 'shopper',
    sortKey: 'createdDate',
    nonKeyAttributes: [
      'status',
      'amountMinor',
      'currency',
      'category',
      'orderTotalMinor',
      'orderCurrency',
      'commerceOrganization',
      'commerceOrganizationName',
      'modifiedDate',
      'validatedDate',
      'delivery',
      'rewardable',
      'notRewardableReason',
      'version',
    ],
  },
} as const;

/**
 * How long a final or overdue transaction keeps its shopper after its last change was stored, unless a
 * setting says otherwise, in days.
 */
export const PERSONAL_DATA_DAYS = 400;

/**
 * One item for each Button account and stream: how far the reconciler has read; and one for each account and
 * day: what it found.
 */
export const POSITIONS_TABLE = {
  partitionKey: 'account',
  sortKey: 'stream',
  /** Only on what is needed for a limited time, such as reports, notes and gaps that have been read. */
  timeToLive: 'expiresAtEpochSeconds',
} as const;

/**
 * The position of the pass over all transactions, in the positions table. It is not an account's: Button's
 * account ids begin with `acc-`. It is not `*` either, which in a policy would mean every account.
 */
export const EXPIRY_PASS_PARTITION = '#personal-data-expiry';

/**
 * The key of the time of deployment, in the positions table: a partition of its own, so that a function can
 * get rights for it without rights for positions.
 */
export const DEPLOYMENT_PARTITION = '#deployment';

/**
 * The key of the notes of conflicts to read again, in the positions table: every function that stores a
 * transaction may write one.
 */
export const CONFLICTS_PARTITION = '#conflicts';

/**
 * The key of the notes of erasures, in the positions table: only the function `deferred-webhooks` reads them.
 */
export const ERASURES_PARTITION = '#erasures';

/**
 * The key of the brands' finalization windows, in the positions table: the planner writes them; the functions
 * that store or count transactions read them.
 */
export const FINALIZATION_PARTITION = '#finalization';

/** Refused messages and webhooks: original bytes, reasons, replay state. */
export const QUARANTINE_TABLE = {
  partitionKey: 'kind',
  sortKey: 'id',
  /** Sparse: only entries with a readable order id have `orderId`. The index holds keys only. */
  orderIndex: { name: 'byOrder', partitionKey: 'orderId', sortKey: 'kind' },
  timeToLive: 'expiresAtEpochSeconds',
} as const;
