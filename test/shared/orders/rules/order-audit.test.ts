import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { findDrift, isAuditable, type HeldOrder } from '../../../../shared/orders/rules/order-audit.ts';
import type { LedgerEntry } from '../../../../shared/orders/rules/order-ledger.ts';
import { OrderSchema, type Order } from '../../../../shared/validation/orders/order.ts';

const sample = OrderSchema.parse(
  JSON.parse(readFileSync(new URL('../../../fixtures/button/order-create.json', import.meta.url), 'utf8')),
);
const line = fc.record({
  identifier: fc.constantFrom('a', 'b', 'c'),
  total: fc.integer({ min: -5000, max: 5000 }),
  quantity: fc.integer({ min: 1, max: 3 }),
});
const anyOrder = fc.array(line, { minLength: 1, maxLength: 6 }).map((lines): Order => ({
  ...sample,
  line_items: lines,
  total: lines.reduce((sum, { total }) => sum + total, 0),
}));

const AT = '2026-06-01T12:00:00.000Z';
const version = { by: 'sequence', sequence: '1' } as const;

function entry(order: Order, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  const event = { eventId: 'e', eventSource: 's', messageId: 'm', time: AT };
  const value = { amountMinor: order.total, currency: order.currency };
  return {
    brand: 'acme',
    orderId: order.order_id,
    ...(order.btn_ref !== undefined && { btnRef: order.btn_ref }),
    newest: { version, kind: 'created', hash: 'h', order, ...event },
    reported: { version, kind: 'created', hash: 'h', at: AT, acceptedOnly: false, value },
    progress: { state: 'settled' },
    attempts: 0,
    warnings: [],
    ...changes,
  };
}

function cancelled(order: Order): LedgerEntry {
  const { newest, reported, ...rest } = entry(order);
  const { order: _order, ...withoutOrder } = newest;
  return {
    ...rest,
    newest: { ...withoutOrder, kind: 'cancelled' },
    ...(reported && { reported: { ...reported, kind: 'cancelled' } }),
  };
}

/** The order as Button shows it. */
function held({ total, currency, btn_ref: token, line_items: lines }: Order): HeldOrder {
  return { status: 'open', total, currency, btn_ref: token, line_items: lines };
}

