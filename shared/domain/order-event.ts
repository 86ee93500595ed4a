import { createHash } from 'node:crypto';

import type * as z from 'zod';

import { canonicalJson } from './canonical-json.ts';
import { asJsonObject, type JsonObject } from './json-object.ts';
import { readJson, type JsonFlaw } from './json-text.ts';
import { OrderEnvelopeSchema } from './order-event-schema.ts';
import { listViolations, violation, type OrderViolation } from './order-violation.ts';
import { OrderIdSchema, type Order } from './order.ts';
import { describeIssues, validateOrderVersion, type OrderRules } from './validate-order.ts';

export { ORDER_EVENT_TYPES } from './order-event-schema.ts';

/**
 * What orders the versions of one order: the CloudEvents `sequence` as decimal digits without leading zeros, or the `time` in ISO 8601
 * UTC with milliseconds. A brand uses one of the two, never both.
 */
export type OrderVersionId = { by: 'sequence'; sequence: string } | { by: 'time'; time: string };

/** A valid message. `time` is ISO 8601 UTC with milliseconds. A cancellation is for the whole order and carries no order. */
export type OrderEvent = {
  id: string;
  source: string;
  orderId: string;
  time?: string;
  version: OrderVersionId;
} & ({ kind: 'created' | 'updated'; order: Order } | { kind: 'cancelled' });

/** The message, or every reason why it is none, with the order it is about if that could be read for certain. */
export type OrderEventResult =
  | { ok: true; event: OrderEvent; warnings: OrderViolation[] }
  | { ok: false; violations: OrderViolation[]; warnings: OrderViolation[]; orderId?: string };

/** What a brand's stage decides for itself about messages. */
export type OrderEventSettings = OrderRules & { orderBy: 'sequence' | 'time' };

type Envelope = z.infer<typeof OrderEnvelopeSchema>;
type Content =
  | {
      ok: true;
      content: { kind: 'created' | 'updated'; order: Order } | { kind: 'cancelled' };
      warnings: OrderViolation[];
    }
  | { ok: false; violations: OrderViolation[]; warnings: OrderViolation[] };

/**
 * Reads one message of an order queue: CloudEvents 1.0 in JSON, structured mode, as docs/order-messages.md specifies it.
 *
 * Never throws, whatever the bytes; finds every violation at once (at most 1000); no text holds a rejected value.
 */
export function parseOrderEvent(body: string, settings: OrderEventSettings): OrderEventResult {
  if (body.startsWith('\uFEFF')) return refuse([violation('byte_order_mark', [])]);
  const reading = readJson(body);
  if (!reading.ok) return refuse([violation('not_json', [])]);
  const fields = asJsonObject(reading.value);
  if (!fields) return refuse([violation('wrong_type', [])]);

  const envelope = OrderEnvelopeSchema.safeParse(withoutUnsetAttributes(fields, settings.orderBy));
  const content = readContent(fields, settings);
  const violations = [
    ...(envelope.success ? [] : describeIssues(envelope.error, [])),
    ...findSubjectMismatch(fields),
    ...findMissingVersion(fields, settings.orderBy),
    ...(content.ok ? [] : content.violations),
  ];
  const all = listViolations([...violations, ...describeFlaws(reading.flaws, violations)], 'more_violations');
  const { warnings } = content;
  const version = envelope.success ? readVersion(envelope.data, settings.orderBy) : undefined;
  if (all.length > 0 || !envelope.success || !content.ok || !version) {
    const orderId = readOrderId(fields);
    return { ok: false, violations: all, warnings, ...(orderId === undefined ? {} : { orderId }) };
  }

  const { id, source, subject, time } = envelope.data;
  const attributes = {
    id,
    source,
    orderId: subject,
    version,
    ...(time === undefined ? {} : { time: toUtc(time) }),
  };
  return { ok: true, event: { ...attributes, ...content.content }, warnings };
}

/**
 * Says where version `a` stands in relation to `b`: `older` means that `a` came before `b`. Sequences are compared as integers of any
 * size. A sequence and a time are `incomparable`.
 */
export function compareVersions(
  a: OrderVersionId,
  b: OrderVersionId,
): 'older' | 'same' | 'newer' | 'incomparable' {
  if (a.by === 'sequence' && b.by === 'sequence') return toOrdering(compareDigits(a.sequence, b.sequence));
  if (a.by === 'time' && b.by === 'time') return toOrdering(Date.parse(a.time) - Date.parse(b.time));
  return 'incomparable';
}

/**
 * SHA-256 in hex over what a message tells Button: the canonical JSON of the order, or of the word "cancelled". A creation and an
 * update with the same content have the same hash, so that a version that changes nothing is recognised.
 */
export function contentHash(event: OrderEvent): string {
  return sha256Hex(canonicalJson(event.kind === 'cancelled' ? 'cancelled' : event.order));
}

