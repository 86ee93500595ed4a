import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CURRENCY_CODES, minorUnitDecimals } from '../../../../shared/validation/orders/currency.ts';
import { toMinorUnits } from '../../../../shared/validation/orders/money.ts';

const currencies = fc.constantFrom(...CURRENCY_CODES);
const amounts = fc.oneof(fc.integer({ min: 0, max: 2147483647 }), fc.integer({ min: 0, max: 2000 }));

/** Writes an amount the slow way, by moving the decimal point digit by digit. */
function writeDecimal(amountMinor: number, decimals: number): string {
  const digits = String(amountMinor).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  return decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
}

describe('toMinorUnits', () => {
  it.each([
    ['12.34', 'USD', 1234],
    ['12.3', 'USD', 1230],
    ['12', 'USD', 1200],
    ['0.07', 'EUR', 7],
    ['100', 'JPY', 100],
    ['100.00', 'JPY', 100],
    ['1.234', 'KWD', 1234],
    ['1.2345', 'CLF', 12345],
    ['0012.3400', 'USD', 1234],
    ['0', 'USD', 0],
    ['21474836.47', 'USD', 2147483647],
    ['1.15', 'USD', 115],
    ['8.95', 'USD', 895],
  ])('converts %s %s to %i', (amount, currency, amountMinor) => {
    expect(toMinorUnits(amount, currency)).toEqual({ ok: true, amountMinor });
  });

  it('returns every amount in every currency unchanged', () => {
    fc.assert(
      fc.property(amounts, currencies, fc.nat(5), (amountMinor, currency, zeros) => {
        const decimals = minorUnitDecimals(currency) ?? 0;
        const amount = writeDecimal(amountMinor, decimals) + (decimals > 0 ? '0'.repeat(zeros) : '');

        expect(toMinorUnits(amount, currency)).toEqual({ ok: true, amountMinor });
      }),
    );
  });

  it.each([
    ['12.345', 'USD', 'finer_than_minor_unit'],
    ['0.5', 'JPY', 'finer_than_minor_unit'],
    ['-1', 'USD', 'negative'],
    ['21474836.48', 'USD', 'above_int32'],
    ['99999999999999999999', 'USD', 'above_int32'],
    ['1', 'BTC', 'currency_not_iso_4217'],
    ['1', 'usd', 'currency_not_iso_4217'],
  ])('does not convert %j %s: %s', (amount, currency, problem) => {
    expect(toMinorUnits(amount, currency)).toEqual({ ok: false, problem });
  });

  it.each(['', '.5', '5.', '1,234.00', '1.234,00', '+1', '1e3', ' 1', '1\n', '$1', '0x10', 'NaN', '١'])(
    'does not convert %j, which is not a decimal number',
    (amount) => {
      expect(toMinorUnits(amount, 'USD')).toEqual({ ok: false, problem: 'not_decimal' });
    },
  );

  it('never rounds: any digit beyond the minor unit is refused', () => {
    fc.assert(
      fc.property(amounts, currencies, fc.integer({ min: 1, max: 9 }), (amountMinor, currency, digit) => {
        const decimals = minorUnitDecimals(currency) ?? 0;
        const amount = writeDecimal(amountMinor, decimals) + (decimals === 0 ? '.' : '') + String(digit);

        expect(toMinorUnits(amount, currency)).toEqual({
          ok: false,
          problem: 'finer_than_minor_unit',
        });
      }),
    );
  });
});
