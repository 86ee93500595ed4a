import { createHash } from 'node:crypto';

import type * as z from 'zod';

import { canonicalJson } from '../json/canonical-json.ts';
import { asJsonObject, type JsonObject } from '../json/json-object.ts';
import type { JsonPathSegment } from '../json/json-path.ts';
import { readJson, type JsonFlaw } from '../json/json-text.ts';
import { findWrapping } from './message-wrapping.ts';
import { OrderEnvelopeSchema } from './order-event-schema.ts';
import { DEFAULT_ORDER_SETTINGS, type OrderEventSettings } from './order-rules.ts';
import { LISTED_AT_MOST, listViolations, violation } from './order-violation.ts';
import type { OrderViolation, OrderViolationCode } from './order-violation.ts';
import { OrderIdSchema, type Order } from './order.ts';
import { describeIssues } from './read-order.ts';
import { validateOrderVersion } from './validate-order.ts';

export { ORDER_EVENT_TYPES } from './order-event-schema.ts';
export { DEFAULT_ORDER_SETTINGS, type OrderEventSettings } from './order-rules.ts';

/**
 * What orders the versions of one order: the CloudEvents `sequence` as decimal digits without leading zeros,
 * or the `time` in ISO 8601 UTC with milliseconds. A brand uses one of the two, never both.
 */
export type OrderVersionId = { by: 'sequence'; sequence: string } | { by: 'time'; time: string };

/**
 * A valid message. `time` is ISO 8601 UTC with milliseconds. A cancellation is for the whole order and
 * contains no order.
 */
export type OrderEvent = {
  id: string;
  source: string;
  orderId: string;
  time?: string;
  version: OrderVersionId;
} & ({ kind: 'created' | 'updated'; order: Order } | { kind: 'cancelled' });

/**
 * The message, or every reason why it is not valid, with the order it is about if that could be read with
 * certainty.
 */
export type OrderEventResult =
  | { ok: true; event: OrderEvent; warnings: OrderViolation[] }
  | { ok: false; violations: OrderViolation[]; warnings: OrderViolation[]; orderId?: string };

type Envelope = z.infer<typeof OrderEnvelopeSchema>;
type Content =
  | {
      ok: true;
      content: { kind: 'created' | 'updated'; order: Order } | { kind: 'cancelled' };
      warnings: OrderViolation[];
    }
  | { ok: false; violations: OrderViolation[]; warnings: OrderViolation[] };

/**
 * Reads one message of an order queue: CloudEvents 1.0 in JSON, structured mode, as docs/order-messages.md
 * specifies it. `settings` are those of the brand.
 *
 * Never throws, whatever the bytes; finds every violation at once (at most 1000); no text contains a refused
 * value. A message that is wrapped in something else has one violation, which names the wrapping.
 */
export function parseOrderEvent(
  body: string,
  settings: OrderEventSettings = DEFAULT_ORDER_SETTINGS,
): OrderEventResult {
  if (body.startsWith('\uFEFF')) return refuse([violation('byte_order_mark', [])], undefined);
  const reading = readJson(body);
  if (!reading.ok) return refuse([violation('not_json', [])], undefined);
  const wrapping = findWrapping(reading.value);
  if (wrapping) return refuse([violation(wrapping.code, [])], wrapping.inner);
  const fields = asJsonObject(reading.value) ?? {};

  const envelope = OrderEnvelopeSchema.safeParse(withoutUnsetAttributes(fields, settings.orderBy));
  const content = readContent(fields, settings);
  const violations = [
    ...describeFlaws(reading.flaws, fields),
    ...(envelope.success ? [] : describeEnvelope(envelope.error)),
    ...findSubjectMismatch(fields),
    ...findMissingVersion(fields, settings.orderBy),
    ...(content.ok ? [] : content.violations),
  ];
  const all = listViolations(violations, 'more_violations');
  const { warnings } = content;
  const version = envelope.success ? readVersion(envelope.data, settings.orderBy) : undefined;
  if (all.length > 0 || !envelope.success || !content.ok || !version) {
    return { ...refuse(all, fields), warnings };
  }

  const { id, source, subject, time } = envelope.data;
  const attributes = {
    id,
    source,
    orderId: subject,
    version,
    ...(time === undefined ? {} : { time }),
  };
  return { ok: true, event: { ...attributes, ...content.content }, warnings };
}

