import { hash } from 'node:crypto';

/** `pending` can still change; `validated` and `declined` are final (Transactions API guide, "Transaction States"). */
export type TransactionStatus = 'pending' | 'validated' | 'declined';

/** One version of one transaction as Button tells it, in a webhook or in a row of the Transactions API. */
export type Transaction = {
  /** Button's `id`, `tx-...`. Whether it stays the same over the versions of one order is not documented. */
  id: string;
  buttonOrderId: string | null;
  status: TransactionStatus;
  /** An open set; `app-install` must never be rewarded (Transactions API guide, "Ingestion Logic"). */
  category: string;
  /** The commission earned, in minor units of `currency`. */
  amountMinor: number | null;
  currency: string | null;
  orderTotalMinor: number | null;
  orderCurrency: string | null;
  /** Instants in ISO 8601 UTC, cut to seconds: webhooks carry milliseconds where API rows do not. */
  createdDate: string;
  modifiedDate: string;
  validatedDate: string | null;
  attributionDate: string | null;
  accountId: string | null;
  commerceOrganization: string | null;
  /** Pass-through values that say whose transaction it is: personal data. */
  publisherCustomerId: string | null;
  pubRef: string | null;
};

/** What is odd about a version that is accepted all the same. It is counted by these names. */
export type TransactionFlag =
  /** A field that docs/button/webhooks.md does not list. */
  | 'unknown_field'
  | 'unknown_event_type'
  /** `event_type` says another status than `data.status`, which rules. */
  | 'event_type_mismatch'
  | 'unknown_category'
  /** No `button_order_id`, yet no app install: it is kept by its own id. */
  | 'missing_order_id'
  /** `order_line_items` is neither null nor a list of objects. */
  | 'unreadable_line_items'
  /** `publisher_comission`, as one of Button's documents spells it. */
  | 'misspelt_commission'
  /** The lines' commissions do not add up to `amount`. */
  | 'commission_mismatch'
  /** One order with more than one Button `id`. */
  | 'several_button_ids';

/** A version together with the JSON value it was read from. */
export type Candidate = { transaction: Transaction; payload: unknown };

/** One version that was seen, for the history. */
export type SeenVersion = {
  content: string;
  status: TransactionStatus;
  amountMinor: number | null;
  modifiedDate: string;
  /** `webhook:hook-...`, or `api:` and when the read began. */
  source: string;
  seenAt: string;
  /** What was odd about it; newer code may know more than `TransactionFlag`. */
  flags?: readonly string[];
};

/**
 * What is known of one transaction.
 *
 * One candidate: that is its state. Several: they contradict each other, nobody may be rewarded, and only a read of the Transactions
 * API that began after `conflictSince` picks one.
 */
export type TransactionRecord = {
  key: string;
  /** Counts the changes of status, amount or other rewardable content; consumers drop repeats by it. */
  version: number;
  candidates: readonly [Candidate, ...Candidate[]];
  conflictSince?: string;
  /** Versions that an API read has ruled out: their repeats do not reopen a conflict. */
  overruled: readonly string[];
  /** When the read began that ruled them out: only one that began later may bring one of them back. */
  settledBy?: string;
  /** Every Button `id` seen under this key; more than one is worth a look. */
  buttonIds: readonly string[];
  seen: readonly SeenVersion[];
  /** `historical`: created before this system took over, so an older system may have rewarded it. It stays what it was at first. */
  delivery: 'live' | 'historical';
  /** Since when the record holds nothing personal. Later versions are kept without it too, and nobody is rewarded for them. */
  erasedAt?: string;
};

/** One version that has just been seen, and how. */
export type Observation = Candidate & {
  /** An API read knows when it began: a version it shows was current at some instant after that. */
  source: { kind: 'webhook'; eventId: string } | { kind: 'api'; readStartedAt: string };
  seenAt: string;
  delivery: 'live' | 'historical';
  flags?: readonly TransactionFlag[];
};

/**
 * The key of the item a transaction belongs to: its order, or itself where there is no order (app installs).
 *
 * Source: Transactions API guide, "Ingestion Logic": `button_order_id` is to be used as the transaction id.
 */
export function transactionKey({ buttonOrderId, id }: Pick<Transaction, 'buttonOrderId' | 'id'>): string {
  return buttonOrderId === null ? `tx#${id}` : `order#${buttonOrderId}`;
}

/** A short digest of what a reward depends on: two versions with the same content are worth the same to everybody. */
export function transactionContent(transaction: Transaction): string {
  const rewardable = REWARDABLE_FIELDS.map((field) => transaction[field]);
  return hash('sha256', JSON.stringify(rewardable), 'base64url').slice(0, 22);
}

/** In this order for ever: stored digests are compared with new ones. */
const REWARDABLE_FIELDS = [
  'status',
  'category',
  'amountMinor',
  'currency',
  'orderTotalMinor',
  'orderCurrency',
  'publisherCustomerId',
  'pubRef',
] as const satisfies readonly (keyof Transaction)[];

/** The status to show and to reward by: `conflict` while versions contradict each other. */
export function recordStatus(record: TransactionRecord): TransactionStatus | 'conflict' {
  return record.candidates.length > 1 ? 'conflict' : record.candidates[0].transaction.status;
}
