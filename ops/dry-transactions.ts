import type { TransactionRecord } from '../shared/domain/transaction.ts';
import type { TransactionStore } from '../shared/store/transaction-store.ts';
import type { Versioned } from '../shared/store/versioned-item.ts';

/**
 * A store that reads the real one and keeps what is written to itself, so that a dry run comes to what the run would come to, and
 * changes nothing.
 */
export function dryTransactions(store: TransactionStore): TransactionStore {
  const written = new Map<string, Versioned<TransactionRecord>>();
  return {
    read: async (key) => written.get(key) ?? (await store.read(key)),
    async readMany(keys) {
      const found = await store.readMany(keys);
      for (const key of keys) {
        const own = written.get(key);
        if (own) found.set(key, own);
      }
      return found;
    },
    write(record, expectedRevision) {
      const stored = { value: record, revision: expectedRevision + 1 };
      written.set(record.key, stored);
      return Promise.resolve({ ok: true, stored });
    },
  };
}
