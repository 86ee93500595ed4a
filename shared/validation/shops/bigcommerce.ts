import * as z from 'zod';

import { minorUnitDecimals } from '../orders/currency.ts';
import { ofMinorUnits, shareOf, sumExact } from '../orders/exact-amount.ts';
import {
  DecimalSchema,
  IdSchema,
  OptionalDecimalSchema,
  OptionalIdSchema,
  optionalList,
  OptionalTextSchema,
} from './payload.ts';
import { readRfc2822Date } from './rfc2822-date.ts';
import { toShopEvent } from './shop-event.ts';
import { netOf } from './shop-lines.ts';
import type { ShopLine, ShopMapping, ShopOptions } from './shop-order.ts';
import { refuse, refuseField, refuseMalformed } from './shop-reason.ts';

const ProductSchema = z.object({
  id: IdSchema,
  name: OptionalTextSchema,
  sku: OptionalTextSchema,
  upc: OptionalTextSchema,
  type: OptionalTextSchema,
  quantity: DecimalSchema,
  quantity_refunded: OptionalDecimalSchema,
  total_ex_tax: DecimalSchema,
  total_tax: OptionalDecimalSchema,
  applied_discounts: optionalList(z.object({ amount: DecimalSchema, code: OptionalTextSchema })),
});
type BigCommerceProduct = z.infer<typeof ProductSchema>;

const OrderSchema = z.object({
  id: IdSchema,
  status_id: z.int(),
  currency_code: z.string(),
  date_created: z.string(),
  date_modified: z.string(),
  customer_id: OptionalIdSchema,
  billing_address: z.object({ email: OptionalTextSchema }).nullish(),
  total_ex_tax: DecimalSchema,
  shipping_cost_ex_tax: OptionalDecimalSchema,
  handling_cost_ex_tax: OptionalDecimalSchema,
  wrapping_cost_ex_tax: OptionalDecimalSchema,
  refunded_amount: OptionalDecimalSchema,
  products: z.array(ProductSchema),
});
type BigCommerceOrder = z.infer<typeof OrderSchema>;

const INCOMPLETE = 0;
const REFUNDED = 4;
const CANCELLED = 5;
const DECLINED = 6;

/**
 * An order of BigCommerce: the answer of `GET /v2/orders/{id}`, with the answer of `GET
 * /v2/orders/{id}/products` in the place of its `products`. Webhooks hold the id only. The order has no field
 * for the token: pass it in `options.btnRef`.
 *
 * Source: BigCommerce, REST Management API, Orders v2.
 */
export function fromBigCommerce(payload: unknown, options: ShopOptions = {}): ShopMapping {
  const reading = OrderSchema.safeParse(payload);
  if (!reading.success) return refuseMalformed(reading.error);
  const order = reading.data;
  const purchasedAt = readRfc2822Date(order.date_created);
  const changedAt = readRfc2822Date(order.date_modified);
  if (purchasedAt === undefined) return refuseField('date_not_iso_8601', ['date_created']);
  if (changedAt === undefined) return refuseField('date_not_iso_8601', ['date_modified']);
  const wasReturned = order.products.some(({ quantity_refunded }) => quantity_refunded > 0n);
  const state = stateOf(order.status_id);
  if (state === 'placed' && order.refunded_amount > 0n && !wasReturned)
    return refuse('refund_unclear', ['refunded_amount']);
  const lines = withoutOrderDiscount(order);
  if (!lines) return refuse('totals_differ', ['total_ex_tax']);
  return toShopEvent(
    {
      orderId: order.id,
      currency: order.currency_code,
      purchasedAt,
      changedAt,
      state,
      customerId: order.customer_id === '0' ? undefined : order.customer_id,
      email: order.billing_address?.email,
      lines,
    },
    options,
  );
}

function stateOf(statusId: number): 'placed' | 'cancelled' | 'not-placed' {
  if (statusId === INCOMPLETE) return 'not-placed';
  return [REFUNDED, CANCELLED, DECLINED].includes(statusId) ? 'cancelled' : 'placed';
}

/**
 * The lines, with what all discounts left of them. `applied_discounts` may have tax in them; what the goods
 * cost without it is what the order cost without delivery, handling and wrapping. Undefined if that is more
 * than the goods cost before discounts: it holds something else.
 */
function withoutOrderDiscount(order: BigCommerceOrder): ShopLine[] | undefined {
  const { total_ex_tax, shipping_cost_ex_tax, handling_cost_ex_tax, wrapping_cost_ex_tax } = order;
  const goods = total_ex_tax - shipping_cost_ex_tax - handling_cost_ex_tax - wrapping_cost_ex_tax;
  const coin = ofMinorUnits(1, minorUnitDecimals(order.currency_code) ?? 2);
  const lines = order.products.map(toLine);
  const sum = netOf(lines);
  const before = sumExact(order.products.map((product) => product.total_ex_tax));
  if (goods < 0n || goods > before + coin || (sum === 0n && goods > coin)) return undefined;
  return lines.map((line) => ({ ...line, net: shareOf(line.net, goods, sum) }));
}

function toLine(product: BigCommerceProduct): ShopLine {
  const { applied_discounts: discounts } = product;
  const net = product.total_ex_tax - sumExact(discounts.map(({ amount }) => amount));
  return {
    id: product.id,
    net: net < 0n ? 0n : net,
    tax: product.total_tax,
    quantity: product.quantity,
    kept: product.quantity - product.quantity_refunded,
    isGiftCard: product.type === 'giftcertificate',
    sku: product.sku,
    productCode: product.upc,
    description: product.name,
    couponCodes: discounts.flatMap(({ code }) => code ?? []),
  };
}
