import { canonicalJson } from '@button-serverless/validation/json';
import { CLOCKS_APART_MS } from './clocks.ts';
import { joinDeliveries } from './delivery.ts';
import { eraseTransaction, withoutPersonalData } from './erase-transaction.ts';
import {
  type Candidate,
  idKey,
  notRewardableReason,
  type NotRewardableReason,
  type Observation,
  recordStatus,
  type SeenVersion,
  type Settlement,
  type Transaction,
  transactionKey,
  type TransactionRecord,
  type TransactionStatus,
} from '@button-serverless/validation/webhooks';
import {
  finalKey,
  finalsOf,
  stateOf,
  toWholeSecond,
  versionIdentity,
  withoutOldVersions,
} from './transaction-state.ts';
import { rowDigestOf } from './unchanged-row.ts';

/**
 * What an observation did to a record. `noted` makes no new version, but brings something worth storing: a
 * newer date with the same content, another of Button's ids, a version that does not count now, an earlier
 * time at which one was seen, that a read shows one of several ids for the first time, or the row by which
 * the next read is recognised again. `duplicate`: it was known. `confirmed`: a read showed what was known.
 */
export type MergeOutcome =
  | 'created'
  | 'adjusted'
  | 'validated'
  | 'declined'
  | 'conflict'
  | 'noted'
  | 'duplicate'
  | 'confirmed';

/** The outcomes after which nothing has to be written. */
export const UNWRITTEN: readonly MergeOutcome[] = ['duplicate', 'confirmed'];

/** How a version is stored. */
export type Storing = {
  /** ISO 8601 UTC. */
  storedAt: string;
  /** The key of a purchase that is stored for the first time; unless given, that of the version. */
  key?: string;
  /** The keys of the version that lead to the record; unless given, those of its order and of its id. */
  foundBy?: readonly string[];
  /** The categories for which users are rewarded; `REWARDABLE_CATEGORIES` unless given. */
  rewardableCategories?: readonly string[];
};

/**
 * The one merge of webhooks, deferred webhooks, reconciler and replay.
 *
 * Pure. A record follows from the versions that were seen, including those in reads of the API, and from what
 * an operator has settled: the same observations in any order, any number of times, give the same candidates
 * (transaction-state.ts).
 */
export function mergeTransaction(
  record: TransactionRecord | undefined,
  observed: Observation,
  storing: Storing,
): { record: TransactionRecord; outcome: MergeOutcome } {
  if (!record) {
    return { record: firstRecord(observed, storing), outcome: outcomeOf(observed.transaction.status, false) };
  }
  const erasedAt = record.erasedAt ?? observed.erasedAt;
  const isErased = erasedAt !== undefined;
  // An erasure does not change the purchase, but it has to be stored.
  const known = isErased ? eraseTransaction(record, erasedAt) : record;
  const observation = isErased ? withoutPersonalData(observed) : observed;
  const seen = withSighting(known.seen, toSeen(observation));
  const buttonIds = withIds(record.buttonIds, [observation.transaction.id]);
  const otherKeys = withKeys(record, storing.foundBy ?? keysOf(observation.transaction));
  if (seen === record.seen && otherKeys === record.otherKeys) return { record, outcome: 'duplicate' };

  const delivery = joinDeliveries(record, { delivery: observation.delivery, seen: [observation] });
  const shown = withShownRow(known, observation);
  const next = restated({ ...shown, seen, buttonIds, otherKeys, delivery }, known, storing);
  if (next.version !== record.version) return { record: next, outcome: outcomeOf(recordStatus(next), true) };
  const isNew = seen.length > known.seen.length;
  // A read overrules what was first seen before it, so an earlier time may make a difference.
  const isSeenEarlier = known.seen.some(({ seenAt }, index) => seenAt !== seen[index]?.seenAt);
  const isChanged = known !== record || !areSameCandidates(next, record);
  const isRead = observation.source.kind === 'api';
  // The reconciler skips a row that it recognises, so an earlier time of a read is not worth a write.
  const isTimeKept = isSeenEarlier && !(isRead && rowDigestOf(record) !== undefined);
  // Among several pending ids, a row wins within its second.
  const isFirstRow =
    buttonIds.length > 1 &&
    known.seen.some(({ shownAt }, index) => shownAt === undefined && seen[index]?.shownAt !== undefined);
  const isNoted = isChanged || isNew || isTimeKept || isFirstRow;
  if (isNoted || isRecognisedAgain(record, next)) return { record: next, outcome: 'noted' };
  return isRead ? { record: next, outcome: 'confirmed' } : { record, outcome: 'duplicate' };
}

