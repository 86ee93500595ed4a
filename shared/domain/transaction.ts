import { createHash } from 'node:crypto';

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

/** A version together with the JSON value it was read from. */
export type Candidate = { transaction: Transaction; payload: unknown };

/** One version that was seen, for the history. */
export type SeenVersion = {
  content: string;
  status: TransactionStatus;
  amountMinor: number | null;
  modifiedDate: string;
  /** `webhook:hook-...` or `api`. */
  source: string;
  seenAt: string;
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
  /** Every Button `id` seen under this key; more than one is worth a look. */
  buttonIds: readonly string[];
  seen: readonly SeenVersion[];
  /** `historical`: held by Button before this system was deployed, so an older system may have rewarded it. */
  delivery: 'live' | 'historical';
};

/** One version that has just been seen, and how. */
export type Observation = Candidate & {
  /** An API read knows when it began: a version it shows was current at some instant after that. */
  source: { kind: 'webhook'; eventId: string } | { kind: 'api'; readBegunAt: string };
  seenAt: string;
  delivery: 'live' | 'historical';
};

/**
 * What an observation did to a record. `duplicate` and `stale` change nothing and need no write; `noted` changes no version but
 * something worth keeping (a newer date with the same content, another Button id).
 */
export type MergeOutcome =
  'created' | 'adjusted' | 'validated' | 'declined' | 'conflict' | 'noted' | 'duplicate' | 'stale';

/** At most so many seen versions are kept, the latest ones. */
const MAX_SEEN_VERSIONS = 20;

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
  const {
    status,
    category,
    amountMinor,
    currency,
    orderTotalMinor,
    orderCurrency,
    publisherCustomerId,
    pubRef,
  } = transaction;
  const rewardable = [
    status,
    category,
    amountMinor,
    currency,
    orderTotalMinor,
    orderCurrency,
    publisherCustomerId,
    pubRef,
  ];
  return createHash('sha256').update(JSON.stringify(rewardable)).digest('base64url').slice(0, 22);
}

/** The status to show and to reward by: `conflict` while versions contradict each other. */
export function recordStatus(record: TransactionRecord): TransactionStatus | 'conflict' {
  return record.candidates.length > 1 ? 'conflict' : record.candidates[0].transaction.status;
}

/**
 * The one merge of webhooks, reconciler, fallback and replay.
 *
 * Pure. Final beats pending; among pending versions the later `modified_date` wins; what contradicts (two different final versions,
 * two contents in the same second) is kept side by side as a conflict. The same observations in any order, any number of times, give
 * the same candidates. A final state is left only when an API read begun after a conflict was recorded settles that conflict.
 */
export function mergeTransaction(
  record: TransactionRecord | undefined,
  observation: Observation,
): { record: TransactionRecord; outcome: MergeOutcome } {
  if (!record)
    return { record: firstRecord(observation), outcome: outcomeOf(observation.transaction.status, false) };

  const isOverruled = record.overruled.includes(versionIdentity(observation.transaction));
  const joined = isOverruled ? record.candidates : join(record.candidates, observation);
  const settled = settles(record, { joined, observation, isOverruled });
  const candidates = settled ? ([toCandidate(observation)] as const) : joined;

  const buttonIds = record.buttonIds.includes(observation.transaction.id)
    ? record.buttonIds
    : [...record.buttonIds, observation.transaction.id].sort();
  const isNews = candidates !== record.candidates;
  if (!isNews && buttonIds === record.buttonIds) {
    return {
      record,
      outcome: record.candidates.some((known) => isSameVersion(known, observation)) ? 'duplicate' : 'stale',
    };
  }

  const next = nextRecord(record, { candidates, buttonIds, observation, settled, isNews });
  const outcome = next.version === record.version ? 'noted' : outcomeOf(recordStatus(next), true);
  return { record: next, outcome };
}

function firstRecord(observation: Observation): TransactionRecord {
  return {
    key: transactionKey(observation.transaction),
    version: 1,
    candidates: [toCandidate(observation)],
    overruled: [],
    buttonIds: [observation.transaction.id],
    seen: [toSeen(observation)],
    delivery: observation.delivery,
  };
}

type Candidates = TransactionRecord['candidates'];

