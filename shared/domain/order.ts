import * as z from 'zod';

import { CURRENCY_CODES, minorUnitDecimals } from './currency.ts';
import type { OrderViolationCode } from './order-violation.ts';

// In this file the message of a zod issue is the code of the violation: validate-order.ts looks its texts up.

type Rejection = { readonly input?: unknown; readonly code?: string | undefined };

/** The code for a rejected value: `missing_field` where there is none. */
function unlessMissing(code: OrderViolationCode): (rejection: Rejection) => OrderViolationCode {
  return ({ input }) => (input === undefined ? 'missing_field' : code);
}

function amountCode({ input, code }: Rejection): OrderViolationCode {
  if (code === 'too_big') return 'amount_above_int32';
  if (code === 'too_small') return 'amount_negative';
  return input === undefined ? 'missing_field' : 'amount_not_integer';
}

function objectCode({ input, code }: Rejection): OrderViolationCode {
  if (code === 'unrecognized_keys') return 'unknown_field';
  return input === undefined ? 'missing_field' : 'wrong_type';
}

/** Button counts characters, JavaScript UTF-16 units: an emoji is one of the former and two of the latter. */
function hasAtMost255Characters(text: string): boolean {
  return text.length <= 255 || (text.length <= 510 && Array.from(text).length <= 255);
}

const TextSchema = z
  .string({ error: unlessMissing('wrong_type') })
  .refine((text) => text.isWellFormed(), { error: 'text_not_unicode' });

const ShortTextSchema = TextSchema.refine(hasAtMost255Characters, { error: 'text_too_long' }).meta({
  maxLength: 255,
});

const AmountSchema = z.int32({ error: amountCode }).min(0, { error: 'amount_negative' });

const DateSchema = z.union([z.iso.datetime({ offset: true, local: true }), z.iso.date()], {
  error: unlessMissing('date_not_iso_8601'),
});

const CurrencySchema = z
  .string({ error: unlessMissing('currency_not_iso_4217') })
  .refine((code) => minorUnitDecimals(code) !== undefined, { error: 'currency_not_iso_4217' })
  .meta({ enum: CURRENCY_CODES });

/**
 * The Brand's own id of an order: printable ASCII, 1 to 255 characters, no space at either end, neither `.` nor `..`.
 *
 * "Treated as an ASCII string. 255 character maximum" (Reporting Orders, "Order Object"). Control characters and outer spaces are
 * refused as well, because proxies and spreadsheets drop them and two orders would become one; so are the dot segments, because the id
 * is a segment of a URL's path. Whatever else URLs reserve is fine: the client encodes it.
 */
export const OrderIdSchema = z
  .string({ error: unlessMissing('order_id_malformed') })
  .max(255, { error: 'order_id_malformed' })
  .regex(/^[!-~](?:[ -~]*[!-~])?$/, { error: 'order_id_malformed' })
  .refine((id) => id !== '.' && id !== '..', { error: 'order_id_dot_segment' })
  .meta({ not: { enum: ['.', '..'] } });

/** Button's Attribution Token: "a URL safe string up to 255 characters" (Reporting Orders, "Order Object"); RFC 3986 unreserved. */
const BtnRefSchema = z
  .string({ error: 'btn_ref_not_url_safe' })
  .regex(/^[A-Za-z0-9._~-]{1,255}$/, { error: 'btn_ref_not_url_safe' });

const CustomerSchema = z.strictObject(
  {
    id: TextSchema.optional(),
    email_sha256: z
      .string({ error: 'email_sha256_malformed' })
      .regex(/^[0-9a-fA-F]{64}$/, { error: 'email_sha256_malformed' })
      .optional(),
    device_id: TextSchema.optional(),
    is_new: z.boolean({ error: 'wrong_type' }).optional(),
  },
  { error: objectCode },
);

/**
 * One line of an order (Reporting Orders, "Line Items Object"). `total` is the line's, in minor units, after discounts, without taxes;
 * `amount` is the price of one unit (only in Button's samples). Only `identifier` and `total` are required: Button's guide calls all of
 * them required, Button's own mobile libraries only these two.
 */
const LineItemSchema = z.strictObject(
  {
    identifier: TextSchema.min(1, { error: 'line_identifier_empty' }),
    total: AmountSchema,
    amount: AmountSchema.optional(),
    quantity: z
      .int({ error: 'quantity_not_positive_integer' })
      .min(1, { error: 'quantity_not_positive_integer' })
      .optional(),
    sku: ShortTextSchema.optional(),
    upc: TextSchema.optional(),
    category: z.array(TextSchema, { error: 'wrong_type' }).max(7, { error: 'category_too_deep' }).optional(),
    description: TextSchema.optional(),
    attributes: z
      .record(
        z.string().refine((name) => name.isWellFormed()),
        z
          .string({ error: 'attribute_not_text' })
          .refine((text) => text.isWellFormed(), { error: 'text_not_unicode' }),
        { error: ({ code }) => (code === 'invalid_key' ? 'text_not_unicode' : 'wrong_type') },
      )
      .optional(),
  },
  { error: objectCode },
);

/**
 * An order as a brand reports it, complete, in Button's own field names (Reporting Orders, "Order Object"; Report an Order).
 *
 * The schema knows each field alone. Rules between fields (the total is the sum of its lines) and rules of a stage (test tokens) are in
 * validate-order.ts: an order is valid only if `validateOrder` says so.
 */
export const OrderSchema = z.strictObject(
  {
    total: AmountSchema,
    currency: CurrencySchema,
    order_id: OrderIdSchema,
    purchase_date: DateSchema,
    btn_ref: BtnRefSchema.optional(),
    customer: CustomerSchema.optional(),
    customer_order_id: ShortTextSchema.optional(),
    line_items: z.array(LineItemSchema, { error: 'wrong_type' }).optional(),
    partner_order_channel: z.enum(['app', 'webview'], { error: 'channel_unknown' }).optional(),
    finalization_date: DateSchema.optional(),
  },
  { error: objectCode },
);

export type Order = z.infer<typeof OrderSchema>;
export type LineItem = z.infer<typeof LineItemSchema>;
