import type { ApiKeyProblem } from '../../shared/button/api-key.ts';
import type { OrderApi } from '../../shared/button/order-api.ts';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import type { Claimant } from '../../shared/orders/rules/order-decision.ts';
import type { RetryPolicy } from '../../shared/orders/rules/order-waits.ts';
import type { OrderRules } from '@button-serverless/validation/orders';
import type { OrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import type { QuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import type { BreakerWatch } from './breaker-watch.ts';

/** A message of the order queue. */
export type OrderMessage = {
  messageId: string;
  body: string;
  sentAt: Date;
  /** The quarantine entry that somebody replayed. */
  replayOf?: string | undefined;
};

/** The result for a message. In every case the ledger or the quarantine holds it. */
export type ReportOutcome =
  /** Button holds this version. */
  | 'reported'
  /** Button already holds an order with this content. */
  | 'unchanged'
  /** This version has been handled before. */
  | 'duplicate'
  /** A newer version is known. */
  | 'superseded'
  /** The order is cancelled, which cannot be undone. */
  | 'ignored-after-cancel'
  /** The ledger holds it, and the sweep tries again. */
  | 'waiting'
  /** Refused by our rules or by Button, or failing on its own; kept with the reasons. */
  | 'quarantined'
  /** Not about an order: a probe asked Button whether it is healthy. */
  | 'probed';

/** The result for a message about an order. */
export type OrderOutcome = Exclude<ReportOutcome, 'probed'>;

/** What reporting needs. */
export type ReportOrderPorts = {
  brand: string;
  settings: OrderRules & { orderBy: 'sequence' | 'time' };
  policy: RetryPolicy;
  /**
   * An order that was reported before this instant is read from Button before anything is sent: for use after
   * a restore of the ledger. ISO 8601 UTC.
   */
  verifyBefore?: string;
  ledger: Pick<OrderLedger, 'read' | 'write'>;
  quarantine: Pick<QuarantineStore, 'put'>;
  breaker: BreakerWatch;
  /** If there is no API key of the brand, the reason: orders then wait in the ledger. */
  orderApi: OrderApi | ApiKeyProblem;
  metrics: Metrics;
  now: () => Date;
  /** The name of this run's claim, and the longest time that the run can still take. */
  claimant: () => Pick<Claimant, 'owner' | 'leaseMs'>;
};

/** A message and what is needed to handle it. */
export type Work = { message: OrderMessage; isProbe: boolean; ports: ReportOrderPorts };
