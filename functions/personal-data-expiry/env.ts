import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The environment of the function that lets personal data expire. */
export const EnvironmentSchema = z.object({
  TRANSACTIONS_TABLE: z.string().min(1),
  POSITIONS_TABLE: z.string().min(1),
  /** How long a transaction, final or pending, keeps its payload and its shopper, in days after its last change. */
  PERSONAL_DATA_DAYS: positiveInteger,
  /** A transaction that is pending so many days after its creation is overdue. */
  STALE_PENDING_DAYS: positiveInteger,
});

/** What the stack must supply. */
export type Environment = z.input<typeof EnvironmentSchema>;
