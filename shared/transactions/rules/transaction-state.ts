import { canonicalJson } from '@button-serverless/validation/json';
import type {
  Candidate,
  ConflictCause,
  SeenVersion,
  Settlement,
  Transaction,
} from '@button-serverless/validation/webhooks';

/** The state of a purchase: one candidate that counts, or several that contradict each other, and why. */
export type TransactionState = {
  candidates: readonly [Candidate, ...Candidate[]];
  cause?: ConflictCause;
};

/**
 * The state that follows from the versions of one purchase, whichever came first. Pure; undefined only
 * without any version.
 *
 * Each of Button's ids is considered separately. A read of the API overrules what was seen before it, a final
 * version beats a pending one, and among pending versions the later `modified_date` wins. Then the ids are
 * compared: a final one beats those that are pending.
 */
export function stateOf(
  seen: readonly SeenVersion[],
  settlement: Settlement | undefined,
): TransactionState | undefined {
  const groups = [...Map.groupBy(seen, ({ transaction }) => transaction.id).values()].map(judge);
  const finals = groups.filter(([first]) => first && isFinal(first.transaction));
  const state = finals.length > 0 ? amongFinals(finals, settlement) : amongPending(groups);
  return state && withShopper(state, seen);
}

/** The state of the versions of one of Button's ids alone, whichever id counts. Pure. */
export function stateOfId(seen: readonly SeenVersion[], id: string): readonly Candidate[] {
  return judge(seen.filter(({ transaction }) => transaction.id === id));
}

/**
 * A purchase has one shopper: the version that counts may be a row without the shopper, whom another row of
 * the order names.
 */
function withShopper(state: TransactionState, seen: readonly SeenVersion[]): TransactionState {
  const [{ transaction, payload }, ...others] = state.candidates;
  if (others.length > 0) return state;
  const versions = seen.toSorted(byRank);
  const publisherCustomerId = transaction.publisherCustomerId ?? firstKnown(versions, 'publisherCustomerId');
  const pubRef = transaction.pubRef ?? firstKnown(versions, 'pubRef');
  return {
    ...state,
    candidates: [{ transaction: { ...transaction, publisherCustomerId, pubRef }, payload }],
  };
}

function firstKnown<Field extends keyof Transaction>(
  versions: readonly Candidate[],
  field: Field,
): Transaction[Field] | null {
  return versions.find(({ transaction }) => transaction[field] !== null)?.transaction[field] ?? null;
}

/** A final version of one of Button's ids, reduced to what a reward depends on. */
export function finalKey({ id, status, amountMinor, currency }: Transaction): string {
  return canonicalJson([id, status, amountMinor, currency]);
}

/** Validated and declined: Button does not change it any more. */
export function isFinal({ status }: Pick<Transaction, 'status'>): boolean {
  return status !== 'pending';
}

/** Distinguishes versions by everything that is known of them except the payload. */
export function versionIdentity(transaction: Transaction): string {
  return canonicalJson(transaction);
}

type Group = readonly Candidate[];

function amongFinals(
  finals: readonly Group[],
  settlement: Settlement | undefined,
): TransactionState | undefined {
  const contradicting = finals.filter((group) => group.length > 1);
  if (contradicting.length > 0) return conflict(contradicting.flat(), 'contradiction');

  const counting = finals.flat();
  const worth = new Set(
    counting.map(({ transaction: { status, amountMinor, currency } }) =>
      canonicalJson([status, amountMinor, currency]),
    ),
  );
  if (worth.size === 1) return single(counting.toSorted(byRank));
  const isSettled = counting.every(({ transaction }) => settlement?.about.includes(finalKey(transaction)));
  const settled = isSettled && counting.find(({ transaction }) => transaction.id === settlement?.id);
  return settled ? single([settled]) : conflict(counting, 'several_transactions');
}

