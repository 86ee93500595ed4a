import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { OrderApiAnswer } from '../../../shared/button/order-api.ts';
import type { LedgerEntry } from '../../../shared/orders/rules/order-ledger.ts';
import { OrderSchema } from '../../../shared/validation/orders/order.ts';
import {
  auditOrders,
  type AuditOrdersPorts,
  type OrderToAudit,
} from '../../../shared/orders/audit-orders.ts';

const order = OrderSchema.parse(
  JSON.parse(readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8')),
);
const AT = '2026-06-01T12:00:00.000Z';
const found = {
  answer: 'found',
  order: { total: order.total, currency: order.currency, status: 'open', btn_ref: order.btn_ref },
} satisfies OrderApiAnswer;
const down: OrderApiAnswer = { answer: 'try-again', reason: 'http_503' };

function entry(orderId: string): LedgerEntry {
  const version = { by: 'sequence', sequence: '1' } as const;
  const event = { eventId: 'e', eventSource: 's', messageId: 'm', time: AT };
  return {
    brand: 'acme',
    orderId,
    ...(order.btn_ref !== undefined && { btnRef: order.btn_ref }),
    newest: { version, kind: 'created', hash: 'h', order, ...event },
    reported: { version, kind: 'created', hash: 'h', at: AT, acceptedOnly: false },
    progress: { state: 'settled' },
    attempts: 0,
    warnings: [],
  };
}

async function* each(count: number): AsyncGenerator<OrderToAudit> {
  for (let index = 0; index < count; index += 1) yield await Promise.resolve({ orderId: `o-${index}` });
}

function audit(
  count: number,
  get: (orderId: string) => OrderApiAnswer,
  {
    orders = each(count),
    ...changes
  }: Partial<AuditOrdersPorts> & { orders?: AsyncIterable<OrderToAudit> } = {},
) {
  const asked: string[] = [];
  let paced = 0;
  const ports: AuditOrdersPorts = {
    ledger: { read: (orderId) => Promise.resolve({ value: entry(orderId), revision: 1 }) },
    api: {
      get: (orderId) => {
        asked.push(orderId);
        return Promise.resolve(get(orderId));
      },
      getByToken: () => Promise.resolve({ answer: 'not-found' }),
    },
    range: { from: new Date('2026-06-01T00:00:00Z'), to: new Date('2026-06-02T00:00:00Z') },
    most: 100,
    pace: () => {
      paced += 1;
      return Promise.resolve();
    },
    timeLeft: () => true,
    now: () => new Date('2026-06-03T00:00:00Z'),
    ...changes,
  };
  return { asked, paced: () => paced, result: auditOrders(orders, ports) };
}

describe('orders, requirement 17: an audit of what Button holds', () => {
  it('compares each order and names those that differ, in orders and in money', async () => {
    const { result, paced } = audit(10, (id) => (id === 'o-3' ? { answer: 'not-found' } : found));

    expect(await result).toEqual({
      audited: 10,
      drift: [
        {
          orderId: 'o-3',
          reasons: ['missing'],
          differences: [
            {
              reason: 'missing',
              reported: `created, ${order.total} ${order.currency}`,
              atButton: 'no order',
            },
          ],
          amountMinor: order.total,
          currency: order.currency,
        },
      ],
      unanswered: 0,
      skipped: 0,
    });
    expect(paced()).toBe(10);
  });

  it('does not compare another shop’s order with the same id: the order is missing (requirement 7)', async () => {
    const { reported, ...rest } = entry('o-0');
    const value = { ...rest, ...(reported && { reported: { ...reported, buttonOrderId: 'btnorder-1' } }) };
    const theirs: OrderApiAnswer = { ...found, order: { ...found.order, btn_ref: 'srctok-another' } };
    const { asked, result } = audit(1, (id) => (id === 'o-0' ? theirs : { answer: 'not-found' }), {
      ledger: { read: () => Promise.resolve({ value, revision: 1 }) },
    });

    expect((await result).drift).toMatchObject([{ orderId: 'o-0', reasons: ['missing'] }]);
    expect(asked).toEqual(['btnorder-1', 'o-0']);
  });

  it('skips orders that are known to be out of the range without reading them, however many there are', async () => {
    const read: string[] = [];
    const long = (orderId: string): LedgerEntry => {
      const { reported, ...rest } = entry(orderId);
      return { ...rest, ...(reported && { reported: { ...reported, at: '2020-01-01T00:00:00Z' } }) };
    };
    async function* scanned(): AsyncGenerator<OrderToAudit> {
      for (let index = 0; index < 500; index += 1) {
        const orderId = `o-${index}`;
        const state = index % 100 === 0 ? entry(orderId) : long(orderId);
        yield await Promise.resolve({ orderId, state });
      }
    }
    const ledger: AuditOrdersPorts['ledger'] = {
      read: (orderId) => {
        read.push(orderId);
        return Promise.resolve({ value: entry(orderId), revision: 1 });
      },
    };

    const { result } = audit(0, () => found, { orders: scanned(), ledger });

    expect(await result).toMatchObject({ audited: 5, skipped: 495 });
    expect(read).toEqual(['o-0', 'o-100', 'o-200', 'o-300', 'o-400']);
  });

  it('reads an order by its token if the id finds nothing', async () => {
    const api = {
      get: () => Promise.resolve<OrderApiAnswer>({ answer: 'not-found' }),
      getByToken: () => Promise.resolve(found),
    };

    expect(await audit(3, () => found, { api }).result).toMatchObject({ audited: 3, drift: [] });
  });

  it('reads an order by Button’s id first, and by the brand’s if that finds nothing', async () => {
    const { btnRef: _token, reported, ...organic } = entry('o-0');
    const value = { ...organic, ...(reported && { reported: { ...reported, buttonOrderId: 'btnorder-1' } }) };
    const ledger = { read: () => Promise.resolve({ value, revision: 1 }) };
    const whereTaken = async (taken: string) => {
      const { asked, result } = audit(1, (id) => (id === taken ? found : { answer: 'not-found' }), {
        ledger,
      });
      expect(await result).toMatchObject({ audited: 1, drift: [] });
      return asked;
    };

    expect(await whereTaken('btnorder-1')).toEqual(['btnorder-1']);
    expect(await whereTaken('o-0')).toEqual(['btnorder-1', 'o-0']);
  });

  it('returns where to continue if it ended early, so that all orders can be audited in parts', async () => {
    const enough = audit(50, () => found, { most: 7 });
    const all = audit(7, () => found, { most: 7 });
    const outage = audit(50, (id) => (Number(id.slice(2)) < 3 ? found : down));

    expect(await enough.result).toMatchObject({ audited: 7, continueAfter: 'o-6' });
    expect(await all.result).not.toHaveProperty('continueAfter');
    expect(await outage.result).toMatchObject({ audited: 3, unanswered: 5, continueAfter: 'o-2' });
  });

  it('reads no more orders than allowed, and ends when Button does not answer or the time is over', async () => {
    const enough = audit(50, () => found, { most: 7 });
    const outage = audit(50, () => down);
    const late = audit(50, () => found, { timeLeft: () => false });

    expect(await enough.result).toMatchObject({ audited: 7 });
    expect(await outage.result).toMatchObject({ audited: 0, unanswered: 5, drift: [] });
    expect(await late.result).toMatchObject({ audited: 0 });
    expect([enough.asked.length, outage.asked.length, late.asked.length]).toEqual([7, 5, 0]);
  });

  it('does not count a difference as drift that was reported during the read', async () => {
    let revision = 0;
    const ledger = {
      read: (orderId: string) => Promise.resolve({ value: entry(orderId), revision: (revision += 1) }),
    };

    expect(await audit(4, () => ({ answer: 'not-found' }), { ledger }).result).toMatchObject({
      audited: 0,
      drift: [],
      skipped: 4,
    });
  });
});
