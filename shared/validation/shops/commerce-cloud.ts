import * as z from 'zod';

import { asJsonObject } from '../json/json-object.ts';
import { withoutTax } from '../orders/exact-amount.ts';
import { DecimalSchema, IdSchema, optionalList, OptionalTextSchema } from './payload.ts';
import { toShopEvent } from './shop-event.ts';
import type { ShopLine, ShopMapping, ShopOptions } from './shop-order.ts';
import { refuse, refuseMalformed } from './shop-reason.ts';

const OptionSchema = z.object({
  item_id: IdSchema,
  product_id: OptionalTextSchema,
  product_name: OptionalTextSchema,
  item_text: OptionalTextSchema,
  quantity: DecimalSchema,
  price_after_order_discount: DecimalSchema,
  tax_rate: DecimalSchema.optional(),
});
const ItemSchema = OptionSchema.extend({ option_items: optionalList(OptionSchema) });

const OrderSchema = z.object({
  order_no: IdSchema,
  creation_date: z.string(),
  last_modified: z.string(),
  currency: z.string(),
  taxation: z.enum(['gross', 'net']),
  status: z.string(),
  customer_info: z.object({ customer_id: OptionalTextSchema, email: OptionalTextSchema }).nullish(),
  coupon_items: optionalList(z.object({ code: OptionalTextSchema })),
  product_items: z.array(ItemSchema),
});

const STATES = new Map([
  ['created', 'not-placed'],
  ['failed', 'not-placed'],
  ['cancelled', 'cancelled'],
  ['replaced', 'cancelled'],
] as const);

/**
 * An order of Salesforce B2C Commerce (Commerce Cloud): the document `order` of OCAPI, or that of the SCAPI
 * Orders API, which has the same fields in camel case. The token is in the custom attribute `c_btn_ref`
 * (`c_btnRef` in SCAPI).
 *
 * Source: Salesforce B2C Commerce, OCAPI, Order document; Product item document.
 */
export function fromCommerceCloud(payload: unknown, options: ShopOptions = {}): ShopMapping {
  const fields = inSnakeCase(payload);
  const reading = OrderSchema.safeParse(fields);
  if (!reading.success) return refuseMalformed(reading.error);
  const order = reading.data;
  const items = order.product_items.flatMap((item) => [item, ...item.option_items]);
  const isTaxKnown = items.every(
    ({ tax_rate, price_after_order_discount: price }) => tax_rate !== undefined || price === 0n,
  );
  if (order.taxation === 'gross' && !isTaxKnown) return refuse('tax_unknown', ['product_items']);
  const btnRef = asJsonObject(fields)?.[`c_${toSnakeCase(options.btnRefName ?? 'btn_ref')}`];
  return toShopEvent(
    {
      orderId: order.order_no,
      currency: order.currency,
      purchasedAt: order.creation_date,
      changedAt: order.last_modified,
      state: stateOf(order.status),
      btnRef: typeof btnRef === 'string' ? btnRef : undefined,
      customerId: order.customer_info?.customer_id,
      email: order.customer_info?.email,
      lines: items.map((item) => toLine(item, order)),
    },
    options,
  );
}

function stateOf(status: string): 'placed' | 'cancelled' | 'not-placed' {
  for (const [name, state] of STATES) if (name === status) return state;
  return 'placed';
}

/** With gross taxation the tax is in the price, after all discounts. */
function toLine(item: z.infer<typeof OptionSchema>, order: z.infer<typeof OrderSchema>): ShopLine {
  const price = item.price_after_order_discount;
  const net = order.taxation === 'gross' ? withoutTax(price, item.tax_rate ?? 0n) : price;
  return {
    id: item.item_id,
    net,
    tax: price - net,
    quantity: item.quantity,
    kept: item.quantity,
    sku: item.product_id,
    description: item.product_name ?? item.item_text,
    couponCodes: order.coupon_items.flatMap(({ code }) => code ?? []),
  };
}

/** SCAPI writes `orderNo` where OCAPI writes `order_no`; a custom attribute begins with `c_` in both. */
function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase);
  const fields = asJsonObject(value);
  if (!fields) return value;
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [toSnakeCase(name), inSnakeCase(field)]),
  );
}

function toSnakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
