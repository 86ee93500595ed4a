import { asJsonObject, type JsonObject } from '../json/json-object.ts';
import { violation, type OrderViolation } from './order-violation.ts';
import type { JsonPathSegment } from '../json/json-path.ts';

/**
 * Checks whether the fields of an order contradict each other, as far as they can be read; `at` is where the
 * order is.
 *
 * "In all cases, the order.total must equal the sum of all order.line_items[*].total" (Order API Best
 * Practices, "How to Report Discounts"); identifiers are unique within the order (Reporting Orders, "Line
 * Items Object").
 */
export function findInconsistencies(order: unknown, at: readonly JsonPathSegment[]): OrderViolation[] {
  return [...findWrongTotal(order, at), ...findRepeatedIdentifiers(order, at)];
}

function findWrongTotal(order: unknown, at: readonly JsonPathSegment[]): OrderViolation[] {
  const amounts = [asJsonObject(order), ...linesOf(order)].map((fields) => fields?.['total']);
  // Fractions are refused by another rule; their sum depends on rounding and would only add noise.
  if (!hasLines(order) || !amounts.every(isSafeInteger)) return [];
  const [total, ...ofLines] = amounts;
  const sum = ofLines.reduce((subtotal, amount) => subtotal + amount, 0);
  return sum === total ? [] : [violation('total_not_sum', [...at, 'total'])];
}

function findRepeatedIdentifiers(order: unknown, at: readonly JsonPathSegment[]): OrderViolation[] {
  const seen = new Set<string>();
  return linesOf(order).flatMap((line, index) => {
    const identifier = line?.['identifier'];
    if (typeof identifier !== 'string') return [];
    if (seen.has(identifier)) {
      return [violation('line_identifier_repeated', [...at, 'line_items', index, 'identifier'])];
    }
    seen.add(identifier);
    return [];
  });
}

function hasLines(order: unknown): boolean {
  return Array.isArray(asJsonObject(order)?.['line_items']);
}

/** The lines of an order; undefined in place of one that is not an object. */
function linesOf(order: unknown): (JsonObject | undefined)[] {
  const lines: unknown = asJsonObject(order)?.['line_items'];
  return Array.isArray(lines) ? lines.map(asJsonObject) : [];
}

function isSafeInteger(amount: unknown): amount is number {
  return Number.isSafeInteger(amount);
}
