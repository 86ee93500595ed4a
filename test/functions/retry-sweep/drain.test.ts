import { describe, expect, it } from 'vitest';

import type { SweepPorts } from '../../../functions/retry-sweep/sweep-ports.ts';
import { retryDueOrders } from '../../../functions/retry-sweep/retry-due-orders.ts';
import { withThrottle } from '../../../shared/orders/rules/breaker.ts';
import { noteThrottle } from '../../../shared/orders/rules/drain-pace.ts';
import { readRetryMessage } from '../../../shared/orders/rules/retry-message.ts';
import type { DueOrder } from '../../../shared/orders/store/order-ledger-store.ts';
import { createInMemoryBreakerStore } from '../../fakes/in-memory-stores.ts';

const SECOND_MS = 1000;
/** Seconds that one call to Button takes. */
const CALL_SECONDS = 0.3;
/** The first wait of an order that got a 429. */
const RETRY_MS = 30_000;
const START_MS = Date.parse('2026-06-01T00:00:00.000Z');
/** The reporter works in steps of this fraction of a second. */
const TICKS = 10;

/**
 * Orders that wait when Button is back after an outage, and a Button that accepts `perSecond` calls and
 * answers 429 to the others. Returns how many seconds the drain took, and how many calls.
 */
async function drain({
  count,
  perSecond,
  maxConcurrency,
  maxRetriesPerSweep,
}: {
  count: number;
  perSecond: number;
  maxConcurrency: number;
  maxRetriesPerSweep: number;
}): Promise<{ seconds: number; calls: number }> {
  let nowMs = START_MS;
  let left = count;
  let calls = 0;
  let next = 0;
  const listed = new Map<string, DueOrder>();
  const throttled: DueOrder[] = [];
  const queue: string[] = [];
  const breaker = createInMemoryBreakerStore();
  const dueAt = '2026-05-31T00:00:00.000Z';
  let tokens = perSecond;

  const work = async (ms: number): Promise<void> => {
    for (let tick = 0; tick < (ms / SECOND_MS) * TICKS; tick += 1) {
      tokens = Math.min(perSecond, tokens + perSecond / TICKS);
      const capacity = Math.round((maxConcurrency * 10) / CALL_SECONDS / TICKS);
      for (const orderId of queue.splice(0, capacity)) {
        calls += 1;
        const order = listed.get(orderId);
        listed.delete(orderId);
        if (tokens >= 1) {
          tokens -= 1;
          left -= 1;
        } else if (order) {
          throttled.push({ ...order, attempts: 1, dueAt: new Date(nowMs + RETRY_MS).toISOString() });
          const stored = await breaker.read();
          const known = stored?.value.throttle;
          const throttle = noteThrottle(known, undefined, new Date(nowMs));
          if (throttle !== known)
            await breaker.write(
              withThrottle(stored?.value, throttle, new Date(nowMs)),
              stored?.revision ?? 0,
            );
        }
      }
      nowMs += SECOND_MS / TICKS;
    }
  };

  const ports: SweepPorts = {
    ledger: {
      listDue: (now, limit) => {
        while ((throttled[0]?.dueAt ?? '9') <= now.toISOString()) {
          const order = throttled.shift();
          if (order) listed.set(order.orderId, order);
        }
        for (; listed.size < limit && next < count; next += 1)
          listed.set(`o-${next}`, { orderId: `o-${next}`, dueAt, attempts: 0 });
        return Promise.resolve([...listed.values()].slice(0, limit));
      },
    },
    breaker,
    send: (messages) => {
      queue.push(...messages.map(({ body }) => readRetryMessage(body)?.orderId ?? ''));
      return Promise.resolve();
    },
    metrics: { add: () => undefined },
    maxRetriesPerSweep,
    now: () => new Date(nowMs),
    wait: work,
  };
  while (left > 0) {
    const minuteMs = nowMs;
    await retryDueOrders(ports);
    await work(Math.max(SECOND_MS, minuteMs + 60 * SECOND_MS - nowMs));
  }
  return { seconds: (nowMs - START_MS) / SECOND_MS, calls };
}

/** Scaled down: what a day of a million orders needs, divided by ten or five. */
describe('orders, requirement 11: the drain after a day without Button', () => {
  it('sends a million orders within eight hours to a Button that accepts 50 a second, by default settings', async () => {
    const { seconds, calls } = await drain({
      count: 100_000,
      perSecond: 50,
      maxConcurrency: 2,
      maxRetriesPerSweep: 6000,
    });

    expect(seconds).toBeLessThan((8 * 3600) / 10);
    expect(calls).toBeLessThan(115_000);
  });

  it('sends a million orders within an hour to a Button that accepts 500 a second, with maxConcurrency 20', async () => {
    const { seconds, calls } = await drain({
      count: 200_000,
      perSecond: 500,
      maxConcurrency: 20,
      maxRetriesPerSweep: 60_000,
    });

    expect(seconds).toBeLessThan(3600 / 5);
    expect(calls).toBeLessThan(230_000);
  });
});
