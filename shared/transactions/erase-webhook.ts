import { asJsonObject, valuesIn } from '@button-serverless/validation/json';
import { readWebhook } from '@button-serverless/validation/webhooks';
import { parseObject } from '../button/webhook-envelope.ts';
import { erasedSince, type ErasureNote } from './rules/erasure-note.ts';

/**
 * A webhook without the fields that name its shopper, and since when the shopper is erased (ISO 8601 UTC).
 */
export type ErasedWebhook = { body: Uint8Array; erasedAt: string };

/**
 * The fields of a transaction that are kept: its amounts and where it belongs. Any other field may name
 * somebody.
 */
const KEPT_FIELDS =
  /^(id|button_order_id|status|category|\w+_date|amount|(order_)?currency|order_total|account_id)$/;

type Webhook = { body: Uint8Array; receivedAt: string };

/**
 * The webhook as it may be kept if it arrived before its shopper was erased; undefined if it arrived later or
 * is about somebody else. One that is not understood is about everybody whom it names, wherever in it. A
 * webhook that is not JSON names nobody who could be found. Pure; never throws.
 */
export function erasedWebhook(webhook: Webhook, notes: readonly ErasureNote[]): ErasedWebhook | undefined {
  const erasedAt = notes.length === 0 ? undefined : erasedOf(webhook, notes);
  if (erasedAt === undefined) return undefined;
  const { id, event_type, data } = parseObject(webhook.body);
  const kept = Object.entries(asJsonObject(data) ?? {}).filter(([name]) => KEPT_FIELDS.test(name));
  const body = { ...withoutObjects({ id, event_type }), data: withoutObjects(Object.fromEntries(kept)) };
  return { body: Buffer.from(JSON.stringify(body)), erasedAt };
}

/** What may name somebody: an amount that is also the id of a shopper does not. */
function withoutKept(webhook: { data?: unknown }): object {
  const fields = Object.entries(asJsonObject(webhook.data) ?? {});
  const others = fields.filter(([name, value]) => !KEPT_FIELDS.test(name) || typeof value === 'object');
  return fields.length > 0 ? { ...webhook, data: Object.fromEntries(others) } : webhook;
}

/** A field that is kept is a text or a number: what is inside an object may name somebody. */
function withoutObjects(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value !== 'object'));
}

function erasedOf({ body, receivedAt }: Webhook, notes: readonly ErasureNote[]): string | undefined {
  const reading = readWebhook(body);
  if (reading.ok) return erasedSince(notes, reading.transaction, receivedAt);
  for (const value of new Set(valuesIn(withoutKept(parseObject(body))))) {
    // A pass-through number stands for its digits.
    const named = { publisherCustomerId: String(value), pubRef: String(value) };
    const erasedAt = erasedSince(notes, named, receivedAt);
    if (erasedAt !== undefined) return erasedAt;
  }
  return undefined;
}
