import * as z from 'zod';

import { instant, positiveInteger, textList } from '../../shared/runtime/env.ts';

/** The webhook receiver's environment. */
export const EnvironmentSchema = z.object({
  TRANSACTIONS_TABLE: z.string().min(1),
  QUARANTINE_TABLE: z.string().min(1),
  /** The table that holds the time of deployment. */
  POSITIONS_TABLE: z.string().min(1),
  DEFERRED_WEBHOOKS_QUEUE_URL: z.url(),
  /**
   * ARN of the secret that holds the JSON list of `{name, secret}`, one for each webhook in Button's
   * Dashboard.
   */
  WEBHOOK_SECRETS_ID: z.string().min(1),
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
