import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The retry sweep's environment. */
export const EnvironmentSchema = z.object({
  /** The brand whose waiting orders are retried. */
  BRAND_ID: z.string().min(1),
  ORDER_LEDGER_TABLE: z.string().min(1),
  ORDER_QUEUE_URL: z.url(),
  /** At most so many orders are retried by one sweep. */
  MAX_RETRIES_PER_SWEEP: positiveInteger,
});

/** What the stack must supply. */
export type Environment = z.input<typeof EnvironmentSchema>;
