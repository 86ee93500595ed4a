import { shareOf, sumExact, type ExactAmount } from '../orders/exact-amount.ts';
import type { ShopLine } from './shop-order.ts';

/**
 * Takes an amount off lines in proportion: of each line the same share. `whole` is what the amount is a part
 * of, such as the sum of the lines. Of more than the whole nothing is left.
 */
export function takeOff(
  lines: readonly ShopLine[],
  amount: ExactAmount,
  whole: ExactAmount = netOf(lines),
): ShopLine[] {
  if (amount <= 0n) return [...lines];
  const left = amount > whole ? 0n : whole - amount;
  return lines.map((line) => ({
    ...line,
    net: shareOf(line.net, left, whole),
    tax: shareOf(line.tax, left, whole),
  }));
}

export function netOf(lines: readonly ShopLine[]): ExactAmount {
  return sumExact(lines.map(({ net }) => net));
}

/** The sum of the lines with tax. */
export function grossOf(lines: readonly ShopLine[]): ExactAmount {
  return sumExact(lines.flatMap(({ net, tax }) => [net, tax]));
}
