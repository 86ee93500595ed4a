import * as z from 'zod';

import { multiplyExact, sumExact } from '../orders/exact-amount.ts';
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
import type { ShopLine, ShopMapping, ShopOptions } from './shop-order.ts';
import { refuse, refuseMalformed } from './shop-reason.ts';

const LineSchema = z.object({
  id: IdSchema,
  sku: OptionalTextSchema,
  title: OptionalTextSchema,
  quantity: DecimalSchema,
  current_quantity: DecimalSchema.optional(),
  price: DecimalSchema,
  gift_card: z.boolean().default(false),
  discount_allocations: optionalList(
    z.object({ amount: DecimalSchema, discount_application_index: z.int().min(0).optional() }),
  ),
  tax_lines: optionalList(z.object({ price: DecimalSchema })),
});

const RefundSchema = z.object({
  refund_line_items: optionalList(z.object({ line_item_id: IdSchema, quantity: DecimalSchema })),
  order_adjustments: optionalList(
    z.object({ kind: OptionalTextSchema, amount: DecimalSchema, tax_amount: OptionalDecimalSchema }),
  ),
});

const OrderSchema = z.object({
  id: IdSchema,
  name: OptionalTextSchema,
  currency: z.string(),
  taxes_included: z.boolean(),
  created_at: z.string(),
  updated_at: z.string(),
  cancelled_at: OptionalTextSchema,
  test: z.boolean().default(false),
  email: OptionalTextSchema,
  customer: z.object({ id: OptionalIdSchema }).nullish(),
  note_attributes: optionalList(z.object({ name: z.string(), value: z.unknown() })),
  discount_applications: optionalList(z.object({ code: OptionalTextSchema })),
  line_items: z.array(LineSchema),
  refunds: optionalList(RefundSchema),
});
type ShopifyOrder = z.infer<typeof OrderSchema>;

/**
 * An order of Shopify: the body of the webhooks `orders/create`, `orders/updated` and `orders/cancelled`, or
 * the `order` of the REST Admin API. The event is in the shop's currency.
 *
 * Source: Shopify, REST Admin API, Order; Webhooks, `X-Shopify-Triggered-At`.
 */
export function fromShopify(payload: unknown, options: ShopOptions = {}): ShopMapping {
  const reading = OrderSchema.safeParse(payload);
  if (!reading.success) return refuseMalformed(reading.error);
  const order = reading.data;
  const btnRef = findNamed(order.note_attributes, options.btnRefName ?? 'btn_ref');
  if (order.test && !(options.btnRef ?? btnRef)?.startsWith('fakesrctok-'))
    return refuse('test_order', ['test']);
  return toShopEvent(
    {
      orderId: order.id,
      customerOrderId: order.name,
      currency: order.currency,
      purchasedAt: order.created_at,
      changedAt: order.updated_at,
      state: order.cancelled_at ? 'cancelled' : 'placed',
      btnRef,
      customerId: order.customer?.id,
      email: order.email,
      lines: order.line_items.map((line) => toLine(line, order)),
      refundedMoney: refundedMoney(order),
    },
    options,
  );
}

/** The price is of one unit; discounts and taxes are of all units that were sold. */
function toLine(line: ShopifyOrder['line_items'][number], order: ShopifyOrder): ShopLine {
  const tax = sumExact(line.tax_lines.map(({ price }) => price));
  const discount = sumExact(line.discount_allocations.map(({ amount }) => amount));
  const price = multiplyExact(line.price, line.quantity) - discount;
  const codes = line.discount_allocations.map(
    ({ discount_application_index: index }) =>
      (index === undefined ? undefined : order.discount_applications[index]?.code) ?? '',
  );
  const returned = order.refunds
    .flatMap(({ refund_line_items }) => refund_line_items)
    .filter(({ line_item_id }) => line_item_id === line.id);
  return {
    id: line.id,
    net: order.taxes_included ? price - tax : price,
    tax,
    quantity: line.quantity,
    kept: line.current_quantity ?? line.quantity - sumExact(returned.map(({ quantity }) => quantity)),
    isGiftCard: line.gift_card,
    sku: line.sku,
    description: line.title,
    couponCodes: codes.filter((code) => code !== ''),
  };
}

/**
 * An adjustment is what was refunded beyond the returned goods (negative), or kept back of them (positive).
 * The refund of delivery is one as well, in older versions of the API.
 */
function refundedMoney({ refunds }: ShopifyOrder): bigint {
  const adjustments = refunds
    .flatMap(({ order_adjustments }) => order_adjustments)
    .filter(({ kind }) => kind !== 'shipping_refund');
  return -sumExact(adjustments.flatMap(({ amount, tax_amount }) => [amount, tax_amount]));
}
