import { withoutPersonalData } from './erase-transaction.ts';
import {
  recordStatus,
  transactionContent,
  transactionKey,
  type Candidate,
  type Observation,
  type SeenVersion,
  type Transaction,
  type TransactionRecord,
  type TransactionStatus,
} from './transaction.ts';

/**
 * What an observation did to a record. `duplicate` and `stale` change nothing and need no write; `noted` changes no version but
 * something worth keeping (a newer date with the same content, another Button id).
 */
export type MergeOutcome =
  'created' | 'adjusted' | 'validated' | 'declined' | 'conflict' | 'noted' | 'duplicate' | 'stale';

/** At most so many seen versions are kept, the latest ones. */
const MAX_SEEN_VERSIONS = 20;

/**
 * The one merge of webhooks, deferred webhooks, reconciler and replay.
 *
 * Pure. Final beats pending; among pending versions the later `modified_date` wins; what contradicts (two different final versions,
 * two contents in the same second) is kept side by side as a conflict. The same observations in any order, any number of times, give
 * the same candidates. A final state is left only when an API read begun after a conflict was recorded settles that conflict; a read
 * that begins later still and shows what was ruled out makes a conflict of it again, for the next read to settle.
 */
export function mergeTransaction(
  record: TransactionRecord | undefined,
  observed: Observation,
): { record: TransactionRecord; outcome: MergeOutcome } {
  if (!record)
    return { record: firstRecord(observed), outcome: outcomeOf(observed.transaction.status, false) };

  const observation = record.erasedAt === undefined ? observed : withoutPersonalData(observed);
  const isOverruled = isRuledOut(record, observed) || isRuledOut(record, observation);
  const joined = isOverruled ? record.candidates : join(record.candidates, observation);
  const settled = !isOverruled && joined.length > 1 && settles(record, observation);
  const candidates = settled ? ([toCandidate(observation)] as const) : joined;

  const change = {
    candidates,
    settled,
    buttonIds: withId(record.buttonIds, observation.transaction.id),
  };
  const hasChanged = candidates !== record.candidates;
  if (!hasChanged && change.buttonIds === record.buttonIds) {
    return {
      record,
      outcome: record.candidates.some((known) => isSameVersion(known, observation)) ? 'duplicate' : 'stale',
    };
  }

  const next = nextRecord(record, observation, change);
  return {
    record: next,
    outcome: next.version === record.version ? 'noted' : outcomeOf(recordStatus(next), true),
  };
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
  const { transaction } = observation;
  const orders = candidates.map((known) => compareVersions(transaction, known.transaction));
  if (orders.includes('older')) return candidates;
  // A final version that comes again under a later date is the same version: the later date stands.
  const sameVersion = candidates.find((_, index) => orders[index] === 'same');
  if (sameVersion && sameVersion.transaction.modifiedDate >= transaction.modifiedDate) return candidates;

  const contradicting = candidates.filter((_, index) => orders[index] === 'contradicts');
  const [first, ...rest] = [...contradicting, toCandidate(observation)].sort(byIdentity);
  return first ? [first, ...rest] : candidates;
}

/** An API read begun after the conflict was recorded tells which version holds, unless it shows a state older than all of them. */
function settles(
  { conflictSince, candidates }: TransactionRecord,
  { transaction, source }: Observation,
): boolean {
  if (conflictSince === undefined || source.kind !== 'api' || source.readStartedAt <= conflictSince)
    return false;
  return !candidates.some((known) => compareVersions(transaction, known.transaction) === 'older');
}

/** A page of an API read may be stored late: what it shows counts against an earlier ruling only if it was read after that one. */
function isRuledOut(
  { overruled, settledBy = '' }: TransactionRecord,
  { transaction, source }: Observation,
): boolean {
  if (source.kind === 'api' && source.readStartedAt > settledBy) return false;
  return overruled.includes(versionIdentity(transaction));
}

type Change = Pick<TransactionRecord, 'candidates' | 'buttonIds'> & { settled: boolean };

function nextRecord(
  record: TransactionRecord,
  observation: Observation,
  { settled, ...change }: Change,
): TransactionRecord {
  const { conflictSince, ...rest } = record;
  const hasChanged = change.candidates !== record.candidates;
  const next: TransactionRecord = {
    ...rest,
    ...change,
    ...(settled && observation.source.kind === 'api' ? { settledBy: observation.source.readStartedAt } : {}),
    overruled: stillRelevant(
      settled ? overruledBy(record, observation) : record.overruled,
      change.candidates,
    ),
    seen: hasChanged ? [...record.seen, toSeen(observation)].slice(-MAX_SEEN_VERSIONS) : record.seen,
    ...(change.candidates.length > 1
      ? {
          conflictSince: hasChanged ? lastSeenAt(record, observation) : (conflictSince ?? observation.seenAt),
        }
      : {}),
  };
  return headContent(next) === headContent(record) ? next : { ...next, version: record.version + 1 };
}

/** What was read before every version of the conflict had been seen can't judge it. */
function lastSeenAt({ seen }: TransactionRecord, observation: Observation): string {
  return [...seen, observation]
    .map(({ seenAt }) => seenAt)
    .reduce((one, other) => (one > other ? one : other));
}

function overruledBy(record: TransactionRecord, observation: Observation): readonly string[] {
  const winner = versionIdentity(observation.transaction);
  const losers = record.candidates.map(({ transaction }) => versionIdentity(transaction));
  return [...new Set([...record.overruled, ...losers])].filter((identity) => identity !== winner).sort();
}

/** A pending version that the candidates' date has passed needs no ruling any more: it is stale. */
function stillRelevant(overruled: readonly string[], [{ transaction }]: Candidates): readonly string[] {
  return overruled.filter(
    (identity) => !identity.includes('@') || identity.endsWith(`@${transaction.modifiedDate}`),
  );
}

/** What the version number counts. */
function headContent({ candidates }: TransactionRecord): string {
  return candidates.length > 1 ? 'conflict' : transactionContent(candidates[0].transaction);
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

function withId(ids: readonly string[], id: string): readonly string[] {
  return ids.includes(id) ? ids : [...ids, id].sort();
}

function toCandidate({ transaction, payload }: Observation): Candidate {
  return { transaction, payload };
}

function toSeen({ transaction, source, seenAt, flags }: Observation): SeenVersion {
  return {
    content: transactionContent(transaction),
    status: transaction.status,
    amountMinor: transaction.amountMinor,
    modifiedDate: transaction.modifiedDate,
    source: source.kind === 'webhook' ? `webhook:${source.eventId}` : `api:${source.readStartedAt}`,
    seenAt,
    ...(flags && flags.length > 0 ? { flags } : {}),
  };
}

function outcomeOf(status: TransactionStatus | 'conflict', isKnown: boolean): MergeOutcome {
  if (status === 'pending') return isKnown ? 'adjusted' : 'created';
  return status;
}
