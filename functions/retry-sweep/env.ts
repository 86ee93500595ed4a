import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The retry sweep's environment. */
export const EnvironmentSchema = z.object({
  /** The brand whose waiting orders are retried. */
  BRAND_ID: z.string().min(1),
  ORDER_LEDGER_TABLE: z.string().min(1),
  ORDER_QUEUE_URL: z.url(),
  /** The most orders that one sweep retries. */
  MAX_RETRIES_PER_SWEEP: positiveInteger,
});

/** The variables that the stack must set. */
export type Environment = z.input<typeof EnvironmentSchema>;
