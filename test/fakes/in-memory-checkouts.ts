import type { Checkout } from '../../shared/validation/webhooks/checkout.ts';
import { placeCheckout } from '../../shared/transactions/rules/place-checkout.ts';
import type { CheckoutStore } from '../../shared/transactions/store/checkout-store.ts';

/**
 * A store with the same contract as the one in DynamoDB
 * (test/shared/transactions/store/checkout-store.test.ts tests both).
 */
export type InMemoryCheckouts = CheckoutStore & { all: () => ReadonlyMap<string, Checkout> };

export function createInMemoryCheckouts(): InMemoryCheckouts {
  const kept = new Map<string, Checkout>();
  const followed = new Set<string>();
  return {
    all: () => kept,
    put: (checkout) =>
      placeCheckout(checkout, (key) => {
        const there = kept.get(key)?.eventId;
        if (there === undefined) kept.set(key, checkout);
        return Promise.resolve(there);
      }),
    follow(transactionKeys) {
      const waiting = [...transactionKeys.keys()]
        .map((btnRef) => `checkout#${btnRef}`)
        .filter((key) => kept.has(key) && !followed.has(key));
      for (const key of waiting) followed.add(key);
      return Promise.resolve(waiting.length);
    },
  };
}
