import * as z from 'zod';

import { violation, type OrderViolation } from './order-violation.ts';
import type { JsonPathSegment } from '../json/json-path.ts';

const TotalsSchema = z.object({
  total: z.number(),
  line_items: z.array(z.object({ total: z.number() })),
});
const LinesSchema = z.object({ line_items: z.array(z.unknown()) });
const IdentifiedSchema = z.object({ identifier: z.string() });

/**
 * Judges what the fields of an order say about each other, as far as they can be read; `at` is where the order stands.
 *
 * "In all cases, the order.total must equal the sum of all order.line_items[*].total" (Order API Best Practices, "How to Report
 * Discounts"); identifiers are unique within the order (Reporting Orders, "Line Items Object").
 */
export function findInconsistencies(order: unknown, at: readonly JsonPathSegment[]): OrderViolation[] {
  return [...findWrongTotal(order, at), ...findRepeatedIdentifiers(order, at)];
}

function findWrongTotal(order: unknown, at: readonly JsonPathSegment[]): OrderViolation[] {
  const totals = TotalsSchema.safeParse(order);
  if (!totals.success) return [];

  const { total, line_items } = totals.data;
  const amounts = [total, ...line_items.map((line) => line.total)];
  // Fractions are refused for themselves; their sum is a matter of rounding and would only add noise.
  if (!amounts.every(Number.isSafeInteger)) return [];
  const sum = line_items.reduce((subtotal, line) => subtotal + line.total, 0);
  return sum === total ? [] : [violation('total_not_sum', [...at, 'total'])];
}

function findRepeatedIdentifiers(order: unknown, at: readonly JsonPathSegment[]): OrderViolation[] {
  const lines = LinesSchema.safeParse(order);
  if (!lines.success) return [];

  const seen = new Set<string>();
  return lines.data.line_items.flatMap((line, index) => {
    const identified = IdentifiedSchema.safeParse(line);
    if (!identified.success) return [];
    const { identifier } = identified.data;
    if (seen.has(identifier)) {
      return [violation('line_identifier_repeated', [...at, 'line_items', index, 'identifier'])];
    }
    seen.add(identifier);
    return [];
  });
}