describe('orders, requirement 17: what an audit compares', () => {
  it('finds no difference if Button holds what was reported, in any order of the lines and whatever it does not show', () => {
    fc.assert(
      fc.property(
        anyOrder,
        fc.subarray(Object.keys(held(sample))),
        fc.boolean(),
        (order, shown, isReversed) => {
          const whole = held(order);
          const lines = isReversed ? whole.line_items?.toReversed() : whole.line_items;
          const partly = Object.fromEntries(
            Object.entries({ ...whole, line_items: lines }).filter(([name]) => shown.includes(name)),
          );

          expect(findDrift(entry(order), partly)).toBeUndefined();
        },
      ),
    );
  });

  it('finds that Button’s own lines do not sum to its total, if none were reported', () => {
    const { line_items: lines, ...bare } = { ...sample, total: 150 };
    const known = entry(bare);
    const shown = { ...held(sample), total: 150 };
    const sum = (lines ?? []).reduce((all, { total }) => all + total, 0);

    expect(findDrift(known, shown)).toMatchObject({
      reasons: ['line_items'],
      amountMinor: Math.abs(150 - sum),
    });
    expect(findDrift(known, { ...shown, line_items: [] })).toBeUndefined();
    expect(findDrift(known, { ...shown, line_items: [{ identifier: 'a', total: 150 }] })).toBeUndefined();
    expect(findDrift(known, { ...shown, line_items: [{ identifier: 'a' }] })).toBeUndefined();
  });

  it('names each difference, and what is at stake is never negative', () => {
    const change = {
      total: (order: HeldOrder): HeldOrder => ({ ...order, total: (order.total ?? 0) + 1 }),
      currency: (order: HeldOrder): HeldOrder => ({ ...order, currency: 'XTS' }),
      line_items: (order: HeldOrder): HeldOrder => ({ ...order, line_items: order.line_items?.slice(1) }),
      token: (order: HeldOrder): HeldOrder => ({ ...order, btn_ref: undefined }),
    };
    const names = ['total', 'currency', 'line_items', 'token'] as const;
    fc.assert(
      fc.property(anyOrder, fc.subarray([...names], { minLength: 1 }), (order, changes) => {
        const changed = changes.reduce((at, name) => change[name](at), held(order));

        const drift = findDrift(entry(order), changed);

        expect(drift?.reasons).toEqual(changes);
        expect(drift?.differences.map(({ reason }) => reason)).toEqual(changes);
        for (const { reported, atButton } of drift?.differences ?? []) expect(reported).not.toBe(atButton);
        expect(drift?.amountMinor).toBeGreaterThanOrEqual(0);
        expect(drift?.currency).toBe(order.currency);
      }),
    );
  });

  it('gives both values of each difference, and of lines those that have no equal', () => {
    const lines = ['a', 'b'].map((identifier) => ({ identifier, total: 100, quantity: 2 }));
    const order = { ...sample, total: 200, currency: 'USD', line_items: lines };
    const [first] = lines;
    const shown = { ...held(order), total: 150, currency: 'EUR', btn_ref: null };
    const atButton = { ...shown, line_items: [...(first ? [first] : []), { identifier: 'b', total: 50 }] };

    expect(findDrift(entry(order), atButton)?.differences).toEqual([
      { reason: 'total', reported: '200', atButton: '150' },
      { reason: 'currency', reported: 'USD', atButton: 'EUR' },
      { reason: 'line_items', reported: '2 of b for 100', atButton: '1 of b for 50' },
      { reason: 'token', reported: 'a token', atButton: 'no token' },
    ]);
  });

  it.each<[string, LedgerEntry, HeldOrder | undefined, object | undefined]>([
    ['Button does not know', entry(sample), undefined, { reasons: ['missing'], amountMinor: sample.total }],
    [
      'Button holds as deleted',
      entry(sample),
      { ...held(sample), status: 'deleted' },
      { reasons: ['deleted'], amountMinor: sample.total },
    ],
    [
      'was cancelled and Button still holds',
      cancelled(sample),
      held(sample),
      {
        reasons: ['not_cancelled'],
        differences: [{ reason: 'not_cancelled', reported: 'cancelled', atButton: 'open' }],
        amountMinor: sample.total,
        currency: sample.currency,
      },
    ],
    ['was cancelled and Button does not know', cancelled(sample), undefined, undefined],
    ['was cancelled and is deleted', cancelled(sample), { ...held(sample), status: 'deleted' }, undefined],
    ['is finalized', entry(sample), { ...held(sample), status: 'finalized' }, undefined],
    [
      'has 1.00 less at Button',
      entry(sample),
      { ...held(sample), total: sample.total - 100 },
      { reasons: ['total'], amountMinor: 100 },
    ],
  ])('classifies an order that %s', (_which, ledger, atButton, expected) => {
    const drift = findDrift(ledger, atButton);

    if (expected) expect(drift).toMatchObject(expected);
    else expect(drift).toBeUndefined();
  });
});

describe('isAuditable', () => {
  const range = { from: new Date(AT), to: new Date('2026-06-02T12:00:00.000Z') };
  const now = new Date('2026-06-03T12:00:00.000Z');

  it.each<[string, Partial<LedgerEntry>, Partial<typeof range & { now: Date }>, boolean]>([
    ['was reported within the range', {}, {}, true],
    ['was reported before the range', {}, { from: new Date('2026-06-01T12:00:00.001Z') }, false],
    ['was reported at the end of the range', {}, { to: new Date(AT) }, false],
    ['was reported less than two hours ago', {}, { now: new Date('2026-06-01T13:59:00.000Z') }, false],
    ['waits', { progress: { state: 'waiting', dueAt: AT, reason: 'x' } }, {}, false],
    ['was refused', { progress: { state: 'refused', reason: 'x' } }, {}, false],
  ])('says whether an order counts that %s', (_which, changes, when, expected) => {
    expect(isAuditable(entry(sample, changes), { ...range, now, ...when })).toBe(expected);
  });
});
