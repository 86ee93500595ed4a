import { ofMinorUnits, roundToTotal, shareOf } from './exact-amount.ts';
import type { LineItem } from './order.ts';

/**
 * A discount in minor units of the order's currency, with the code that the customer entered, if any. A
 * discount of 0, such as free delivery, only leaves its code.
 */
export type Discount = { amountMinor: number; couponCode?: string };

/** Why a discount cannot be applied; `amount_not_minor_units` is no integer of 0 or more. */
export type DiscountProblem = 'amount_not_minor_units' | 'unknown_line' | 'more_than_total';

/** The lines after the discount and their sum, which is the order's new total; or why there are none. */
export type DiscountResult =
  | { ok: true; total: number; lineItems: LineItem[] }
  | { ok: false; problem: DiscountProblem };

/**
 * Applies a discount on one product to its line: subtracts the amount from the line's total and so from the
 * order's, and puts the code into that line's `attributes.coupon_code`. `amount`, the price of one unit,
 * stays.
 *
 * Source: Order API Best Practices, "Reporting Product Level Discounts".
 */
export function applyProductDiscount(
  lineItems: readonly LineItem[],
  discount: Discount & { identifier: string },
): DiscountResult {
  if (!isMinorUnits(discount.amountMinor)) return { ok: false, problem: 'amount_not_minor_units' };
  const line = lineItems.find(({ identifier }) => identifier === discount.identifier);
  if (!line) return { ok: false, problem: 'unknown_line' };
  if (line.total < discount.amountMinor) return { ok: false, problem: 'more_than_total' };
  return withTotal(
    lineItems.map((each) => (each === line ? deduct(each, discount.amountMinor, discount.couponCode) : each)),
  );
}

/**
 * Applies a discount on the whole order to its lines, in proportion to their totals: exact to the smallest
 * unit, and no line below 0. The units that remain go to the lines with the largest remainders, one unit
 * each, earlier lines first. The code goes into every line's `attributes.coupon_code`. `amount`, the price of
 * one unit, stays.
 *
 * Source: Order API Best Practices, "Reporting Order Level Discounts".
 */
export function applyOrderDiscount(lineItems: readonly LineItem[], discount: Discount): DiscountResult {
  if (!isMinorUnits(discount.amountMinor)) return { ok: false, problem: 'amount_not_minor_units' };
  if (sumOf(lineItems) < discount.amountMinor) return { ok: false, problem: 'more_than_total' };
  const shares = distribute(
    discount.amountMinor,
    lineItems.map(({ total }) => total),
  );
  return withTotal(lineItems.map((line, index) => deduct(line, shares[index] ?? 0, discount.couponCode)));
}

/** Splits `amount` in proportion to `weights`, integers >= 0 that sum up to at least `amount`. */
function distribute(amount: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + BigInt(weight), 0n);
  const whole = ofMinorUnits(amount, 0);
  return roundToTotal(
    weights.map((weight) => shareOf(whole, BigInt(weight), sum)),
    0,
  ).amounts;
}

function deduct(line: LineItem, amountMinor: number, couponCode: string | undefined): LineItem {
  const total = line.total - amountMinor;
  if (couponCode === undefined) return { ...line, total };
  return { ...line, total, attributes: { ...line.attributes, coupon_code: joinCodes(line, couponCode) } };
}

/**
 * A line has only one `coupon_code`; Button's documents say nothing about a second code. Both are kept,
 * separated by a comma.
 */
function joinCodes(line: LineItem, couponCode: string): string {
  const codes = line.attributes?.['coupon_code']?.split(',') ?? [];
  return codes.includes(couponCode) ? codes.join(',') : [...codes, couponCode].join(',');
}

function withTotal(lineItems: LineItem[]): DiscountResult {
  return { ok: true, total: sumOf(lineItems), lineItems };
}

function sumOf(lineItems: readonly LineItem[]): number {
  return lineItems.reduce((sum, { total }) => sum + total, 0);
}

function isMinorUnits(amountMinor: number): boolean {
  return Number.isSafeInteger(amountMinor) && amountMinor >= 0;
}
