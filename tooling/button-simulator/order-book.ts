import * as z from 'zod';
import type { Clock } from './clock.ts';
import type { NewId } from './ids.ts';
import { OrderFieldsSchema, type OrderFields, type OrderUpdate } from './order-body.ts';
import type { World } from './world.ts';

const DAY_MS = 86_400_000;

/** An order as Button stores it. Each change replaces the old value by a new one. */
export const OrderSchema = z
  .object({
    buttonOrderId: z.string(),
    /** The organisation that reported it; order ids are unique per Brand only. */
    brandId: z.string(),
    fields: OrderFieldsSchema,
    status: z.enum(['open', 'finalized', 'deleted']),
    createdMs: z.number(),
    /** When the Brand last created or updated it. */
    reportedMs: z.number(),
    finalizationMs: z.number(),
  })
  .readonly();
export type Order = z.infer<typeof OrderSchema>;

export type CreateOutcome =
  | { outcome: 'created' | 'updated' | 'unchanged'; order: Order }
  | { outcome: 'exists' | 'finalized' };
export type UpdateOutcome =
  | { outcome: 'updated'; order: Order }
  | { outcome: 'unknown' | 'finalized' | 'cancelled' };
export type CancelOutcome = { outcome: 'cancelled' | 'already-cancelled' | 'unknown' | 'finalized' };

export type OrderBookOptions = {
  clock: Pick<Clock, 'now' | 'at'>;
  world: Readonly<World>;
  newId: NewId;
  /** How long an order stays open if the Brand does not say. */
  finalizationDays: number;
  /** Called with every order that is new or changed. */
  onChange: (order: Order) => void;
};

/**
 * The life of orders: open, then finalized when their date passes, or deleted (Button's reference, order
 * status).
 */
export class OrderBook {
  readonly #options: OrderBookOptions;
  readonly #orders = new Map<string, Order>();
  readonly #buttonIdsByOrderId = new Map<string, string[]>();

  constructor(options: OrderBookOptions) {
    this.#options = options;
  }

