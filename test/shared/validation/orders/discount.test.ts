import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  applyOrderDiscount,
  applyProductDiscount,
  type DiscountResult,
} from '../../../../shared/validation/orders/discount.ts';
import type { LineItem } from '../../../../shared/validation/orders/order.ts';
import { arbitraryLines } from './order-samples.ts';

function sumOf(lines: readonly LineItem[]): number {
  return lines.reduce((sum, { total }) => sum + total, 0);
}

function linesOf(...totals: number[]): LineItem[] {
  return totals.map((total, index) => ({ identifier: `line-${index}`, total }));
}

function totalsOf(discounting: DiscountResult): number[] {
  return discounting.ok ? discounting.lineItems.map(({ total }) => total) : [];
}

/** Lines with a total, and a discount that does not exceed it. */
const discountable = arbitraryLines
  .filter((lines) => sumOf(lines) > 0)
  .chain((lines) =>
    fc.record({ lines: fc.constant(lines), amountMinor: fc.integer({ min: 1, max: sumOf(lines) }) }),
  );

describe('applyOrderDiscount', () => {
  it('subtracts exactly the discount, and leaves no line below 0 or above what it was', () => {
    fc.assert(
      fc.property(discountable, ({ lines, amountMinor }) => {
        const discounting = applyOrderDiscount(lines, { amountMinor });

        const totals = totalsOf(discounting);
        expect(discounting).toMatchObject({ ok: true, total: sumOf(lines) - amountMinor });
        expect(totals.reduce((sum, total) => sum + total, 0)).toBe(sumOf(lines) - amountMinor);
        expect(totals.every((total, index) => total >= 0 && total <= (lines[index]?.total ?? 0))).toBe(true);
      }),
    );
  });

  it('subtracts from each line its proportion, within one unit', () => {
    fc.assert(
      fc.property(discountable, ({ lines, amountMinor }) => {
        const totals = totalsOf(applyOrderDiscount(lines, { amountMinor }));

        lines.forEach((line, index) => {
          const share = line.total - (totals[index] ?? 0);
          expect(Math.abs(share - (amountMinor * line.total) / sumOf(lines))).toBeLessThan(1);
        });
      }),
    );
  });

  it.each([
    { how: 'evenly over equal lines', before: [1000, 1000], amountMinor: 10, after: [995, 995] },
    {
      how: 'the odd cent to the first of equal lines',
      before: [1000, 1000, 1000],
      amountMinor: 10,
      after: [996, 997, 997],
    },
    { how: 'in proportion', before: [4000, 3000], amountMinor: 700, after: [3600, 2700] },
    {
      how: 'the cent left over to the largest remainder',
      before: [100, 299],
      amountMinor: 2,
      after: [99, 298],
    },
    { how: 'the whole total', before: [4000, 3000, 0], amountMinor: 7000, after: [0, 0, 0] },
    { how: 'nothing from a free line', before: [0, 5], amountMinor: 3, after: [0, 2] },
    {
      how: 'exactly where a floating-point number is too coarse',
      before: [2147483647, 2147483646],
      amountMinor: 4294967291,
      after: [1, 1],
    },
  ])('distributes $how', ({ before, amountMinor, after }) => {
    expect(totalsOf(applyOrderDiscount(linesOf(...before), { amountMinor }))).toEqual(after);
  });

  it('puts the code on every line, even on those that get no discount', () => {
    const discounting = applyOrderDiscount(linesOf(0, 5), { amountMinor: 1, couponCode: 'SAVE' });

    expect(discounting).toMatchObject({
      lineItems: [{ attributes: { coupon_code: 'SAVE' } }, { attributes: { coupon_code: 'SAVE' } }],
    });
  });

  it('changes only the total and the code of a line', () => {
    fc.assert(
      fc.property(discountable, ({ lines, amountMinor }) => {
        const discounting = applyOrderDiscount(lines, { amountMinor });

        const restored = discounting.ok
          ? discounting.lineItems.map((line, index) => ({ ...line, total: lines[index]?.total }))
          : [];
        expect(restored).toEqual(lines);
      }),
    );
  });
});

describe('applyProductDiscount', () => {
  it('subtracts the discount from one line and from the total, and puts the code on that line only', () => {
    const discounting = applyProductDiscount(linesOf(4000, 3000), {
      identifier: 'line-1',
      amountMinor: 1000,
      couponCode: 'SHIRT10',
    });

    expect(discounting).toEqual({
      ok: true,
      total: 6000,
      lineItems: [
        { identifier: 'line-0', total: 4000 },
        { identifier: 'line-1', total: 2000, attributes: { coupon_code: 'SHIRT10' } },
      ],
    });
  });

  it('leaves a line without coupon code if there is none', () => {
    const discounting = applyProductDiscount(linesOf(5), { identifier: 'line-0', amountMinor: 5 });

    expect(discounting).toEqual({ ok: true, total: 0, lineItems: [{ identifier: 'line-0', total: 0 }] });
  });

  it('keeps the other attributes, and the code of an earlier discount', () => {
    const attributes = { size: 'M', coupon_code: 'FIRST' };
    const lines = [{ identifier: 'a', total: 100, attributes }];

    const discounting = applyProductDiscount(lines, {
      identifier: 'a',
      amountMinor: 1,
      couponCode: 'SECOND',
    });

    expect(discounting).toMatchObject({
      lineItems: [{ attributes: { size: 'M', coupon_code: 'FIRST,SECOND' } }],
    });
    expect(attributes.coupon_code).toBe('FIRST');
  });

  it('does not repeat a code that the line has already', () => {
    const lines = [{ identifier: 'a', total: 100, attributes: { coupon_code: 'FIRST' } }];

    const discounting = applyProductDiscount(lines, { identifier: 'a', amountMinor: 1, couponCode: 'FIRST' });

    expect(discounting).toMatchObject({ lineItems: [{ attributes: { coupon_code: 'FIRST' } }] });
  });

  it('refuses a line that the order does not have', () => {
    expect(applyProductDiscount(linesOf(5), { identifier: 'other', amountMinor: 1 })).toEqual({
      ok: false,
      problem: 'unknown_line',
    });
  });
});

describe.each([
  ['applyOrderDiscount', applyOrderDiscount],
  [
    'applyProductDiscount',
    (lines: LineItem[], discount: { amountMinor: number }) =>
      applyProductDiscount(lines, { ...discount, identifier: 'line-0' }),
  ],
])('%s', (_name, apply) => {
  it('keeps the code of a discount of 0, such as free delivery', () => {
    expect(apply(linesOf(10), { amountMinor: 0, couponCode: 'FREE' })).toEqual({
      ok: true,
      total: 10,
      lineItems: [{ identifier: 'line-0', total: 10, attributes: { coupon_code: 'FREE' } }],
    });
  });

  it.each([-1, 0.5, Number.NaN, Infinity])('refuses a discount of %d', (amountMinor) => {
    expect(apply(linesOf(10), { amountMinor })).toEqual({
      ok: false,
      problem: 'amount_not_minor_units',
    });
  });

  it('refuses a discount larger than the amount', () => {
    expect(apply(linesOf(10), { amountMinor: 11 })).toEqual({ ok: false, problem: 'more_than_total' });
  });
});
