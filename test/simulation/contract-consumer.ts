import type { TransactionChangedDetail } from '../../shared/validation/webhooks/transaction-changed.ts';

/** The amount that one purchase is worth to its shopper now, in minor units. */
export type Credit = {
  transactionKey: string;
  user: string | null;
  currency: string;
  amount: number;
  isFinal: boolean;
};

/**
 * A consumer that knows only the published contract (functions/event-publisher/README.md). For each key of a
 * purchase, the event with the highest `version` counts. An event counts as long as it counts for all of its
 * keys. The consumer credits what is `rewardable`. Events may arrive twice and in any order.
 */
export class ContractConsumer {
  readonly #latest = new Map<string, TransactionChangedDetail>();

  take(event: TransactionChangedDetail): void {
    for (const key of event.purchaseKeys) {
      const known = this.#latest.get(key);
      if (!known || known.version < event.version) this.#latest.set(key, event);
    }
  }

  /** The current credits: pending and final. */
  credits(): Credit[] {
    return [...this.#latest].flatMap(([key, event]) => {
      const { transactionKey, version, purchaseKeys, publisherCustomerId, currency, amountMinor } = event;
      const isReplaced = purchaseKeys.some((one) => this.#latest.get(one)?.version !== version);
      if (key !== transactionKey || isReplaced || !event.rewardable) return [];
      return {
        transactionKey,
        user: publisherCustomerId ?? null,
        currency: currency ?? 'none',
        amount: amountMinor ?? 0,
        isFinal: event.final,
      };
    });
  }
}
