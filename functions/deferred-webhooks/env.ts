import * as z from 'zod';

import { instant, positiveInteger, textList } from '../../shared/runtime/env.ts';

/** The environment of the function that applies the webhooks which the receiver could not store. */
export const EnvironmentSchema = z.object({
  TRANSACTIONS_TABLE: z.string().min(1),
  QUARANTINE_TABLE: z.string().min(1),
  /** The table that holds the time of deployment. */
  POSITIONS_TABLE: z.string().min(1),
  /** The queue of deferred webhooks. */
  DEFERRED_WEBHOOKS_QUEUE_URL: z.url(),
  /** The number of receives after which SQS moves a message off the queue. */
  MAX_RECEIVES: positiveInteger,
  /** The field that identifies the shopper of a transaction; with `none` there is no index. */
  SHOPPER_FIELD: z.enum(['publisher_customer_id', 'pub_ref', 'none']),
  /** The categories for which users are rewarded. */
  REWARDABLE_CATEGORIES: textList,
  /**
   * Transactions created before this instant are historical; unless set, those created before the deployment.
   */
  LIVE_FROM: instant.exactOptional(),
  /** How long a quarantined event is kept, in days. */
  QUARANTINE_RETENTION_DAYS: positiveInteger,
});

/** The variables that the stack must set. */
export type Environment = z.input<typeof EnvironmentSchema>;
