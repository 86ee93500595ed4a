import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

import type { ReceiveOutcome } from './receive-event.ts';

/**
 * Button's rules for responses: 2xx acknowledges; 400 would lose the event for good; 401 says that the
 * signature is wrong; after anything else Button sends again. A webhook that is kept gets a 200. To Button a
 * 202 says that processing was unsuccessful, which may count towards its pause.
 *
 * Source: docs/button/webhooks.md, "Acknowledgement" and "Unknown".
 */
const STATUS_OF_OUTCOME = {
  applied: 200,
  unchanged: 200,
  ping: 200,
  quarantined: 200,
  deferred: 200,
  forged: 401,
  'not-configured': 503,
  unavailable: 503,
} as const satisfies Record<ReceiveOutcome, number>;

/** The response that tells Button what became of its request. */
export function toResponse(outcome: ReceiveOutcome): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: STATUS_OF_OUTCOME[outcome],
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ outcome: outcome === 'not-configured' ? 'NOT_CONFIGURED' : outcome }),
  };
}
