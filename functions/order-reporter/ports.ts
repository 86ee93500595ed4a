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
  /** The quarantine entry that somebody sent again. */
  replayOf?: string | undefined;
};

/** What became of a message; in every case the ledger or the quarantine holds it. */
export type ReportOutcome =
  /** Button holds this version. */
  | 'reported'
  /** Button holds an order with this content already. */
  | 'unchanged'
  /** This version has been dealt with before. */
  | 'duplicate'
  /** A newer version is known. */
  | 'superseded'
  /** The order is cancelled, which can't be undone. */
  | 'ignored-after-cancel'
  /** The ledger holds it and the sweep tries again. */
  | 'waiting'
  /** Refused, by our rules or by Button, or failing on its own; kept with the reasons. */
  | 'quarantined'
  /** No order: Button was asked whether it is well. */
  | 'probed';

/** What became of a message about an order. */
export type OrderOutcome = Exclude<ReportOutcome, 'probed'>;

/** What reporting needs. */
export type ReportOrderPorts = {
  brand: string;
  settings: OrderRules & { orderBy: 'sequence' | 'time' };
  policy: RetryPolicy;
  /**
   * What was reported before this instant is read from Button before anything is sent: for after a restore of
   * the ledger; ISO 8601 UTC.
   */
  verifyBefore?: string;
  ledger: Pick<OrderLedger, 'read' | 'write'>;
  quarantine: Pick<QuarantineStore, 'put'>;
  breaker: BreakerWatch;
  /** Without the brand's API key, the reason: orders wait in the ledger. */
  orderApi: OrderApi | ApiKeyProblem;
  metrics: Metrics;
  now: () => Date;
  /** A name for this run's claim, and the longest it can still take. */
  claimant: () => Pick<Claimant, 'owner' | 'leaseMs'>;
};

/** A message and what is needed to work on it. */
export type Work = { message: OrderMessage; isProbe: boolean; ports: ReportOrderPorts };
