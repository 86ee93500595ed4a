import type { Account, AccountBook } from './account-book.ts';
import type { SimulatorClock } from './clock.ts';
import { FaultSchema, type FaultInput, type FaultRules } from './fault-rules.ts';
import { InjectedTransactionSchema, type InjectedTransactionInput } from './injected-transaction.ts';
import { newId } from './ids.ts';
import { toMilliseconds } from './instants.ts';
import { orderObject } from './order-api.ts';
import type { OrderBook } from './order-book.ts';
import type { PostResult } from './post-webhook.ts';
import type { RequestLog, RequestRecord } from './request-log.ts';
import type { Shopper, Shoppers } from './shoppers.ts';
import type { SimulatorState } from './state.ts';
import type { TransactionBook } from './transaction-book.ts';
import { apiRow, webhookData, type TransactionRow, type TransactionVersion } from './transaction-rows.ts';
import type { Webhook, WebhookDispatcher, WebhookEndpoint } from './webhook-dispatcher.ts';
import type { Delivery } from './webhook-lane.ts';
import { WorldSchema, type World, type WorldChange } from './world.ts';

/** A request to Button's API as the control API shows it. */
export type RequestView = Omit<RequestRecord, 'atMs'> & { at: string };

/**
 * A transaction as the control API shows it: in both of Button's formats, with the data of each of its
 * webhooks.
 */
export type TransactionView = {
  key: string;
  orderId: string | null;
  row: TransactionRow;
  versions: { recordedAt: string; data: TransactionRow }[];
};

/** A webhook as the control API shows it. */
export type DeliveryView = {
  id: string;
  endpoint: string;
  eventType: string;
  transactionKey: string;
  orderId: string | null;
  state: Delivery['state'];
  createdAt: string;
  /** When it is sent next; null when it is not. */
  dueAt: string | null;
  attempts: ({ requestId: string; at: string } & PostResult)[];
  data: TransactionRow;
};

/** An order as Button's API shows it, and who reported it. */
export type OrderView = Record<string, unknown> & { brand: string };

export type ClockView = { now: string; speed: number };

type Parts = {
  clock: SimulatorClock;
  world: World;
  startingWorld: World;
  log: RequestLog;
  orders: OrderBook;
  transactions: TransactionBook;
  accounts: AccountBook;
  shoppers: Shoppers;
  dispatcher: WebhookDispatcher;
  faults: FaultRules;
};

/** Everything that can be inspected and changed from outside; the control API offers the same over HTTP. */
export class SimulatorControls {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The requests to Button's API, oldest first. */
  requests(): RequestView[] {
    return this.#parts.log.all().map(({ atMs, ...record }) => ({ at: toMilliseconds(atMs), ...record }));
  }

  /** Every order, including deleted ones, oldest first. */
  orders(): OrderView[] {
    return this.#parts.orders.all().map((order) => ({ ...orderObject(order), brand: order.brandId }));
  }