  /** Takes in a new order. The world says what a known `order_id` does. */
  create(brandId: string, fields: OrderFields): CreateOutcome {
    const known = this.find(brandId, fields.order_id);
    const { changeCancelled, duplicateCreate } = this.#options.world;
    if (known?.status === 'deleted' && changeCancelled === '409') return { outcome: 'exists' };
    if (known !== undefined && known.status !== 'deleted') {
      if (duplicateCreate === '409') return { outcome: 'exists' };
      if (duplicateCreate === 'existing-order') return { outcome: 'unchanged', order: known };
      if (duplicateCreate === 'upsert' && known.status === 'finalized') return { outcome: 'finalized' };
      if (duplicateCreate === 'upsert') return { outcome: 'updated', order: this.#merge(known, fields) };
    }
    return { outcome: 'created', order: this.#add(brandId, fields) };
  }

  /** Merges `update` into an order, top-level field by top-level field. */
  update(brandId: string, id: string, update: OrderUpdate): UpdateOutcome {
    const order = this.find(brandId, id);
    if (order === undefined) return { outcome: 'unknown' };
    if (order.status === 'finalized') return { outcome: 'finalized' };
    if (order.status === 'deleted') return { outcome: 'cancelled' };
    return { outcome: 'updated', order: this.#merge(order, update) };
  }

  cancel(brandId: string, id: string): CancelOutcome {
    const order = this.find(brandId, id);
    if (order === undefined) return { outcome: 'unknown' };
    if (order.status === 'finalized') return { outcome: 'finalized' };
    if (order.status === 'deleted') return { outcome: 'already-cancelled' };
    this.#put({ ...order, status: 'deleted' });
    return { outcome: 'cancelled' };
  }

  /** Finalizes every open order that a Brand's or Button's id names, ahead of its date. Returns them. */
  finalize(id: string): Order[] {
    const named = this.all().filter((order) => order.fields.order_id === id || order.buttonOrderId === id);
    const open = named.filter((order) => order.status === 'open');
    return open.map((order) => this.#finalize({ ...order, finalizationMs: this.#options.clock.now() }));
  }

  /**
   * The order that Button's id or the Brand's own id names; the newest one, if a world lets orders share an
   * id.
   */
  find(brandId: string, id: string): Order | undefined {
    const byButtonId = this.#orders.get(id);
    if (byButtonId?.brandId === brandId) return byButtonId;
    const newest = this.#buttonIdsByOrderId.get(orderKey(brandId, id))?.at(-1);
    return newest === undefined ? undefined : this.#orders.get(newest);
  }

  /** The Brand's id of the order that Button's id names; any other id is taken for the Brand's. */
  orderIdOf(id: string): string {
    return this.#orders.get(id)?.fields.order_id ?? id;
  }

  /** Like `find`; undefined as long as the world does not show the order. */
  findVisible(brandId: string, id: string): Order | undefined {
    const order = this.find(brandId, id);
    return order && this.#isVisible(order) ? order : undefined;
  }

  /** The orders of a token that the world shows. */
  findByBtnRef(brandId: string, btnRef: string): Order[] {
    return this.all().filter(
      (order) => order.brandId === brandId && order.fields.btn_ref === btnRef && this.#isVisible(order),
    );
  }

  /** Every order, oldest first. */
  all(): Order[] {
    return [...this.#orders.values()];
  }

  /** Adds the orders of another book unchanged, the oldest first. */
  restore(orders: readonly Order[]): void {
    for (const order of orders) {
      this.#index(order);
      this.#orders.set(order.buttonOrderId, order);
      this.#finalizeLater(order);
    }
  }

  clear(): void {
    this.#orders.clear();
    this.#buttonIdsByOrderId.clear();
  }

  #isVisible({ createdMs }: Order): boolean {
    const { clock, world } = this.#options;
    return clock.now() - createdMs >= world.orderVisibleAfterMs;
  }

  #add(brandId: string, reported: OrderFields): Order {
    const { clock, finalizationDays, newId, world } = this.#options;
    const { btn_ref: _token, ...tokenless } = reported;
    const fields = world.tokenOnCreate === 'ignored' ? tokenless : reported;
    const nowMs = clock.now();
    const buttonOrderId = newId('btnorder');
    const order: Order = {
      buttonOrderId,
      brandId,
      fields,
      status: 'open',
      createdMs: nowMs,
      reportedMs: nowMs,
      finalizationMs: requestedFinalizationMs(fields) ?? nowMs + finalizationDays * DAY_MS,
    };
    this.#index(order);
    return this.#put(order);
  }

  #index({ brandId, fields, buttonOrderId }: Order): void {
    const key = orderKey(brandId, fields.order_id);
    this.#buttonIdsByOrderId.set(key, [...(this.#buttonIdsByOrderId.get(key) ?? []), buttonOrderId]);
  }

  #merge(order: Order, update: OrderUpdate): Order {
    const { clock, world } = this.#options;
    const cleared = world.omittedLineItems === 'cleared' ? { line_items: [] } : {};
    const { btn_ref: held } = order.fields;
    const { btn_ref: given = held } = update;
    const token = world.tokenOnUpdate === 'accepted' ? given : held;
    const fields = OrderFieldsSchema.parse({
      ...order.fields,
      ...cleared,
      ...update,
      btn_ref: token,
      order_id: order.fields.order_id,
    });
    return this.#put({
      ...order,
      fields,
      reportedMs: clock.now(),
      finalizationMs: requestedFinalizationMs(update) ?? order.finalizationMs,
    });
  }

  #finalize(order: Order): Order {
    return this.#put({ ...order, status: 'finalized' });
  }

  #put(order: Order): Order {
    const dateChanged = this.#orders.get(order.buttonOrderId)?.finalizationMs !== order.finalizationMs;
    this.#orders.set(order.buttonOrderId, order);
    this.#options.onChange(order);
    if (dateChanged) this.#finalizeLater(order);
    return order;
  }

  #finalizeLater({ status, finalizationMs, buttonOrderId }: Order): void {
    if (status !== 'open') return;
    this.#options.clock.at(finalizationMs, () => {
      this.#finalizeIfDue(buttonOrderId);
    });
  }

  #finalizeIfDue(buttonOrderId: string): void {
    const order = this.#orders.get(buttonOrderId);
    if (order?.status === 'open' && order.finalizationMs <= this.#options.clock.now()) this.#finalize(order);
  }
}

function requestedFinalizationMs(fields: OrderUpdate): number | undefined {
  return fields.finalization_date === undefined ? undefined : Date.parse(fields.finalization_date);
}

function orderKey(brandId: string, orderId: string): string {
  return `${brandId}\n${orderId}`;
}
