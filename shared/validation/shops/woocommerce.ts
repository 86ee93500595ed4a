import * as z from 'zod';

import { sumExact } from '../orders/exact-amount.ts';
import {
  DecimalSchema,
  findNamed,
  IdSchema,
  OptionalDecimalSchema,
  OptionalIdSchema,
  optionalList,
  OptionalTextSchema,
} from './payload.ts';
import { toShopEvent } from './shop-event.ts';
import { takeOff } from './shop-lines.ts';
import type { ShopLine, ShopMapping, ShopOptions } from './shop-order.ts';
import { refuse, refuseMalformed } from './shop-reason.ts';

const MetaSchema = z.object({ key: z.string(), value: z.unknown() });

const LineSchema = z.object({
  id: IdSchema,
  name: OptionalTextSchema,
  sku: OptionalTextSchema,
  global_unique_id: OptionalTextSchema,
  quantity: DecimalSchema,
  total: DecimalSchema,
  total_tax: OptionalDecimalSchema,
});

/** Quantities and totals of a refund are negative, its `amount` is not. */
const RefundSchema = z.object({
  amount: DecimalSchema,
  line_items: optionalList(
    z.object({
      quantity: DecimalSchema,
      total: DecimalSchema,
      total_tax: OptionalDecimalSchema,
      meta_data: optionalList(MetaSchema),
    }),
  ),
  shipping_lines: optionalList(z.object({ total: DecimalSchema, total_tax: OptionalDecimalSchema })),
  fee_lines: optionalList(z.object({ total: DecimalSchema, total_tax: OptionalDecimalSchema })),
});
type WooRefund = z.infer<typeof RefundSchema>;

const OrderSchema = z.object({
  id: IdSchema,
  number: OptionalTextSchema,
  status: z.string(),
  currency: z.string(),
  date_created_gmt: z.string(),
  date_modified_gmt: z.string(),
  customer_id: OptionalIdSchema,
  billing: z.object({ email: OptionalTextSchema }).nullish(),
  meta_data: optionalList(MetaSchema),
  line_items: z.array(LineSchema),
  fee_lines: optionalList(z.object({ total: DecimalSchema })),
  coupon_lines: optionalList(z.object({ code: z.string() })),
  refunds: optionalList(z.unknown()),
});
type WooOrder = z.infer<typeof OrderSchema>;

/** Options of WooCommerce: an order names its refunds, and says of what only in a list of their own. */
export type WooCommerceOptions = ShopOptions & {
  /** The answer of `GET /wc/v3/orders/{id}/refunds`; needed once the order has refunds. */
  refunds?: unknown;
};

/**
 * An order of WooCommerce: the body of the webhooks `order.created` and `order.updated`, or the answer of
 * `GET /wc/v3/orders/{id}`. The token is in `meta_data`.
 *
 * Source: WooCommerce REST API v3, Orders; Order refunds.
 */
export function fromWooCommerce(payload: unknown, options: WooCommerceOptions = {}): ShopMapping {
  const reading = OrderSchema.safeParse(payload);
  if (!reading.success) return refuseMalformed(reading.error);
  const order = reading.data;
  const refunds = z.array(RefundSchema).safeParse(options.refunds ?? []);
  if (!refunds.success) return refuseMalformed(refunds.error);
  if (refunds.data.length < order.refunds.length) return refuse('refunds_missing', ['refunds']);
  const meta = order.meta_data.map(({ key, value }) => ({ name: key, value }));
  return toShopEvent(
    {
      orderId: order.id,
      customerOrderId: order.number,
      currency: order.currency,
      purchasedAt: order.date_created_gmt,
      changedAt: order.date_modified_gmt,
      state: stateOf(order.status),
      btnRef: findNamed(meta, options.btnRefName ?? 'btn_ref'),
      customerId: order.customer_id === '0' ? undefined : order.customer_id,
      email: order.billing?.email,
      lines: withoutNegativeFees(
        order.line_items.map((line) => toLine(line, { order, refunds: refunds.data })),
        order,
      ),
      wasRefunded: refunds.data.length > 0,
      refundedMoney: sumExact(refunds.data.map(moneyWithoutLines)),
    },
    options,
  );
}

function stateOf(status: string): 'placed' | 'cancelled' | 'not-placed' {
  if (status === 'cancelled' || status === 'refunded') return 'cancelled';
  return ['pending', 'failed', 'checkout-draft', 'auto-draft', 'trash'].includes(status)
    ? 'not-placed'
    : 'placed';
}

/** What of a line was refunded is taken off: money, and units if any came back. */
function toLine(
  line: WooOrder['line_items'][number],
  { order, refunds }: { order: WooOrder; refunds: readonly WooRefund[] },
): ShopLine {
  const refunded = refunds
    .flatMap(({ line_items }) => line_items)
    .filter(({ meta_data }) => String(findMeta(meta_data, '_refunded_item_id')) === line.id);
  const quantity = line.quantity + sumExact(refunded.map((item) => item.quantity));
  return {
    id: line.id,
    net: line.total + sumExact(refunded.map((item) => item.total)),
    tax: line.total_tax + sumExact(refunded.map((item) => item.total_tax)),
    quantity,
    kept: quantity,
    sku: line.sku,
    productCode: line.global_unique_id,
    description: line.name,
    couponCodes: order.coupon_lines.map(({ code }) => code),
  };
}

function findMeta(meta: readonly z.infer<typeof MetaSchema>[], name: string): unknown {
  return meta.find(({ key }) => key === name)?.value;
}

/** What was refunded beyond lines, delivery and fees, which shops enter as a mere amount. */
function moneyWithoutLines({ amount, line_items, shipping_lines, fee_lines }: WooRefund): bigint {
  const itemized = [...line_items, ...shipping_lines, ...fee_lines];
  return amount + sumExact(itemized.flatMap(({ total, total_tax }) => [total, total_tax]));
}

/** Plugins write a discount as a negative fee. Other fees are surcharges, and no goods. */
function withoutNegativeFees(lines: readonly ShopLine[], { fee_lines }: WooOrder): ShopLine[] {
  const discounts = fee_lines.filter(({ total }) => total < 0n);
  return takeOff(lines, -sumExact(discounts.map(({ total }) => total)));
}
