import { currencyName } from '@button-serverless/validation/orders';
import type { Transaction, TransactionRecord } from '@button-serverless/validation/webhooks';
import { isFromWebhook, type UnchangedRow } from '../../transactions/rules/unchanged-row.ts';

/**
 * What reading found, in counters that add up: `rows` (every read counts), `webhookRows` (rows that a webhook
 * had brought unchanged), `corrected` (repaired rows that replaced a pending version with a later date),
 * `imported` (historical ones), `missing`, `stale`, `settledConflicts`, `newConflicts`, `repairSeconds` (the
 * sum of the times from a change to its repair) and, for each kind of repair and currency, money in minor
 * units such as `missingAmountMinor#USD`.
 */
export type DriftTally = Readonly<Record<string, number>>;

/** The kinds of repair: the transaction was unknown, an older version was known, or it was in conflict. */
const REPAIRS = ['missing', 'stale', 'settledConflicts'] as const;

/** What a row showed: the state before and after it, and when it was read (ISO 8601 UTC). */
export type RowOutcome = {
  transaction: Transaction;
  before: TransactionRecord | undefined;
  after: TransactionRecord;
  seenAt: string;
};

/** What one row adds to the counters. Pure. */
export function tallyOf(outcome: RowOutcome | UnchangedRow): DriftTally {
  if ('isFromWebhook' in outcome) return { rows: 1, webhookRows: outcome.isFromWebhook ? 1 : 0 };
  const { transaction, before, after } = outcome;
  const seen = { rows: 1, webhookRows: before && isFromWebhook(before.seen, { transaction }) ? 1 : 0 };
  if (before?.version === after.version) return seen;
  if (after.candidates.length > 1) return { ...seen, newConflicts: 1 };
  // Transactions from before the deployment are imported: no webhook could have brought them.
  if (!before && after.delivery === 'historical') return { ...seen, imported: 1 };

  const repair = kindOf(before);
  const { currency } = after.candidates[0].transaction;
  return {
    ...seen,
    [repair]: 1,
    ...(isCorrection(outcome) ? { corrected: 1 } : {}),
    repairSeconds: repairSeconds(outcome),
    [`${repair}AmountMinor#${currencyName(currency)}`]: amountAtStakeMinor(before, after),
  };
}

/** The sum of tallies. Pure. */
export function sumTallies(tallies: readonly DriftTally[]): DriftTally {
  const sum: Record<string, number> = {};
  for (const tally of tallies) {
    for (const [counter, value] of Object.entries(tally)) sum[counter] = (sum[counter] ?? 0) + value;
  }
  return sum;
}

/** How many repairs the counters contain. Pure. */
export function repairsIn(tally: DriftTally): number {
  return REPAIRS.reduce((total, repair) => total + (tally[repair] ?? 0), 0);
}

/** The money of all repairs, by currency, in minor units. Pure. */
export function driftAmountsMinor(tally: DriftTally): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const [counter, value] of Object.entries(tally)) {
    const [kind = '', currency] = counter.split('#');
    if (currency === undefined || !kind.endsWith('AmountMinor')) continue;
    amounts.set(currency, (amounts.get(currency) ?? 0) + value);
  }
  return amounts;
}

/** Seconds from the change at Button until this system knew of it; never negative. Pure. */
function repairSeconds({ transaction, seenAt }: RowOutcome): number {
  return Math.max(0, Math.round((Date.parse(seenAt) - Date.parse(transaction.modifiedDate)) / 1000));
}

function kindOf(before: TransactionRecord | undefined): (typeof REPAIRS)[number] {
  if (!before) return 'missing';
  return before.candidates.length > 1 ? 'settledConflicts' : 'stale';
}

/** A pending version whose date was in the future, or whose transaction's date has gone back since. */
function isCorrection({ transaction, before, after }: RowOutcome): boolean {
  const known = before?.candidates[0].transaction;
  return (
    known?.status === 'pending' &&
    Date.parse(known.modifiedDate) > Date.parse(transaction.modifiedDate) &&
    after.candidates[0].transaction.modifiedDate === transaction.modifiedDate
  );
}

/** The largest amount by which the table was wrong. */
function amountAtStakeMinor(before: TransactionRecord | undefined, after: TransactionRecord): number {
  const now = after.candidates[0].transaction.amountMinor ?? 0;
  const known = before?.candidates.map(({ transaction }) => transaction.amountMinor ?? 0) ?? [0];
  return Math.max(...known.map((amount) => Math.abs(now - amount)));
}
