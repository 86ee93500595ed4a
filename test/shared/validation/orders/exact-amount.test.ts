import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  ofMinorUnits,
  readExactAmount,
  roundToTotal,
  shareOf,
  withoutTax,
} from '../../../../shared/validation/orders/exact-amount.ts';

const ONE = 10n ** 18n;
const CENT = 10n ** 16n;

describe('readExactAmount', () => {
  it.each([
    ['12.34', 1234n * (ONE / 100n)],
    [12.34, 1234n * (ONE / 100n)],
    ['-2.7778', -27778n * (ONE / 10000n)],
    [1e-7, ONE / 10n ** 7n],
    [1e21, 10n ** 21n * ONE],
    ['0.1234567890123456789', 123456789012345678n],
  ])('reads %s', (value, amount) => {
    expect(readExactAmount(value)).toBe(amount);
  });

  it.each(['', '1,5', '1.', '.5', '0x10', 'NaN', '--1', Number.NaN, Infinity])(
    'reads nothing in %s',
    (value) => {
      expect(readExactAmount(value)).toBeUndefined();
    },
  );

  it('reads every decimal that is written with two digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (cents) => {
        const text = (cents / 100).toFixed(2);
        expect([readExactAmount(text), readExactAmount(Number(text))]).toEqual([
          ofMinorUnits(cents, 2),
          ofMinorUnits(cents, 2),
        ]);
      }),
    );
  });
});

describe('roundToTotal', () => {
  it('keeps a half that shares add up to, however much each loses by truncation', () => {
    const shares = [
      shareOf(11_302n * CENT, 2n, 3n),
      shareOf(1341n * CENT, 2n, 4n),
      shareOf(16_142n * CENT, 2n, 3n),
    ];

    expect(roundToTotal(shares, 2).total).toBe(18_967);
  });

  it('keeps the sum, and each amount within one unit', () => {
    const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 24n }), { maxLength: 20 });
    fc.assert(
      fc.property(amounts, fc.constantFrom(0, 2, 3), (exact, decimals) => {
        const unit = 10n ** BigInt(18 - decimals);
        const rounded = roundToTotal(exact, decimals);

        const sum = exact.reduce((all, amount) => all + amount, 0n);
        expect(rounded.amounts.reduce((all, amount) => all + amount, 0)).toBe(rounded.total);
        expect(BigInt(rounded.total)).toBe((2n * sum + unit) / (2n * unit));
        rounded.amounts.forEach((amount, index) => {
          const distance = BigInt(amount) * unit - (exact[index] ?? 0n);
          expect(distance > -unit && distance < unit).toBe(true);
        });
      }),
    );
  });
});

describe('withoutTax', () => {
  it.each([
    ['119.00', '0.19', 10000n],
    ['107', '0.07', 10000n],
    ['100', '0', 10000n],
  ])('subtracts it from %s at %s', (gross, rate, cents) => {
    const net = withoutTax(readExactAmount(gross) ?? 0n, readExactAmount(rate) ?? 0n);

    expect((net + 1n) / (ONE / 100n)).toBe(cents);
  });
});
