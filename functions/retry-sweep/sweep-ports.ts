import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import type { FifoMessage } from '../../shared/runtime/fifo-sender.ts';
import type { BreakerStore } from '../../shared/orders/store/breaker-store.ts';
import type { OrderLedger } from '../../shared/orders/store/order-ledger-store.ts';

/** What the sweep needs. */
export type SweepPorts = {
  ledger: Pick<OrderLedger, 'listDue'>;
  breaker: BreakerStore;
  /** Throws unless every message is on the queue. */
  send: (messages: readonly FifoMessage[]) => Promise<void>;
  metrics: Metrics;
  /** The most orders that one sweep retries. */
  maxRetriesPerSweep: number;
  now: () => Date;
  /** Resolves after this number of milliseconds. */
  wait: (ms: number) => Promise<void>;
};
