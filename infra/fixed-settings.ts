import type { TransactionsConfig } from './transactions-config.ts';

/** The timeouts that no setting changes, in seconds. */
export const TIMEOUT_SECONDS = {
  // A run continues for 57 s while it drains; the rest is for calls that take long.
  retrySweep: 90,
  orderAudit: 900,
  webhookReceiver: 10,
  eventPublisher: 30,
  publisherApi: 10,
  /** The longest time that Lambda lets a function run; `personalDataExpiry` has the same. */
  customerExpiry: 900,
  personalDataExpiry: 900,
} as const;

/** The planner's timeout, in seconds: one call lists the accounts; the rest is the table and the queue. */
export function plannerTimeoutSeconds({ buttonTimeoutMs }: TransactionsConfig['reconciler']): number {
  return Math.ceil(buttonTimeoutMs / 1000) + 30;
}

/**
 * When old personal data is erased, in transactions and in orders: as often as runs can follow each other. A
 * pass takes many runs; a run with nothing to do is a single read.
 */
export const EXPIRY_SCHEDULE = 'rate(15 minutes)';

/** After this number of minutes without a run of an expiry pass, an alarm goes off. */
export const EXPIRY_SILENCE_MINUTES = 360;
