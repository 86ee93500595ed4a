import type { PassStore } from '../../shared/dynamodb/weekly-pass.ts';
import type { Versioned } from '../../shared/dynamodb/versioned-item.ts';

/**
 * A store with the same contract as the one in DynamoDB
 * (test/shared/transactions/store/expiry-pass-store.test.ts tests both).
 */
export function createInMemoryExpiryPass<Pass>(): PassStore<Pass> {
  let current: Versioned<Pass> | undefined;
  return {
    read: () => Promise.resolve(structuredClone(current)),
    save(pass, expectedRevision) {
      const expected = expectedRevision === 'unreadable' ? 0 : expectedRevision;
      if ((current?.revision ?? 0) !== expected) return Promise.resolve(false);
      current = { value: structuredClone(pass), revision: expected + 1 };
      return Promise.resolve(true);
    },
  };
}
