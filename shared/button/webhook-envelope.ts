import * as z from 'zod';

/** What a webhook says of itself around its transaction. */
export type WebhookEnvelope = {
  /** Button's id of the event, if it looks like one: only such an id may be logged. */
  eventId: string | undefined;
  /** A test from Button's Dashboard, which is about no transaction. */
  isPing: boolean;
};

const EnvelopeSchema = z.object({
  id: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional()
    .catch(undefined),
  event_type: z.string().optional().catch(undefined),
});

/**
 * Reads the envelope as far as it can be read, whatever is inside. Never throws.
 *
 * Button does not document what its Ping holds: `ping` as a word of the event type makes one.
 * Source: docs/button/webhooks.md, "Request" and "Event types".
 */
export function readEnvelope(body: Uint8Array): WebhookEnvelope {
  const { id: eventId, event_type: eventType = '' } = EnvelopeSchema.safeParse(parseJson(body)).data ?? {};
  return { eventId, isPing: /(?<![a-z])ping(?![a-z])/i.test(eventType) };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
