import { AccountBook } from './account-book.ts';
import type { Clock } from './clock.ts';
import type { Exchange } from './exchange.ts';
import { FaultRules } from './fault-rules.ts';
import type { NewId } from './ids.ts';
import { OrderBook } from './order-book.ts';
import type { Brand, Organization } from './organizations.ts';
import { RequestLog } from './request-log.ts';
import { Shoppers } from './shoppers.ts';
import { TransactionBook } from './transaction-book.ts';
import { webhookData } from './transaction-rows.ts';
import { WebhookDispatcher, type Webhook, type WebhookDispatcherOptions } from './webhook-dispatcher.ts';
import { defaultWorld, WorldSchema, type World, type WorldChange } from './world.ts';

/** The properties of one Button. */
export type ButtonSettings = {
  /** Basic user name for /v1/order. */
  brandApiKey: string;
  /** Basic user name for /v1/affiliation; may be the Brand's. */
  publisherApiKey: string;
  /** Where webhooks are sent; can be changed later over the control API. */
  webhooks: readonly Webhook[];
  /** The differences from the default world. */
  world: WorldChange;
  /** The Publisher's share of each line item. */
  commissionPercent: number;
  /** How long an order stays open if the Brand does not say. */
  finalizationDays: number;
  publisher: Organization;
  /** The Brand of `brandApiKey`. */
  brand: Organization;
  /** Further Brands, each with its own key and its own orders. */
  furtherBrands: readonly Brand[];
  /** The currencies in which the Publisher has an account before any transaction. */
  accountCurrencies: readonly string[];
  /** ISO 3166 alpha-2, shown in the rows of the Transactions API. */
  country: string;
};

/** What Button needs: a clock, a way to send webhooks, and a source of ids. */
export type ButtonGround = { clock: Clock; poster: WebhookDispatcherOptions['poster']; newId: NewId };

/** One Button in parts, without a network. `exchange` answers requests to its API. */
export type ButtonParts = {
  world: World;
  startingWorld: World;
  log: RequestLog;
  orders: OrderBook;
  transactions: TransactionBook;
  accounts: AccountBook;
  shoppers: Shoppers;
  dispatcher: WebhookDispatcher;
  faults: FaultRules;
  exchange: Exchange;
};

/**
 * Puts the parts together: orders create transactions and transactions create webhooks, all on one clock in
 * one world.
 */
export function assembleButton(
  settings: ButtonSettings,
  { clock, poster, newId }: ButtonGround,
): ButtonParts {
  const startingWorld = WorldSchema.parse({ ...defaultWorld, ...settings.world });
  const world = { ...startingWorld };
  const faults = new FaultRules();
  const log = new RequestLog();
  const shoppers = new Shoppers();
  const { publisher, brand, furtherBrands, commissionPercent, country } = settings;
  const accounts = new AccountBook(publisher, settings.accountCurrencies);
  const brands = [{ apiKey: settings.brandApiKey, organization: brand }, ...furtherBrands];
  const dispatcher = new WebhookDispatcher({ clock, world, faults, poster, newId });
  dispatcher.setWebhooks(settings.webhooks);
  const transactions = new TransactionBook({
    ...{ clock, newId, world, accounts, shoppers, publisher, commissionPercent, country },
    brands: [brand, ...furtherBrands.map(({ organization }) => organization)],
    onVersion: (version, eventType) => {
      const { key: transactionKey, orderId } = version;
      dispatcher.publish({ eventType, transactionKey, orderId, data: webhookData(version) });
    },
  });
  const orders = new OrderBook({
    clock,
    newId,
    world,
    finalizationDays: settings.finalizationDays,
    onChange: (order) => {
      transactions.follow(order);
    },
  });
  const api = { orders, transactions, accounts, world, brands, publisherApiKey: settings.publisherApiKey };
  const exchange = { api, clock, faults, log };
  return {
    world,
    startingWorld,
    log,
    orders,
    transactions,
    accounts,
    shoppers,
    dispatcher,
    faults,
    exchange,
  };
}
