import { idFor } from './ids.ts';
import type { Organization } from './organizations.ts';

/** An account of the Publisher as the Accounts API shows it (docs/button/transactions-api.md). */
export type Account = { id: string; name: string; currency: string; organization: string };

/** The Publisher's accounts: one for each currency, opened by the first transaction in it. */
export class AccountBook {
  readonly #publisher: Organization;
  readonly #firstCurrencies: readonly string[];
  readonly #accounts = new Map<string, Account>();

  constructor(publisher: Organization, firstCurrencies: readonly string[]) {
    this.#publisher = publisher;
    this.#firstCurrencies = firstCurrencies;
    this.clear();
  }

  /**
   * The id of the account in `currency`, which is opened if necessary. It is the same in every run, so that a
   * restart keeps it.
   */
  idFor(currency: string): string {
    const known = this.#accounts.get(currency);
    if (known !== undefined) return known.id;
    const account = {
      id: idFor('acc', `${this.#publisher.id} ${currency}`),
      name: `${this.#publisher.name} ${currency} Account`,
      currency,
      organization: this.#publisher.id,
    };
    this.#accounts.set(currency, account);
    return account.id;
  }

  all(): Account[] {
    return [...this.#accounts.values()];
  }

  has(accountId: string): boolean {
    return this.all().some((account) => account.id === accountId);
  }

  /** Resets the accounts to those at the start. */
  clear(): void {
    this.#accounts.clear();
    for (const currency of this.#firstCurrencies) this.idFor(currency);
  }
}
