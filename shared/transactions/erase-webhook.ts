import { asJsonObject } from '@button-serverless/validation/json';
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

/**
 * The webhook as it may be kept if it arrived before its shopper was erased; undefined if it arrived later or
 * is about somebody else. Also for a webhook whose transaction cannot be read. A webhook that is not JSON
 * names nobody who could be found. Pure; never throws.
 */
export function erasedWebhook(
  { body, receivedAt }: { body: Uint8Array; receivedAt: string },
  notes: readonly ErasureNote[],
): ErasedWebhook | undefined {
  const { id, event_type, data } = parseObject(body);
  const fields = asJsonObject(data) ?? {};
  const { thirdparty_id: thirdParty, publisher_customer_id: customer = thirdParty, pub_ref: ref } = fields;
  const erasedAt = erasedSince(
    notes,
    { publisherCustomerId: textOf(customer), pubRef: textOf(ref) },
    receivedAt,
  );
  if (erasedAt === undefined) return undefined;
  const kept = Object.fromEntries(Object.entries(fields).filter(([name]) => KEPT_FIELDS.test(name)));
  return { body: Buffer.from(JSON.stringify({ id, event_type, data: kept })), erasedAt };
}

/** A pass-through number stands for its digits. */
function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