function amongPending(groups: readonly Group[]): TransactionState | undefined {
  const latest = latestOf(groups.flat());
  const ids = new Set(latest.map(({ transaction }) => transaction.id));
  if (ids.size > 1) {
    return arePairwiseCompatible(latest.map(({ transaction }) => transaction))
      ? single(latest.toSorted(byRank))
      : conflict(latest, 'several_transactions');
  }
  return latest.length > 1 ? conflict(latest, 'contradiction') : single(latest);
}

/** Rows of the API have no milliseconds. Within one second they win: a row is what Button has now. */
function latestOf(candidates: Group): Group {
  const lastMs = ({ transaction }: Candidate): number => {
    const ms = dateMs(transaction);
    return ms % 1000 === 0 ? ms + 999 : ms;
  };
  const latestMs = Math.max(...candidates.map(lastMs));
  return candidates.filter((candidate) => lastMs(candidate) === latestMs);
}

function single([candidate]: Group): TransactionState | undefined {
  return candidate && { candidates: [candidate] };
}

function conflict(candidates: Group, cause: ConflictCause): TransactionState | undefined {
  const [first, ...rest] = candidates.toSorted(byRank);
  return first && { candidates: [first, ...rest], cause };
}

/** The versions of one id that no other version beats: one, or several that contradict each other. */
function judge(versions: readonly SeenVersion[]): Group {
  const valid = versions.filter((version) => !versions.some((read) => overrules(read, version, versions)));
  const unbeaten = valid.filter((version) => !valid.some((other) => beats(other, version)));
  const best = unbeaten.filter((version) => !unbeaten.some((other) => says(other, version)));
  const isOne = arePairwiseCompatible(best.map(({ transaction }) => transaction));
  const candidates = isOne ? best.toSorted(byRank).slice(0, 1) : best;
  return candidates.map((candidate) => completed(candidate, versions));
}

/**
 * A row of the API is what Button has now: it overrules what was seen before the read. The exceptions: no
 * pending version changes a final one, and the same version is not a different one.
 */
function overrules(read: SeenVersion, version: SeenVersion, all: readonly SeenVersion[]): boolean {
  if (read.shownAt === undefined || isSame(read, version)) return false;
  if (isFinal(version.transaction) && !isFinal(read.transaction)) return false;
  const sightings = all.filter((one) => isSame(one, version));
  const [seenAt = ''] = sightings.map((one) => one.seenAt).sort();
  const shownAt = sightings.map((one) => one.shownAt ?? '').sort();
  return read.shownAt > seenAt && read.shownAt > (shownAt.at(-1) ?? '');
}

function beats({ transaction: one }: Candidate, { transaction: other }: Candidate): boolean {
  if (isFinal(one) !== isFinal(other)) return isFinal(one);
  return !isFinal(one) && dateMs(one) > dateMs(other);
}

/**
 * Two observations of one version: the same date, and no contradiction; one source writes milliseconds where
 * another does not. Pure.
 */
export function isSame({ transaction: one }: Candidate, { transaction: other }: Candidate): boolean {
  if (isFinal(one) !== isFinal(other) || !areCompatible(one, other)) return false;
  return isFinal(one) || dateMs(one) === dateMs(other) || isCut(one, other) || isCut(other, one);
}

function isCut(cut: Transaction, whole: Transaction): boolean {
  const [cutMs, wholeMs] = [dateMs(cut), dateMs(whole)];
  return cutMs % 1000 === 0 && Math.floor(wholeMs / 1000) * 1000 === cutMs;
}

/**
 * Whether the first says everything that the second says, and more; of two that say the same, the one that
 * ranks first.
 */
function says(one: Candidate, other: Candidate): boolean {
  if (one === other || !areCompatible(one.transaction, other.transaction)) return false;
  const known = (field: keyof Transaction): boolean => one.transaction[field] !== null;
  const isLessKnown = NULLABLE_FIELDS.every((field) => other.transaction[field] === null || known(field));
  if (!isLessKnown) return false;
  const isMoreKnown = NULLABLE_FIELDS.some((field) => other.transaction[field] === null && known(field));
  return isMoreKnown || byRank(one, other) < 0;
}

