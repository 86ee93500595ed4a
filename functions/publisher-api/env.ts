import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The publisher API's environment. */
export const EnvironmentSchema = z.object({
  TRANSACTIONS_TABLE: z.string().min(1),
  /** How long a transaction keeps its shopper: balances are complete since so many days ago. */
  PERSONAL_DATA_DAYS: positiveInteger,
});

/** What the stack must supply. */
export type Environment = z.input<typeof EnvironmentSchema>;
