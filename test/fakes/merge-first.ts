import {
  mergeTransaction as merge,
  type MergeOutcome,
} from '../../shared/transactions/rules/merge-transaction.ts';
import type { Observation, TransactionRecord } from '../../shared/validation/webhooks/transaction.ts';

/** Merges as if it were the first millisecond of 1970, so that versions count 1, 2, 3. */
export function mergeTransaction(
  record: TransactionRecord | undefined,
  observation: Observation,
): { record: TransactionRecord; outcome: MergeOutcome } {
  return merge(record, observation, { storedAt: '1970-01-01T00:00:00.001Z' });
}
