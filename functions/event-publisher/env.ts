import * as z from 'zod';

import { flag, positiveInteger } from '../../shared/runtime/env.ts';

/** The event publisher's environment. */
export const EnvironmentSchema = z.object({
  EVENT_BUS_NAME: z.string().min(1),
  TRANSACTIONS_TABLE: z.string().min(1),
  /** Whether events name the shopper (`publisher_customer_id`, `pub_ref`). */
  INCLUDE_PERSONAL_FIELDS: flag,
  /** The finalization window of a brand for which Button gives none, in days. */
  FINALIZATION_DAYS: positiveInteger,
});

/** The variables that the stack must set. */
export type Environment = z.input<typeof EnvironmentSchema>;
