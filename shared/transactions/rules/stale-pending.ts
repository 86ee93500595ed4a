import { currencyName } from '@button-serverless/validation/orders';
import type { TransactionRecord } from '@button-serverless/validation/webhooks';

/** Overdue transactions, and their commission by currency, in minor units. */
export type StalePending = { transactions: number; amountsMinor: Readonly<Record<string, number>> };

/** Nothing counted yet. */
export const NO_STALE_PENDING: StalePending = { transactions: 0, amountsMinor: {} };

/**
 * When a pending transaction is overdue: once the window of its brand (or the default in days, if that is not
 * known) and a grace in days have passed at `at` (ISO 8601 UTC). Windows are in minutes, by brand: those that
 * Button gave last.
 */
export type OverduePolicy = {
  windows: ReadonlyMap<string, number>;
  finalizationDays: number;
  graceDays: number;
  at: string;
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * What says when a transaction should be validated. `finalizationMinutes` is the window of its brand as its
 * record knows it, which counts if Button's list does not contain the brand or could not be read.
 */
export type Expected = {
  createdDate: string;
  commerceOrganization?: string | null | undefined;
  finalizationMinutes?: number | undefined;
};

/** Whether a pending transaction is overdue. Pure. */
export function isOverdue(transaction: Expected, policy: OverduePolicy): boolean {
  return validationDates(transaction, policy).overdueMs < Date.parse(policy.at);
}

/**
 * When a pending transaction should be validated, and from when it is overdue, counted from its creation,
 * which is when it was reported; in milliseconds since 1970. `isBrands`: by the window of its brand. Pure.
 */
export function validationDates(
  { createdDate, commerceOrganization: brand, finalizationMinutes }: Expected,
  { windows, finalizationDays, graceDays }: OverduePolicy,
): { expectedMs: number; overdueMs: number; isBrands: boolean } {
  const known = windows.get(brand ?? '') ?? finalizationMinutes;
  const windowMs = known === undefined ? finalizationDays * DAY_MS : known * MINUTE_MS;
  const expectedMs = Date.parse(createdDate) + windowMs;
  return { expectedMs, overdueMs: expectedMs + graceDays * DAY_MS, isBrands: known !== undefined };
}

/**
 * Counts a record if it is pending and overdue, by the date of its creation: a change must not make an old
 * transaction look recent. A record with erased data counts too: the commission is still owed. Pure.
 */
export function countStalePending(
  counted: StalePending,
  { candidates: [{ transaction }, ...others], finalizationMinutes, mergedInto }: TransactionRecord,
  policy: OverduePolicy,
): StalePending {
  const { status, amountMinor, currency } = transaction;
  // A contradiction waits for a read, and is counted as a conflict. A record that has given way counts under
  // the other key.
  const isCounted = others.length === 0 && status === 'pending' && mergedInto === undefined;
  if (!isCounted || !isOverdue({ ...transaction, finalizationMinutes }, policy)) return counted;
  const name = currencyName(currency);
  const amount = (counted.amountsMinor[name] ?? 0) + (amountMinor ?? 0);
  return {
    transactions: counted.transactions + 1,
    amountsMinor: { ...counted.amountsMinor, [name]: amount },
  };
}
