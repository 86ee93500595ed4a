import { parseJson } from '@button-serverless/validation/json';

/** The attributes of a webhook around its transaction. */
export type WebhookEnvelope = {
  /** Button's id of the event, if it has the form of one: only such an id may be logged. */
  eventId: string | undefined;
  /** A test from Button's Dashboard, which is not about a transaction. */
  isPing: boolean;
};

/**
 * Reads the envelope as far as possible, whatever it contains. Never throws.
 *
 * Button does not document what its Ping contains: an event type with the word `ping` counts as one. Source:
 * docs/button/webhooks.md, "Request" and "Event types".
 */
export function readEnvelope(body: Uint8Array): WebhookEnvelope {
  const { id, event_type: type } = parseObject(body);
  return {
    eventId: typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : undefined,
    isPing: typeof type === 'string' && /(?<![a-z])ping(?![a-z])/i.test(type),
  };
}

/** The content of a webhook as JSON; empty if it is not an object. Never throws. */
export function parseObject(body: Uint8Array): { id?: unknown; event_type?: unknown; data?: unknown } {
  try {
    const json = parseJson(new TextDecoder().decode(body));
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    return {};
  }
}