/**
 * Compares version `a` with `b`: `older` means that `a` came before `b`. Sequences are compared as integers
 * of any size. A sequence and a time are `incomparable`.
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
 * SHA-256 in hex over what a message reports to Button: the canonical JSON of the order, or of the word
 * "cancelled". A creation and an update with the same content have the same hash, so that a version that
 * changes nothing is recognised.
 */
export function contentHash(event: OrderEvent): string {
  return sha256Hex(canonicalJson(event.kind === 'cancelled' ? 'cancelled' : event.order));
}

/**
 * The SQS message group of an order: its id if that matches `^[!-~]{1,128}$`, else the SHA-256 of the id in
 * hex. SQS takes up to 128 letters, digits and punctuation (API reference, SendMessage, MessageGroupId).
 */
export function messageGroupId(orderId: string): string {
  return /^[!-~]{1,128}$/.test(orderId) ? orderId : sha256Hex(orderId);
}

/**
 * The SQS deduplication id of a message: SHA-256 in hex over `source`, one line feed, and `id`, in UTF-8. A
 * source contains no line feed, so two different events never share the hashed text.
 */
export function messageDeduplicationId(event: { source: string; id: string }): string {
  return sha256Hex(`${event.source}\n${event.id}`);
}

/**
 * The order that a message of the queue is about, however wrong the rest of the message is; undefined if it
 * cannot be read. Never throws.
 */
export function readMessageOrderId(body: string): string | undefined {
  const { fields } = unwrap(body);
  return fields && readOrderId(fields);
}

/**
 * The order that a message of the queue is about and its data, however wrong the rest of the message is, and
 * whatever it is wrapped in; undefined if they cannot be read with certainty. Never throws.
 */
export function readMessageOrder(body: string): { orderId: string; data: JsonObject } | undefined {
  const message = unwrap(body);
  const given = message.fields?.['data'];
  const written = typeof given === 'string' ? unwrap(given) : message;
  const data = asJsonObject(written.fields?.['data']);
  const orderId = readOrderId({ ...message.fields, data });
  const isCertain = message.isCertain && written.isCertain;
  return isCertain && data && orderId !== undefined ? { orderId, data } : undefined;
}

/** A message that has one of these twice may be about two orders. */
const NAMES_OF_AN_ORDER: readonly unknown[] = ['data', 'subject', 'order_id', 'btn_ref'];

/** The fields of a message without what it is wrapped in, and whether they are about one order only. */
function unwrap(body: string): { fields?: JsonObject | undefined; isCertain: boolean } {
  // A byte order mark, as some shops write it, belongs to no message.
  const reading = readJson(body.replace(/^\uFEFF/, ''));
  if (!reading.ok) return { isCertain: false };
  const isAmbiguous = reading.flaws.some(({ segments }) => NAMES_OF_AN_ORDER.includes(segments.at(-1)));
  const wrapping = findWrapping(reading.value);
  const { fields, isCertain } =
    wrapping?.text === undefined
      ? { fields: wrapping ? wrapping.inner : asJsonObject(reading.value), isCertain: true }
      : unwrap(wrapping.text);
  return { fields, isCertain: isCertain && !isAmbiguous };
}

/** `fields` are those of the message, from which the order that it is about is read. */
function refuse(
  violations: OrderViolation[],
  fields: JsonObject | undefined,
): Extract<OrderEventResult, { ok: false }> {
  const orderId = fields && readOrderId(fields);
  return { ok: false, violations, warnings: [], ...(orderId === undefined ? {} : { orderId }) };
}

const OPTIONAL_ATTRIBUTES = new Set(['time', 'sequence', 'datacontenttype', 'data_base64']);

/**
 * In JSON an attribute that is null is unset (CloudEvents JSON Event Format, section 2.2), and so is an
 * optional attribute that is empty text. A brand that orders by time may get a sequence of any form from its
 * broker: it is not read.
 */
