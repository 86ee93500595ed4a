import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Order } from '../../../../shared/validation/orders/order.ts';
import { remainingItems, type Remainder } from '../../../../shared/validation/orders/remaining-items.ts';
import { DEFAULT_ORDER_RULES, validateOrder } from '../../../../shared/validation/orders/validate-order.ts';
import { arbitraryOrder, sampleOrder } from './order-samples.ts';

const SHARE_MAX = 10_000;

/** An order, and how much of each line remains, in ten thousandths. */
const returned = fc.record({
  order: arbitraryOrder,
  shares: fc.array(fc.integer({ min: 0, max: SHARE_MAX }), { minLength: 6, maxLength: 6 }),
});

function keep(order: Order, shares: readonly number[]): Remainder {
  const remaining = (order.line_items ?? []).map((line, index) => ({
    identifier: line.identifier,
    quantity: Math.round(((line.quantity ?? 1) * (shares[index] ?? 0)) / SHARE_MAX),
  }));
  return remainingItems(order, remaining);
}

function orderOf(remainder: Remainder): Order | undefined {
  return remainder.kind === 'updated' ? remainder.order : undefined;
}

describe('remainingItems', () => {
  it('makes an update with one of two line items, as in Button’s sample', () => {
    const order = sampleOrder();

    const remainder = remainingItems(order, [{ identifier: 'sku-1234' }]);

    expect(remainder).toEqual({
      kind: 'updated',
      order: { ...order, total: 4000, line_items: order.line_items?.slice(0, 1) },
    });
  });

  it('makes a cancellation once nothing remains', () => {
    expect(remainingItems(sampleOrder(), [])).toEqual({ kind: 'cancelled', orderId: '1994' });
    expect(remainingItems(sampleOrder(), [{ identifier: 'sku-1234', quantity: 0 }])).toMatchObject({
      kind: 'cancelled',
    });
  });

  it('makes nothing if all of it remains', () => {
    const all = [{ identifier: 'sku-4567' }, { identifier: 'sku-1234', quantity: 1 }];

    expect(remainingItems(sampleOrder(), all)).toEqual({ kind: 'unchanged' });
  });

  it('divides the total of a line over its units even if it does not divide evenly', () => {
    const order = {
      ...sampleOrder(),
      total: 1000,
      line_items: [{ identifier: 'a', total: 1000, quantity: 3 }],
    };

    const totals = [1, 2].map(
      (quantity) => orderOf(remainingItems(order, [{ identifier: 'a', quantity }]))?.total,
    );

    expect(totals).toEqual([334, 667]);
  });

  it('makes updates that are valid orders, with no larger total than before', () => {
    fc.assert(
      fc.property(returned, ({ order, shares }) => {
        const updated = orderOf(keep(order, shares));
        fc.pre(updated !== undefined);

        expect(validateOrder(updated, DEFAULT_ORDER_RULES).ok).toBe(true);
        expect(updated.total).toBeLessThanOrEqual(order.total);
      }),
    );
  });

  it('cancels if and only if nothing remains', () => {
    fc.assert(
      fc.property(returned, ({ order, shares }) => {
        const units = (order.line_items ?? []).map((line, index) =>
          Math.round(((line.quantity ?? 1) * (shares[index] ?? 0)) / SHARE_MAX),
        );

        expect(keep(order, shares).kind === 'cancelled').toBe(units.every((count) => count === 0));
      }),
    );
  });

  it('has the same result whether units are returned one by one or all at once', () => {
    const cases = fc
      .record({ total: fc.nat(1_000_000), ordered: fc.integer({ min: 3, max: 500 }) })
      .chain(({ total, ordered }) =>
        fc.record({
          total: fc.constant(total),
          ordered: fc.constant(ordered),
          later: fc.integer({ min: 1, max: ordered - 2 }),
        }),
      )
      .chain((each) =>
        fc.record({
          each: fc.constant(each),
          sooner: fc.integer({ min: each.later + 1, max: each.ordered - 1 }),
        }),
      );

    fc.assert(
      fc.property(cases, ({ each: { total, ordered, later }, sooner }) => {
        const order: Order = {
          ...sampleOrder(),
          total,
          line_items: [{ identifier: 'a', total, quantity: ordered }],
        };

        const step = orderOf(remainingItems(order, [{ identifier: 'a', quantity: sooner }]));
        const inTwo = step && orderOf(remainingItems(step, [{ identifier: 'a', quantity: later }]));
        const atOnce = orderOf(remainingItems(order, [{ identifier: 'a', quantity: later }]));

        expect(inTwo).toEqual(atOnce);
      }),
    );
  });

  it.each([
    ['unknown_line', [{ identifier: 'other' }]],
    ['line_named_twice', [{ identifier: 'sku-1234' }, { identifier: 'sku-1234' }]],
    ['quantity_not_integer', [{ identifier: 'sku-1234', quantity: 0.5 }]],
    ['quantity_not_integer', [{ identifier: 'sku-1234', quantity: -1 }]],
    ['more_than_ordered', [{ identifier: 'sku-1234', quantity: 2 }]],
  ])('says why it is impossible: %s', (problem, remaining) => {
    expect(remainingItems(sampleOrder(), remaining)).toEqual({ kind: 'impossible', problem });
  });

  it('cancels an order without line items if nothing remains', () => {
    const { line_items: _lines, ...order } = sampleOrder();

    expect(remainingItems(order, [])).toEqual({ kind: 'cancelled', orderId: '1994' });
  });
});
