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

/** Spreads a brand's waiting orders over index partitions. Changing it leaves orders behind in shards that nobody reads. */
export const DUE_SHARDS = 4;

/** One item per transaction, keyed by `button_order_id`, or by Button's `id` where there is none. */
export const TRANSACTIONS_TABLE = {
  partitionKey: 'pk',
  /** Only on the items that hold a part of a large transaction: the key of its own item. */
  partOf: 'partOf',
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
      'commerceOrganization',
      'modifiedDate',
    ],
  },
} as const;

/** One item per Button account and stream: how far the reconciler has got; and one per account and day: what it found. */
export const POSITIONS_TABLE = {
  partitionKey: 'account',
  sortKey: 'stream',
  /** Only reports carry it: a position never expires. */
  timeToLive: 'expiresAtEpochSeconds',
} as const;

/**
 * Where the pass over all transactions stands, among the positions. Not an account, because Button's account ids begin with `acc-`; and no
 * `*`, which would mean every account in a policy that narrows rights to it.
 */
export const EXPIRY_PASS_PARTITION = '#personal-data-expiry';

/** What was refused: original bytes, reasons, replay state. */
export const QUARANTINE_TABLE = {
  partitionKey: 'kind',
  sortKey: 'id',
  timeToLive: 'expiresAtEpochSeconds',
} as const;
