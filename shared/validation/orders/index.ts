/**
 * What an order and its message must be: schemas, rules, amounts and product codes. Shops and functions share
 * it.
 */
export * from './brand-settings.ts';
export * from './currency.ts';
export * from './discount.ts';
export * from './email-hash.ts';
export * from './line-identifiers.ts';
export * from './money.ts';
export * from './net-totals.ts';
export * from './order-date.ts';
export * from './order-event-schema.ts';
export * from './order-event.ts';
export * from './order-rules.ts';
export * from './order-violation.ts';
export * from './order.ts';
export * from './refund-amount.ts';
export * from './remaining-items.ts';
export * from './sendable-text.ts';
export * from './upc.ts';
export * from './validate-order.ts';
