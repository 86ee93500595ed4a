import { currencyName } from '@button-serverless/validation/orders';
import type { TransactionRecord } from '@button-serverless/validation/webhooks';

/** Transactions that are pending though their time is long over, and the commission that hangs on them by currency, in minor units. */
export type StalePending = { transactions: number; amountsMinor: Readonly<Record<string, number>> };

/** Nothing counted yet. */
export const NO_STALE_PENDING: StalePending = { transactions: 0, amountsMinor: {} };

/**
 * Counts a record in if it is pending and was created before an instant (ISO 8601 UTC). By the date of the creation: a change now and
 * then must not make an old transaction young. Whose data is erased counts too: the commission is still owed. Pure.
 */
export function countStalePending(
  counted: StalePending,
  { candidates: [{ transaction }, ...others] }: TransactionRecord,
  createdBefore: string,
): StalePending {
  const { status, createdDate, amountMinor, currency } = transaction;
  // What contradicts itself waits for a reading, and is counted as a conflict.
  if (others.length > 0 || status !== 'pending' || createdDate >= createdBefore) return counted;
  const name = currencyName(currency);
  const amount = (counted.amountsMinor[name] ?? 0) + (amountMinor ?? 0);
  return {
    transactions: counted.transactions + 1,
    amountsMinor: { ...counted.amountsMinor, [name]: amount },
  };
}
