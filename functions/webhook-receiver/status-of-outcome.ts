import type { ReceiveOutcome } from './receive-event.ts';

/**
 * Button's rules for answers: 2xx acknowledges; 400 would lose the event for good; 401 says that the signature is wrong; anything else
 * is sent again. Whatever is kept gets a 200: to Button a 202 says that processing was unsuccessful, which may count towards its pause.
 *
 * Source: docs/button/webhooks.md, "Acknowledgement" and "Unknown".
 */
export const STATUS_OF_OUTCOME = {
  applied: 200,
  unchanged: 200,
  quarantined: 200,
  deferred: 200,
  forged: 401,
  'not-configured': 503,
  unavailable: 503,
} as const satisfies Record<ReceiveOutcome, number>;