/** An omitted field contradicts nothing, nor do milliseconds that one source omits. */
function areCompatible(one: Transaction, other: Transaction): boolean {
  const agree = (field: keyof Transaction): boolean =>
    one[field] === other[field] || one[field] === null || other[field] === null;
  const areOneInstant = (field: (typeof CONTENT_DATES)[number]): boolean =>
    agree(field) || toWholeSecond(one[field]) === other[field] || toWholeSecond(other[field]) === one[field];
  return CONTENT_FIELDS.every(agree) && CONTENT_DATES.every(areOneInstant);
}

/** An instant without its milliseconds. Pure. */
export function toWholeSecond(instant: string | null): string | null {
  return instant && instant.replace(/\.\d+Z$/, 'Z');
}

function arePairwiseCompatible(transactions: readonly Transaction[]): boolean {
  return transactions.every((one) => transactions.every((other) => areCompatible(one, other)));
}

/** Fields that a version omits keep the values of the other versions, the latest first. */
function completed(candidate: Candidate, versions: readonly SeenVersion[]): Candidate {
  const { status } = candidate.transaction;
  const others = versions.toSorted(byRank);
  const withLines = [candidate, ...others].find(({ transaction }) => transaction.linesDigest !== null);
  const filled = { ...candidate.transaction };
  for (const field of FILLABLE_FIELDS) filled[field] ??= firstKnown(others, field);
  const ofStatus = others.filter(({ transaction }) => transaction.status === status);
  filled.validatedDate ??= firstKnown(ofStatus, 'validatedDate');
  filled.amountMinor ??= firstKnown(others, 'amountMinor');
  filled.orderTotalMinor ??= firstKnown(others, 'orderTotalMinor');
  return { transaction: filled, payload: payloadWithLines(candidate, withLines) };
}

/** The payload of the version; if it came without lines, that of the version with lines. */
function payloadWithLines({ transaction, payload }: Candidate, withLines: Candidate | undefined): unknown {
  return transaction.linesDigest === null && withLines ? withLines.payload : payload;
}

/** The later date first, then the version that says more: the order depends on the versions alone. */
function byRank(one: Candidate, other: Candidate): number {
  const rank = ({ transaction }: Candidate): string => versionIdentity(transaction);
  const known = ({ transaction }: Candidate): number =>
    NULLABLE_FIELDS.filter((field) => transaction[field] !== null).length;
  return (
    Number(isFinal(other.transaction)) - Number(isFinal(one.transaction)) ||
    dateMs(other.transaction) - dateMs(one.transaction) ||
    known(other) - known(one) ||
    (rank(one) < rank(other) ? -1 : Number(rank(one) > rank(other)))
  );
}

function dateMs({ modifiedDate }: Transaction): number {
  return Date.parse(modifiedDate);
}

/** Two versions of one date that differ in one of these contradict each other. */
const CONTENT_FIELDS = [
  'status',
  'category',
  'amountMinor',
  'currency',
  'orderTotalMinor',
  'orderCurrency',
  'publisherCustomerId',
  'pubRef',
  'commerceOrganization',
  'linesDigest',
] as const satisfies readonly (keyof Transaction)[];

const CONTENT_DATES = ['attributionDate', 'purchaseDate'] as const satisfies readonly (keyof Transaction)[];

const FILLABLE_FIELDS = [
  'buttonOrderId',
  'currency',
  'orderCurrency',
  'attributionDate',
  'purchaseDate',
  'accountId',
  'commerceOrganization',
  'commerceOrganizationName',
  'linesDigest',
  'publisherCustomerId',
  'pubRef',
] as const satisfies readonly (keyof Transaction)[];

const NULLABLE_FIELDS = [
  ...FILLABLE_FIELDS,
  'amountMinor',
  'orderTotalMinor',
  'validatedDate',
] as const satisfies readonly (keyof Transaction)[];
