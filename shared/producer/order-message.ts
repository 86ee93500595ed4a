import { createHash } from 'node:crypto';

import { asJsonObject } from '../domain/json-object.ts';
import {
  messageDeduplicationId,
  messageGroupId,
  parseOrderEvent,
  type OrderEventSettings,
} from '../domain/order-event.ts';
import { violation, type OrderViolation } from '../domain/order-violation.ts';
import type { Order } from '../domain/order.ts';
import type { SendResult } from './send-result.ts';

/** Which version of the order an event is about: `sequence` or `time`, as the brand is configured. */
type EventVersion = {
  /** Decimal digits; rises with every version of the order. */
  sequence?: string;
  /** When it happened: RFC 3339 with an offset. */
  time?: string;
  /**
   * Names the event among those of its source. Left out, it is derived from the content: the same event has the same id. Whoever gives
   * one gives another to other content: for five minutes SQS takes a second message of the same id for a repetition, and drops it.
   */
  id?: string;
};

/** The whole current version of an order, and which version that is. */
export type OrderVersion = EventVersion & { order: Order };

/** The end of a whole order. */
export type OrderCancellation = EventVersion & { orderId: string };

/** An event of any kind; what `remainingItems` answers, with a version, is one. */
export type OrderEventToSend =
  ({ kind: 'created' | 'updated' } & OrderVersion) | ({ kind: 'cancelled' } & OrderCancellation);

/** A message that the reporter will accept. `bytes` is its length in UTF-8, which is how SQS counts. */
export type OrderMessage = {
  eventId: string;
  body: string;
  bytes: number;
  groupId: string;
  deduplicationId: string;
  warnings: OrderViolation[];
};

/** What the messages of one sender have in common. */
export type MessageSettings = OrderEventSettings & { source: string; maxMessageBytes: number };

/** A message, or why there is none. */
export type OrderMessageResult =
  | { ok: true; message: OrderMessage }
  | { ok: false; result: Extract<SendResult, { outcome: 'invalid' | 'too-large' }> };

/**
 * Writes an event as the message that docs/order-messages.md specifies, and reads it as the reporter will: the judgement is about the
 * very text that is sent. Never throws, whatever stands in the event.
 */
export function writeOrderMessage(event: OrderEventToSend, settings: MessageSettings): OrderMessageResult {
  const text = writeBody(event, settings.source);
  if (!text) {
    const violations = [violation('not_json', [])];
    return refuse({ eventId: event.id ?? '', outcome: 'invalid', violations, warnings: [] });
  }
  const { eventId, body } = text;
  const { maxMessageBytes } = settings;
  const bytes = Buffer.byteLength(body, 'utf8');
  if (bytes > maxMessageBytes) return refuse({ eventId, outcome: 'too-large', bytes, maxMessageBytes });
  const parsing = parseOrderEvent(body, settings);
  const { warnings } = parsing;
  if (!parsing.ok) {
    return refuse({ eventId, outcome: 'invalid', violations: parsing.violations, warnings });
  }

  const groupId = messageGroupId(parsing.event.orderId);
  const deduplicationId = messageDeduplicationId(parsing.event);
  return { ok: true, message: { eventId, body, bytes, groupId, deduplicationId, warnings } };
}

function refuse(result: Extract<OrderMessageResult, { ok: false }>['result']): OrderMessageResult {
  return { ok: false, result };
}

/** Undefined if the event can't be written as JSON: it holds itself, or a bigint. Types rule that out, plain JavaScript does not. */
function writeBody(event: OrderEventToSend, source: string): { eventId: string; body: string } | undefined {
  const { kind, sequence, time } = event;
  const content = {
    type: `order.${kind}.v1`,
    subject: kind === 'cancelled' ? event.orderId : asJsonObject(event.order)?.['order_id'],
    sequence,
    time,
    datacontenttype: 'application/json',
    data: kind === 'cancelled' ? undefined : event.order,
  };
  try {
    const eventId = event.id ?? createHash('sha256').update(JSON.stringify(content)).digest('hex');
    const body = JSON.stringify({ specversion: '1.0', id: eventId, source, ...content });
    return { eventId, body: body.replace(/[\uFFFE\uFFFF]/g, escapeCharacter) };
  } catch {
    return undefined;
  }
}

/** JSON takes these two as they are, SQS refuses them (SendMessageBatch: allowed are "#xE000 to #xFFFD"). Escaped, they mean the same. */
function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16)}`;
}