/** Whether later reads of a row need no merge any more, whatever came after the last stored read. */
function isRecognisedAgain(record: TransactionRecord, next: TransactionRecord): boolean {
  if (record.shownRow === undefined || rowDigestOf(record) !== undefined) return false;
  return rowDigestOf(next) !== undefined;
}

/** The record with the row of the latest read: of the observation, unless a later one is known. */
function withShownRow(record: TransactionRecord, observation: Observation): TransactionRecord {
  const { shownAt } = toSeen(observation);
  if (shownAt === undefined || record.seen.some((one) => (one.shownAt ?? '') > shownAt)) return record;
  return { ...record, shownRow: rowOf(observation) };
}

function rowOf({ source }: Observation): string | undefined {
  return source.kind === 'api' ? source.row : undefined;
}

function areSameCandidates({ candidates }: TransactionRecord, before: TransactionRecord): boolean {
  return (
    candidates.every(({ payload }, index) => before.candidates[index]?.payload === payload) &&
    saidBy(candidates) === saidBy(before.candidates)
  );
}

function saidBy(candidates: readonly Candidate[]): string {
  return canonicalJson(candidates.map(({ transaction }) => transaction));
}

/** What is left of a record whose purchase belongs to another record: a version that rewards nobody. Pure. */
export function giveWayTo(key: string, record: TransactionRecord, storing: Storing): TransactionRecord {
  if (record.mergedInto === key) return record;
  return nextVersion({ ...record, mergedInto: key, notRewardableReason: 'merged' }, record, storing);
}

/** A record that has given way, under the key that it has given way to: nothing is stored there. Pure. */
export function takePlace(key: string, record: TransactionRecord, storing: Storing): TransactionRecord {
  const { mergedInto: _mergedInto, ...own } = record;
  const otherKeys = withKeys({ key, otherKeys: own.otherKeys }, [record.key]);
  return restated({ ...own, key, otherKeys }, record, storing);
}

/**
 * The record with every version that was seen under the other key of the same purchase. Its own version
 * number is higher than the other record's, which it replaces. Pure; a second time changes nothing.
 */
export function takeOver(
  record: TransactionRecord,
  other: TransactionRecord,
  storing: Storing,
): TransactionRecord {
  const erasedAt = record.erasedAt ?? other.erasedAt;
  const isErased = erasedAt !== undefined;
  const settlement = laterSettlement(record.settlement, other.settlement);
  const theirs = isErased ? other.seen.map(withoutPersonalData) : other.seen;
  const seen = theirs.reduce<readonly SeenVersion[]>(withSighting, record.seen);
  const buttonIds = withIds(record.buttonIds, other.buttonIds);
  const otherKeys = withKeys(record, [other.key, ...other.otherKeys]);
  const joined = isErased ? eraseTransaction(record, erasedAt) : record;
  const next = restated(
    {
      ...joined,
      seen: isErased ? seen.map(withoutPersonalData) : seen,
      buttonIds,
      otherKeys,
      shownRow: undefined,
      delivery: joinDeliveries(record, other),
      ...(settlement ? { settlement } : {}),
    },
    record,
    storing,
  );
  // The other record keeps payloads, and versions, that this one has no use for.
  const isNew =
    canonicalJson(next.seen) !== canonicalJson(record.seen) ||
    buttonIds !== record.buttonIds ||
    otherKeys !== record.otherKeys ||
    settlement !== record.settlement;
  if (!isNew && record.version > other.version) return record;
  if (next.version > other.version) return next;
  const replacing = withReason(next, reasonOf(next, storing));
  return nextVersion(replacing, { version: other.version, changes: record.changes }, storing);
}

/** An operator's later decision replaces an earlier one. */
function laterSettlement(own: Settlement | undefined, other: Settlement | undefined): Settlement | undefined {
  if (!own || !other) return own ?? other;
  return other.settledAt > own.settledAt ? other : own;
}

/** What an operator decides: the id that counts and, if it has several final versions, which of them. */
export type Choice = Pick<Settlement, 'id' | 'reason'> & {
  status?: TransactionStatus | undefined;
  amountMinor?: number | undefined;
};

/**
 * The record after an operator has decided which of the final versions counts; undefined if the choice is not
 * exactly one of them, or nothing has to be settled: a record that has given way is settled under the other
 * key. Pure.
 */
