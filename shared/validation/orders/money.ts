import { minorUnitDecimals } from './currency.ts';

/** Button's amounts are int32 (Report an Order, "Body Params"). */
export const LARGEST_AMOUNT_MINOR = 2_147_483_647;

/** Why a decimal amount cannot be converted to minor units. */
export type AmountProblem =
  | 'currency_not_iso_4217'
  | 'not_decimal'
  | 'negative'
  | 'finer_than_minor_unit'
  | 'above_int32';

export type AmountConversion = { ok: true; amountMinor: number } | { ok: false; problem: AmountProblem };

/**
 * Converts a decimal amount to the integer in the currency's smallest unit that Button expects: "12.34" USD
 * is 1234, "100" JPY is 100, "1.234" KWD is 1234. It is exact: it uses no floating-point number and rounds
 * nothing.
 *
 * `amount` consists of digits and at most one decimal point with a digit on either side; no sign, exponent,
 * comma or space. Zeros beyond the minor unit are accepted ("100.00" JPY, as databases write it); other
 * digits there are `finer_than_minor_unit`, and rounding is the caller's decision.
 */
export function toMinorUnits(amount: string, currency: string): AmountConversion {
  const decimals = minorUnitDecimals(currency);
  if (decimals === undefined) return { ok: false, problem: 'currency_not_iso_4217' };
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  if (whole === undefined) return { ok: false, problem: 'not_decimal' };
  if (sign === '-') return { ok: false, problem: 'negative' };
  if (/[1-9]/.test(fraction.slice(decimals))) return { ok: false, problem: 'finer_than_minor_unit' };

  const digits = `${whole}${fraction.slice(0, decimals).padEnd(decimals, '0')}`.replace(/^0+(?=\d)/, '');
  const amountMinor = Number(digits);
  return digits.length <= 10 && amountMinor <= LARGEST_AMOUNT_MINOR
    ? { ok: true, amountMinor }
    : { ok: false, problem: 'above_int32' };
}
