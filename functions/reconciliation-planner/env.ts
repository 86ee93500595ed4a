import * as z from 'zod';

import { nonNegativeInteger, positiveInteger } from '../../shared/runtime/env.ts';

/** The reconciliation planner's environment. */
export const EnvironmentSchema = z.object({
  POSITIONS_TABLE: z.string().min(1),
  READ_QUEUE_URL: z.url(),
  /** ARN of the secret that holds the publisher's Button API key. */
  API_KEY_SECRET_ID: z.string().min(1),
  BUTTON_API_URL: z.url(),
  /** The total deadline of one call to Button, in milliseconds. */
  BUTTON_TIMEOUT_MS: positiveInteger,
  /** How transactions are imported that are older than the deployment of this system. */
  FIRST_READ: z.enum(['historical', 'live', 'none']),
  /** Where an account's first read begins: an ISO 8601 UTC instant. */
  READ_FROM: z.iso.datetime(),
  /** How far back the weekly sweep reads, in days. */
  SWEEP_DAYS: positiveInteger,
  /** How many seconds before now a read shows everything that Button has changed. */
  LAG_SECONDS: nonNegativeInteger,
});

/** The variables that the stack must set. */
export type Environment = z.input<typeof EnvironmentSchema>;
