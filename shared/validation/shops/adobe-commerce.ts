import * as z from 'zod';

import { minorUnitDecimals } from '../orders/currency.ts';
import { ofMinorUnits, sumExact } from '../orders/exact-amount.ts';
import {
  DecimalSchema,
  findNamed,
  IdSchema,
  OptionalDecimalSchema,
  OptionalIdSchema,
  OptionalTextSchema,
} from './payload.ts';
import { toShopEvent } from './shop-event.ts';
import type { ShopLine, ShopMapping, ShopOptions } from './shop-order.ts';
import { refuse, refuseMalformed } from './shop-reason.ts';

const ItemSchema = z.object({
  item_id: IdSchema,
  parent_item_id: OptionalIdSchema,
  product_type: OptionalTextSchema,
  sku: OptionalTextSchema,
  name: OptionalTextSchema,
  qty_ordered: DecimalSchema,
  qty_canceled: OptionalDecimalSchema,
  qty_refunded: OptionalDecimalSchema,
  row_total: OptionalDecimalSchema,
  tax_amount: OptionalDecimalSchema,
  discount_amount: OptionalDecimalSchema,
  discount_tax_compensation_amount: OptionalDecimalSchema,
});
type AdobeItem = z.infer<typeof ItemSchema>;

const OrderSchema = z.object({
  entity_id: IdSchema,
  increment_id: OptionalTextSchema,
  state: z.string(),
  order_currency_code: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  customer_id: OptionalIdSchema,
  customer_email: OptionalTextSchema,
  coupon_code: OptionalTextSchema,
  subtotal: DecimalSchema,
  adjustment_positive: OptionalDecimalSchema,
  adjustment_negative: OptionalDecimalSchema,
  extension_attributes: z.record(z.string(), z.unknown()).nullish(),
  items: z.array(ItemSchema),
});

/**
 * An order of Adobe Commerce (Magento 2): the answer of `GET /V1/orders/{id}`. The token is in
 * `extension_attributes`.
 *
 * Source: Adobe Commerce, REST API, `sales-data-order-interface`.
 */
export function fromAdobeCommerce(payload: unknown, options: ShopOptions = {}): ShopMapping {
  const reading = OrderSchema.safeParse(payload);
  if (!reading.success) return refuseMalformed(reading.error);
  const order = reading.data;
  const items = pricedItems(order.items);
  const decimals = minorUnitDecimals(order.order_currency_code) ?? 2;
  const difference = sumExact(items.map(({ row_total }) => row_total)) - order.subtotal;
  const coin = ofMinorUnits(1, decimals);
  if (difference > coin || difference < -coin) return refuse('totals_differ', ['subtotal']);
  const fields = Object.entries(order.extension_attributes ?? {}).map(([name, value]) => ({ name, value }));
  return toShopEvent(
    {
      orderId: order.entity_id,
      customerOrderId: order.increment_id,
      currency: order.order_currency_code,
      purchasedAt: order.created_at,
      changedAt: order.updated_at,
      state: stateOf(order.state),
      btnRef: findNamed(fields, options.btnRefName ?? 'btn_ref'),
      customerId: order.customer_id,
      email: order.customer_email,
      lines: items.map((item) => toLine(item, order.coupon_code)),
      // A fee that is kept back of a refund is no sale.
      refundedMoney: order.adjustment_positive - order.adjustment_negative,
    },
    options,
  );
}

function stateOf(state: string): 'placed' | 'cancelled' | 'not-placed' {
  if (state === 'canceled' || state === 'closed') return 'cancelled';
  return state === 'pending_payment' || state === 'payment_review' ? 'not-placed' : 'placed';
}

/**
 * The items that bear the price. Of a configurable product that is the parent; of a bundle it is the parent
 * if its price is fixed, else the children.
 */
function pricedItems(items: readonly AdobeItem[]): AdobeItem[] {
  const dynamicBundles = new Set(
    items
      .filter(({ item_id, product_type }) => product_type === 'bundle' && hasPricedChildren(items, item_id))
      .map(({ item_id }) => item_id),
  );
  return items.filter(({ item_id, parent_item_id: parent }) =>
    parent === undefined ? !dynamicBundles.has(item_id) : dynamicBundles.has(parent),
  );
}

function hasPricedChildren(items: readonly AdobeItem[], parent: string): boolean {
  return items.some(({ parent_item_id, row_total }) => parent_item_id === parent && row_total > 0n);
}

/**
 * `row_total` is without tax and before discounts. If prices hold tax, so does the discount; the compensation
 * is that tax.
 */
function toLine(item: AdobeItem, couponCode: string | null | undefined): ShopLine {
  return {
    id: item.item_id,
    net: item.row_total - item.discount_amount + item.discount_tax_compensation_amount,
    tax: item.tax_amount,
    quantity: item.qty_ordered,
    kept: item.qty_ordered - item.qty_canceled - item.qty_refunded,
    isGiftCard: item.product_type === 'giftcard',
    sku: item.sku,
    description: item.name,
    couponCodes: couponCode && item.discount_amount > 0n ? [couponCode] : [],
  };
}
