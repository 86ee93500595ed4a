import { applyOrderDiscount } from './discount.ts';
import type { Order } from './order.ts';

/** What to report after a refund: the order's new version, or its cancellation. */
export type RefundResult =
  | { kind: 'updated'; order: Order }
  | { kind: 'cancelled'; orderId: string }
  | { kind: 'impossible'; problem: 'amount_not_minor_units' };

/**
 * Takes a refund of money, for which no goods came back, off the lines of an order in proportion to their
 * totals. `amountMinor` is in minor units and without tax and delivery, like the totals. If nothing remains,
 * the order is cancelled.
 *
 * For goods that came back, use `remainingItems`.
 */
export function refundAmount(order: Order, amountMinor: number): RefundResult {
  if (!Number.isSafeInteger(amountMinor) || amountMinor < 0) {
    return { kind: 'impossible', problem: 'amount_not_minor_units' };
  }
  if (amountMinor >= order.total) return { kind: 'cancelled', orderId: order.order_id };
  const { line_items } = order;
  const discounting = line_items && applyOrderDiscount(line_items, { amountMinor });
  const lines = discounting?.ok ? { line_items: discounting.lineItems } : {};
  return { kind: 'updated', order: { ...order, total: order.total - amountMinor, ...lines } };
}
