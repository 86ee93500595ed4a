import * as z from 'zod';

import { flag, instant, nonNegativeInteger, positiveInteger } from '../../shared/runtime/env.ts';

/** The order reporter's environment. */
export const EnvironmentSchema = z.object({
  /** The brand whose orders this function reports; the ledger key's first part. */
  BRAND_ID: z.string().min(1),
  ORDER_LEDGER_TABLE: z.string().min(1),
  QUARANTINE_TABLE: z.string().min(1),
  /** ARN of the secret that holds the brand's Button API key. */
  API_KEY_SECRET_ID: z.string().min(1),
  BUTTON_API_URL: z.url(),
  /** The total deadline of one call to Button, in milliseconds. */
  BUTTON_TIMEOUT_MS: positiveInteger,
  /** How long nothing is sent for an order after an unclear answer, in seconds. */
  QUIET_TIME_SECONDS: nonNegativeInteger,
  /** The wait before the first retry, in seconds; it doubles with every retry. */
  RETRY_BASE_SECONDS: positiveInteger,
  /** The longest wait before a retry, in seconds. */
  RETRY_MAX_SECONDS: positiveInteger,
  /** How long a quarantined message is kept, in days. */
  QUARANTINE_RETENTION_DAYS: positiveInteger,
  /** The attribute that orders the versions of an order: the CloudEvents `sequence` extension or `time`. */
  ORDER_BY: z.enum(['sequence', 'time']),
  /** Whether `fakesrctok-` tokens are accepted beside real ones, refused, or the only ones accepted. */
  TEST_TOKENS: z.enum(['allow', 'refuse', 'require']),
  ALLOW_FINALIZATION_DATE: flag,
  /**
   * An order that was reported before this instant is read from Button before anything is sent: for use after
   * a restore of the ledger.
   */
  VERIFY_BEFORE: instant.exactOptional(),
});

/** The variables that the stack must set. */
export type Environment = z.input<typeof EnvironmentSchema>;
