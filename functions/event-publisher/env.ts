import * as z from 'zod';

import { flag } from '../../shared/runtime/env.ts';

/** The event publisher's environment. */
export const EnvironmentSchema = z.object({
  EVENT_BUS_NAME: z.string().min(1),
  /** Whether events name the shopper (`publisher_customer_id`, `pub_ref`). */
  INCLUDE_PERSONAL_FIELDS: flag,
});

/** What the stack must supply. */
export type Environment = z.input<typeof EnvironmentSchema>;
