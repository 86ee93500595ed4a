import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The publisher API's environment. */
export const EnvironmentSchema = z.object({
  TRANSACTIONS_TABLE: z.string().min(1),
  /** How long a transaction keeps its shopper, in days: a balance is complete for the time since then. */
  PERSONAL_DATA_DAYS: positiveInteger,
});

/** The variables that the stack must set. */
export type Environment = z.input<typeof EnvironmentSchema>;
