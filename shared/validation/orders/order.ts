import * as z from 'zod';

import { CURRENCY_CODES, minorUnitDecimals, WITHDRAWN_CURRENCY_CODES } from './currency.ts';
import { ORDER_DATE_PATTERN, readOrderDate, toButtonDate } from './order-date.ts';
import type { OrderViolationCode } from './order-violation.ts';
import { normalizeUpc } from './upc.ts';

// In this file the message of a zod issue is the code of the violation: validate-order.ts looks up its texts.

type Rejection = { readonly input?: unknown; readonly code?: string | undefined };

/** The code for a refused value: `missing_field` if there is none. */
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

const AMOUNT_RULE =
  'In the smallest unit of the currency (1234 for 12.34 USD), after discounts, and without VAT and other taxes, ' +
  'delivery and surcharges.';

const AmountSchema = z.int32({ error: amountCode }).min(0, { error: 'amount_negative' });

/** Read as `readOrderDate` reads it, and written as in Button's documents. */
const DateSchema = z
  .string({ error: unlessMissing('date_not_iso_8601') })
  .transform((text, context) => {
    const date = readOrderDate(text);
    if (date) return toButtonDate(date);
    context.addIssue({ code: 'custom', message: 'date_not_iso_8601' satisfies OrderViolationCode });
    return z.NEVER;
  })
  .meta({ pattern: ORDER_DATE_PATTERN });

const CurrencySchema = z
  .string({ error: unlessMissing('currency_not_iso_4217') })
  .refine((code) => minorUnitDecimals(code) !== undefined, { error: 'currency_not_iso_4217' })
  .meta({ enum: [...CURRENCY_CODES, ...WITHDRAWN_CURRENCY_CODES] });

/**
 * The Brand's own id of an order: printable ASCII, 1 to 255 characters, no space at either end, neither `.`
 * nor `..`.
 *
 * "Treated as an ASCII string. 255 character maximum" (Reporting Orders, "Order Object"). Control characters
 * and outer spaces are refused as well, because proxies and spreadsheets drop them and two orders would
 * become one. The dot segments are refused because the id is a segment of a URL's path. Other characters that
 * URLs reserve are accepted: the client encodes them.
 */
export const OrderIdSchema = z
  .string({ error: unlessMissing('order_id_malformed') })
  .max(255, { error: 'order_id_malformed' })
  .regex(/^[!-~](?:[ -~]*[!-~])?$/, { error: 'order_id_malformed' })
  .refine((id) => id !== '.' && id !== '..', { error: 'order_id_dot_segment' })
  .meta({ not: { enum: ['.', '..'] } });

/**
 * Button's Attribution Token: "a URL safe string up to 255 characters" (Reporting Orders, "Order Object");
 * RFC 3986 unreserved.
 */
const BtnRefSchema = z
  .string({ error: 'btn_ref_not_url_safe' })
  .regex(/^[A-Za-z0-9._~-]{1,255}$/, { error: 'btn_ref_not_url_safe' });

const CustomerSchema = z.strictObject(
  {
    id: TextSchema.describe('The customer in the system of the Brand.').optional(),
    email_sha256: z
      .string({ error: 'email_sha256_malformed' })
      .regex(/^[0-9a-fA-F]{64}$/, { error: 'email_sha256_malformed' })
      .describe('SHA-256, in hex, of the e-mail address after trimming it and making it lower-case.')
      .optional(),
    device_id: TextSchema.describe(
      'The advertising id of the device: IDFA (iOS) or AAID (Android).',
    ).optional(),
    is_new: z
      .boolean({ error: 'wrong_type' })
      .describe('Whether this is the first purchase of the customer.')
      .optional(),
  },
  { error: objectCode },
);

const AttributesSchema = z.record(
  z.string().refine((name) => name.isWellFormed()),
  z
    .string({ error: 'attribute_not_text' })
    .refine((text) => text.isWellFormed(), { error: 'text_not_unicode' }),
  { error: ({ code }) => (code === 'invalid_key' ? 'text_not_unicode' : 'wrong_type') },
);

/**
 * One line of an order (Reporting Orders, "Line Items Object"). `total` is the line's, in minor units, after
 * discounts, without taxes; `amount` is the price of one unit (only in Button's samples). Only `identifier`
 * and `total` are required: Button's guide calls all fields required, Button's own mobile libraries only
 * these two.
 */
