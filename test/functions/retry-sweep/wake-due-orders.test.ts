import { describe, expect, it } from 'vitest';

import { wakeDueOrders } from '../../../functions/retry-sweep/wake-due-orders.ts';
import type { Measured } from '../../../shared/domain/metrics.ts';
import { readWakeUp } from '../../../shared/domain/order-report.ts';
import type { FifoMessage } from '../../../shared/runtime/fifo-sender.ts';

function sweep(due: { orderId: string; dueAt: string }[]) {
  const sent: FifoMessage[] = [];
  const measured: Measured[] = [];
  return {
    sent,
    measured,
    ports: {
      ledger: { listDue: () => Promise.resolve(due) },
      send: (messages: readonly FifoMessage[]) => {
        sent.push(...messages);
        return Promise.resolve();
      },
      metrics: { add: (one: Measured) => measured.push(one) },
      maxWakeUps: 100,
      now: () => new Date('2026-06-01T12:00:30.000Z'),
    },
  };
}

describe('wakeDueOrders', () => {
  it('wakes each due order through its own message group', async () => {
    const { sent, ports } = sweep([{ orderId: 'o-1', dueAt: '2026-06-01T12:00:00.000Z' }]);

    expect(await wakeDueOrders(ports)).toBe(1);
    expect(sent.map(({ body, groupId }) => [readWakeUp(body), groupId])).toEqual([['o-1', 'o-1']]);
  });

  it('sends one deduplication id for one due time, and another for the next', async () => {
    const { sent, ports } = sweep([
      { orderId: 'o-1', dueAt: '2026-06-01T12:00:00.000Z' },
      { orderId: 'o-1', dueAt: '2026-06-01T12:00:00.000Z' },
      { orderId: 'o-1', dueAt: '2026-06-01T12:00:01.000Z' },
    ]);

    await wakeDueOrders(ports);

    expect(new Set(sent.map(({ deduplicationId }) => deduplicationId)).size).toBe(2);
  });

  it('says how long the oldest order has been due', async () => {
    const { measured, ports } = sweep([{ orderId: 'o-1', dueAt: '2026-06-01T12:00:00.000Z' }]);

    await wakeDueOrders(ports);

    expect(measured).toContainEqual({ name: 'OldestDueOrderAgeSeconds', value: 30 });
  });
});
