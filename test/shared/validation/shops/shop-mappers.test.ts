import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { minorUnitDecimals } from '../../../../shared/validation/orders/currency.ts';
import { validateOrder } from '../../../../shared/validation/orders/validate-order.ts';
import {
  fromAdobeCommerce,
  fromBigCommerce,
  fromCommerceCloud,
  fromCommercetools,
  fromShopify,
  fromWooCommerce,
  type ShopMapping,
} from '../../../../shared/validation/shops/index.ts';
import { RULES } from '../orders/order-samples.ts';
import { readPayload, type Payload } from './shop-payloads.ts';

/** A line of a cart. Amounts are in minor units, for one unit and without tax by default. */
type CartLine = {
  price: number;
  taxOfUnit: number;
  quantity: number;
  /** For all units, without tax. The tax of the line is computed after the discount. */
  discount: number;
  returned: number;
};
type Cart = { currency: string; lines: CartLine[]; delivery: number };

const cartLine: fc.Arbitrary<CartLine> = fc
  .record({
    price: fc.nat({ max: 50_000 }),
    taxOfUnit: fc.nat({ max: 9_000 }),
    quantity: fc.integer({ min: 1, max: 5 }),
    discountShare: fc.nat({ max: 100 }),
    returnedShare: fc.constantFrom(0, 0, 0, 50, 100),
  })
  .map(({ price, taxOfUnit, quantity, discountShare, returnedShare }) => ({
    price,
    taxOfUnit,
    quantity,
    discount: Math.floor((price * quantity * discountShare) / 100),
    returned: Math.floor((quantity * returnedShare) / 100),
  }));

const cart: fc.Arbitrary<Cart> = fc.record({
  currency: fc.constantFrom('USD', 'EUR', 'JPY', 'KWD'),
  lines: fc.array(cartLine, { minLength: 1, maxLength: 6 }),
  delivery: fc.nat({ max: 3_000 }),
});

const netOf = ({ price, quantity, discount }: CartLine) => price * quantity - discount;
const taxOf = ({ taxOfUnit, quantity }: CartLine) => taxOfUnit * quantity;

/**
 * The value of the remaining goods, rounded half up to the minor unit. It is calculated independently, in
 * sixtieths.
 */
function expectedTotal({ lines }: Cart): number {
  const sixtieths = lines.map(
    (line) => ((netOf(line) * 60) / line.quantity) * (line.quantity - line.returned),
  );
  const sum = sixtieths.reduce((all, part) => all + Math.round(part), 0);
  return Math.floor((sum + 30) / 60);
}

function decimal(minor: number, currency: string): string {
  return (minor / 10 ** (minorUnitDecimals(currency) ?? 2)).toFixed(4);
}

type Maker = (cart: Cart) => Payload;

const shopify =
  (taxesIncluded: boolean): Maker =>
  ({ currency, lines, delivery }) => ({
    ...readPayload('shopify'),
    currency,
    taxes_included: taxesIncluded,
    shipping_lines: [{ price: decimal(delivery, currency), tax_lines: [] }],
    line_items: lines.map((line, index) => ({
      id: 100 + index,
      sku: 'repeated',
      quantity: line.quantity,
      current_quantity: line.quantity - line.returned,
      price: decimal(line.price + (taxesIncluded ? line.taxOfUnit : 0), currency),
      discount_allocations: [{ amount: decimal(line.discount, currency) }],
      tax_lines: [{ price: decimal(taxOf(line), currency) }],
    })),
  });

const commercetools: Maker = ({ currency, lines, delivery }) => {
  const money = (centAmount: number) => ({
    type: 'centPrecision',
    currencyCode: currency,
    centAmount,
    fractionDigits: minorUnitDecimals(currency),
  });
  const { discountOnTotalPrice: _discount, ...order } = readPayload('commercetools');
  return {
    ...order,
    totalPrice: money(1),
    shippingInfo: { price: money(delivery) },
    lineItems: lines.map((line, index) => ({
      id: `line-${index}`,
      quantity: line.quantity,
      totalPrice: money(netOf(line) + taxOf(line)),
      taxedPrice: { totalNet: money(netOf(line)), totalGross: money(netOf(line) + taxOf(line)) },
    })),
    returnInfo: lines.map((line, index) => ({
      items: [{ lineItemId: `line-${index}`, quantity: line.returned, paymentState: 'Refunded' }],
    })),
  };
};

/** Returns are not part of the order in this system. */
const commerceCloud: Maker = ({ currency, lines, delivery }) => ({
  ...readPayload('commerce-cloud'),
  currency,
  shipping_items: [{ price: Number(decimal(delivery, currency)) }],
  product_items: lines.map((line, index) => ({
    item_id: `item-${index}`,
    product_id: 'repeated',
    quantity: line.quantity,
    price_after_order_discount: Number(decimal(netOf(line), currency)),
    tax_rate: 0.0825,
    adjusted_tax: Number(decimal(taxOf(line), currency)),
  })),
});

