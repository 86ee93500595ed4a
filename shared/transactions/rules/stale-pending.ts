import { currencyName } from '@button-serverless/validation/orders';
import type { TransactionRecord } from '@button-serverless/validation/webhooks';

/**
 * Transactions that are pending though their time is long over, and the commission that hangs on them by
 * currency, in minor units.
 */
export type StalePending = { transactions: number; amountsMinor: Readonly<Record<string, number>> };

/** Nothing counted yet. */
export const NO_STALE_PENDING: StalePending = { transactions: 0, amountsMinor: {} };

/**
 * From when on what is pending is overdue: the window of its brand, or the default in days where that is not
 * known, and a grace in days, have passed at `at` (ISO 8601 UTC). Windows are in minutes, by brand.
 */
export type OverduePolicy = {
  windows: ReadonlyMap<string, number>;
  finalizationDays: number;
  graceDays: number;
  at: string;
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What of a transaction says when it should be validated. */
export type Expected = { createdDate: string; commerceOrganization?: string | null | undefined };

/** Whether a pending transaction should have been validated long ago. Pure. */
export function isOverdue(transaction: Expected, policy: OverduePolicy): boolean {
  return validationDates(transaction, policy).overdueMs < Date.parse(policy.at);
}

/**
 * When a pending transaction should be validated, and from when on it is overdue, counted from its creation,
 * which is when it was reported; in milliseconds since 1970. `isBrands`: by the window of its brand. Pure.
 */
export function validationDates(
  { createdDate, commerceOrganization: brand }: Expected,
  { windows, finalizationDays, graceDays }: OverduePolicy,
): { expectedMs: number; overdueMs: number; isBrands: boolean } {
  const known = brand === null || brand === undefined ? undefined : windows.get(brand);
  const windowMs = known === undefined ? finalizationDays * DAY_MS : known * MINUTE_MS;
  const expectedMs = Date.parse(createdDate) + windowMs;
  return { expectedMs, overdueMs: expectedMs + graceDays * DAY_MS, isBrands: known !== undefined };
}

/**
 * Counts a record in if it is pending and overdue. By the date of the creation: a change now and then must
 * not make an old transaction young. Whose data is erased counts too: the commission is still owed. Pure.
 */
export function countStalePending(
  counted: StalePending,
  { candidates: [{ transaction }, ...others] }: TransactionRecord,
  policy: OverduePolicy,
): StalePending {
  const { status, amountMinor, currency } = transaction;
  // What contradicts itself waits for a reading, and is counted as a conflict.
  if (others.length > 0 || status !== 'pending' || !isOverdue(transaction, policy)) return counted;
  const name = currencyName(currency);
  const amount = (counted.amountsMinor[name] ?? 0) + (amountMinor ?? 0);
  return {
    transactions: counted.transactions + 1,
    amountsMinor: { ...counted.amountsMinor, [name]: amount },
  };
}
