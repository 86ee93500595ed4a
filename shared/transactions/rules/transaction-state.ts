import { canonicalJson } from '@button-serverless/validation/json';
import type {
  Candidate,
  ConflictCause,
  SeenVersion,
  Settlement,
  Transaction,
  TransactionStatus,
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
  const state = finals.length > 0 ? amongFinals(finals, settlement) : amongPending(groups, seen);
  return state && withShopper(state, seen);
}

/** The final versions of every id that no other version of the id beats. Pure. */
export function finalsOf(seen: readonly SeenVersion[]): readonly Candidate[] {
  const groups = [...Map.groupBy(seen, ({ transaction }) => transaction.id).values()];
  return groups.flatMap(judge).filter(({ transaction }) => isFinal(transaction));
}

/**
 * The versions to keep: at most twenty of each of Button's ids. The state follows from them as from all. Kept
 * are the versions that count, those that name what these leave out, the reads that overrule others, and then
 * final ones and those that were seen or shown last. Pure.
 */
export function withoutOldVersions(seen: readonly SeenVersion[]): readonly SeenVersion[] {
  const groups = [...Map.groupBy(seen, ({ transaction }) => transaction.id).values()];
  if (groups.every(({ length }) => length <= MAX_VERSIONS_OF_ID)) return seen;
  const kept = new Set(groups.flatMap(versionsToKeep));
  return seen.filter((version) => kept.has(version));
}

function versionsToKeep(versions: readonly SeenVersion[]): readonly SeenVersion[] {
  const ranked = versions.toSorted(byRank);
  const counting = unbeatenOf(versions);
  const important = [
    ...sourcesOf(ranked),
    ...latestReadsOf(versions),
    ...counting,
    ...counting.map((version) => linesSourceOf(version, ranked)),
    ...ranked.toSorted(byLastSign),
  ].filter((version) => version !== undefined);
  return [...new Set(important)].slice(0, MAX_VERSIONS_OF_ID);
}

/** The versions that name what others leave out (`completed`), whichever comes to count: at most sixteen. */
function sourcesOf(ranked: readonly SeenVersion[]): readonly (SeenVersion | undefined)[] {
  const withDate = ranked.filter(({ transaction }) => transaction.validatedDate !== null);
  return [
    ...NULLABLE_FIELDS.map((field) => ranked.find(({ transaction }) => transaction[field] !== null)),
    ...STATUSES.map((status) => withDate.find(({ transaction }) => transaction.status === status)),
  ];
}

/** What any read overrules, one of these overrules: the latest one, and the latest of a final version. */
function latestReadsOf(versions: readonly SeenVersion[]): readonly (SeenVersion | undefined)[] {
  const reads = versions
    .filter(({ shownAt }) => shownAt !== undefined)
    .toSorted((one, other) => compareTexts(other.shownAt, one.shownAt));
  return [reads[0], reads.find(({ transaction }) => isFinal(transaction))];
}

