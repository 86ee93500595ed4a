import * as z from 'zod';

import { instant, nonNegativeInteger, positiveInteger, textList } from '../../shared/runtime/env.ts';

/** The transaction reconciler's environment. */
export const EnvironmentSchema = z.object({
  POSITIONS_TABLE: z.string().min(1),
  TRANSACTIONS_TABLE: z.string().min(1),
  QUARANTINE_TABLE: z.string().min(1),
  READ_QUEUE_URL: z.url(),
  /** ARN of the secret that holds the publisher's Button API key. */
  API_KEY_SECRET_ID: z.string().min(1),
  BUTTON_API_URL: z.url(),
  /** Total deadline of one call to Button, in milliseconds. */
  BUTTON_TIMEOUT_MS: positiveInteger,
  /** The field that tells which shopper a transaction belongs to; `none` switches the index off. */
  SHOPPER_FIELD: z.enum(['publisher_customer_id', 'pub_ref', 'none']),
  /** The categories that a user is rewarded for. */
  REWARDABLE_CATEGORIES: textList,
  /** Each window begins so many seconds before the end of the one before: covers late writes at Button. */
  OVERLAP_SECONDS: nonNegativeInteger,
  /** Each window ends so many seconds before now: covers the delay between a change and its visibility. */
  LAG_SECONDS: nonNegativeInteger,
  /** One invocation opens no new page after so many seconds and hands on. */
  SLICE_SECONDS: positiveInteger,
  PAGE_SIZE: positiveInteger,
  /** What was created before this instant is historical; left out, what was created before the deployment. */
  LIVE_FROM: instant.exactOptional(),
  /** How long a row that could not be understood is kept, in days. */
  QUARANTINE_RETENTION_DAYS: positiveInteger,
  /** How long a day's report of what was found is kept, in days. */
  DRIFT_RETENTION_DAYS: positiveInteger,
});

/** What the stack must supply. */
export type Environment = z.input<typeof EnvironmentSchema>;
