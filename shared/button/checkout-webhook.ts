import { hash } from 'node:crypto';

import * as z from 'zod';

import { asJsonObject } from '@button-serverless/validation/json';
import type { Checkout } from '@button-serverless/validation/webhooks';
import { parseObject, readEnvelope } from './webhook-envelope.ts';

/** A longer value might not fit into a key, which DynamoDB limits to 1024 bytes. */
const MAX_LENGTH = 255;

const instant = z.iso.datetime({ offset: true });

/**
 * Reads a webhook of the type `order-checkout`; undefined for any other. Never throws, and refuses no
 * checkout: a field that is missing, malformed or too long is null. If Button gives no id, a digest of the
 * content names the checkout.
 *
 * Source: docs/button/webhooks.md, "Event types".
 */
export function readCheckout(body: Uint8Array): Checkout | undefined {
  const webhook = parseObject(body);
  if (webhook.event_type !== 'order-checkout') return undefined;
  const data = asJsonObject(webhook.data) ?? {};
  const said = {
    btnRef: text(data['btn_ref']),
    shopper: text(data['thirdparty_id']),
    commerceOrganization: text(data['merchant_organization']),
    eventDate: utc(data['event_date']),
  };
  return { ...said, eventId: readEnvelope(body).eventId ?? hash('sha256', JSON.stringify(said)) };
}

/** A number stands for its digits. */
function text(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  const isText = typeof value === 'string' && value.length <= MAX_LENGTH && value.isWellFormed();
  return isText ? value || null : null;
}

/** Also null for a time that UTC moves out of the years that ISO 8601 writes with four digits. */
function utc(value: unknown): string | null {
  const { data } = instant.safeParse(value);
  const iso = data === undefined ? '' : new Date(data).toISOString();
  return /^\d{4}-/.test(iso) ? iso.replace('.000Z', 'Z') : null;
}