  transactions(): TransactionView[] {
    return this.#parts.transactions.all().flatMap((versions) => {
      const last = versions.at(-1);
      return last === undefined ? [] : transactionView(last, versions);
    });
  }

  accounts(): Account[] {
    return this.#parts.accounts.all();
  }

  /** Every webhook for every endpoint, oldest first. */
  webhooks(): DeliveryView[] {
    return this.#parts.dispatcher.deliveries().map(deliveryView);
  }

  webhookEndpoints(): WebhookEndpoint[] {
    return this.#parts.dispatcher.endpoints();
  }

  faults(): ReturnType<FaultRules['all']> {
    return this.#parts.faults.all();
  }

  world(): World {
    return { ...this.#parts.world };
  }

  shoppers(): Record<string, Shopper> {
    return this.#parts.shoppers.all();
  }

  clock(): ClockView {
    const { clock } = this.#parts;
    return { now: toMilliseconds(clock.now()), speed: clock.speed };
  }

  /**
   * Forgets orders, transactions, webhooks, requests, faults and shoppers, and returns to the first world.
   * The clock continues, and the endpoints stay, none of them paused.
   */
  reset(): void {
    const { clock, world, startingWorld, log, orders, transactions, accounts, shoppers, dispatcher, faults } =
      this.#parts;
    dispatcher.clear();
    clock.clear();
    Object.assign(world, startingWorld);
    for (const part of [log, orders, transactions, accounts, shoppers, faults]) part.clear();
  }

  /** Everything that it stores, for `restore` of another simulator. */
  state(): SimulatorState {
    const { orders, transactions } = this.#parts;
    return {
      orders: orders.all(),
      transactions: transactions.all().map((versions) => [...versions]),
      shoppers: this.shoppers(),
      world: this.world(),
    };
  }

  /** Begins with the state of another simulator. Call it before anything else. It sends no webhook. */
  restore({ orders, transactions, shoppers, world }: SimulatorState): void {
    this.setWorld(world);
    this.setShoppers(shoppers);
    this.#parts.transactions.restore(transactions);
    this.#parts.orders.restore(orders);
  }

  /** Finalizes the open orders that a Brand's or Button's id names; empty if there is none. */
  finalizeOrder(id: string): OrderView[] {
    return this.#parts.orders.finalize(id).map((order) => ({ ...orderObject(order), brand: order.brandId }));
  }

  /** Writes a transaction by hand. Throws a ZodError if `row` is not one. */
  injectTransaction(row: InjectedTransactionInput): TransactionView {
    const version = this.#parts.transactions.inject(InjectedTransactionSchema.parse(row));
    return transactionView(version, [version]);
  }

  /** Sends a webhook of any type with any data, such as a Ping or a type that Button may add one day. */
  sendWebhook({ eventType, data }: { eventType: string; data: TransactionRow }): void {
    this.#parts.dispatcher.publish({ eventType, data, transactionKey: newId('event'), orderId: null });
  }

  setWebhookEndpoints(webhooks: readonly Webhook[]): void {
    this.#parts.dispatcher.setWebhooks(webhooks);
  }

  /** False if there is no endpoint with that name. */
  pauseEndpoint(name: string): boolean {
    return this.#parts.dispatcher.pause(name);
  }

  /** False if there is no endpoint with that name. */
  resumeEndpoint(name: string): boolean {
    return this.#parts.dispatcher.resume(name);
  }

  /** Sets who tapped the links behind these `btn_ref`s, for what is reported from now on. */
  setShoppers(shoppers: Readonly<Record<string, Shopper>>): void {
    for (const [btnRef, shopper] of Object.entries(shoppers)) this.#parts.shoppers.set(btnRef, shopper);
  }

  /**
   * Changes the given settings, and leaves the rest of the world unchanged. Throws a ZodError if the result
   * is not a world.
   */
  setWorld(change: WorldChange): World {
    const { world } = this.#parts;
    Object.assign(world, WorldSchema.parse({ ...world, ...change }));
    return this.world();
  }

  /** Adds a rule. Throws a ZodError if `rule` is not one. */
  addFault(rule: FaultInput): void {
    this.#parts.faults.add(FaultSchema.parse(rule));
  }

  clearFaults(): void {
    this.#parts.faults.clear();
  }

  /** Resolves when everything that became due is done, including webhooks; see `SimulatorClock.advance`. */
  async advance(byMs: number): Promise<void> {
    await this.#parts.clock.advance(byMs);
  }

  setClockSpeed(speed: number): void {
    this.#parts.clock.setSpeed(speed);
  }
}

function transactionView(last: TransactionVersion, versions: readonly TransactionVersion[]): TransactionView {
  return {
    key: last.key,
    orderId: last.orderId,
    row: apiRow(last),
    versions: versions.map((version) => ({
      recordedAt: toMilliseconds(version.recordedMs),
      data: webhookData(version),
    })),
  };
}

function deliveryView(delivery: Readonly<Delivery>): DeliveryView {
  const { hookId, endpoint, eventType, transactionKey, orderId, state, data } = delivery;
  return {
    id: hookId,
    endpoint,
    eventType,
    transactionKey,
    orderId,
    state,
    createdAt: toMilliseconds(delivery.createdMs),
    dueAt: state === 'waiting' ? toMilliseconds(delivery.dueMs) : null,
    attempts: delivery.attempts.map(({ requestId, atMs, result }) => ({
      requestId,
      at: toMilliseconds(atMs),
      ...result,
    })),
    data,
  };
}
