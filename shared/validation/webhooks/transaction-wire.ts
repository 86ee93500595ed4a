import * as z from 'zod';

import { parseJson } from '../json/parse-json.ts';
import { digestOfLines } from './lines-digest.ts';
import { transactionKey, type Transaction, type TransactionFlag } from './transaction.ts';
import { webhookFlags } from './webhook-flags.ts';

/** Text that a table can hold, and short enough not to fill an item by itself. */
const storableText = z
  .string()
  .max(2048)
  .refine((value) => value.isWellFormed());
/** An id that is written as a number stands for its digits. */
const digitsOf = (value: unknown): unknown => (typeof value === 'number' ? String(value) : value);
/** An id becomes a key, of which DynamoDB takes 1024 bytes everywhere. */
const id = z.preprocess(digitsOf, storableText.max(255).min(1));
/** Absent, null and empty are the same. */
const text = storableText.nullish().transform((value) => value || null);
const otherId = z.preprocess(digitsOf, text).nullish();
const minorUnits = z.union([z.int(), z.literal('').transform(() => null)]).nullish();

/**
 * An instant of RFC 3339 with or without milliseconds or offset, in UTC. Equal instants are written alike,
 * and milliseconds count. An instant that UTC moves out of the years with four digits is not valid.
 */
const instant = z
  .string()
  .toUpperCase()
  .pipe(z.iso.datetime({ offset: true }))
  .transform(inUtc)
  .pipe(z.string().regex(/^\d{4}-/));
/** An instant that may be missing: whatever cannot be read counts as absent. */
const otherInstant = instant.nullish().catch(null);

/** An instant as `toISOString` writes it, with or without milliseconds: there is nothing to convert. */
const IN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/;

function inUtc(value: string): string {
  const utc = IN_UTC.test(value) ? value : new Date(value).toISOString();
  return utc.replace('.000Z', 'Z');
}

/**
 * A transaction as webhooks and the Transactions API write it. The schema is tolerant: it checks only fields
 * that are used, because Button adds fields at any time; null and absent are the same.
 *
 * Source: docs/button/webhooks.md, "data".
 */
const TransactionWireSchema = z.object({
  id,
  status: z.enum(['pending', 'validated', 'declined']),
  category: storableText,
  created_date: instant,
  modified_date: instant,
  validated_date: otherInstant,
  attribution_date: otherInstant,
  order_purchase_date: otherInstant,
  order_purchased_date: otherInstant,
  amount: minorUnits,
  currency: text,
  order_total: minorUnits,
  order_currency: text,
  order_line_items: z.unknown().optional(),
  button_order_id: z.preprocess(digitsOf, storableText.max(255)).nullish(),
  account_id: otherId,
  commerce_organization: otherId,
  commerce_organization_name: text.catch(null),
  publisher_customer_id: otherId,
  pub_ref: otherId,
});

/** What could not be read, by path and code: never a value, which may be personal data. */
export type WireFault = { path: string; code: string };

/** A transaction, or why it could not be read. */
export type TransactionResult = { ok: true; transaction: Transaction } | { ok: false; faults: WireFault[] };

/** Reads a row of the Transactions API or a webhook's `data`. Never throws. */
export function readTransaction(row: unknown): TransactionResult {
  const wire = TransactionWireSchema.safeParse(row);
  if (!wire.success) return { ok: false, faults: toFaults(wire.error) };
  const { data } = wire;
  return {
    ok: true,
    transaction: {
      id: data.id,
      buttonOrderId: data.button_order_id || null,
      status: data.status,
      category: data.category,
      amountMinor: data.amount ?? null,
      currency: data.currency?.toUpperCase() ?? null,
      orderTotalMinor: data.order_total ?? null,
      orderCurrency: data.order_currency?.toUpperCase() ?? null,
      createdDate: data.created_date,
      modifiedDate: data.modified_date,
      validatedDate: data.validated_date ?? null,
      attributionDate: data.attribution_date ?? null,
      purchaseDate: data.order_purchase_date ?? data.order_purchased_date ?? null,
      accountId: data.account_id ?? null,
      commerceOrganization: data.commerce_organization ?? null,
      commerceOrganizationName: data.commerce_organization_name ?? null,
      linesDigest: digestOfLines(data.order_line_items),
      publisherCustomerId: data.publisher_customer_id ?? null,
      pubRef: data.pub_ref ?? null,
    },
  };
}

const KeyFieldsSchema = TransactionWireSchema.pick({ id: true, button_order_id: true });

/**
 * The key of a row of the Transactions API, without reading the rest of it; undefined if the row cannot be
 * read. Never throws.
 */
export function readTransactionKey(row: unknown): string | undefined {
  const { data } = KeyFieldsSchema.safeParse(row);
  return data && transactionKey({ id: data.id, buttonOrderId: data.button_order_id || null });
}

/** The envelope of a webhook. Unknown event types are accepted: `data.status` says what a transaction is. */
const WebhookEnvelopeSchema = z.object({ id, event_type: z.string(), data: z.unknown() });

/** A webhook's transaction, or why it could not be read. */
export type WebhookResult =
  | {
      ok: true;
      eventId: string;
      transaction: Transaction;
      payload: unknown;
      /** The flags of a transaction that is accepted all the same. */
      flags: readonly TransactionFlag[];
    }
  | { ok: false; eventId?: string; faults: WireFault[] };

/**
 * Reads the body of an authentic webhook. Never throws. `payload` is the unchanged transaction.
 *
 * Source: docs/button/webhooks.md, "Request".
 */
export function readWebhook(body: Uint8Array): WebhookResult {
  const json = parseBytes(body);
  if (json === undefined) return { ok: false, faults: [{ path: '$', code: 'not_json' }] };
  const envelope = WebhookEnvelopeSchema.safeParse(json);
  if (!envelope.success) return { ok: false, faults: toFaults(envelope.error) };

  const { id: eventId, event_type: eventType, data } = envelope.data;
  const reading = readTransaction(data);
  if (!reading.ok) {
    return {
      ok: false,
      eventId,
      faults: reading.faults.map((fault) => ({ ...fault, path: `$.data${fault.path.slice(1)}` })),
    };
  }
  if (body.length > NEVER_TOO_DEEP_BYTES && !canBeWritten(data))
    return { ok: false, eventId, faults: [{ path: '$.data', code: 'too_deep' }] };
  const { transaction } = reading;
  return {
    ok: true,
    eventId,
    transaction,
    payload: data,
    flags: webhookFlags(eventType, transaction, data),
  };
}

/** A level takes two bytes, so there are 2,048 levels at most: half as many as can be written as JSON. */
const NEVER_TOO_DEEP_BYTES = 4096;

/** A value that is nested too deeply can be parsed, but not written as JSON again. */
function canBeWritten(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Undefined if it is not JSON in UTF-8. */
function parseBytes(bytes: Uint8Array): unknown {
  try {
    return parseJson(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}

function toFaults(error: z.ZodError): WireFault[] {
  return error.issues.map(({ path, code }) => ({ path: ['$', ...path.map(String)].join('.'), code }));
}
