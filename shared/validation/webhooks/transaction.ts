import { hash } from 'node:crypto';

import type { NotRewardableReason } from './rewardable.ts';

/**
 * `pending` can still change; `validated` and `declined` are final (Transactions API guide, "Transaction
 * States").
 */
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
  /** Instants in ISO 8601 UTC, with milliseconds only where there are some. */
  createdDate: string;
  modifiedDate: string;
  validatedDate: string | null;
  attributionDate: string | null;
  /** When the user ordered. */
  purchaseDate: string | null;
  accountId: string | null;
  /** The Brand's id, `org-...`, and its name. */
  commerceOrganization: string | null;
  commerceOrganizationName: string | null;
  /** A digest of the line items, which stand in the payload; null without lines. */
  linesDigest: string | null;
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
  /** The lines' totals do not add up to `order_total`. */
  | 'total_mismatch'
  /** One order with more than one Button `id`. */
  | 'several_button_ids';

/** A version together with the JSON value it was read from. */
export type Candidate = { transaction: Transaction; payload: unknown };

/**
 * One version that was seen. Its payload is kept while it stands for the transaction, and is null afterwards.
 */
export type SeenVersion = Candidate & {
  /** `webhook:hook-...`, or `api:` and when the read began: where it was seen first. */
  source: string;
  /** When it was seen first, by our clock: ISO 8601 UTC. */
  seenAt: string;
  /**
   * The latest read of the API that showed it: everything that had changed before this instant was visible to
   * that read.
   */
  shownAt?: string;
  /** What was odd about it; newer code may know more than `TransactionFlag`. */
  flags?: readonly string[];
};

/**
 * Why a transaction is in conflict. `contradiction`: versions of one Button `id` contradict each other, and
 * the next read of the API says which holds. `several_transactions`: Button lists the order as several
 * transactions that differ, and only an operator can say which counts.
 */
export type ConflictCause = 'contradiction' | 'several_transactions';

/** What an operator has decided about several final transactions of one order. */
export type Settlement = {
  /** Button's id of the transaction that counts. */
  id: string;
  /**
   * The final versions it was decided about, as `finalKey` writes them: any other one opens the conflict
   * again.
   */
  about: readonly string[];
  reason: string;
  /** ISO 8601 UTC. */
  settledAt: string;
};

/**
 * What is known of one purchase, under one key for ever: its order's id if it was known when it was stored
 * first, else Button's `id`.
 *
 * `candidates` follow from `seen` and `settlement` alone (transaction-state.ts). One candidate: that is its
 * state. Several: they contradict each other, and nobody may be rewarded.
 */
export type TransactionRecord = {
  key: string;
  /**
   * Rises with every change that consumers see; at least the milliseconds since 1970 when it was stored, so
   * restores do not lower it.
   */
  version: number;
  /** How many versions there have been. */
  changes: number;
  /** When this version was stored: ISO 8601 UTC. */
  storedAt: string;
  candidates: readonly [Candidate, ...Candidate[]];
  cause?: ConflictCause;
  /**
   * Why nobody may be rewarded for this version; left out if somebody may. It is decided when a version is
   * made and does not change with the settings or an erasure, so that a version says the same whenever it is
   * published.
   */
  notRewardableReason?: NotRewardableReason;
  settlement?: Settlement;
  /** Every Button `id` seen of this purchase. */
  buttonIds: readonly string[];
  /**
   * The other keys that lead to it: of its order, of each of Button's ids that is its own, and of the records
   * that gave way to it.
   */
  otherKeys: readonly string[];
  /** The versions seen, at most twenty. */
  seen: readonly SeenVersion[];
  /**
   * `historical`: created before this system took over, so an older system may have rewarded it. It stays
   * what it was at first.
   */
  delivery: 'live' | 'historical';
  /**
   * The Brand's finalization window as it was known when this was stored, in minutes; left out where it was
   * not.
   */
  finalizationMinutes?: number;
  /** The key of the record that this purchase turned out to belong to: this one is worth nothing any more. */
  mergedInto?: string;
  /**
   * Since when the record holds nothing personal. Later versions are kept without it too, and nobody is
   * rewarded for them.
   */
  erasedAt?: string;
};

/** One version that has just been seen, and how. */
export type Observation = Candidate & {
  /**
   * Where it was seen. Every change made before `visibleUntil` was visible to the read: when it began, less
   * Button's lag; left out, when it began. ISO 8601 UTC.
   */
  source:
    { kind: 'webhook'; eventId: string } | { kind: 'api'; readStartedAt: string; visibleUntil?: string };
  seenAt: string;
  delivery: 'live' | 'historical';
  flags?: readonly TransactionFlag[];
  /** Since when its shopper is erased, if they are: what is new of it is stored erased. ISO 8601 UTC. */
  erasedAt?: string;
};

/**
 * The key under which a purchase is stored first: its order's, or its own where no order is known (app
 * installs).
 *
 * Source: Transactions API guide, "Ingestion Logic": `button_order_id` is to be used as the transaction id.
 */
export function transactionKey({ buttonOrderId, id }: Pick<Transaction, 'buttonOrderId' | 'id'>): string {
  return buttonOrderId === null ? idKey(id) : `order#${buttonOrderId}`;
}

/** Whether a key is that of an order. */
export function isOrderKey(key: string): boolean {
  return key.startsWith('order#');
}

/** The key by which a purchase is found by one of Button's ids: its record, or an alias of it. */
export function idKey(id: string): string {
  return `tx#${id}`;
}

/**
 * A short digest of what a reward depends on: two versions with the same content are worth the same to
 * everybody.
 */
export function transactionContent(transaction: Transaction): string {
  const rewardable = REWARDABLE_FIELDS.map((field) => transaction[field]);
  return hash('sha256', JSON.stringify(rewardable), 'base64url').slice(0, 22);
}

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
