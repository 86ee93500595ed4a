import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The order audit's environment. */
export const EnvironmentSchema = z.object({
  /** The brand whose orders are audited. */
  BRAND_ID: z.string().min(1),
  ORDER_LEDGER_TABLE: z.string().min(1),
  /** ARN of the secret that holds the brand's Button API key. */
  API_KEY_SECRET_ID: z.string().min(1),
  BUTTON_API_URL: z.url(),
  /** The total deadline of one call to Button, in milliseconds. */
  BUTTON_TIMEOUT_MS: positiveInteger,
  /** Orders that were last reported within this number of days are audited. */
  AUDIT_DAYS: positiveInteger,
  /** The most orders that one run reads from Button. */
  AUDIT_SAMPLE: positiveInteger,
  /** How many orders a second are read from Button. */
  AUDIT_PER_SECOND: positiveInteger,
});

/** The variables that the stack must set. */
export type Environment = z.input<typeof EnvironmentSchema>;
