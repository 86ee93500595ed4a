import type { ExpiryPass } from '../../shared/domain/expiry-pass.ts';
import type { ExpiryPassStore } from '../../shared/store/expiry-pass-store.ts';
import type { Stored } from '../../shared/store/versioned-item.ts';

/** A store that keeps the contract of the one in DynamoDB (test/shared/store/expiry-pass-store.test.ts proves both). */
export function createInMemoryExpiryPass(): ExpiryPassStore {
  let standing: Stored<ExpiryPass> | undefined;
  return {
    read: () => Promise.resolve(structuredClone(standing)),
    save(pass, expectedRevision) {
      if ((standing?.revision ?? 0) !== expectedRevision) return Promise.resolve(false);
      standing = { thing: structuredClone(pass), revision: expectedRevision + 1 };
      return Promise.resolve(true);
    },
  };
}
