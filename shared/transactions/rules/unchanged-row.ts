import { hash } from 'node:crypto';

import {
  notRewardableReason,
  transactionContent,
  type Candidate,
  type SeenVersion,
  type TransactionRecord,
} from '@button-serverless/validation/webhooks';
import { isSame, stateOf } from './transaction-state.ts';

/** A row of the Transactions API that changes nothing about the stored record. */
export type UnchangedRow = {
  /** Whether a webhook had brought what it says. */
  isFromWebhook: boolean;
};

/** What an item says, without being unpacked, about the row that would change nothing. */
export type RowSummary = { rowDigest: string; category: string; notRewardableReason: string | undefined };

/**
 * Raise it with every change of what is read from a row (`transaction-wire.ts`, `lines-digest.ts`), and with
 * every change of the rules (`merge-transaction.ts`, `transaction-state.ts`, `rewardable.ts`) that gives
 * stored versions another state: the next read then merges every row again.
 */
const RULES = '3';

const DIGEST_CHARACTERS = 14;
const FROM_WEBHOOK = 'w';
const FROM_API = 'a';

/** The digest of a row's JSON, by which the row is recognised when it is read again. Pure. */
export function digestOfRow(text: string): string {
  return hash('sha256', `${RULES}\n${text}`, 'base64url').slice(0, DIGEST_CHARACTERS);
}

/**
 * The digest of the row that changes nothing about a record, whenever it is read: the one that a read showed
 * last. Undefined if every row has to be merged.
 *
 * That row changes nothing if a later read of it overrules no more than the last read did. So the record must
 * have one candidate and one of Button's ids, and every other version must be the same one with the same
 * lines, or must have been seen before that read. An erased record has no digest, because a digest can
 * confirm a guess. Pure.
 */
export function rowDigestOf({
  candidates,
  buttonIds,
  seen,
  shownRow,
  mergedInto,
  erasedAt,
}: TransactionRecord): string | undefined {
  const isOne = candidates.length === 1 && buttonIds.length === 1;
  if (!isOne || shownRow === undefined || mergedInto !== undefined || erasedAt !== undefined)
    return undefined;
  const shown = seen.reduce((latest, one) => (shownAt(one) > shownAt(latest) ? one : latest));
  const isSettled = seen.every((one) => one === shown || isSettledBy(shown, one));
  if (shown.shownAt === undefined || !isSettled || takesPayload(seen, shown, shownRow)) return undefined;
  return `${isFromWebhook(seen, shown) ? FROM_WEBHOOK : FROM_API}${shownRow}`;
}

/** The digest of the row in a record's `rowDigest`. Pure. */
export function shownRowIn(rowDigest: string): string {
  return rowDigest.slice(1);
}

/**
 * The row with that digest, if it changes nothing about the record of an item with its key; undefined if that
 * is not known from the item's attributes. Pure.
 */
export function asUnchangedRow(
  row: string,
  { rowDigest, category, notRewardableReason: reason }: RowSummary,
  rewardableCategories?: readonly string[],
): UnchangedRow | undefined {
  if (row !== shownRowIn(rowDigest)) return undefined;
  // The setting may name this category now, or name it no more: then the merge makes a new version.
  const isBySetting = reason === undefined || reason === 'category_unknown';
  const now = notRewardableReason({ status: 'pending', delivery: 'live', category }, rewardableCategories);
  if (isBySetting && now !== reason) return undefined;
  return { isFromWebhook: rowDigest.startsWith(FROM_WEBHOOK) };
}

/** Whether a webhook has brought what a version says. Pure. */
export function isFromWebhook(
  seen: readonly SeenVersion[],
  { transaction }: Pick<Candidate, 'transaction'>,
): boolean {
  const content = transactionContent(transaction);
  return seen.some(
    (one) => one.source.startsWith('webhook:') && transactionContent(one.transaction) === content,
  );
}

/** Whether another read of the row makes no difference for a version that it competes with. */
function isSettledBy(shown: SeenVersion, version: SeenVersion): boolean {
  const at = shownAt(shown);
  return shownAt(version) < at && (saysNothingElse(shown, version) || version.seenAt < at);
}

function saysNothingElse(shown: SeenVersion, version: SeenVersion): boolean {
  const [lines, others] = [shown.transaction.linesDigest, version.transaction.linesDigest];
  return isSame(shown, version) && (lines === null || others === null || lines === others);
}

/**
 * Whether the purchase would take its payload from the row. The payload of a version that is not current is
 * not kept, and then makes no difference.
 */
function takesPayload(seen: readonly SeenVersion[], shown: SeenVersion, shownRow: string): boolean {
  if (shown.payload !== null) return digestOfRow(JSON.stringify(shown.payload)) !== shownRow;
  const payload = 'of the row';
  const withPayload = seen.map((version) => (version === shown ? { ...version, payload } : version));
  return stateOf(withPayload, undefined)?.candidates[0].payload === payload;
}

function shownAt(version: SeenVersion): string {
  return version.shownAt ?? '';
}
