import { hash } from 'node:crypto';

import type { NotRewardableReason } from './rewardable.ts';

/**
 * `pending` can still change; `validated` and `declined` are final (Transactions API guide, "Transaction
 * States").
 */
export type TransactionStatus = 'pending' | 'validated' | 'declined';

/** One version of one transaction as Button reports it, in a webhook or in a row of the Transactions API. */
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
  /** Instants in ISO 8601 UTC, with milliseconds only if Button gave some. */
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
  /** A digest of the line items, which are in the payload; null without lines. */
  linesDigest: string | null;
  /** Pass-through values that identify the shopper: personal data. */
  publisherCustomerId: string | null;
  pubRef: string | null;
};

/** What is unusual about a version that is accepted all the same. The names are used for counting. */
export type TransactionFlag =
  /** A field that docs/button/webhooks.md does not list. */
  | 'unknown_field'
  | 'unknown_event_type'
  /** `event_type` names a different status than `data.status`, which counts. */
  | 'event_type_mismatch'
  | 'unknown_category'
  /** No `button_order_id`, although it is not an app install: it is stored under its own id. */
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
 * One version that was seen. Its payload is kept while the version is a candidate, and is null afterwards.
 */
export type SeenVersion = Candidate & {
  /** `webhook:hook-...`, or `api:` and when the read began: where it was first seen. */
  source: string;
  /** When it was first seen, by our clock: ISO 8601 UTC. */
  seenAt: string;
  /** The latest read of the API that showed it: every change before this instant was visible to that read. */
  shownAt?: string;
  /** Its flags; newer code may know more than `TransactionFlag`. */
  flags?: readonly string[];
};

/**
 * Why a transaction is in conflict. `contradiction`: versions of one Button `id` contradict each other, and
 * the next read of the API decides. `several_transactions`: Button lists the order as several transactions
 * that differ, and only an operator can decide which counts.
 */
export type ConflictCause = 'contradiction' | 'several_transactions';

/** What an operator has decided about several final versions of one purchase. */
export type Settlement = {
  /** Button's id of the transaction that counts. */
  id: string;
  /** The version of it that counts, as `finalKey` writes it; unless given, the only final one. */
  version?: string;
  /**
   * The final versions that the decision covers, as `finalKey` writes them: any other one opens the conflict
   * again.
   */
  about: readonly string[];
  reason: string;
  /** ISO 8601 UTC. */
  settledAt: string;
};

/**
 * What is known of one purchase, always under the same key: its order's id if that was known when it was
 * first stored, otherwise Button's `id`.
 *
 * `candidates` follow from `seen` and `settlement` alone (transaction-state.ts). One candidate is the state
 * of the purchase. Several contradict each other, and nobody may be rewarded.
 */
export type TransactionRecord = {
  key: string;
  /**
   * Rises with every change that consumers see. It is at least the time of storage in milliseconds since
   * 1970, so restores do not lower it.
   */
  version: number;
  /** How many versions the purchase has had. */
  changes: number;
  /** When this version was stored: ISO 8601 UTC. */
  storedAt: string;
  candidates: readonly [Candidate, ...Candidate[]];
  cause?: ConflictCause;
  /**
   * Why nobody may be rewarded for this version; absent if somebody may. It is decided when the version is
   * created, and does not change with the settings or an erasure, so that a version says the same whenever it
   * is published.
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
  /** The versions seen, at most twenty of each of Button's ids. */
  seen: readonly SeenVersion[];
  /** The digest of the row that the latest read of the API showed; absent if it is not known. */
  shownRow?: string | undefined;
  /**
   * `historical`: created before this system took over, so an older system may have rewarded it. A live
   * purchase becomes historical if an older transaction of it turns up, and never the other way round.
   */
  delivery: 'live' | 'historical';
  /**
   * The Brand's finalization window as known when this was stored, in minutes; absent if it was not known.
   */
  finalizationMinutes?: number;
  /** The key of the record that this purchase turned out to belong to: only that record counts. */
  mergedInto?: string;
  /**
   * When its personal data was erased. Later versions are stored without it too. Only a change of the reward
   * itself is published, and rewards nobody: the events name no shopper, so they take back what was rewarded.
   */
  erasedAt?: string;
};

/** One version that has just been seen, and how. */
export type Observation = Candidate & {
  /**
   * Where it was seen. `visibleUntil`: every change before it was visible to the read. It is the beginning of
   * the read less Button's lag; unless given, the beginning of the read. ISO 8601 UTC. `row`: the digest of
   * the row, by which it is recognised when it is read again.
   */
  source:
    | { kind: 'webhook'; eventId: string }
    | { kind: 'api'; readStartedAt: string; visibleUntil?: string; row?: string };
  seenAt: string;
  delivery: 'live' | 'historical';
  flags?: readonly TransactionFlag[];
  /** When its shopper was erased, if they were: a new version is then stored erased. ISO 8601 UTC. */
  erasedAt?: string;
};

/**
 * The key under which a purchase is first stored: its order's, or its own if no order is known (app
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

/** A short digest of what a reward depends on: two versions with the same content give the same reward. */
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
