import { minorUnitDecimals } from './currency.ts';
import { readExactAmount, roundToTotal, withoutTax, type ExactAmount } from './exact-amount.ts';
import { LARGEST_AMOUNT_MINOR } from './money.ts';

/**
 * What a line cost, as decimals (`"12.34"` or `12.34`) after discounts. If tax is in the amount, its rate
 * says how much: 0.19 for 19 per cent.
 */
export type LineAmount = { amount: string | number; includedTaxRate?: string | number };

export type NetTotalsProblem = 'currency_not_iso_4217' | 'not_decimal' | 'negative' | 'above_int32';

/** Totals for Button, one for each line, and their sum; or why there are none, and in which line. */
export type NetTotals =
  | { ok: true; total: number; lineTotals: number[] }
  | { ok: false; problem: NetTotalsProblem; index?: number };

/**
 * Takes the tax out of every line and rounds once: the total is the exact sum rounded to the smallest unit,
 * halves up, and the lines are rounded so that they sum up to it.
 */
export function netTotals(lines: readonly LineAmount[], currency: string): NetTotals {
  const decimals = minorUnitDecimals(currency);
  if (decimals === undefined) return { ok: false, problem: 'currency_not_iso_4217' };
  const nets: ExactAmount[] = [];
  for (const [index, { amount, includedTaxRate = 0 }] of lines.entries()) {
    const exact = readExactAmount(amount);
    const rate = readExactAmount(includedTaxRate);
    if (exact === undefined || rate === undefined) return { ok: false, problem: 'not_decimal', index };
    if (exact < 0n || rate < 0n) return { ok: false, problem: 'negative', index };
    nets.push(withoutTax(exact, rate));
  }
  const { total, amounts } = roundToTotal(nets, decimals);
  if (total > LARGEST_AMOUNT_MINOR) return { ok: false, problem: 'above_int32' };
  return { ok: true, total, lineTotals: amounts };
}