const adobeCommerce: Maker = ({ currency, lines, delivery }) => ({
  ...readPayload('adobe-commerce'),
  order_currency_code: currency,
  shipping_amount: Number(decimal(delivery, currency)),
  subtotal: Number(
    decimal(
      lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0),
      currency,
    ),
  ),
  items: lines.map((line, index) => ({
    item_id: index + 1,
    product_type: 'simple',
    sku: 'repeated',
    qty_ordered: line.quantity,
    qty_refunded: line.returned,
    row_total: Number(decimal(line.price * line.quantity, currency)),
    tax_amount: Number(decimal(taxOf(line), currency)),
    // The discount includes a tax of 7, which the compensation adds back.
    discount_amount: Number(decimal(line.discount + 7, currency)),
    discount_tax_compensation_amount: Number(decimal(7, currency)),
  })),
});

const wooCommerce: Maker = ({ currency, lines, delivery }) => ({
  ...readPayload('woocommerce'),
  currency,
  shipping_lines: [{ total: decimal(delivery, currency), total_tax: '0' }],
  fee_lines: [{ total: decimal(delivery, currency) }],
  line_items: lines.map((line, index) => ({
    id: index + 1,
    sku: '',
    quantity: line.quantity,
    subtotal: decimal(line.price * line.quantity, currency),
    total: decimal(netOf(line), currency),
    total_tax: decimal(taxOf(line), currency),
  })),
});

const bigCommerce: Maker = ({ currency, lines, delivery }) => ({
  ...readPayload('bigcommerce'),
  currency_code: currency,
  total_ex_tax: decimal(
    lines.reduce((sum, line) => sum + netOf(line), 3 * delivery),
    currency,
  ),
  shipping_cost_ex_tax: decimal(delivery, currency),
  handling_cost_ex_tax: decimal(delivery, currency),
  wrapping_cost_ex_tax: decimal(delivery, currency),
  products: lines.map((line, index) => ({
    id: index + 1,
    sku: 'repeated',
    type: 'physical',
    quantity: line.quantity,
    quantity_refunded: line.returned,
    total_ex_tax: decimal(line.price * line.quantity, currency),
    total_tax: decimal(taxOf(line), currency),
    applied_discounts: [{ id: 'coupon', amount: decimal(line.discount, currency) }],
  })),
});

const SHOPS: readonly (readonly [
  name: string,
  make: Maker,
  map: (payload: unknown) => ShopMapping,
  returns: boolean,
])[] = [
  ['Shopify, prices with tax', shopify(true), fromShopify, true],
  ['Shopify, prices without tax', shopify(false), fromShopify, true],
  ['commercetools', commercetools, fromCommercetools, true],
  ['Salesforce Commerce Cloud', commerceCloud, fromCommerceCloud, false],
  ['Adobe Commerce', adobeCommerce, fromAdobeCommerce, true],
  ['WooCommerce', wooCommerce, fromWooCommerce, false],
  ['BigCommerce', bigCommerce, (payload) => fromBigCommerce(payload, { btnRef: 'srctok-1' }), true],
];

describe.each(SHOPS)('orders, requirement 18: the mapper of %s', (_name, make, map, returns) => {
  const carts = returns
    ? cart
    : cart.map((each) => ({ ...each, lines: each.lines.map((line) => ({ ...line, returned: 0 })) }));

  it('turns any order into one that the reporter accepts, to the cent, or its cancellation once nothing remains', () => {
    fc.assert(
      fc.property(carts, (sold) => {
        const mapping = map(make(sold));

        const total = expectedTotal(sold);
        const event = mapping.ok ? mapping.event : undefined;
        if (total === 0 && sold.lines.some(({ returned }) => returned > 0)) {
          expect(event?.kind).toBe('cancelled');
          return;
        }
        const order = event?.kind === 'cancelled' ? undefined : event?.order;
        expect(validateOrder(order, RULES)).toMatchObject({ ok: true, warnings: [] });
        expect(order?.total).toBe(total);
        expect(order?.line_items?.reduce((sum, line) => sum + line.total, 0)).toBe(total);
      }),
    );
  });

  it('reports the same order whatever its taxes and delivery cost', () => {
    fc.assert(
      fc.property(carts, fc.nat({ max: 900 }), fc.nat({ max: 9_000 }), (sold, taxOfUnit, delivery) => {
        const lines = sold.lines.map((line) => ({ ...line, taxOfUnit }));

        expect(map(make({ ...sold, lines, delivery }))).toEqual(map(make(sold)));
      }),
    );
  });

  it('answers with reasons, whatever the input', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue()), (payload) => {
        const mapping = map(payload);

        const codes = mapping.ok ? [] : mapping.reasons.map(({ code }) => code);
        expect([...new Set(codes)]).toEqual(['payload_malformed']);
      }),
    );
  });
});
