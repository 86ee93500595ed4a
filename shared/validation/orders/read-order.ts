import type * as z from 'zod';

import { asJsonObject, type JsonObject } from '../json/json-object.ts';
import type { JsonPathSegment } from '../json/json-path.ts';
import {
  isOrderViolationCode,
  LISTED_AT_MOST,
  violation,
  type OrderViolation,
  type OrderViolationCode,
} from './order-violation.ts';
import { LineItemSchema, OrderSchema, type LineItem, type Order } from './order.ts';

/** The order, if each of its fields is valid; otherwise what is wrong with them. */
export type OrderReadResult = { order?: Order; violations: OrderViolation[] };

/**
 * Checks each field of an order alone. Lines are checked one by one, until as many violations are found as
 * are listed: zod collects every issue, and a message of 1 MiB could cause more of them than the memory
 * holds.
 */
export function readOrder(order: unknown, at: readonly JsonPathSegment[]): OrderReadResult {
  const fields = asJsonObject(order);
  const lines: unknown = fields?.['line_items'];
  const parsed = OrderSchema.safeParse(Array.isArray(lines) ? { ...fields, line_items: [] } : order);
  const violations = parsed.success ? [] : describeIssues(parsed.error, at);
  if (!Array.isArray(lines)) return { ...(parsed.success && { order: parsed.data }), violations };

  const items: LineItem[] = [];
  for (const [index, line] of lines.entries()) {
    const item = LineItemSchema.safeParse(withFewFlaws(line));
    if (item.success) items.push(item.data);
    else violations.push(...describeIssues(item.error, [...at, 'line_items', index]));
    if (violations.length > LISTED_AT_MOST) break;
  }
  const isValid = parsed.success && violations.length === 0;
  return { ...(isValid && { order: { ...parsed.data, line_items: items } }), violations };
}

/** Of more malformed attributes than are listed, enough to make the list too long: the line stays refused. */
function withFewFlaws(line: unknown): unknown {
  const fields = asJsonObject(line);
  const attributes = Object.entries(asJsonObject(fields?.['attributes']) ?? {});
  if (attributes.length <= LISTED_AT_MOST) return line;
  const flawed = attributes.filter(
    ([name, value]) => typeof value !== 'string' || !value.isWellFormed() || !name.isWellFormed(),
  );
  if (flawed.length <= LISTED_AT_MOST) return line;
  const attributesToList: JsonObject = Object.fromEntries(flawed.slice(0, LISTED_AT_MOST + 1));
  return { ...fields, attributes: attributesToList };
}

/** Names that people send in good faith, and what to say about them. */
const COMMON_MISTAKES: ReadonlyMap<string, OrderViolationCode> = new Map([
  ['status', 'status_read_only'],
  ['total_as_decimal', 'total_as_decimal_refused'],
  ['is_new_user', 'is_new_misnamed'],
  ['finalized_date', 'finalization_date_misnamed'],
  ['email', 'plain_email'],
]);

/**
 * Translates zod's issues into our texts; `at` is where the value is. The message of an issue is its code
 * (order.ts).
 */
export function describeIssues(error: z.ZodError, at: readonly JsonPathSegment[]): OrderViolation[] {
  return error.issues.flatMap((issue) => {
    const segments = [...at, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) =>
        violation(COMMON_MISTAKES.get(key) ?? 'unknown_field', [...segments, key]),
      );
    }
    return [violation(isOrderViolationCode(issue.message) ? issue.message : 'wrong_type', segments)];
  });
}
