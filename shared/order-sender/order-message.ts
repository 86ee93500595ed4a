import { createHash } from 'node:crypto';

import {
  messageDeduplicationId,
  messageGroupId,
  type OrderEventSettings,
  OrderIdSchema,
  type OrderInput,
  type OrderViolation,
  parseOrderEvent,
  sendableText,
  violation,
} from '@button-serverless/validation/orders';
import type { SendResult } from './send-result.ts';

/** Which version of the order an event is about: `sequence` or `time`, as the brand's configuration says. */
type EventVersion = {
  /** Decimal digits; rises with every version of the order. */
  sequence?: string;
  /** When it happened: RFC 3339 with an offset. */
  time?: string;
  /**
   * Names the event among those of its source. Unless given, it consists of the order id, the version and a
   * hash of the content, so that the same event has the same id. If you give one, give every version of an
   * order its own: SQS drops a second message with the same id within five minutes, without an error.
   */
  id?: string;
};

/** The whole current version of an order, and which version that is. */
export type OrderVersion = EventVersion & { order: OrderInput };

/** The end of a whole order. */
export type OrderCancellation = EventVersion & { orderId: string };

/** An event of any kind. The result of `remainingItems`, with a version, is one. */
export type OrderEventToSend =
  | ({ kind: 'created' | 'updated' } & OrderVersion)
  | ({ kind: 'cancelled' } & OrderCancellation);

/** A message that the reporter will accept. `bytes` is its length in UTF-8, as SQS counts it. */
export type OrderMessage = {
  eventId: string;
  orderId: string;
  body: string;
  bytes: number;
  groupId: string;
  deduplicationId: string;
  warnings: OrderViolation[];
};

/** What all messages of a sender have in common. */
export type MessageSettings = OrderEventSettings & { source: string; maxMessageBytes: number };

/** A message, or why there is none. */
export type OrderMessageResult =
  | { ok: true; message: OrderMessage }
  | { ok: false; result: Extract<SendResult, { outcome: 'invalid' | 'too-large' }> };

/**
 * Writes an event as the message that docs/order-messages.md specifies, and reads it as the reporter will, so
 * that exactly the text that is sent is checked. Never throws, whatever the event contains.
 */
export function writeOrderMessage(given: OrderEventToSend, settings: MessageSettings): OrderMessageResult {
  const event = isObject(given) ? given : NO_EVENT;
  const text = writeBody(event, settings);
  const names = { eventId: text?.eventId ?? event.id ?? '', ...readOrderId(event) };
  if (!text)
    return refuse({ ...names, outcome: 'invalid', violations: [violation('not_json', [])], warnings: [] });
  const { body } = text;
  const { maxMessageBytes } = settings;
  const bytes = Buffer.byteLength(body, 'utf8');
  if (bytes > maxMessageBytes) return refuse({ ...names, outcome: 'too-large', bytes, maxMessageBytes });
  const parsing = parseOrderEvent(body, settings);
  const { warnings } = parsing;
  if (!parsing.ok) {
    return refuse({ ...names, outcome: 'invalid', violations: parsing.violations, warnings });
  }

  const { orderId } = parsing.event;
  const groupId = messageGroupId(orderId);
  const deduplicationId = messageDeduplicationId(parsing.event);
  const { eventId } = text;
  return { ok: true, message: { eventId, orderId, body, bytes, groupId, deduplicationId, warnings } };
}

/**
 * Rejects the messages of one call that share an event id and differ: SQS would accept the first of them and
 * drop the others without an error. The caller has to decide which one to send.
 */
export function refuseSharedIds(writings: readonly OrderMessageResult[]): OrderMessageResult[] {
  const bodies = new Map<string, Set<string>>();
  for (const writing of writings) {
    if (!writing.ok) continue;
    const { eventId, body } = writing.message;
    bodies.set(eventId, (bodies.get(eventId) ?? new Set()).add(body));
  }
  return writings.map((writing) => {
    if (!writing.ok) return writing;
    const { eventId, orderId, warnings } = writing.message;
    const isShared = (bodies.get(eventId)?.size ?? 0) > 1;
    const violations = [violation('event_id_repeated', ['id'])];
    return isShared ? refuse({ eventId, orderId, outcome: 'invalid', violations, warnings }) : writing;
  });
}

/**
 * Stands for a value that is not an event, as plain JavaScript may pass it: it names no order and no version.
 */
const NO_EVENT: OrderEventToSend = { kind: 'cancelled', orderId: '' };

function isObject(given: unknown): boolean {
  return typeof given === 'object' && given !== null;
}

function refuse(result: Extract<OrderMessageResult, { ok: false }>['result']): OrderMessageResult {
  return { ok: false, result };
}

function subjectOf(event: OrderEventToSend): unknown {
  if (event.kind === 'cancelled') return event.orderId;
  const order: unknown = event.order;
  return typeof order === 'object' && order !== null && 'order_id' in order ? order.order_id : undefined;
}

/** The types require one; plain JavaScript may pass anything. */
function readOrderId(event: OrderEventToSend): { orderId?: string } {
  const orderId = subjectOf(event);
  return typeof orderId === 'string' && orderId !== '' ? { orderId } : {};
}

/**
 * Undefined if the event cannot be written as JSON because it contains itself. The types exclude that, plain
 * JavaScript does not.
 */
function writeBody(
  event: OrderEventToSend,
  { source, orderBy }: MessageSettings,
): { eventId: string; body: string } | undefined {
  const { kind, sequence, time } = event;
  const content = {
    type: `order.${kind}.v1`,
    subject: subjectOf(event),
    sequence,
    time,
    datacontenttype: 'application/json',
    data: kind === 'cancelled' ? undefined : event.order,
  };
  try {
    const hash = createHash('sha256').update(JSON.stringify(content, writeValue)).digest('hex');
    const eventId = event.id ?? deriveEventId(readOrderId(event).orderId, event[orderBy], hash);
    const body = JSON.stringify({ specversion: '1.0', id: eventId, source, ...content }, writeValue);
    return { eventId, body: sendableText(body) };
  } catch {
    return undefined;
  }
}

/**
 * `1994/17/4f0c…`: people can see the order and the version. Only the hash, if the attribute could not hold
 * that.
 */
function deriveEventId(orderId: string | undefined, version: unknown, hash: string): string {
  if (!OrderIdSchema.safeParse(orderId).success || typeof version !== 'string') return hash;
  const id = [orderId, version, hash.slice(0, 16)].join('/');
  return /^[ -~]{1,1024}$/.test(id) ? id : hash;
}

/** No field accepts it, so the value that stands for it in JSON is refused at its path. */
const NO_VALUE = 0.5;

/**
 * A bigint is an integer like any other; one that is not a valid amount is refused as such. JSON would write
 * `NaN`, an infinity and an invalid date as null, which counts as absent.
 */
function writeValue(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : NO_VALUE;
  return value === null && this[name] instanceof Date ? NO_VALUE : value;
}
