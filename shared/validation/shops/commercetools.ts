import * as z from 'zod';

import { minorUnitDecimals } from '../orders/currency.ts';
import { ofMinorUnits, sumExact, withoutTax } from '../orders/exact-amount.ts';
import { DecimalSchema, findNamed, IdSchema, optionalList, OptionalTextSchema } from './payload.ts';
import { toShopEvent } from './shop-event.ts';
import { netOf, takeOff } from './shop-lines.ts';
import type { ShopLine, ShopMapping, ShopOptions } from './shop-order.ts';
import { refuse, refuseMalformed } from './shop-reason.ts';

/** `centAmount` counts the smallest unit of the currency, whatever that is. */
const MoneySchema = z
  .object({
    centAmount: z.int(),
    currencyCode: z.string(),
    fractionDigits: z.int().min(0).max(18).optional(),
  })
  .transform(({ centAmount, currencyCode, fractionDigits }) =>
    ofMinorUnits(centAmount, fractionDigits ?? minorUnitDecimals(currencyCode) ?? 2),
  );

const TaxedPriceSchema = z.object({ totalNet: MoneySchema, totalGross: MoneySchema });

const LineSchema = z.object({
  id: IdSchema,
  name: z.record(z.string(), z.string()).optional(),
  variant: z.object({ sku: OptionalTextSchema }).optional(),
  quantity: DecimalSchema,
  totalPrice: MoneySchema,
  taxedPrice: TaxedPriceSchema.optional(),
  taxRate: z.object({ amount: DecimalSchema, includedInPrice: z.boolean() }).optional(),
});

const CustomLineSchema = z.object({ taxedPrice: TaxedPriceSchema.optional(), totalPrice: MoneySchema });

const OrderSchema = z.object({
  id: IdSchema,
  version: z.int().min(0),
  orderNumber: OptionalTextSchema,
  createdAt: z.string(),
  completedAt: OptionalTextSchema,
  lastModifiedAt: z.string(),
  orderState: z.string(),
  taxMode: OptionalTextSchema,
  totalPrice: z.object({ currencyCode: z.string() }),
  customerId: OptionalTextSchema,
  customerEmail: OptionalTextSchema,
  custom: z.object({ fields: z.record(z.string(), z.unknown()) }).nullish(),
  lineItems: z.array(LineSchema),
  customLineItems: optionalList(CustomLineSchema),
  discountOnTotalPrice: z
    .object({ discountedAmount: MoneySchema, discountedNetAmount: MoneySchema.optional() })
    .nullish(),
  returnInfo: optionalList(
    z.object({
      items: z.array(
        z.object({ lineItemId: OptionalTextSchema, quantity: DecimalSchema, paymentState: z.string() }),
      ),
    }),
  ),
});
type CommercetoolsOrder = z.infer<typeof OrderSchema>;

/**
 * An Order of commercetools, as the HTTP API and the payload of `OrderCreated` hold it. `sequence` is the
 * `version` of the Order.
 *
 * Source: commercetools, HTTP API, Orders; Carts, "DiscountOnTotalPrice" and "TaxedItemPrice".
 */
export function fromCommercetools(payload: unknown, options: ShopOptions = {}): ShopMapping {
  const reading = OrderSchema.safeParse(payload);
  if (!reading.success) return refuseMalformed(reading.error);
  const order = reading.data;
  const lines = order.lineItems.map((line) => toLine(line, order));
  const unknown = lines.indexOf(undefined);
  if (unknown >= 0) return refuse('tax_unknown', ['lineItems', unknown]);
  const fields = Object.entries(order.custom?.fields ?? {}).map(([name, value]) => ({ name, value }));
  return toShopEvent(
    {
      orderId: order.id,
      customerOrderId: order.orderNumber,
      currency: order.totalPrice.currencyCode,
      purchasedAt: order.completedAt ?? order.createdAt,
      changedAt: order.lastModifiedAt,
      version: String(order.version),
      state: order.orderState === 'Cancelled' ? 'cancelled' : 'placed',
      btnRef: findNamed(fields, options.btnRefName ?? 'btn_ref'),
      customerId: order.customerId,
      email: order.customerEmail,
      lines: withoutOrderDiscount(
        lines.flatMap((line) => line ?? []),
        order,
      ),
    },
    options,
  );
}

/** Undefined if the tax of the line is not known yet. */
function toLine(
  line: CommercetoolsOrder['lineItems'][number],
  order: CommercetoolsOrder,
): ShopLine | undefined {
  const price = priceOf(line, order);
  if (!price) return undefined;
  const returned = order.returnInfo
    .flatMap(({ items }) => items)
    .filter(({ lineItemId, paymentState }) => lineItemId === line.id && paymentState === 'Refunded');
  return {
    id: line.id,
    ...price,
    quantity: line.quantity,
    kept: line.quantity - sumExact(returned.map(({ quantity }) => quantity)),
    sku: line.variant?.sku,
    description: Object.values(line.name ?? {})[0],
  };
}

function priceOf(
  { taxedPrice, taxRate, totalPrice }: CommercetoolsOrder['lineItems'][number],
  { taxMode }: CommercetoolsOrder,
): { net: bigint; tax: bigint } | undefined {
  if (taxedPrice) return { net: taxedPrice.totalNet, tax: taxedPrice.totalGross - taxedPrice.totalNet };
  if (taxRate?.includedInPrice) {
    const net = withoutTax(totalPrice, taxRate.amount);
    return { net, tax: totalPrice - net };
  }
  return taxRate || taxMode === 'Disabled' || totalPrice === 0n ? { net: totalPrice, tax: 0n } : undefined;
}

/**
 * A discount on the total price is in no line: each bears the same share of it, and so do the custom line
 * items, which are not reported.
 */
function withoutOrderDiscount(lines: readonly ShopLine[], order: CommercetoolsOrder): ShopLine[] {
  const { discountOnTotalPrice: discount, customLineItems } = order;
  const custom = customLineItems.map(({ taxedPrice, totalPrice }) => taxedPrice?.totalNet ?? totalPrice);
  const off = discount ? (discount.discountedNetAmount ?? discount.discountedAmount) : 0n;
  return takeOff(lines, off, netOf(lines) + sumExact(custom));
}