export const LineItemSchema = z.strictObject(
  {
    identifier: TextSchema.min(1, { error: 'line_identifier_empty' }).describe(
      'Names the line; no other line of the order has the same. Button suggests the SKU or UPC.',
    ),
    total: AmountSchema.describe(`What all units of the line cost together. ${AMOUNT_RULE}`),
    amount: AmountSchema.describe(
      'The price of one unit, in the smallest unit of the currency. Only samples of Button show it.',
    ).optional(),
    quantity: z
      .int({ error: 'quantity_not_positive_integer' })
      .min(1, { error: 'quantity_not_positive_integer' })
      .describe('How many units the line stands for; 1 if left out.')
      .optional(),
    sku: ShortTextSchema.describe('The stock keeping unit of the Brand; at most 255 characters.').optional(),
    upc: TextSchema.transform(normalizeUpc)
      .describe(
        'The UPC-A (GTIN-12): 12 digits. A UPC-E, and a GTIN-13 or GTIN-14 that is a UPC with zeros in ' +
          'front, is sent as these 12 digits. Any other product code passes as it is.',
      )
      .optional(),
    category: z
      .array(TextSchema, { error: 'wrong_type' })
      .max(7, { error: 'category_too_deep' })
      .describe('The category, the most general name first; at most 7 names.')
      .optional(),
    description: TextSchema.describe('What the product is.').optional(),
    attributes: AttributesSchema.describe(
      'Names and texts that say more about the line; the code of a discount is `coupon_code`.',
    ).optional(),
  },
  { error: objectCode },
);

/**
 * A complete order as a brand reports it, in Button's own field names (Reporting Orders, "Order Object";
 * Report an Order).
 *
 * The schema checks each field alone, and writes dates and product codes as Button expects them.
 * validate-order.ts has the rules between fields (the total is the sum of its lines), what counts as absent,
 * and the rules of a brand (test tokens): an order is valid only if `validateOrder` says so.
 */
export const OrderSchema = z.strictObject(
  {
    total: AmountSchema.describe(
      `What commission is paid on: the sum of the totals of the line items. ${AMOUNT_RULE}`,
    ),
    currency: CurrencySchema.describe(
      'The ISO 4217 code; one that has been withdrawn passes for an order that was made before.',
    ),
    order_id: OrderIdSchema.describe(
      'The id of the order in the system of the Brand; ASCII, at most 255 characters.',
    ),
    purchase_date: DateSchema.describe(
      'When the customer bought: ISO 8601, such as 2017-07-25T08:23:52Z. Without an offset it is read as UTC.',
    ),
    btn_ref: BtnRefSchema.describe(
      'The attribution token of Button, as it came with the customer; without it the order is not attributed.',
    ).optional(),
    customer: CustomerSchema.describe('Who bought.').optional(),
    customer_order_id: ShortTextSchema.describe(
      'The number of the order that the customer sees; at most 255 characters.',
    ).optional(),
    line_items: z
      .array(LineItemSchema, { error: 'wrong_type' })
      .describe('All lines of the order, after a return those that remain.')
      .optional(),
    partner_order_channel: z
      .enum(['app', 'webview'], { error: 'channel_unknown' })
      .describe('Where the customer bought: `app` or `webview`.')
      .optional(),
    finalization_date: DateSchema.describe(
      'When the order can no longer be changed. Overrides the return policy that Button knows; refused ' +
        'unless the brand allows it.',
    ).optional(),
  },
  { error: objectCode },
);

/** An order as it is sent to Button. */
export type Order = z.infer<typeof OrderSchema>;
export type LineItem = z.infer<typeof LineItemSchema>;

/** Fields whose optional ones may also be null, which counts as absent. */
type WithNulls<Fields> = {
  [Name in keyof Fields]: undefined extends Fields[Name] ? Fields[Name] | null : Fields[Name];
};

type LineItemInput = WithNulls<
  Omit<LineItem, 'attributes'> & { attributes?: Record<string, string | null> | undefined }
>;

/** An order as shops write it: optional fields may be null or empty text, which counts as absent. */
export type OrderInput = WithNulls<
  Omit<Order, 'customer' | 'line_items'> & {
    customer?: WithNulls<z.infer<typeof CustomerSchema>> | undefined;
    line_items?: readonly LineItemInput[] | undefined;
  }
>;
