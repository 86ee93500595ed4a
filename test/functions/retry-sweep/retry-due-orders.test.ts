import { describe, expect, it } from 'vitest';

import { retryDueOrders } from '../../../functions/retry-sweep/retry-due-orders.ts';
import type { Measured } from '../../../shared/domain/metrics.ts';
import { readRetryMessage } from '../../../shared/domain/retry-message.ts';
import { openBreaker, type Breaker } from '../../../shared/domain/breaker.ts';
import type { FifoMessage } from '../../../shared/runtime/fifo-sender.ts';
import { createInMemoryBreakerStore } from '../../fakes/in-memory-stores.ts';

function sweep(due: { orderId: string; dueAt: string }[], breaker = createInMemoryBreakerStore()) {
  const sent: FifoMessage[] = [];
  const measured: Measured[] = [];
  return {
    sent,
    measured,
    ports: {
      ledger: { listDue: (_now: Date, limit: number) => Promise.resolve(due.slice(0, limit)) },
      breaker,
      send: (messages: readonly FifoMessage[]) => {
        sent.push(...messages);
        return Promise.resolve();
      },
      metrics: { add: (one: Measured) => measured.push(one) },
      maxRetriesPerSweep: 100,
      now: () => new Date('2026-06-01T12:00:30.000Z'),
    },
  };
}

describe('retryDueOrders', () => {
  it('retries each due order through its own message group', async () => {
    const { sent, ports } = sweep([{ orderId: 'o-1', dueAt: '2026-06-01T12:00:00.000Z' }]);

    expect(await retryDueOrders(ports)).toBe(1);
    expect(sent.map(({ body, groupId }) => [readRetryMessage(body), groupId])).toEqual([
      [{ orderId: 'o-1', isProbe: false }, 'o-1'],
    ]);
  });

  it('sends one deduplication id for one due time, and another for the next', async () => {
    const { sent, ports } = sweep([
      { orderId: 'o-1', dueAt: '2026-06-01T12:00:00.000Z' },
      { orderId: 'o-1', dueAt: '2026-06-01T12:00:00.000Z' },
      { orderId: 'o-1', dueAt: '2026-06-01T12:00:01.000Z' },
    ]);

    await retryDueOrders(ports);

    expect(new Set(sent.map(({ deduplicationId }) => deduplicationId)).size).toBe(2);
  });

  it('says how long the oldest order has been due', async () => {
    const { measured, ports } = sweep([{ orderId: 'o-1', dueAt: '2026-06-01T12:00:00.000Z' }]);

    await retryDueOrders(ports);

    expect(measured).toContainEqual({ name: 'OldestDueOrderAgeSeconds', value: 30 });
  });
});

describe('while the breaker is open', () => {
  const due = [
    { orderId: 'o-1', dueAt: '2026-06-01T11:00:00.000Z' },
    { orderId: 'o-2', dueAt: '2026-06-01T11:30:00.000Z' },
  ];
  const opened = (at: string): Breaker => openBreaker(undefined, 'outage', new Date(at));

  it('retries the longest due order alone, as the probe, and none before the probe is due', async () => {
    const { sent, measured, ports } = sweep(due);
    await ports.breaker.write(opened('2026-06-01T11:59:00.000Z'), 0);

    const retried = [await retryDueOrders(ports), await retryDueOrders(ports)];

    expect(retried).toEqual([1, 0]);
    expect(sent.map(({ body }) => readRetryMessage(body))).toEqual([{ orderId: 'o-1', isProbe: true }]);
    expect(measured).toContainEqual({ name: 'BreakerOpen', value: 1 });
  });

  it('says for how long nothing has been reported, if an order waits', async () => {
    const waiting = sweep(due);
    const idle = sweep([]);
    for (const { ports } of [waiting, idle]) {
      await ports.breaker.write(opened('2026-06-01T10:59:00.000Z'), 0);
      await retryDueOrders(ports);
    }

    const age = { name: 'OldestUnreportedOrderAgeSeconds', value: 3690 };
    expect(waiting.measured).toContainEqual(age);
    expect(idle.measured).not.toContainEqual(age);
  });

  it('makes one probe, however many sweeps run at once', async () => {
    const { sent, ports } = sweep(due);
    await ports.breaker.write(opened('2026-06-01T11:59:00.000Z'), 0);

    const retried = await Promise.all([retryDueOrders(ports), retryDueOrders(ports), retryDueOrders(ports)]);

    expect(retried.toSorted()).toEqual([0, 0, 1]);
    expect(sent).toHaveLength(1);
  });

  it('keeps the probe for the next order if none is due', async () => {
    const breaker = createInMemoryBreakerStore();
    await breaker.write(opened('2026-06-01T11:59:00.000Z'), 0);

    await retryDueOrders(sweep([], breaker).ports);

    expect(await retryDueOrders(sweep(due, breaker).ports)).toBe(1);
  });

  it('retries again what was retried before the breaker closed, under other deduplication ids', async () => {
    const { sent, measured, ports } = sweep(due);
    await retryDueOrders(ports);
    await ports.breaker.write({ state: 'closed', since: '2026-06-01T12:00:20.000Z' }, 0);

    await retryDueOrders(ports);

    expect(new Set(sent.map(({ deduplicationId }) => deduplicationId)).size).toBe(4);
    expect(measured).toContainEqual({ name: 'BreakerOpen', value: 0 });
  });
});
