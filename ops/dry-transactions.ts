import type { TransactionRecord } from '@button-serverless/validation/webhooks';
import type { TransactionStore } from '../shared/transactions/store/transaction-store.ts';
import type { Versioned } from '../shared/dynamodb/versioned-item.ts';

/**
 * A store that reads the real one and keeps writes in memory, so that a dry run gets the same result as the
 * real run, and changes nothing.
 */
export function dryTransactions(store: TransactionStore): TransactionStore {
  const written = new Map<string, Versioned<TransactionRecord>>();
  const aliases = new Map<string, string>();
  const find: TransactionStore['find'] = async (asked, options) => {
    const key = aliases.get(asked) ?? asked;
    const own = written.get(key);
    if (own) return { key, stored: own };
    const found = await store.find(key, options);
    return { ...found, stored: written.get(found.key) ?? found.stored };
  };
  return {
    find,
    read: async (key) => (await find(key)).stored,
    async putAlias(alias, key) {
      const found = await find(alias);
      if (found.stored !== undefined || found.key !== alias) return false;
      aliases.set(alias, key);
      return true;
    },
    async readMany(keys, asUnchanged) {
      const found = await store.readMany(keys, asUnchanged);
      for (const key of keys) {
        const stored = found.get(key);
        const storedKey = typeof stored === 'object' && 'value' in stored ? stored.value.key : undefined;
        const own = written.get(aliases.get(key) ?? storedKey ?? key);
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
