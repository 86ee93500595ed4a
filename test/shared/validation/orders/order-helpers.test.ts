import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { lineIdentifiers } from '../../../../shared/validation/orders/line-identifiers.ts';
import { netTotals } from '../../../../shared/validation/orders/net-totals.ts';
import { refundAmount } from '../../../../shared/validation/orders/refund-amount.ts';
import { readProductCode } from '../../../../shared/validation/orders/upc.ts';
import { validateOrder } from '../../../../shared/validation/orders/validate-order.ts';
import { RULES, sampleOrder } from './order-samples.ts';

describe('netTotals', () => {
  it('subtracts the tax from each line, and rounds the lines to their sum', () => {
    const lines = [
      { amount: '53.82', includedTaxRate: '0.19' },
      { amount: 11.25, includedTaxRate: 0.19 },
    ];

    // 45.2269 + 9.4538 = 54.6807
    expect(netTotals([...lines, { amount: '0.005' }], 'EUR')).toEqual({
      ok: true,
      total: 5469,
      lineTotals: [4523, 945, 1],
    });
  });

  it('rounds to the smallest unit of the currency', () => {
    const lines = [{ amount: '100.5' }, { amount: '100.4' }];

    expect(netTotals(lines, 'JPY')).toMatchObject({ total: 201, lineTotals: [101, 100] });
    expect(netTotals(lines, 'KWD')).toMatchObject({ total: 200900 });
  });

  it.each([
    [{ amount: '1,5' }, 'EUR', { problem: 'not_decimal', index: 0 }],
    [{ amount: '-1' }, 'EUR', { problem: 'negative', index: 0 }],
    [{ amount: '1', includedTaxRate: '19%' }, 'EUR', { problem: 'not_decimal', index: 0 }],
    [{ amount: '1' }, 'XXX', { problem: 'currency_not_iso_4217' }],
    [{ amount: '21474836.48' }, 'EUR', { problem: 'above_int32' }],
  ])('says why there are none: %j in %s', (line, currency, answer) => {
    expect(netTotals([line], currency)).toEqual({ ok: false, ...answer });
  });
});

describe('refundAmount', () => {
  it('subtracts any refund from the lines, so that the order stays valid', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6999 }), (amountMinor) => {
        const result = refundAmount(sampleOrder(), amountMinor);

        const order = result.kind === 'updated' ? result.order : undefined;
        expect(order?.total).toBe(7000 - amountMinor);
        expect(validateOrder(order, RULES)).toMatchObject({ ok: true });
      }),
    );
  });

  it('cancels an order with nothing left', () => {
    expect(refundAmount(sampleOrder(), 7000)).toEqual({ kind: 'cancelled', orderId: '1994' });
  });

  it('subtracts a refund from an order without lines', () => {
    const { line_items: _lines, ...order } = sampleOrder();

    expect(refundAmount(order, 1000)).toEqual({ kind: 'updated', order: { ...order, total: 6000 } });
  });

  it.each([-1, 0.5, Number.NaN])('refuses a refund of %s', (amountMinor) => {
    expect(refundAmount(sampleOrder(), amountMinor)).toEqual({
      kind: 'impossible',
      problem: 'amount_not_minor_units',
    });
  });
});

describe('lineIdentifiers', () => {
  it('names lines by their SKU, even if it is repeated or missing', () => {
    expect(lineIdentifiers(['sku-1', '', 'sku-1', null, 'sku-1 (2)'])).toEqual([
      'sku-1',
      'line 2',
      'sku-1 (3)',
      'line 4',
      'sku-1 (2)',
    ]);
  });

  it('never gives two lines the same identifier, nor an empty one', () => {
    const skus = fc.array(fc.constantFrom('a', 'a (2)', 'a (3)', 'line 1', 'line 2', '', null), {
      maxLength: 9,
    });
    fc.assert(
      fc.property(skus, (given) => {
        const identifiers = lineIdentifiers(given);

        expect(new Set(identifiers).size).toBe(given.length);
        expect(identifiers).not.toContain('');
      }),
    );
  });
});

describe('readProductCode', () => {
  it.each([
    ['036000291452', '036000291452'],
    ['0036000291452', '036000291452'],
    ['4006381333931', '4006381333931'],
    ['978-3-16-148410-0', '9783161484100'],
    ['4006381333932', undefined],
    ['SKU-1', undefined],
    ['', undefined],
    [null, undefined],
  ])('of %s is %s', (text, code) => {
    expect(readProductCode(text)).toBe(code);
  });
});