export function settleTransaction(
  record: TransactionRecord,
  { id, reason, status, amountMinor }: Choice,
  storing: Storing,
): TransactionRecord | undefined {
  if (record.mergedInto !== undefined || record.cause === undefined) return undefined;
  const finals = finalsOf(record.seen).map(({ transaction }) => transaction);
  const [chosen, ...others] = finals.filter(
    (one) =>
      one.id === id &&
      (status ?? one.status) === one.status &&
      (amountMinor ?? one.amountMinor ?? 0) === (one.amountMinor ?? 0),
  );
  if (!chosen || others.length > 0) return undefined;
  const about = finals.map(finalKey).sort();
  const version = finalKey(chosen);
  return restated(
    { ...record, settlement: { id, version, about, reason, settledAt: storing.storedAt } },
    record,
    storing,
  );
}

/**
 * The same record under a new version: consumers may have handled a later one that the table has lost. Pure.
 */
export function renewVersion(record: TransactionRecord, storing: Storing): TransactionRecord {
  const renewed = nextVersion(record, record, storing);
  return { ...renewed, version: Math.max(renewed.version, firstNewVersion(storing.storedAt)) };
}

/** The lowest version that is higher than any stored before an instant (ISO 8601 UTC). Pure. */
export function firstNewVersion(instant: string): number {
  return Date.parse(instant) + CLOCKS_APART_MS;
}

function firstRecord(observed: Observation, storing: Storing): TransactionRecord {
  const { storedAt, key } = storing;
  const { erasedAt } = observed;
  const observation = erasedAt === undefined ? observed : withoutPersonalData(observed);
  const { transaction, payload, delivery } = observation;
  const first: TransactionRecord = {
    key: key ?? transactionKey(transaction),
    version: Date.parse(storedAt),
    changes: 1,
    storedAt,
    candidates: [{ transaction, payload }],
    buttonIds: [transaction.id],
    otherKeys: [],
    seen: [toSeen(observation)],
    shownRow: rowOf(observation),
    delivery,
    ...(erasedAt === undefined ? {} : { erasedAt }),
  };
  const otherKeys = withKeys(first, storing.foundBy ?? keysOf(transaction));
  return withReason({ ...first, otherKeys }, reasonOf(first, storing));
}

/**
 * The record with the state that follows from what it has seen, and the next version if the state has
 * changed.
 */
function restated(next: TransactionRecord, before: TransactionRecord, storing: Storing): TransactionRecord {
  const { cause: _cause, notRewardableReason: _reason, ...rest } = next;
  const seen = withoutOldVersions(next.seen);
  const state = stateOf(seen, next.settlement) ?? { candidates: next.candidates };
  const record = { ...rest, ...state, seen: withoutOldPayloads(seen, state.candidates) };
  const reason = reasonOf(record, storing);
  // Events about an erased purchase name nobody, so they would take back its reward: only a change of the
  // reward itself makes a version.
  if (reason === 'erased' && isWorthTheSame(record, before, storing))
    return withReason(record, before.notRewardableReason);
  const stated = withReason(record, reason);
  // Rows of the API name the Brand, webhooks do not: learning the name does not change the purchase.
  const isNamed = before.candidates[0].transaction.commerceOrganizationName !== null;
  return publishedContent(stated, isNamed) === publishedContent(before, isNamed)
    ? stated
    : nextVersion(stated, before, storing);
}

/** Whether an erased purchase has the same reward as before, leaving its erasure aside. */
function isWorthTheSame(record: TransactionRecord, before: TransactionRecord, storing: Storing): boolean {
  const { erasedAt: _erased, ...unerased } = record;
  const worth = ({ candidates: [{ transaction }] }: TransactionRecord): unknown[] => [
    transaction.status,
    transaction.amountMinor,
    transaction.currency,
  ];
  return (
    reasonOf(unerased, storing) === before.notRewardableReason &&
    canonicalJson(worth(record)) === canonicalJson(worth(before))
  );
}

function reasonOf(
  record: TransactionRecord,
  { rewardableCategories }: Storing,
): NotRewardableReason | undefined {
  const { category } = record.candidates[0].transaction;
  return notRewardableReason({ ...record, status: recordStatus(record), category }, rewardableCategories);
}

function withReason(record: TransactionRecord, reason: NotRewardableReason | undefined): TransactionRecord {
  const { notRewardableReason: _before, ...rest } = record;
  return reason === undefined ? rest : { ...rest, notRewardableReason: reason };
}

