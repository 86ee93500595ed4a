import { parseJson } from '@button-serverless/validation/json';

/** What a webhook says of itself around its transaction. */
export type WebhookEnvelope = {
  /** Button's id of the event, if it looks like one: only such an id may be logged. */
  eventId: string | undefined;
  /** A test from Button's Dashboard, which is about no transaction. */
  isPing: boolean;
};

/**
 * Reads the envelope as far as it can be read, whatever is inside. Never throws.
 *
 * Button does not document what its Ping holds: `ping` as a word of the event type makes one.
 * Source: docs/button/webhooks.md, "Request" and "Event types".
 */
export function readEnvelope(body: Uint8Array): WebhookEnvelope {
  const { id, event_type: type } = parseObject(body);
  return {
    eventId: typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : undefined,
    isPing: typeof type === 'string' && /(?<![a-z])ping(?![a-z])/i.test(type),
  };
}

/** What a webhook holds, as JSON; nothing if it is no object. Never throws. */
export function parseObject(body: Uint8Array): { id?: unknown; event_type?: unknown; data?: unknown } {
  try {
    const json = parseJson(new TextDecoder().decode(body));
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    return {};
  }
}
