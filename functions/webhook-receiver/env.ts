import * as z from 'zod';

import { instant, positiveInteger, textList } from '../../shared/runtime/env.ts';

/** The webhook receiver's environment. */
export const EnvironmentSchema = z.object({
  TRANSACTIONS_TABLE: z.string().min(1),
  QUARANTINE_TABLE: z.string().min(1),
  /** Where the time of deployment stands. */
  POSITIONS_TABLE: z.string().min(1),
  DEFERRED_WEBHOOKS_QUEUE_URL: z.url(),
  /**
   * ARN of the secret that holds the JSON list of `{name, secret}`, one for each webhook in Button's
   * Dashboard.
   */
  WEBHOOK_SECRETS_ID: z.string().min(1),
  /** The field that tells which shopper a transaction belongs to; `none` switches the index off. */
  SHOPPER_FIELD: z.enum(['publisher_customer_id', 'pub_ref', 'none']),
  /** The categories that a user is rewarded for. */
  REWARDABLE_CATEGORIES: textList,
  /** What was created before this instant is historical; left out, what was created before the deployment. */
  LIVE_FROM: instant.exactOptional(),
  /** How long a quarantined event is kept, in days. */
  QUARANTINE_RETENTION_DAYS: positiveInteger,
});

/** What the stack must supply. */
export type Environment = z.input<typeof EnvironmentSchema>;
