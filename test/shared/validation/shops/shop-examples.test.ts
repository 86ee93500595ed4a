import { describe, expect, it } from 'vitest';

import {
  fromAdobeCommerce,
  fromBigCommerce,
  fromCommerceCloud,
  fromCommercetools,
  fromShopify,
  fromWooCommerce,
  type ShopMapping,
  type ShopOptions,
} from '../../../../shared/validation/shops/index.ts';
import { readPayload, readWooCommerceRefunds, withItem, type Payload } from './shop-payloads.ts';

const TOKEN = 'fakesrctok-abcdef0123456789';

/** What money depends on: the kind, the total, and the identifier, total and quantity of each line. */
function moneyOf(mapping: ShopMapping): unknown {
  if (!mapping.ok) return mapping.reasons.map(({ code }) => code);
  const { event } = mapping;
  if (event.kind === 'cancelled') return { kind: event.kind, orderId: event.orderId };
  const lines = event.order.line_items?.map(({ identifier, total, quantity }) => [
    identifier,
    total,
    quantity,
  ]);
  return { kind: event.kind, total: event.order.total, lines };
}

function codesOf(mapping: ShopMapping): string[] {
  return mapping.ok ? [] : mapping.reasons.map(({ code, path }) => `${code} ${path}`);
}

describe('an order of Shopify', () => {
  const payload = readPayload('shopify');

  it('is mapped to the cent, without tax, delivery and a purchased gift card', () => {
    expect(fromShopify(payload)).toEqual({
      ok: true,
      event: {
        kind: 'created',
        sequence: '1772615732000000000',
        time: '2026-03-04T09:15:32.000Z',
        order: {
          total: 5468,
          currency: 'EUR',
          order_id: '5678901234567',
          customer_order_id: '#1001',
          purchase_date: '2026-03-04T09:15:30Z',
          btn_ref: TOKEN,
          customer: { id: '7012345678901', email_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
          line_items: [
            {
              identifier: '13000000000001',
              total: 4523,
              quantity: 2,
              sku: 'TSHIRT-M',
              description: 'T-shirt',
              attributes: { coupon_code: 'SPRING10' },
            },
            {
              identifier: '13000000000002',
              total: 945,
              quantity: 1,
              description: 'Mug',
              attributes: { coupon_code: 'SPRING10' },
            },
            { identifier: '13000000000004', total: 0, quantity: 1, description: 'Sticker' },
          ],
        },
      },
    });
  });

  it('includes the gift card if the brand pays commission on those', () => {
    expect(moneyOf(fromShopify(payload, { giftCards: 'include' }))).toMatchObject({ total: 10468 });
  });

  it('is reduced by returns, and by refunds without returned goods', () => {
    const returned = withItem(payload, 'line_items', [0, { current_quantity: 1 }]);
    const refunds = [
      {
        id: 1,
        refund_line_items: [{ line_item_id: 13000000000001, quantity: 1, subtotal: '26.91' }],
        order_adjustments: [
          { kind: 'refund_discrepancy', amount: '-2.00', tax_amount: '0.00' },
          { kind: 'shipping_refund', amount: '-4.12', tax_amount: '-0.78' },
        ],
      },
    ];

    // 22.615 + 9.45, of which 36.16 / 38.16 remain.
    expect(moneyOf(fromShopify({ ...returned, refunds }))).toEqual({
      kind: 'updated',
      total: 3038,
      lines: [
        ['13000000000001', 2143, 1],
        ['13000000000002', 895, 1],
        ['13000000000004', 0, 1],
      ],
    });
  });

  it('counts returned units in payloads that have no current_quantity', () => {
    const old = withItem(payload, 'line_items', [0, { current_quantity: undefined }]);
    const refunds = [{ refund_line_items: [{ line_item_id: 13000000000001, quantity: 1 }] }];

    expect(moneyOf(fromShopify({ ...old, refunds }))).toMatchObject({ kind: 'updated', total: 3207 });
  });

  it('is not increased by money that the shop kept back from a refund', () => {
    const refunds = [{ order_adjustments: [{ kind: 'refund_discrepancy', amount: '8.00' }] }];

    expect(moneyOf(fromShopify({ ...payload, refunds }))).toMatchObject({ total: 5468 });
  });

  it('is cancelled once only a free item remains', () => {
    const first = withItem(payload, 'line_items', [0, { current_quantity: 0 }]);
    const both = withItem(first, 'line_items', [1, { current_quantity: 0 }]);

    expect(moneyOf(fromShopify(both))).toEqual({ kind: 'cancelled', orderId: '5678901234567' });
  });

  it('takes its version from the header of the webhook, to the nanosecond', () => {
    const mapping = fromShopify(payload, { observedAt: '2026-03-04T09:15:32.877041743Z' });

    expect(mapping).toMatchObject({
      event: { sequence: '1772615732877041743', time: '2026-03-04T09:15:32.877Z' },
    });
  });

  it.each([
    ['is cancelled in the shop', { cancelled_at: '2026-03-05T10:00:00+01:00' }, 'cancelled'],
    ['is a test with a real token', { test: true, note_attributes: [] }, 'test_order $.test'],
    ['has an id that JSON.parse has rounded', { id: Number('820982911946154508') }, 'payload_malformed $.id'],
    ['has an invalid currency', { currency: 'EURO' }, 'currency_not_iso_4217 $.currency'],
    ['has a date of another form', { updated_at: 'yesterday' }, 'date_not_iso_8601 $'],
    ['has lines of gift cards only', { line_items: [] }, 'no_goods $'],
    ['has no lines', { line_items: undefined }, 'payload_malformed $.line_items'],
  ])('says so if it %s', (_what, changes: Payload, answer) => {
    const mapping = fromShopify({ ...payload, ...changes });

    expect(mapping.ok ? mapping.event.kind : codesOf(mapping)[0]).toBe(answer);
  });

  it('is refused if the discounts exceed the line', () => {
    const tooMuch = withItem(payload, 'line_items', [1, { discount_allocations: [{ amount: '99.00' }] }]);

    expect(codesOf(fromShopify(tooMuch))).toEqual(['amount_negative $.line_items']);
  });
});

describe('an order of commercetools', () => {
  const payload = readPayload('commercetools');

  it('subtracts the discount on the total price, and counts versions as commercetools does', () => {
    const mapping = fromCommercetools(payload);

    expect(moneyOf(mapping)).toEqual({
      kind: 'created',
      total: 5467,
      lines: [
        ['line-shirt', 4522, 2],
        ['line-gift', 0, 1],
        ['line-mug', 945, 1],
      ],
    });
    expect(mapping).toMatchObject({
      event: {
        sequence: '3',
        time: '2026-03-04T09:15:31.456Z',
        order: { order_id: '0b6c1d4e-5c3f-4a57-9a3c-1f2e3d4c5b6a', customer_order_id: 'DE-2026-0042' },
      },
    });
  });

  it('subtracts returned items once they are refunded', () => {
    const returnOf = (paymentState: string) => ({
      ...payload,
      returnInfo: [{ items: [{ lineItemId: 'line-shirt', quantity: 1, paymentState }] }],
    });

    expect(moneyOf(fromCommercetools(returnOf('Initial')))).toMatchObject({ kind: 'created', total: 5467 });
    // 2261.04 + 944.91
    expect(moneyOf(fromCommercetools(returnOf('Refunded')))).toMatchObject({ kind: 'updated', total: 3206 });
  });

  it('calculates the tax from the rate, and says so if there is none', () => {
    const { discountOnTotalPrice: _discount, ...plain } = payload;
    const withRate = withItem(plain, 'lineItems', [0, { taxedPrice: undefined }]);
    const without = withItem(plain, 'lineItems', [0, { taxedPrice: undefined, taxRate: undefined }]);

    expect(moneyOf(fromCommercetools(withRate))).toMatchObject({ total: 5025 + 1050 });
    expect(codesOf(fromCommercetools(without))).toEqual(['tax_unknown $.lineItems[0]']);
    expect(moneyOf(fromCommercetools({ ...without, taxMode: 'Disabled' }))).toMatchObject({
      total: 5980 + 1050,
    });
  });

  it('is cancelled by its state', () => {
    expect(moneyOf(fromCommercetools({ ...payload, orderState: 'Cancelled' }))).toMatchObject({
      kind: 'cancelled',
    });
  });
});

describe('an order of Salesforce Commerce Cloud', () => {
  const payload = readPayload('commerce-cloud');
  const money = {
    kind: 'created',
    total: 20734,
    lines: [
      ['5060f31486572338f05d04fc56', 12785, 2],
      ['9a8003bebeea153d112083f2bd', 7949, 2],
      ['b0b0b0b0b0b0b0b0b0b0b0b0b0', 0, 1],
    ],
  };

  it('is mapped to the cent with net taxation', () => {
    expect(moneyOf(fromCommerceCloud(payload))).toEqual(money);
    expect(fromCommerceCloud(payload)).toMatchObject({
      event: { sequence: '1772615731482000000', order: { order_id: '00027012', btn_ref: TOKEN } },
    });
  });

  it('is the same in the camel case of SCAPI', () => {
    const camelCase = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(camelCase);
      if (typeof value !== 'object' || value === null) return value;
      const name = (text: string) =>
        text.replace(/(?<!^c|^)_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
      return Object.fromEntries(Object.entries(value).map(([key, field]) => [name(key), camelCase(field)]));
    };
    const scapi = camelCase(payload);

    expect(scapi).toMatchObject({ orderNo: '00027012', c_btnRef: TOKEN });
    expect(fromCommerceCloud(scapi)).toEqual(fromCommerceCloud(payload));
  });

  it('has its tax subtracted with gross taxation', () => {
    const gross = withItem({ ...payload, taxation: 'gross' }, 'product_items', [
      0,
      { price_after_order_discount: 119, tax_rate: 0.19 },
    ]);

    // 100.00 + 79.49 / 1.05 = 75.7047...
    expect(moneyOf(fromCommerceCloud(gross))).toMatchObject({ total: 17570 });
    const untaxed = withItem(gross, 'product_items', [1, { tax_rate: undefined }]);
    expect(codesOf(fromCommerceCloud(untaxed))).toEqual(['tax_unknown $.product_items']);
  });

  it.each([
    ['created', ['not_placed']],
    ['failed', ['not_placed']],
    ['cancelled', { kind: 'cancelled', orderId: '00027012' }],
    ['completed', money],
  ])('has the kind that its status %s says', (status, answer) => {
    expect(moneyOf(fromCommerceCloud({ ...payload, status }))).toEqual(answer);
  });
});

describe('an order of Adobe Commerce', () => {
  const payload = readPayload('adobe-commerce');

  it('counts each price once: of the configurable product, and of the items of the bundle', () => {
    expect(moneyOf(fromAdobeCommerce(payload))).toEqual({
      kind: 'created',
      total: 7500,
      lines: [
        ['2001', 4500, 1],
        ['2004', 1000, 2],
        ['2005', 2000, 2],
      ],
    });
    expect(fromAdobeCommerce(payload)).toMatchObject({
      event: {
        time: '2026-03-04T09:15:33.000Z',
        order: { order_id: '1042', customer_order_id: '000001042', purchase_date: '2026-03-04T09:15:30Z' },
      },
    });
  });

  it('counts the price of a bundle once if it is fixed', () => {
    const free = withItem(payload, 'items', [3, { row_total: 0 }]);
    const fixed = withItem(free, 'items', [4, { row_total: 0 }]);

    expect(moneyOf(fromAdobeCommerce(fixed))).toMatchObject({
      total: 7500,
      lines: [
        ['2001', 4500, 1],
        ['2003', 3000, 1],
      ],
    });
  });

  it('is reduced by credit memos: items, and an adjustment without items', () => {
    const refunded = withItem(payload, 'items', [3, { qty_refunded: 1 }]);

    expect(moneyOf(fromAdobeCommerce(refunded))).toMatchObject({ kind: 'updated', total: 7000 });
    // 75.00 without tax, 89.25 with it, of which 8.925 was refunded.
    expect(moneyOf(fromAdobeCommerce({ ...payload, adjustment_positive: 8.925 }))).toMatchObject({
      kind: 'updated',
      total: 6750,
    });
    expect(moneyOf(fromAdobeCommerce({ ...payload, adjustment_negative: 5 }))).toMatchObject({ total: 7500 });
  });

  it('is refused if its items are not all that was sold', () => {
    expect(codesOf(fromAdobeCommerce({ ...payload, subtotal: 99 }))).toEqual(['totals_differ $.subtotal']);
  });

  it.each([
    ['pending_payment', ['not_placed']],
    ['closed', { kind: 'cancelled', orderId: '1042' }],
    ['canceled', { kind: 'cancelled', orderId: '1042' }],
  ])('has the kind that its state %s says', (state, answer) => {
    expect(moneyOf(fromAdobeCommerce({ ...payload, state }))).toEqual(answer);
  });
});

describe('an order of WooCommerce', () => {
  const payload = readPayload('woocommerce');
  const refunds = readWooCommerceRefunds();

  it('is rounded once, without delivery and surcharges', () => {
    const mapping = fromWooCommerce(payload);

    expect(moneyOf(mapping)).toEqual({
      kind: 'created',
      total: 5083,
      lines: [
        ['315', 3403, 3],
        ['316', 1680, 1],
      ],
    });
    expect(mapping).toMatchObject({
      event: {
        order: {
          purchase_date: '2026-03-04T09:15:30Z',
          btn_ref: TOKEN,
          line_items: [
            { upc: '4006381333931', attributes: { coupon_code: 'shirts10' } },
            { identifier: '316' },
          ],
        },
      },
    });
  });

  it('requires the refunds, and subtracts them', () => {
    const refunded = {
      ...payload,
      refunds: refunds.map(({ id, amount }) => ({ id, total: `-${String(amount)}` })),
    };

    expect(codesOf(fromWooCommerce(refunded))).toEqual(['refunds_missing $.refunds']);
    // 22.689075 + 16.798319, of which 41.99 / 46.99 remain.
    expect(moneyOf(fromWooCommerce(refunded, { refunds }))).toEqual({
      kind: 'updated',
      total: 3529,
      lines: [
        ['315', 2028, 2],
        ['316', 1501, 1],
      ],
    });
  });

  it('subtracts a discount that a plugin wrote as a negative fee', () => {
    const fee_lines = [{ id: 1, total: '-5.083193', total_tax: '-0.97' }];

    expect(moneyOf(fromWooCommerce({ ...payload, fee_lines }))).toMatchObject({ total: 4575 });
  });

  it.each([
    ['pending', ['not_placed']],
    ['checkout-draft', ['not_placed']],
    ['refunded', { kind: 'cancelled', orderId: '727' }],
    ['cancelled', { kind: 'cancelled', orderId: '727' }],
  ])('has the kind that its status %s says', (status, answer) => {
    expect(moneyOf(fromWooCommerce({ ...payload, status }))).toEqual(answer);
  });
});

describe('an order of BigCommerce', () => {
  const payload = readPayload('bigcommerce');
  const options: ShopOptions = { btnRef: TOKEN };

  it('is mapped to the cent, without delivery, handling, wrapping and the gift certificate', () => {
    const mapping = fromBigCommerce(payload, options);

    expect(moneyOf(mapping)).toEqual({
      kind: 'created',
      total: 14298,
      lines: [
        ['201', 9500, 1],
        ['202', 4798, 2],
      ],
    });
    expect(mapping).toMatchObject({
      event: {
        sequence: '1772615735000000000',
        order: { btn_ref: TOKEN, line_items: [{ upc: '036000291452' }, { sku: 'MUG' }] },
      },
    });
  });

  it('corrects discounts that include tax by the total of the order', () => {
    const withTax = withItem(payload, 'products', [0, { applied_discounts: [{ amount: '5.9500' }] }]);

    expect(moneyOf(fromBigCommerce(withTax, { ...options, giftCards: 'include' }))).toMatchObject({
      total: 16798,
    });
  });

  it('is reduced by returns, and refused if a refund has no returned goods', () => {
    const returned = withItem(payload, 'products', [1, { quantity_refunded: 1 }]);

    expect(moneyOf(fromBigCommerce({ ...returned, refunded_amount: '23.99' }))).toMatchObject({
      kind: 'updated',
      total: 11899,
    });
    expect(codesOf(fromBigCommerce({ ...payload, refunded_amount: '5.00' }))).toEqual([
      'refund_unclear $.refunded_amount',
    ]);
  });

  it('is refused if it contains more than its goods', () => {
    expect(codesOf(fromBigCommerce({ ...payload, total_ex_tax: '199.00' }))).toEqual([
      'totals_differ $.total_ex_tax',
    ]);
  });

  it.each([
    [0, ['not_placed']],
    [4, { kind: 'cancelled', orderId: '118' }],
    [5, { kind: 'cancelled', orderId: '118' }],
  ])('has the kind that its status_id %s says', (status_id, answer) => {
    expect(moneyOf(fromBigCommerce({ ...payload, status_id }))).toEqual(answer);
  });

  it('names the invalid date', () => {
    expect(codesOf(fromBigCommerce({ ...payload, date_created: '2026-03-04' }))).toEqual([
      'date_not_iso_8601 $.date_created',
    ]);
  });
});
