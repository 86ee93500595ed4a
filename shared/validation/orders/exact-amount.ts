/**
 * An amount of money in units of 10^-18 of the currency's unit: 12.34 is 12340000000000000000n. Sums and
 * discounts are exact, and a share (of a tax, of a quantity) is cut off far below the smallest coin.
 */
export type ExactAmount = bigint;

const DECIMALS = 18;
const ONE = 10n ** BigInt(DECIMALS);

const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d+))?(?:[eE]([+-]?\d{1,2}))?$/;

/**
 * Reads a decimal as shops write it: text (`"12.34"`) or a JSON number (`12.34`, `1e-7`). Undefined for
 * anything else. What is finer than 10^-18 is cut off.
 */
export function readExactAmount(value: string | number): ExactAmount | undefined {
  const [, sign, whole, fraction = '', exponent = '0'] = DECIMAL.exec(String(value).trim()) ?? [];
  if (whole === undefined) return undefined;
  const shift = DECIMALS + Number(exponent) - fraction.length;
  const digits = BigInt(`${whole}${fraction}`);
  const amount = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  return sign === '-' ? -amount : amount;
}

/** The amount of a number of smallest units: 1234 with 2 decimals is 12.34. */
export function ofMinorUnits(amountMinor: number, decimals: number): ExactAmount {
  return BigInt(amountMinor) * 10n ** BigInt(DECIMALS - decimals);
}

export function sumExact(amounts: readonly ExactAmount[]): ExactAmount {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

/** A price times a quantity, both exact. */
export function multiplyExact(price: ExactAmount, quantity: ExactAmount): ExactAmount {
  return (price * quantity) / ONE;
}

/** An exact quantity as an integer; undefined if it is not a whole number. */
export function toWholeUnits(quantity: ExactAmount): number | undefined {
  const units = Number(quantity / ONE);
  return quantity % ONE === 0n && Number.isSafeInteger(units) ? units : undefined;
}

/** `part` / `whole` of the amount, cut off; 0 of nothing. */
export function shareOf(amount: ExactAmount, part: bigint, whole: bigint): ExactAmount {
  return whole === 0n ? 0n : (amount * part) / whole;
}

/** What an amount with tax in it is without: 119.00 with the rate 0.19 is 100.00. */
export function withoutTax(gross: ExactAmount, rate: ExactAmount): ExactAmount {
  return shareOf(gross, ONE, ONE + rate);
}

/** More than shares of all the lines of an order lose by being cut off, so that a half stays one: 10^-12. */
const CUT_OFF = 10n ** 6n;

/** Integers in the smallest unit, and their sum. */
export type RoundedAmounts = { total: number; amounts: number[] };

/**
 * Rounds amounts of 0 or more to a smallest unit with so many decimals, so that they sum up to the rounded
 * sum (halves up): what rounding each down leaves over goes to the largest remainders, one unit each, earlier
 * ones first.
 */
export function roundToTotal(amounts: readonly ExactAmount[], decimals: number): RoundedAmounts {
  const unit = 10n ** BigInt(DECIMALS - decimals);
  const total = (sumExact(amounts) + unit / 2n + CUT_OFF) / unit;
  const parts = amounts.map((amount, index) => ({
    index,
    share: amount / unit,
    remainder: amount % unit,
  }));
  const left = total - parts.reduce((sum, { share }) => sum + share, 0n);
  const raised = new Set(
    parts
      .toSorted((a, b) =>
        a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
      )
      .slice(0, Number(left))
      .map(({ index }) => index),
  );
  return {
    total: Number(total),
    amounts: parts.map(({ index, share }) => Number(raised.has(index) ? share + 1n : share)),
  };
}
