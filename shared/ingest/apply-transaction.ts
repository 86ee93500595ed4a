import { mergeTransaction, type MergeOutcome } from '../domain/merge-transaction.ts';
import { transactionKey, type Observation, type TransactionRecord } from '../domain/transaction.ts';
import { RetryableError } from '../runtime/errors.ts';
import type { TransactionStore } from '../store/transaction-store.ts';
import type { Versioned } from '../store/versioned-item.ts';

const MAX_MERGES = 5;

/**
 * The one way a version gets into the store, for webhooks, deferred webhooks and the reconciler alike: merge with what is known, then one
 * conditional write, or none if nothing is new. Who loses a race merges again with what won.
 *
 * `known` saves the read. Throws `RetryableError` if the race is lost too often, and whatever the store throws.
 */
export async function applyTransaction(
  store: TransactionStore,
  observation: Observation,
  known?: Versioned<TransactionRecord> | 'absent',
): Promise<{ outcome: MergeOutcome; before: TransactionRecord | undefined; after: TransactionRecord }> {
  let current =
    known === 'absent' ? undefined : (known ?? (await store.read(transactionKey(observation.transaction))));
  for (let attempt = 0; attempt < MAX_MERGES; attempt += 1) {
    const before = current?.value;
    const { record: after, outcome } = mergeTransaction(before, observation);
    if (after === before) return { outcome, before, after };

    const result = await store.write(after, current?.revision ?? 0);
    if (result.ok) return { outcome, before, after };
    current = result.current;
  }
  throw new RetryableError('Too many writers at one transaction');
}
