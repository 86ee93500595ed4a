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
  /** Total deadline of one call to Button, in milliseconds. */
  BUTTON_TIMEOUT_MS: positiveInteger,
  /** How long nothing is sent for an order after an unclear outcome, in seconds. */
  QUIET_TIME_SECONDS: nonNegativeInteger,
  /** The first wait before another try, in seconds; it doubles with every try. */
  RETRY_BASE_SECONDS: positiveInteger,
  /** The longest wait before another try, in seconds. */
  RETRY_MAX_SECONDS: positiveInteger,
  /** How long a quarantined message is kept, in days. */
  QUARANTINE_RETENTION_DAYS: positiveInteger,
  /** What orders the versions of one order: the CloudEvents `sequence` extension or `time`. */
  ORDER_BY: z.enum(['sequence', 'time']),
  /** Whether `fakesrctok-` tokens are accepted beside real ones, refused, or the only ones accepted. */
  TEST_TOKENS: z.enum(['allow', 'refuse', 'require']),
  ALLOW_FINALIZATION_DATE: flag,
  /**
   * What was reported before this instant is read from Button before anything is sent: for after a restore of
   * the ledger.
   */
  VERIFY_BEFORE: instant.exactOptional(),
});

/** What the stack must supply. */
export type Environment = z.input<typeof EnvironmentSchema>;