/** The candidates that nothing beats; the same array if the observation adds nothing. */
function join(candidates: Candidates, observation: Observation): Candidates {
  const orders = candidates.map((known) => compareVersions(observation.transaction, known.transaction));
  if (orders.some((order) => order === 'same' || order === 'older')) return candidates;
  const standing = candidates.filter((_, index) => orders[index] === 'contradicts');
  const [first, ...rest] = [...standing, toCandidate(observation)].sort(byIdentity);
  return first ? [first, ...rest] : candidates;
}

/** An API read begun after the conflict was recorded tells which version holds, unless it shows a state older than all of them. */
function settles(
  record: TransactionRecord,
  {
    joined,
    observation,
    isOverruled,
  }: { joined: Candidates; observation: Observation; isOverruled: boolean },
): boolean {
  if (record.conflictSince === undefined || joined.length === 1) return false;
  if (observation.source.kind !== 'api' || observation.source.readBegunAt <= record.conflictSince)
    return false;
  if (isOverruled) return false;
  return !record.candidates.some(
    (known) => compareVersions(observation.transaction, known.transaction) === 'older',
  );
}

function nextRecord(
  record: TransactionRecord,
  change: {
    candidates: Candidates;
    buttonIds: readonly string[];
    observation: Observation;
    settled: boolean;
    isNews: boolean;
  },
): TransactionRecord {
  const { candidates, buttonIds, observation, settled, isNews } = change;
  const { conflictSince, ...rest } = record;
  const inConflict = candidates.length > 1;
  const next: TransactionRecord = {
    ...rest,
    candidates,
    buttonIds,
    overruled: settled ? overruledBy(record, observation) : record.overruled,
    seen: isNews ? [...record.seen, toSeen(observation)].slice(-MAX_SEEN_VERSIONS) : record.seen,
    ...(inConflict
      ? { conflictSince: isNews || conflictSince === undefined ? observation.seenAt : conflictSince }
      : {}),
  };
  return headContent(next) === headContent(record) ? next : { ...next, version: record.version + 1 };
}

function overruledBy(record: TransactionRecord, observation: Observation): readonly string[] {
  const winner = versionIdentity(observation.transaction);
  const losers = record.candidates.map(({ transaction }) => versionIdentity(transaction));
  return [...new Set([...record.overruled, ...losers])].filter((identity) => identity !== winner).sort();
}

/** What the version number counts. */
function headContent(record: TransactionRecord): string {
  return record.candidates.length > 1 ? 'conflict' : transactionContent(record.candidates[0].transaction);
}

/** How one version relates to another of the same key. */
function compareVersions(one: Transaction, other: Transaction): 'same' | 'newer' | 'older' | 'contradicts' {
  if (isFinal(one) !== isFinal(other)) return isFinal(one) ? 'newer' : 'older';
  if (!isFinal(one) && one.modifiedDate !== other.modifiedDate) {
    return one.modifiedDate > other.modifiedDate ? 'newer' : 'older';
  }
  return transactionContent(one) === transactionContent(other) ? 'same' : 'contradicts';
}

function isFinal({ status }: Transaction): boolean {
  return status !== 'pending';
}

/** Final versions are told apart by content alone, pending ones by content and time. */
function versionIdentity(transaction: Transaction): string {
  const content = transactionContent(transaction);
  return isFinal(transaction) ? content : `${content}@${transaction.modifiedDate}`;
}

function isSameVersion(one: Candidate, other: Candidate): boolean {
  return versionIdentity(one.transaction) === versionIdentity(other.transaction);
}

function byIdentity(one: Candidate, other: Candidate): number {
  return versionIdentity(one.transaction) < versionIdentity(other.transaction) ? -1 : 1;
}

function toCandidate({ transaction, payload }: Observation): Candidate {
  return { transaction, payload };
}

function toSeen({ transaction, source, seenAt }: Observation): SeenVersion {
  return {
    content: transactionContent(transaction),
    status: transaction.status,
    amountMinor: transaction.amountMinor,
    modifiedDate: transaction.modifiedDate,
    source: source.kind === 'webhook' ? `webhook:${source.eventId}` : 'api',
    seenAt,
  };
}

function outcomeOf(status: TransactionStatus | 'conflict', isKnown: boolean): MergeOutcome {
  if (status === 'pending') return isKnown ? 'adjusted' : 'created';
  return status;
}