/**
 * The SQS message group of an order: its id if that matches `^[!-~]{1,128}$`, else the SHA-256 of the id in hex. SQS takes up to 128
 * letters, digits and punctuation (API reference, SendMessage, MessageGroupId).
 */
export function messageGroupId(orderId: string): string {
  return /^[!-~]{1,128}$/.test(orderId) ? orderId : sha256Hex(orderId);
}

/**
 * The SQS deduplication id of a message: SHA-256 in hex over `source`, one line feed, and `id`, in UTF-8. A source holds no line feed,
 * so two events that differ never share the hashed text.
 */
export function messageDeduplicationId(event: { source: string; id: string }): string {
  return sha256Hex(`${event.source}\n${event.id}`);
}

/** The order that a message of the queue is about, however wrong the rest of it is; undefined if that can't be told. Never throws. */
export function readMessageOrderId(body: string): string | undefined {
  const reading = readJson(body);
  const fields = reading.ok ? asJsonObject(reading.value) : undefined;
  return fields && readOrderId(fields);
}

function refuse(violations: OrderViolation[]): OrderEventResult {
  return { ok: false, violations, warnings: [] };
}

/**
 * In JSON an attribute that is null is unset (CloudEvents JSON Event Format, section 2.2). A brand that orders by time may get a
 * sequence of any form from its broker: nobody reads it.
 */
function withoutUnsetAttributes(fields: JsonObject, orderBy: 'sequence' | 'time'): JsonObject {
  const attributes = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(attributes.filter(([name]) => name !== 'sequence' || orderBy === 'sequence'));
}

function readContent(fields: JsonObject, settings: OrderEventSettings): Content {
  const { type, data } = fields;
  if (type === 'order.cancelled.v1') {
    return isEmpty(data)
      ? { ok: true, content: { kind: 'cancelled' }, warnings: [] }
      : { ok: false, violations: [violation('cancellation_with_data', ['data'])], warnings: [] };
  }
  // The envelope says what is wrong with any other type; what its data should be, nobody knows.
  if (type !== 'order.created.v1' && type !== 'order.updated.v1')
    return { ok: false, violations: [], warnings: [] };

  const kind = type === 'order.created.v1' ? 'created' : 'updated';
  const validation = validateOrderVersion(data ?? undefined, { rules: settings, kind, at: ['data'] });
  return validation.ok
    ? { ok: true, content: { kind, order: validation.order }, warnings: validation.warnings }
    : validation;
}

function isEmpty(data: unknown): boolean {
  if (data === undefined || data === null) return true;
  const fields = asJsonObject(data);
  return fields !== undefined && Object.keys(fields).length === 0;
}

function findSubjectMismatch(fields: JsonObject): OrderViolation[] {
  const orderId = asJsonObject(fields['data'])?.['order_id'];
  const { subject } = fields;
  return typeof orderId === 'string' && typeof subject === 'string' && orderId !== subject
    ? [violation('subject_mismatch', ['subject'])]
    : [];
}

function findMissingVersion(fields: JsonObject, orderBy: 'sequence' | 'time'): OrderViolation[] {
  if ((fields[orderBy] ?? null) !== null) return [];
  return [violation(orderBy === 'sequence' ? 'sequence_missing' : 'time_missing', [orderBy])];
}

function readVersion(envelope: Envelope, orderBy: 'sequence' | 'time'): OrderVersionId | undefined {
  const { sequence, time } = envelope;
  if (orderBy === 'time') return time === undefined ? undefined : { by: 'time', time: toUtc(time) };
  return sequence === undefined ? undefined : { by: 'sequence', sequence: sequence.replace(/^0+(?=\d)/, '') };
}

/** A number with a decimal point matters in the order only, and only where nothing else is wrong with it. */
function describeFlaws(flaws: readonly JsonFlaw[], known: readonly OrderViolation[]): OrderViolation[] {
  const judged = new Set(known.map(({ path }) => path));
  return flaws
    .filter(({ code, segments }) => code !== 'number_with_decimal_point' || segments[0] === 'data')
    .map(({ code, segments }) => violation(code, segments))
    .filter(({ code, path }) => code !== 'number_with_decimal_point' || !judged.has(path));
}

/** The order that a refused message is about: only if subject and data don't contradict each other. */
function readOrderId(fields: JsonObject): string | undefined {
  const candidates = [fields['subject'], asJsonObject(fields['data'])?.['order_id']].filter(
    (id) => OrderIdSchema.safeParse(id).success,
  );
  const [first, ...others] = candidates;
  return typeof first === 'string' && others.every((other) => other === first) ? first : undefined;
}

function toUtc(time: string): string {
  return new Date(time).toISOString();
}

function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function toOrdering(difference: number): 'older' | 'same' | 'newer' {
  if (difference === 0) return 'same';
  return difference < 0 ? 'older' : 'newer';
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
