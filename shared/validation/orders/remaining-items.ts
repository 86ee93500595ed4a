import type { LineItem, Order } from './order.ts';

/**
 * A line of which something remains; without `quantity`, all of it does. `quantity` 0 is the same as omitting
 * the line.
 */
export type RemainingItem = { identifier: string; quantity?: number };

/** Why the remaining order cannot be determined. */
export type RemainingProblem =
  | 'unknown_line'
  | 'line_named_twice'
  | 'quantity_not_integer'
  | 'more_than_ordered';

/** What to report: the order's new version, its cancellation, or nothing because everything remains. */
export type Remainder =
  | { kind: 'updated'; order: Order }
  | { kind: 'cancelled'; orderId: string }
  | { kind: 'unchanged' }
  | { kind: 'impossible'; problem: RemainingProblem };

type LineRemainder = { line: LineItem | undefined } | { problem: RemainingProblem };

/**
 * Turns "these items remain" into what Button expects: an update with the remaining lines and their sum as
 * the total, or a cancellation once nothing remains.
 *
 * If part of a line remains, its total is divided over its units, exact to the smallest unit. If it does not
 * divide evenly, the first units cost more. Returning units one by one or all at once therefore gives the
 * same totals. Source: Reporting Orders, "Update an Order"; Order API Best Practices, "Differences between
 * order updates and cancellations".
 */
export function remainingItems(order: Order, remaining: readonly RemainingItem[]): Remainder {
  const lines = order.line_items ?? [];
  const named = new Map(remaining.map((item) => [item.identifier, item]));
  if (named.size < remaining.length) return { kind: 'impossible', problem: 'line_named_twice' };
  const known = new Set(lines.map(({ identifier }) => identifier));
  if (remaining.some(({ identifier }) => !known.has(identifier))) {
    return { kind: 'impossible', problem: 'unknown_line' };
  }

  const kept: LineItem[] = [];
  for (const line of lines) {
    const item = named.get(line.identifier);
    const remainder: LineRemainder = item ? remainderOf(line, item) : { line: undefined };
    if ('problem' in remainder) return { kind: 'impossible', problem: remainder.problem };
    if (remainder.line) kept.push(remainder.line);
  }
  return toRemainder(order, kept);
}

function remainderOf(line: LineItem, item: RemainingItem): LineRemainder {
  const ordered = line.quantity ?? 1;
  const quantity = item.quantity ?? ordered;
  if (!Number.isSafeInteger(quantity) || quantity < 0) return { problem: 'quantity_not_integer' };
  if (quantity > ordered) return { problem: 'more_than_ordered' };
  if (quantity === 0) return { line: undefined };
  return {
    line:
      quantity === ordered ? line : { ...line, quantity, total: totalOfFirst(line.total, ordered, quantity) },
  };
}

/**
 * What the first `quantity` of `ordered` units cost: each `total / ordered` rounded down, the first few one
 * unit more.
 */
function totalOfFirst(total: number, ordered: number, quantity: number): number {
  return quantity * Math.floor(total / ordered) + Math.min(quantity, total % ordered);
}

function toRemainder(order: Order, kept: LineItem[]): Remainder {
  if (kept.length === 0) return { kind: 'cancelled', orderId: order.order_id };
  const before = order.line_items ?? [];
  if (kept.length === before.length && kept.every((line, index) => line === before[index]))
    return { kind: 'unchanged' };
  const total = kept.reduce((sum, line) => sum + line.total, 0);
  return { kind: 'updated', order: { ...order, total, line_items: kept } };
}
