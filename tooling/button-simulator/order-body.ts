import * as z from 'zod';

import { readOrderDate, toButtonDate } from '@button-serverless/validation/orders';

/** "ISO-8601 string" is all that Button says about dates: every form is read as the reporter reads it. */
const InstantSchema = z.string().transform((text, context) => {
  const date = readOrderDate(text);
  if (date) return toButtonDate(date);
  context.addIssue({ code: 'custom', message: 'Invalid ISO 8601 date' });
  return z.NEVER;
});
const MinorUnitsSchema = z.int32().nonnegative();

const LineItemSchema = z.looseObject({
  identifier: z.string().min(1),
  total: MinorUnitsSchema,
  quantity: z.int().positive().optional(),
  amount: z.int().optional(),
  sku: z.string().max(255).optional(),
  upc: z.string().optional(),
  category: z.array(z.string()).max(7).optional(),
  description: z.string().optional(),
  attributes: z.record(z.string(), z.string()).optional(),
});
export type OrderLineItem = z.infer<typeof LineItemSchema>;

/**
 * The body of POST /v1/order (docs/button/order-api.md, "Request fields"). Fields that Button does not name
 * are accepted, as its additive versioning suggests; those that it names must be valid.
 */
export const OrderFieldsSchema = z.looseObject({
  total: MinorUnitsSchema,
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a three-letter ISO 4217 code'),
  order_id: z.string().regex(/^[\x20-\x7e]{1,255}$/, 'must be ASCII, 1 to 255 characters'),
  purchase_date: InstantSchema,
  btn_ref: z
    .string()
    .regex(/^[A-Za-z0-9._~-]{1,255}$/, 'must be URL-safe, 1 to 255 characters')
    .optional(),
  customer: z
    .looseObject({
      id: z.string().optional(),
      email_sha256: z
        .string()
        .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hex digits')
        .optional(),
      device_id: z.string().optional(),
      is_new: z.boolean().optional(),
    })
    .optional(),
  customer_order_id: z.string().max(255).optional(),
  line_items: z
    .array(LineItemSchema)
    .refine(
      (lines) => new Set(lines.map((line) => line.identifier)).size === lines.length,
      'identifiers must be unique',
    )
    .optional(),
  partner_order_channel: z.enum(['app', 'webview']).optional(),
  finalization_date: InstantSchema.optional(),
  total_as_decimal: z.literal(false, 'decimal totals are not simulated: report minor units').optional(),
});
export type OrderFields = z.infer<typeof OrderFieldsSchema>;

/** The body of POST /v1/order/{id}: any of the fields of a create. */
export const OrderUpdateSchema = OrderFieldsSchema.partial();
export type OrderUpdate = z.infer<typeof OrderUpdateSchema>;

/**
 * What is wrong with a total and its lines: the total must equal the sum of the lines, if lines are sent
 * (Button's best practices for order reporting). Undefined if nothing is.
 */
export function sumProblem(total: number, lines: readonly OrderLineItem[] | undefined): string | undefined {
  if (lines === undefined) return undefined;
  const sum = lines.reduce((subtotal, line) => subtotal + line.total, 0);
  return sum === total ? undefined : `total ${total} is not the sum of line_items, ${sum}`;
}
