import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The environment of the function that erases the customers of old orders. */
export const EnvironmentSchema = z.object({
  ORDER_LEDGER_TABLE: z.string().min(1),
  /** How long an order that is settled or refused keeps its customer, in days after its last change. */
  CUSTOMER_DAYS: positiveInteger,
});

/** The variables that the stack must set. */
export type Environment = z.input<typeof EnvironmentSchema>;
