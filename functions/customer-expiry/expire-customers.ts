import { CUSTOMER_EXPIRY_KEY } from '../../shared/dynamodb/table.ts';
import { reportUnreadable, UnreadableItemError } from '../../shared/dynamodb/unreadable-item.ts';
import {
  continuePass,
  type PassRun,
  type PassStore,
  type WeeklyPass,
} from '../../shared/dynamodb/weekly-pass.ts';
import { isCustomerExpired, withoutCustomer } from '../../shared/orders/rules/erase-customer.ts';
import type { OrderState } from '../../shared/orders/rules/order-ledger.ts';
import type { LedgerPage } from '../../shared/orders/store/order-ledger-scan.ts';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';

/** What a run needs. */
export type ExpireCustomersPorts = {
  passes: PassStore<WeeklyPass>;
  /** The settled and refused orders on a page of the ledger: the page behind a key, or the first one. */
  scanPage: (after: string | undefined) => Promise<LedgerPage>;
  /**
   * Stores an order if it is still at that revision; false if it has changed. Throws `UnreadableItemError` if
   * the item is unreadable by now.
   */
  write: (state: OrderState, revision: number) => Promise<boolean>;
  /** Whether there is time for another page. */
  timeLeft: () => boolean;
  metrics: Metrics;
  now: () => Date;
};

/** How a run ended, and how many orders lost their customer in it. */
export type ExpiryRun = { outcome: PassRun; expired: number };

const DAY_MS = 86_400_000;

/**
 * The most bytes of the ledger that a run reads, so that a pass over a large ledger takes hours: 100 MB,
 * 12,800 read units.
 */
const MAX_PAGES = 100;

/**
 * Looks at every brand's orders once a week, and erases the customer of each order that has been settled or
 * refused for the given number of days without a change. An order that changes at that moment counts as new
 * again: a later pass looks at it. An unreadable item is counted and skipped, with its key in the log. Throws
 * if the table cannot be reached.
 */
export async function expireCustomers(
  customerDays: number,
  { scanPage, write, metrics, ...ports }: ExpireCustomersPorts,
): Promise<ExpiryRun> {
  const onUnreadable = reportUnreadable(metrics, 'UnreadableLedgerItems');
  let pages = 0;
  let expired = 0;
  const workOnPage = async ({ startedAt, after }: WeeklyPass): Promise<WeeklyPass> => {
    const { orders, unreadable, next } = await scanPage(after);
    unreadable.forEach(onUnreadable);
    const before = Date.parse(startedAt) - customerDays * DAY_MS;
    const due = orders.flatMap(({ value, revision }) =>
      isCustomerExpired(value, before) ? [{ erased: withoutCustomer(value), revision }] : [],
    );
    let erasedOnPage = 0;
    for (const { erased, revision } of due) {
      try {
        if (await write(erased, revision)) erasedOnPage += 1;
      } catch (error) {
        if (!(error instanceof UnreadableItemError)) throw error;
        onUnreadable(error.key);
      }
    }
    metrics.add({ name: 'CustomersExpired', value: erasedOnPage });
    expired += erasedOnPage;
    pages += 1;
    return {
      startedAt,
      ...(next === undefined ? { finishedAt: ports.now().toISOString() } : { after: next }),
    };
  };
  const outcome = await continuePass({
    ...ports,
    begin: (startedAt) => ({ startedAt }),
    workOnPage,
    timeLeft: () => pages < MAX_PAGES && ports.timeLeft(),
    onUnreadable: () => {
      onUnreadable(CUSTOMER_EXPIRY_KEY);
    },
  });
  return { outcome, expired };
}