/** Final versions first: no pending one counts beside them. Then those that were seen or shown last. */
function byLastSign(one: SeenVersion, other: SeenVersion): number {
  const lastSign = ({ seenAt, shownAt = '' }: SeenVersion): string => (shownAt > seenAt ? shownAt : seenAt);
  return (
    Number(isFinal(other.transaction)) - Number(isFinal(one.transaction)) ||
    compareTexts(lastSign(other), lastSign(one))
  );
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
function isFinal({ status }: Pick<Transaction, 'status'>): boolean {
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
  const counting = finals.flat();
  const settled = settledBy(settlement, counting);
  const contradicting = finals.filter((group) => group.length > 1);
  if (contradicting.length > 0)
    return settled ? single([settled]) : conflict(contradicting.flat(), 'contradiction');

  const worth = new Set(
    counting.map(({ transaction: { status, amountMinor, currency } }) =>
      canonicalJson([status, amountMinor, currency]),
    ),
  );
  if (worth.size === 1) return single(counting.toSorted(byRank));
  return settled ? single([settled]) : conflict(counting, 'several_transactions');
}

/** The final version for which an operator has decided, if the decision covers every final version. */
function settledBy(settlement: Settlement | undefined, finals: Group): Candidate | undefined {
  if (!finals.every(({ transaction }) => settlement?.about.includes(finalKey(transaction)))) return undefined;
  const { id, version } = settlement ?? {};
  return finals.find(
    ({ transaction }) =>
      transaction.id === id && (version ?? finalKey(transaction)) === finalKey(transaction),
  );
}

function amongPending(groups: readonly Group[], seen: readonly SeenVersion[]): TransactionState | undefined {
  const latest = latestOf(groups.flat(), seen);
  const ids = new Set(latest.map(({ transaction }) => transaction.id));
  if (ids.size > 1) {
    return arePairwiseCompatible(latest.map(({ transaction }) => transaction))
      ? single(latest.toSorted(byRank))
      : conflict(latest, 'several_transactions');
  }
  return latest.length > 1 ? conflict(latest, 'contradiction') : single(latest);
}

/**
 * Rows of the API have no milliseconds. Within one second they win: a row is what Button has now. A webhook
 * may have been sent at a whole second.
 */
function latestOf(candidates: Group, seen: readonly SeenVersion[]): Group {
  const isRow = ({ id, modifiedDate }: Transaction): boolean =>
    seen.some(
      ({ shownAt, transaction }) =>
        shownAt !== undefined && transaction.id === id && transaction.modifiedDate === modifiedDate,
    );
  const lastMs = ({ transaction }: Candidate): number => {
    const ms = dateMs(transaction);
    return ms % 1000 === 0 && isRow(transaction) ? ms + 999 : ms;
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

/** The versions of one id that no other version beats, with what the others know. */
function judge(versions: readonly SeenVersion[]): Group {
  return unbeatenOf(versions).map((candidate) => completed(candidate, versions));
}

/** The versions of one id that no other version beats: one, or several that contradict each other. */
function unbeatenOf(versions: readonly SeenVersion[]): readonly SeenVersion[] {
  const reads = versions.filter(({ shownAt }) => shownAt !== undefined);
  const valid = versions.filter((version) => !isOverruled(version, reads, versions));
  const unbeaten = valid.filter((version) => !valid.some((other) => beats(other, version)));
  const best = unbeaten.filter((version) => !unbeaten.some((other) => says(other, version))).toSorted(byRank);
  return arePairwiseCompatible(best.map(({ transaction }) => transaction)) ? best.slice(0, 1) : best;
}

/**
 * A row of the API is what Button has now: it overrules what was seen before the read. The exceptions: no
 * pending version changes a final one, and the same version is not a different one.
 */
function isOverruled(
  version: SeenVersion,
  reads: readonly SeenVersion[],
  all: readonly SeenVersion[],
): boolean {
  if (reads.length === 0) return false;
  const sightings = all.filter((one) => isSame(one, version));
  const [seenAt = ''] = sightings.map((one) => one.seenAt).sort();
  const shownAt =
    sightings
      .map((one) => one.shownAt ?? '')
      .sort()
      .at(-1) ?? '';
  return reads.some(
    (read) =>
      isShownAfter(read, { seenAt, shownAt }) &&
      !isSame(read, version) &&
      (isFinal(read.transaction) || !isFinal(version.transaction)),
  );
}

/** Whether a read showed this version after another one had been seen, and shown, for the last time. */
function isShownAfter(
  { shownAt = '' }: SeenVersion,
  other: Pick<SeenVersion, 'seenAt' | 'shownAt'>,
): boolean {
  return shownAt > other.seenAt && shownAt > (other.shownAt ?? '');
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
function completed(candidate: SeenVersion, versions: readonly SeenVersion[]): Candidate {
  const { status } = candidate.transaction;
  const others = versions.toSorted(byRank);
  const linesDigest = linesSourceOf(candidate, others)?.transaction.linesDigest ?? null;
  const filled = { ...candidate.transaction, linesDigest };
  for (const field of FILLABLE_FIELDS) filled[field] ??= firstKnown(others, field);
  const ofStatus = others.filter(({ transaction }) => transaction.status === status);
  filled.validatedDate ??= firstKnown(ofStatus, 'validatedDate');
  filled.amountMinor ??= firstKnown(others, 'amountMinor');
  filled.orderTotalMinor ??= firstKnown(others, 'orderTotalMinor');
  return { transaction: filled, payload: payloadWithLines(candidate, linesDigest, others) };
}

/**
 * The version whose lines count: one of the same version, unless a later read showed other lines of it; if
 * none of them has lines, the latest version that has some. The versions are in the order of their rank.
 */
function linesSourceOf(candidate: SeenVersion, ranked: readonly SeenVersion[]): SeenVersion | undefined {
  const withLines = ranked.filter(({ transaction }) => transaction.linesDigest !== null);
  const same = withLines.filter((version) => isSame(version, candidate));
  const current = same.filter(
    (version) => !same.some((read) => isShownAfter(read, version) && !haveSameLines(read, version)),
  );
  return current.find((version) => haveSameLines(version, candidate)) ?? current[0] ?? withLines[0];
}

/** The payload of the version, or else of another version with the lines that count. */
function payloadWithLines(
  candidate: SeenVersion,
  linesDigest: string | null,
  ranked: readonly SeenVersion[],
): unknown {
  if (linesDigest === null) return candidate.payload;
  const withLines = [candidate, ...ranked].find(
    ({ transaction, payload }) => transaction.linesDigest === linesDigest && payload !== null,
  );
  return withLines?.payload ?? candidate.payload;
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
    compareTexts(rank(one), rank(other))
  );
}

function compareTexts(one = '', other = ''): number {
  return one < other ? -1 : Number(one > other);
}

function haveSameLines(one: Candidate, other: Candidate): boolean {
  return one.transaction.linesDigest === other.transaction.linesDigest;
}

function dateMs({ modifiedDate }: Transaction): number {
  return Date.parse(modifiedDate);
}

const MAX_VERSIONS_OF_ID = 20;

const STATUSES = ['pending', 'validated', 'declined'] as const satisfies readonly TransactionStatus[];

/**
 * Two versions of one date that differ in one of these contradict each other. Lines are not among them: no
 * reward depends on them.
 */
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
  'publisherCustomerId',
  'pubRef',
] as const satisfies readonly (keyof Transaction)[];

const NULLABLE_FIELDS = [
  ...FILLABLE_FIELDS,
  'linesDigest',
  'amountMinor',
  'orderTotalMinor',
  'validatedDate',
] as const satisfies readonly (keyof Transaction)[];
