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
  /** The total deadline of one call to Button, in milliseconds. */
  BUTTON_TIMEOUT_MS: positiveInteger,
  /** The field that identifies the shopper of a transaction; with `none` there is no index. */
  SHOPPER_FIELD: z.enum(['publisher_customer_id', 'pub_ref', 'none']),
  /** The categories for which users are rewarded. */
  REWARDABLE_CATEGORIES: textList,
  /** How many seconds each window begins before the end of the previous one. Covers late writes at Button. */
  OVERLAP_SECONDS: nonNegativeInteger,
  /** How many seconds before now each window ends. Covers the delay until a change is visible at Button. */
  LAG_SECONDS: nonNegativeInteger,
  /** After this number of seconds an invocation reads no further page, and the next invocation continues. */
  SLICE_SECONDS: positiveInteger,
  PAGE_SIZE: positiveInteger,
  /**
   * Transactions created before this instant are historical; unless set, those created before the deployment.
   */
  LIVE_FROM: instant.exactOptional(),
  /** How long an unreadable row is kept, in days. */
  QUARANTINE_RETENTION_DAYS: positiveInteger,
  /** How long the daily reports of drift are kept, in days. */
  DRIFT_RETENTION_DAYS: positiveInteger,
});

/** The variables that the stack must set. */
export type Environment = z.input<typeof EnvironmentSchema>;
