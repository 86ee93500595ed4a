import type { OrderFields, OrderLineItem } from './order-body.ts';

/**
 * What a Publisher earns on an order: the lines as it sees them, and the sum of their commissions in minor
 * units.
 */
export type Commission = { amount: number; lineItems: Record<string, unknown>[] | null };

/**
 * The commission on an order: `percent` of each line, rounded line by line, so that the lines add up to
 * `amount` (Transactions API guide). An order reported without lines earns on its total and shows none.
 */
export function commissionOn(order: OrderFields, percent: number): Commission {
  if (order.line_items === undefined) return { amount: share(order.total, percent), lineItems: null };
  const commissions = order.line_items.map((line) => share(line.total, percent));
  return {
    amount: commissions.reduce((sum, commission) => sum + commission, 0),
    lineItems: order.line_items.map((line, index) => publisherLine(line, commissions[index] ?? 0)),
  };
}

function share(totalMinor: number, percent: number): number {
  return Math.round((totalMinor * percent) / 100);
}

/**
 * A Brand's line item in the Publisher's field names: 14-digit `gtin`, `category` and its `subcategoryN` as
 * strings.
 */
function publisherLine(line: OrderLineItem, commission: number): Record<string, unknown> {
  const quantity = line.quantity ?? 1;
  const [category, ...subcategories] = line.category ?? [];
  return {
    identifier: line.identifier,
    total: line.total,
    amount: line.amount ?? Math.round(line.total / quantity),
    quantity,
    publisher_commission: commission,
    ...(line.sku !== undefined && { sku: line.sku }),
    ...(line.upc !== undefined && { gtin: /^\d+$/.test(line.upc) ? line.upc.padStart(14, '0') : line.upc }),
    ...(category !== undefined && { category }),
    ...Object.fromEntries(subcategories.map((name, index) => [`subcategory${index + 1}`, name])),
    ...(line.description !== undefined && { description: line.description }),
    attributes: line.attributes ?? {},
  };
}
