import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The retry sweep's environment. */
export const EnvironmentSchema = z.object({
  /** The brand whose waiting orders are woken. */
  BRAND_ID: z.string().min(1),
  ORDER_REPORTS_TABLE: z.string().min(1),
  ORDER_QUEUE_URL: z.url(),
  /** At most so many orders are woken by one sweep. */
  MAX_WAKE_UPS: positiveInteger,
});

/** What the stack must supply. */
export type Environment = z.input<typeof EnvironmentSchema>;
