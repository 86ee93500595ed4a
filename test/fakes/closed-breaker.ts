import type { BreakerWatch } from '../../functions/order-reporter/breaker-watch.ts';

/** A breaker that never opens. */
export const CLOSED_BREAKER: BreakerWatch = {
  isOpen: () => Promise.resolve(false),
  isPaused: () => Promise.resolve(false),
  record: () => Promise.resolve(),
  recordProbe: () => Promise.resolve(),
  lastSuccessAt: () => undefined,
  othersSucceed: () => false,
  isWellSince: () => Promise.resolve(false),
};
