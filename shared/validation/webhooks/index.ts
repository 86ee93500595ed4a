/**
 * What Button's webhooks and transactions must be, and the events that they become. Consumers and functions
 * share it.
 */
export * from './checkout-schema.ts';
export * from './checkout.ts';
export * from './reward-ledger.ts';
export * from './rewardable.ts';
export * from './signature.ts';
export * from './transaction-changed.ts';
export * from './transaction-wire.ts';
export * from './transaction.ts';
export * from './webhook-flags.ts';
