import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The environment of the function that erases old personal data. */
export const EnvironmentSchema = z.object({
  TRANSACTIONS_TABLE: z.string().min(1),
  POSITIONS_TABLE: z.string().min(1),
  /**
   * How long a transaction, final or overdue, keeps its payload and its shopper, in days after its last
   * change was stored.
   */
  PERSONAL_DATA_DAYS: positiveInteger,
  /** The finalization window of a brand for which Button gives none, in days. */
  FINALIZATION_DAYS: positiveInteger,
  /** The number of days past its window after which a pending transaction is overdue. */
  OVERDUE_GRACE_DAYS: positiveInteger,
});

/** The variables that the stack must set. */
export type Environment = z.input<typeof EnvironmentSchema>;
