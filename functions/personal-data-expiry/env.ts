import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The environment of the function that lets personal data expire. */
export const EnvironmentSchema = z.object({
  TRANSACTIONS_TABLE: z.string().min(1),
  POSITIONS_TABLE: z.string().min(1),
  /**
   * How long a transaction, final or pending, keeps its payload and its shopper, in days after its last
   * change.
   */
  PERSONAL_DATA_DAYS: positiveInteger,
  /** The finalization window of a brand for which Button gives none, in days. */
  FINALIZATION_DAYS: positiveInteger,
  /** What is pending so many days past its window is overdue. */
  OVERDUE_GRACE_DAYS: positiveInteger,
});

/** What the stack must supply. */
export type Environment = z.input<typeof EnvironmentSchema>;
