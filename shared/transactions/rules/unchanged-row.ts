import { hash } from 'node:crypto';

import {
  notRewardableReason,
  transactionContent,
  type Candidate,
  type NotRewardableReason,
  type RewardableState,
  type SeenVersion,
  type TransactionRecord,
} from '@button-serverless/validation/webhooks';
import { isSame, stateOf, versionIdentity } from './transaction-state.ts';

/** A row of the Transactions API that changes nothing about the stored record. */
export type UnchangedRow = {
  /** Whether a webhook had brought what it says. */
  isFromWebhook: boolean;
};

/** What an item says, without being unpacked, about the row that would change nothing. */
export type RowSummary = Omit<RewardableState, 'mergedInto' | 'erasedAt'> & {
  rowDigest: string;
  notRewardableReason?: NotRewardableReason | undefined;
};

/**
 * Raise it with every change of the rules of merging (`merge-transaction.ts`, `transaction-state.ts`) that
 * gives stored versions another state: the next read then merges every row again.
 */
const RULES = '2';

const DIGEST_CHARACTERS = 14;
const FROM_WEBHOOK = 'w';
const FROM_API = 'a';

/**
 * The digest of the row that changes nothing about a record, whenever it is read: the version that a read
 * showed last. Undefined if every row has to be merged.
 *
 * That is so if a read at a later time overrules nothing that it does not overrule already. The record must
 * have one candidate and one of Button's ids, and every other version must be the same one with the same
 * lines, or must have been seen before that read. An erased record has no digest, because a digest can
 * confirm a guess. Pure.
 */
export function rowDigestOf({
  candidates,
  buttonIds,
  seen,
  mergedInto,
  erasedAt,
}: TransactionRecord): string | undefined {
  const isOne = candidates.length === 1 && buttonIds.length === 1;
  if (!isOne || mergedInto !== undefined || erasedAt !== undefined) return undefined;
  const shown = seen.reduce((latest, one) => (shownAt(one) > shownAt(latest) ? one : latest));
  const isSettled = seen.every((one) => one === shown || isSettledBy(shown, one));
  if (shown.shownAt === undefined || !isSettled || takesPayload(seen, shown)) return undefined;
  const origin = isFromWebhook(seen, shown) ? FROM_WEBHOOK : FROM_API;
  return `${origin}${digestOf(shown, JSON.stringify(shown.payload))}`;
}

/**
 * The row, if it changes nothing about the record of an item with its key; undefined if that is not known
 * from the item's attributes. `text` is the row's JSON. Pure.
 *
 * The payload of a version that is not current is not kept, and then makes no difference.
 */
export function asUnchangedRow(
  { transaction, text }: Pick<Candidate, 'transaction'> & { text: string },
  { rowDigest, notRewardableReason: reason, ...state }: RowSummary,
  rewardableCategories?: readonly string[],
): UnchangedRow | undefined {
  const digest = rowDigest.slice(1);
  const isKnown = digest === digestOf({ transaction }, text) || digest === digestOf({ transaction }, 'null');
  // A category that a setting has come to name gives the transaction a new version.
  if (!isKnown || notRewardableReason(state, rewardableCategories) !== reason) return undefined;
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

/** Whether the purchase would have the payload of the row, if that is not kept. */
function takesPayload(seen: readonly SeenVersion[], shown: SeenVersion): boolean {
  if (shown.payload !== null) return false;
  const payload = 'of the row';
  const withPayload = seen.map((version) => (version === shown ? { ...version, payload } : version));
  return stateOf(withPayload, undefined)?.candidates[0].payload === payload;
}

function shownAt(version: SeenVersion): string {
  return version.shownAt ?? '';
}

function digestOf({ transaction }: Pick<Candidate, 'transaction'>, payload: string): string {
  const text = `${RULES}\n${versionIdentity(transaction)}\n${payload}`;
  return hash('sha256', text, 'base64url').slice(0, DIGEST_CHARACTERS);
}
