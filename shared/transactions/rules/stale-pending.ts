import { currencyName } from '@button-serverless/validation/orders';
import type { TransactionRecord } from '@button-serverless/validation/webhooks';

/** Transactions that are pending though their time is long over, and the commission that hangs on them by currency, in minor units. */
export type StalePending = { transactions: number; amountsMinor: Readonly<Record<string, number>> };

/** Nothing counted yet. */
export const NO_STALE_PENDING: StalePending = { transactions: 0, amountsMinor: {} };

/**
 * From when on what is pending is overdue: the window of its brand, or the default in days where that is not known, and a grace in days,
 * have passed at `at` (ISO 8601 UTC). Windows are in minutes, by brand.
 */
export type OverduePolicy = {
  windows: ReadonlyMap<string, number>;
  finalizationDays: number;
  graceDays: number;
  at: string;
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Whether a pending transaction should have been validated long ago: counted from its creation, which is when it was reported. Pure. */
export function isOverdue(
  { createdDate, commerceOrganization: brand }: { createdDate: string; commerceOrganization: string | null },
  { windows, finalizationDays, graceDays, at }: OverduePolicy,
): boolean {
  const known = brand === null ? undefined : windows.get(brand);
  const windowMs = known === undefined ? finalizationDays * DAY_MS : known * MINUTE_MS;
  return Date.parse(createdDate) + windowMs + graceDays * DAY_MS < Date.parse(at);
}

/**
 * Counts a record in if it is pending and overdue. By the date of the creation: a change now and
 * then must not make an old transaction young. Whose data is erased counts too: the commission is still owed. Pure.
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