/** Versions follow the clock, so they rise even if the table is restored to an earlier point or moved. */
function nextVersion(
  next: TransactionRecord,
  { version, changes }: Pick<TransactionRecord, 'version' | 'changes'>,
  { storedAt }: Storing,
): TransactionRecord {
  return {
    ...next,
    version: Math.max(version + 1, Date.parse(storedAt)),
    changes: changes + 1,
    storedAt,
  };
}

/**
 * What the version number covers: everything that events say about a transaction except its `modified_date`.
 */
function publishedContent(
  { candidates, cause, mergedInto, otherKeys, delivery, notRewardableReason: reason }: TransactionRecord,
  isNamed: boolean,
): string {
  const {
    modifiedDate: _modified,
    id: _id,
    commerceOrganizationName,
    ...content
  } = candidates[0].transaction;
  const name = isNamed ? commerceOrganizationName : null;
  // A difference only in milliseconds, which not every source writes, is no change.
  const dates = {
    createdDate: toWholeSecond(content.createdDate),
    validatedDate: toWholeSecond(content.validatedDate),
    attributionDate: toWholeSecond(content.attributionDate),
    purchaseDate: toWholeSecond(content.purchaseDate),
  };
  return canonicalJson([cause ?? { ...content, ...dates, name }, mergedInto, otherKeys, delivery, reason]);
}

/**
 * The versions with one more observation; the same array if it adds nothing. The payload of equal versions
 * does not depend on which came first.
 */
function withSighting(seen: readonly SeenVersion[], sighting: SeenVersion): readonly SeenVersion[] {
  const identity = versionIdentity(sighting.transaction);
  const index = seen.findIndex(({ transaction }) => versionIdentity(transaction) === identity);
  const known = seen[index];
  if (!known) return [...seen, sighting];

  const joined = joinSightings(known, sighting);
  const isSame =
    joined.payload === known.payload && joined.seenAt === known.seenAt && joined.shownAt === known.shownAt;
  return isSame ? seen : seen.with(index, joined);
}

function joinSightings(one: SeenVersion, other: SeenVersion): SeenVersion {
  const [first, second] = one.seenAt <= other.seenAt ? [one, other] : [other, one];
  const shownAt = [one.shownAt ?? '', other.shownAt ?? ''].sort()[1] ?? '';
  const flags = first.flags ?? second.flags;
  return {
    ...first,
    payload: moreComplete(one.payload, other.payload),
    ...(shownAt === '' ? {} : { shownAt }),
    ...(flags ? { flags } : {}),
  };
}

function moreComplete(one: unknown, other: unknown): unknown {
  const [text, otherText] = [JSON.stringify(one), JSON.stringify(other)];
  if (text.length !== otherText.length) return text.length > otherText.length ? one : other;
  return text >= otherText ? one : other;
}

/** The versions with payloads only of the candidates: an old payload is not worth its storage. */
function withoutOldPayloads(
  seen: readonly SeenVersion[],
  candidates: readonly Candidate[],
): readonly SeenVersion[] {
  const payloads = new Set(candidates.map(({ payload }) => payload));
  return seen.map((version) => (payloads.has(version.payload) ? version : { ...version, payload: null }));
}

/** The keys of a version: of its order, if it has one, and of its id. */
function keysOf(transaction: Transaction): string[] {
  return [transactionKey(transaction), idKey(transaction.id)];
}

/** The other keys of a record with these among them; the same array if they are. */
function withKeys(
  { key, otherKeys }: Pick<TransactionRecord, 'key' | 'otherKeys'>,
  keys: readonly string[],
): readonly string[] {
  return withIds(
    otherKeys,
    keys.filter((one) => one !== key),
  );
}

function withIds(ids: readonly string[], others: readonly string[]): readonly string[] {
  return others.every((id) => ids.includes(id)) ? ids : [...new Set([...ids, ...others])].sort();
}

function toSeen({ transaction, payload, source, seenAt, flags }: Observation): SeenVersion {
  return {
    transaction,
    payload,
    source: source.kind === 'webhook' ? `webhook:${source.eventId}` : `api:${source.readStartedAt}`,
    seenAt,
    ...(source.kind === 'api' ? { shownAt: source.visibleUntil ?? source.readStartedAt } : {}),
    ...(flags && flags.length > 0 ? { flags } : {}),
  };
}

function outcomeOf(status: TransactionStatus | 'conflict', isKnown: boolean): MergeOutcome {
  if (status === 'pending') return isKnown ? 'adjusted' : 'created';
  return status;
}
