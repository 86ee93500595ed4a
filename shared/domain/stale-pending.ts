import { currencyName } from './drift.ts';
import type { TransactionRecord } from './transaction.ts';

/** Transactions that are pending though their time is long over, and the commission that hangs on them by currency, in minor units. */
export type StalePending = { transactions: number; amountsMinor: Map<string, number> };

/**
 * Counts, of all records that it is shown, those that are pending and were created before an instant (ISO 8601 UTC). By the date of the
 * creation: a change now and then must not make an old transaction young. Whose data is erased counts too: the commission is still owed.
 */
export function countStalePending(createdBefore: string): {
  see: (record: TransactionRecord) => void;
  counted: () => StalePending;
} {
  const stale: StalePending = { transactions: 0, amountsMinor: new Map() };
  return {
    see({ candidates: [{ transaction }, ...others] }) {
      const { status, createdDate, amountMinor, currency } = transaction;
      // What contradicts itself waits for a reading, and is counted as a conflict.
      if (others.length > 0 || status !== 'pending' || createdDate >= createdBefore) return;
      const name = currencyName(currency);
      stale.transactions += 1;
      stale.amountsMinor.set(name, (stale.amountsMinor.get(name) ?? 0) + (amountMinor ?? 0));
    },
    counted: () => stale,
  };
}
