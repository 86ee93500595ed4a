import { describe, expect, it } from 'vitest';

import { ledgerChange, readMessageValue } from '../../../../shared/orders/rules/order-amounts.ts';
import type { LedgerEntry, Progress, ReportedVersion } from '../../../../shared/orders/rules/order-ledger.ts';
import type { Order } from '../../../../shared/validation/orders/order.ts';

const VERSION = { by: 'sequence', sequence: '1' } as const;
const WAITING: Progress = { state: 'waiting', dueAt: '2026-06-01T12:00:30.000Z', reason: 'http_503' };
const CLAIMED: Progress = { state: 'claimed', owner: 'run', until: '2026-06-01T12:01:00.000Z', hash: 'one' };

/** An order with this value, whose newest version has this hash. */
function report({
  total,
  hash = 'one',
  currency = 'USD',
  ...rest
}: { total?: number; hash?: string; currency?: string } & Partial<LedgerEntry>): LedgerEntry {
  const order = total === undefined ? {} : { order: { total, currency } as Order };
  return {
    brand: 'acme',
    orderId: 'order-1',
    newest: {
      version: VERSION,
      kind: total === undefined ? 'cancelled' : 'created',
      hash,
      eventId: 'event-1',
      eventSource: 'https://shop.example',
      messageId: 'message-1',
      time: '2026-06-01T12:00:00.000Z',
      ...order,
    },
    progress: { state: 'settled' },
    attempts: 0,
    warnings: [],
    ...rest,
  };
}

function reported(amountMinor: number, { hash = 'one', currency = 'USD' } = {}): ReportedVersion {
  return {
    version: VERSION,
    kind: 'created',
    hash,
    at: '2026-06-01T12:00:01.000Z',
    acceptedOnly: false,
    value: { amountMinor, currency },
  };
}

describe('ledgerChange', () => {
  it('adds a new order once it is reported, and for an update only the difference', () => {
    const claimed = report({ total: 500, progress: CLAIMED });
    const created = report({ total: 500, reported: reported(500) });
    const updated = report({ total: 300, hash: 'two', reported: reported(300, { hash: 'two' }) });

    expect(ledgerChange(undefined, claimed)).toEqual({ reported: [], waitingOrders: 0, waiting: [] });
    expect(ledgerChange(claimed, created).reported).toEqual([{ amountMinor: 500, currency: 'USD' }]);
    expect(ledgerChange(created, updated).reported).toEqual([{ amountMinor: -200, currency: 'USD' }]);
  });

  it('subtracts what is cancelled, and moves an order that changes its currency', () => {
    const created = report({ total: 500, reported: reported(500) });
    const { value: _, ...withoutValue } = reported(0, { hash: 'cancelled' });
    const cancelled = report({ hash: 'cancelled', reported: withoutValue });
    const inEuro = report({ total: 450, reported: reported(450, { currency: 'EUR' }) });

    expect(ledgerChange(created, cancelled).reported).toEqual([{ amountMinor: -500, currency: 'USD' }]);
    expect(ledgerChange(created, inEuro).reported).toEqual([
      { amountMinor: -500, currency: 'USD' },
      { amountMinor: 450, currency: 'EUR' },
    ]);
  });

  it('counts an order as waiting once, however often it is tried, until it is done', () => {
    const waiting = report({ total: 500, progress: WAITING });
    const triedAgain = report({
      total: 500,
      progress: { ...CLAIMED, retryAt: '2026-06-01T12:01:00.000Z' },
    });
    const settled = report({ total: 500, reported: reported(500) });

    const steps = [
      ledgerChange(report({ total: 500, progress: CLAIMED }), waiting),
      ledgerChange(waiting, triedAgain),
      ledgerChange(triedAgain, waiting),
      ledgerChange(waiting, settled),
    ];

    expect(steps.map(({ waitingOrders, waiting: amounts }) => [waitingOrders, amounts])).toEqual([
      [1, [{ amountMinor: 500, currency: 'USD' }]],
      [0, []],
      [0, []],
      [-1, [{ amountMinor: -500, currency: 'USD' }]],
    ]);
  });

  it('does not count as waiting what Button holds and is only asked about once more', () => {
    const confirming = report({
      total: 500,
      reported: reported(500),
      progress: {
        state: 'in-doubt',
        dueAt: '2026-06-01T12:01:00.000Z',
        reason: 'timeout',
        doubt: { kind: 'confirming', hash: 'one' },
      },
    });

    expect(ledgerChange(report({ total: 500, progress: CLAIMED }), confirming)).toMatchObject({
      waitingOrders: 0,
      waiting: [],
    });
  });

  it('counts a waiting cancellation with the value that it would subtract', () => {
    const held = report({ total: 500, reported: reported(500) });
    const cancelling = report({ hash: 'cancelled', reported: reported(500), progress: WAITING });

    expect(ledgerChange(held, cancelling).waiting).toEqual([{ amountMinor: 500, currency: 'USD' }]);
  });
});

describe('readMessageValue', () => {
  it.each([
    ['{"data":{"total":500,"currency":"USD","unknown":1}}', { amountMinor: 500, currency: 'USD' }],
    ['{"data":{"total":500.5,"currency":"USD"}}', undefined],
    ['{"data":{"total":500,"currency":"XXX"}}', undefined],
    ['{"data":{"total":"500","currency":"USD"}}', undefined],
    ['{"data":[]}', undefined],
    ['not json', undefined],
  ])('reads the value of %s', (body, value) => {
    expect(readMessageValue(body)).toEqual(value);
  });
});
