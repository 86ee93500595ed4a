import type { AccountBook } from './account-book.ts';
import type { Clock } from './clock.ts';
import type { NewId } from './ids.ts';
import { versionOfRow, type InjectedTransaction } from './injected-transaction.ts';
import type { Order } from './order-book.ts';
import { versionOfOrder } from './order-transaction.ts';
import type { Organization } from './organizations.ts';
import type { Shoppers } from './shoppers.ts';
import type { TransactionVersion } from './transaction-rows.ts';
import type { World } from './world.ts';

export type TransactionBookOptions = {
  clock: Pick<Clock, 'now'>;
  newId: NewId;
  world: Readonly<World>;
  accounts: AccountBook;
  shoppers: Shoppers;
  publisher: Organization;
  /** The first one is the brand of hand-written transactions. */
  brands: readonly [Organization, ...Organization[]];
  commissionPercent: number;
  country: string;
  /** Called with every version for which Button sends a webhook. */
  onVersion: (version: TransactionVersion, eventType: string) => void;
};

/** The Publisher's transactions, with every version of each, oldest first. */
export class TransactionBook {
  readonly #options: TransactionBookOptions;
  readonly #versionsByKey = new Map<string, TransactionVersion[]>();

  constructor(options: TransactionBookOptions) {
    this.#options = options;
  }

  /**
   * Turns a new or changed order into the next version of its transaction. An order without a `btn_ref`
   * belongs to no Publisher and has no transaction.
   */
  follow(order: Order): void {
    const { btn_ref: btnRef, currency } = order.fields;
    if (btnRef === undefined) return;
    const { accounts, brands, clock, shoppers } = this.#options;
    const setting = {
      ...this.#options,
      nowMs: clock.now(),
      shopper: shoppers.of(btnRef),
      brand: brands.find((brand) => brand.id === order.brandId) ?? brands[0],
      accountId: accounts.idFor(currency),
    };
    const version = versionOfOrder(order, setting, this.#versionsByKey.get(order.buttonOrderId)?.at(-1));
    this.#record(version);
    this.#options.onVersion(version, `tx-${version.status}`);
  }

  /** Writes a version by hand; see `InjectedTransaction`. */
  inject(row: InjectedTransaction): TransactionVersion {
    const { accounts, brands, clock, country, newId, publisher } = this.#options;
    const accountIn = (currency: string): string => accounts.idFor(currency);
    const setting = { nowMs: clock.now(), newId, publisher, brand: brands[0], country, accountIn };
    const version = versionOfRow(row, setting, this.#named(row));
    this.#record(version);
    if (row.webhook) this.#options.onVersion(version, row.event_type ?? `tx-${version.status}`);
    return version;
  }

  /** The current version of each transaction in the Transactions API. */
  visible(): TransactionVersion[] {
    const untilMs = this.#options.clock.now() - this.#options.world.transactionVisibleAfterMs;
    return this.all().flatMap(
      (versions) => versions.findLast((version) => version.recordedMs <= untilMs) ?? [],
    );
  }

  /** All versions of every transaction. */
  all(): (readonly TransactionVersion[])[] {
    return [...this.#versionsByKey.values()];
  }

  /** Takes in the versions of an earlier book, as they were; no webhook is sent again. */
  restore(transactions: readonly (readonly TransactionVersion[])[]): void {
    for (const version of transactions.flat()) {
      this.#record(version);
      this.#options.accounts.idFor(version.currency);
    }
  }

  clear(): void {
    this.#versionsByKey.clear();
  }

  #record(version: TransactionVersion): void {
    this.#versionsByKey.set(version.key, [...(this.#versionsByKey.get(version.key) ?? []), version]);
  }

  #named({ key, button_order_id: buttonOrderId, id }: InjectedTransaction): TransactionVersion | undefined {
    if (key !== undefined) return this.#versionsByKey.get(key)?.at(-1);
    const last = this.all().flatMap((versions) => versions.at(-1) ?? []);
    return last.find((version) => (id === undefined ? version.key === buttonOrderId : version.id === id));
  }
}
