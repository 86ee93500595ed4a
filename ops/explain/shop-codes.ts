import { SHOP_REASONS } from '@button-serverless/validation/shops';
import type { Explanation } from './explanation.ts';

const EXAMPLES: Readonly<Record<keyof typeof SHOP_REASONS, { bad: string; good: string }>> = {
  payload_malformed: { bad: 'the line items only', good: 'the whole order' },
  not_placed: { bad: 'status: "pending"', good: 'status: "processing"' },
  test_order: { bad: 'test: true, with a real token', good: 'test: false' },
  no_goods: { bad: 'a gift card alone', good: 'a gift card and a shirt' },
  tax_unknown: { bad: 'a price with an unknown rate of tax', good: 'a price and its tax rate' },
  refunds_missing: { bad: 'an order with refunds alone', good: 'the order, and refunds in the options' },
  refund_unclear: { bad: 'refunded_amount: "5.00"', good: 'quantity_refunded: 1 of a product' },
  totals_differ: { bad: 'lines of 80.00, subtotal 99.00', good: 'lines of 80.00, subtotal 80.00' },
};

/** Why a shop's own order is not mapped. */
export const SHOP_CODES: ReadonlyMap<string, Explanation> = new Map(
  Object.entries(EXAMPLES).map(([code, example]) => {
    const texts: Readonly<Record<string, { problem: string; fix: string }>> = SHOP_REASONS;
    const { problem = '', fix = '' } = texts[code] ?? {};
    const place = { where: "the mapper of a shop's order", source: 'This project, docs/shops.md' };
    return [code, { ...place, rule: problem, fix, ...example }];
  }),
);