function withoutUnsetAttributes(fields: JsonObject, orderBy: 'sequence' | 'time'): JsonObject {
  const attributes = Object.entries(fields).filter(
    ([name, value]) => value !== null && !(value === '' && OPTIONAL_ATTRIBUTES.has(name)),
  );
  return Object.fromEntries(attributes.filter(([name]) => name !== 'sequence' || orderBy === 'sequence'));
}

/** The subject is an order id, so a missing order id in an envelope is a missing attribute. */
function describeEnvelope(error: z.ZodError): OrderViolation[] {
  return describeIssues(error, []).map((found) =>
    found.code === 'missing_field' ? violation('event_attribute_missing', ['subject']) : found,
  );
}

function readContent(fields: JsonObject, settings: OrderEventSettings): Content {
  const { type, data } = fields;
  if (type === 'order.cancelled.v1') {
    return isEmpty(data)
      ? { ok: true, content: { kind: 'cancelled' }, warnings: [] }
      : refused('cancellation_with_data');
  }
  // The envelope's violation says what is wrong with any other type; nobody knows what its data should be.
  if (type !== 'order.created.v1' && type !== 'order.updated.v1')
    return { ok: false, violations: [], warnings: [] };

  if (!isBlank(fields['data_base64'])) return { ok: false, violations: [], warnings: [] };
  if (isBlank(data)) return refused('event_attribute_missing');
  if (findWrapping(data)?.code === 'json_encoded_twice') return refused('json_encoded_twice');
  const kind = type === 'order.created.v1' ? 'created' : 'updated';
  const validation = validateOrderVersion(data, { rules: settings, kind, at: ['data'] });
  return validation.ok
    ? { ok: true, content: { kind, order: validation.order }, warnings: validation.warnings }
    : validation;
}

function refused(code: OrderViolationCode): Content {
  return { ok: false, violations: [violation(code, ['data'])], warnings: [] };
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function isEmpty(data: unknown): boolean {
  if (isBlank(data)) return true;
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
  if (!isBlank(fields[orderBy])) return [];
  return [violation(orderBy === 'sequence' ? 'sequence_missing' : 'time_missing', [orderBy])];
}

function readVersion(envelope: Envelope, orderBy: 'sequence' | 'time'): OrderVersionId | undefined {
  const { sequence, time } = envelope;
  if (orderBy === 'time') return time === undefined ? undefined : { by: 'time', time };
  return sequence === undefined ? undefined : { by: 'sequence', sequence: sequence.replace(/^0+(?=\d)/, '') };
}

const AMOUNTS: readonly unknown[] = ['total', 'amount', 'quantity'];

/**
 * A number with a decimal point matters where Button expects an integer. It is reported if the parsed number
 * is an integer, in addition to other violations: 70.00 may have been meant as 7000, so that the sum is wrong
 * as well. 70.5 is refused because it is not an integer.
 */
function describeFlaws(flaws: readonly JsonFlaw[], fields: JsonObject): OrderViolation[] {
  const found: OrderViolation[] = [];
  for (const { code, segments } of flaws) {
    const isAmount = segments[0] === 'data' && AMOUNTS.includes(segments.at(-1));
    if (code !== 'number_with_decimal_point' || (isAmount && Number.isInteger(valueAt(fields, segments))))
      found.push(violation(code, segments));
    if (found.length > LISTED_AT_MOST) break;
  }
  return found;
}

function valueAt(fields: JsonObject, segments: readonly JsonPathSegment[]): unknown {
  let value: unknown = fields;
  for (const segment of segments) {
    if (Array.isArray(value)) value = value[Number(segment)];
    else value = asJsonObject(value)?.[String(segment)];
  }
  return value;
}

/** The order that a refused message is about: only if subject and data do not contradict each other. */
function readOrderId(fields: JsonObject): string | undefined {
  const candidates = [fields['subject'], asJsonObject(fields['data'])?.['order_id']].filter(
    (id) => OrderIdSchema.safeParse(id).success,
  );
  const [first, ...others] = candidates;
  return typeof first === 'string' && others.every((other) => other === first) ? first : undefined;
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
