import fc from 'fast-check';

import type { LineItem, Order } from '../../../../shared/validation/orders/order.ts';
import {
  DEFAULT_ORDER_RULES,
  DEFAULT_ORDER_SETTINGS,
} from '../../../../shared/validation/orders/order-rules.ts';

/** A complete order that has no violation and no warning. */
export function sampleOrder(): Order {
  return {
    total: 7000,
    currency: 'USD',
    order_id: '1994',
    purchase_date: '2017-07-25T08:23:52Z',
    btn_ref: 'fakesrctok-abcdef0123456789',
    customer: {
      id: 'mycustomer-1234',
      email_sha256: 'a85e9ca18f34935ab9b0381b25bfad2455444112b0149270fd88e3da172fe196',
      device_id: '6D92078A-8246-4BA4-AE5B-76104861E7DC',
      is_new: true,
    },
    customer_order_id: 'abcdef-123456',
    partner_order_channel: 'app',
    line_items: [
      sampleLine({ identifier: 'sku-1234', total: 4000 }),
      sampleLine({ identifier: 'sku-4567', total: 3000 }),
    ],
  };
}

function sampleLine(line: { identifier: string; total: number }): LineItem {
  return {
    ...line,
    quantity: 1,
    sku: line.identifier,
    upc: '042100005264',
    category: ['Clothes'],
    description: 'T-shirts',
    attributes: { size: 'M' },
  };
}

/** The rules of a brand that allows the test tokens of these samples. */
export const RULES = { ...DEFAULT_ORDER_RULES, testTokens: 'allow' } as const;
export const SETTINGS = { ...DEFAULT_ORDER_SETTINGS, testTokens: 'allow' } as const;

/** A message about the sample order, as an object that a test may change. */
export function sampleMessage(): Record<string, unknown> {
  return {
    specversion: '1.0',
    type: 'order.created.v1',
    id: 'event-1',
    source: 'https://shop.example.com/orders',
    subject: '1994',
    time: '2017-07-25T08:23:53.123Z',
    sequence: '1',
    datacontenttype: 'application/json',
    data: sampleOrder(),
  };
}

export function sampleCancellation(): Record<string, unknown> {
  const { data: _data, ...envelope } = sampleMessage();
  return { ...envelope, type: 'order.cancelled.v1' };
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const amountMinor = fc.integer({ min: 0, max: 1_000_000 });

const lines = fc.uniqueArray(
  fc.record(
    {
      identifier: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
      total: amountMinor,
      amount: amountMinor,
      quantity: fc.integer({ min: 1, max: 1000 }),
      sku: text,
      upc: fc.oneof(
        text.filter((code) => !/^\d+$/.test(code)),
        fc.stringMatching(/^[0-9]{12}$/),
      ),
      category: fc.array(text, { maxLength: 7 }),
      description: text,
      attributes: fc.dictionary(
        text.filter((name) => name !== '__proto__'),
        text,
        { noNullPrototype: true, minKeys: 1 },
      ),
    },
    { requiredKeys: ['identifier', 'total'] },
  ),
  { selector: (line) => line.identifier, minLength: 1, maxLength: 6 },
);

const orderIds = fc.stringMatching(/^[!-~]{1,40}$/).filter((id) => id !== '.' && id !== '..');

/** Line items of an order, at least one, with different identifiers. */
export const arbitraryLines: fc.Arbitrary<LineItem[]> = lines;

/** Orders that are valid under the default rules, as Button gets them. */
export const arbitraryOrder: fc.Arbitrary<Order> = fc
  .record(
    {
      line_items: lines,
      currency: fc.constantFrom('USD', 'JPY', 'KWD', 'EUR'),
      order_id: orderIds,
      purchase_date: fc
        .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
        .map((date) => date.toISOString().replace(/\.\d{3}Z$/, 'Z')),
      btn_ref: fc.stringMatching(/^srctok-[a-f0-9]{16}$/),
      customer: fc.record({ id: text, is_new: fc.boolean() }, { requiredKeys: ['id'] }),
      customer_order_id: text,
      partner_order_channel: fc.constantFrom('app' as const, 'webview' as const),
    },
    { requiredKeys: ['line_items', 'currency', 'order_id', 'purchase_date'] },
  )
  .map((order) => ({ ...order, total: order.line_items.reduce((sum, { total }) => sum + total, 0) }));
