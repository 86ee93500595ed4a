// Names that the infrastructure and the code share. Constants only: this file must not import an SDK.

/** One item per brand and order: what Button was told, and what it still has to be told. */
export const ORDER_LEDGER_TABLE = {
  partitionKey: 'pk',
  /** Sparse: only orders that wait for another try carry `dueShard` and `dueAt`. */
  dueIndex: {
    name: 'due',
    partitionKey: 'dueShard',
    sortKey: 'dueAt',
    nonKeyAttributes: ['receivedAt', 'attempts'],
  },
} as const;

/**
 * Where the pass over the ledger stands, in the ledger itself: no brand's id begins with `#`, so no brand's
 * rights cover it.
 */
export const CUSTOMER_EXPIRY_KEY = '#customer-expiry';

/**
 * Spreads a brand's waiting orders over index partitions. Changing it leaves orders behind in shards that
 * nobody reads.
 */
export const DUE_SHARDS = 4;

/**
 * One item per purchase, keyed by its `button_order_id`, or by Button's `id` where none was known at first;
 * and its aliases.
 */
export const TRANSACTIONS_TABLE = {
  partitionKey: 'pk',
  /** Only on the items that hold a part of a large transaction: the key of its own item. */
  partOf: 'partOf',
  /** Only on aliases: the key of the purchase that is found by this one too. */
  aliasOf: 'aliasOf',
  /** Only on checkouts: Button's id of the webhook that reported it. */
  checkoutOf: 'checkoutOf',
  /** Only checkouts carry it: a purchase is never deleted. */
  timeToLive: 'expiresAtEpochSeconds',
  /** Sparse: only transactions whose shopper is known carry `shopper`. */
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
 * How long a final transaction keeps its shopper after its last change unless a setting says otherwise, in
 * days.
 */
export const PERSONAL_DATA_DAYS = 400;

/**
 * One item per Button account and stream: how far the reconciler has got; and one per account and day: what
 * it found.
 */
export const POSITIONS_TABLE = {
  partitionKey: 'account',
  sortKey: 'stream',
  /** Only reports and gaps that have been read carry it. */
  timeToLive: 'expiresAtEpochSeconds',
} as const;

/**
 * Where the pass over all transactions stands, among the positions. Not an account, because Button's account
 * ids begin with `acc-`; and no `*`, which would mean every account in a policy that narrows rights to it.
 */
export const EXPIRY_PASS_PARTITION = '#personal-data-expiry';

/**
 * Where the time of deployment stands, among the positions: a partition of its own, because the receiver may
 * touch nothing else there.
 */
export const DEPLOYMENT_PARTITION = '#deployment';

/**
 * Where the notes of conflicts stand that are to be read again, among the positions: whoever stores a
 * transaction may leave one.
 */
export const CONFLICTS_PARTITION = '#conflicts';

/**
 * Where the notes of erasures stand, among the positions: only the function `deferred-webhooks` reads them.
 */
export const ERASURES_PARTITION = '#erasures';

/**
 * Where the finalization windows of the brands stand, among the positions: the planner keeps them, and
 * whoever stores or counts asks.
 */
export const FINALIZATION_PARTITION = '#finalization';

/** What was refused: original bytes, reasons, replay state. */
export const QUARANTINE_TABLE = {
  partitionKey: 'kind',
  sortKey: 'id',
  /** Sparse: only entries of which the order could be read carry `orderId`. It holds keys only. */
  orderIndex: { name: 'byOrder', partitionKey: 'orderId', sortKey: 'kind' },
  timeToLive: 'expiresAtEpochSeconds',
} as const;
