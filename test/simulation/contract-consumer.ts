import type { TransactionChangedDetail } from '../../shared/validation/webhooks/transaction-changed.ts';

/** What one transaction is worth to its user now, in minor units. */
type Credit = { version: number; user: string | null; currency: string; amount: number; isFinal: boolean };

/**
 * A consumer that knows only the published contract (functions/event-publisher/README.md): by `transactionKey`
 * the event with the highest `version` counts, and it credits what is `rewardable`. Events may come twice and
 * in any order.
 */
export class ContractConsumer {
  readonly #credits = new Map<string, Credit>();

  take(event: TransactionChangedDetail): void {
    const { transactionKey: key, version } = event;
    const known = this.#credits.get(key);
    if (known && known.version >= version) return;
    this.#credits.set(key, {
      version,
      user: event.publisherCustomerId ?? null,
      currency: event.currency ?? 'none',
      amount: event.rewardable ? (event.amountMinor ?? 0) : 0,
      isFinal: event.final,
    });
  }

  /** What these transactions are credited with together: pending and final. */
  creditOf(keys: readonly string[]): Credit[] {
    return keys.flatMap((key) => this.#credits.get(key) ?? []);
  }

  /** What can be paid out by user and currency: `user currency` and minor units, sorted. */
  payable(): [string, number][] {
    const sums = new Map<string, number>();
    for (const { user, currency, amount, isFinal } of this.#credits.values()) {
      const name = `${user ?? 'nobody'} ${currency}`;
      if (isFinal && amount !== 0) sums.set(name, (sums.get(name) ?? 0) + amount);
    }
    return [...sums].filter(([, sum]) => sum !== 0).sort(([one], [other]) => (one < other ? -1 : 1));
  }
}
