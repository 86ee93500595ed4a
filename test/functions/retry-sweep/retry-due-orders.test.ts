import { describe, expect, it } from 'vitest';

import { retryDueOrders } from '../../../functions/retry-sweep/retry-due-orders.ts';
import type { SweepPorts } from '../../../functions/retry-sweep/sweep-ports.ts';
import {
  closeBreaker,
  openBreaker,
  pauseBrand,
  resumeBrand,
  withThrottle,
  type Breaker,
} from '../../../shared/orders/rules/breaker.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import { isProbeMessage, readRetryMessage } from '../../../shared/orders/rules/retry-message.ts';
import type { FifoMessage } from '../../../shared/runtime/fifo-sender.ts';
import type { DueOrder } from '../../../shared/orders/store/order-ledger-store.ts';
import { createInMemoryBreakerStore } from '../../fakes/in-memory-stores.ts';

const START = '2026-06-01T12:00:30.000Z';

/** A sweep on a virtual clock. What it retries stays due unless `work` removes it while the sweep waits. */
function sweep(
  due: DueOrder[],
  {
    breaker = createInMemoryBreakerStore(),
    work = () => undefined,
    ...changes
  }: Partial<SweepPorts> & {
    breaker?: ReturnType<typeof createInMemoryBreakerStore>;
    work?: (sent: FifoMessage[], nowMs: number) => unknown;
  } = {},
) {
  let nowMs = Date.parse(START);
  let unworked: FifoMessage[] = [];
  const sent: FifoMessage[] = [];
  const measured: Measured[] = [];
  const listed: number[] = [];
  const ports: SweepPorts = {
    ledger: {
      listDue: (now, limit, { latestFirst } = { latestFirst: false }) => {
        listed.push(limit);
        const found: DueOrder[] = [];
        for (const order of latestFirst ? due.toReversed() : due) {
          if (found.length === limit) break;
          if (order.dueAt <= now.toISOString()) found.push(order);
        }
        return Promise.resolve(found);
      },
    },
    breaker,
    send: (messages) => {
      sent.push(...messages);
      unworked.push(...messages);
      return Promise.resolve();
    },
    metrics: { add: (one) => measured.push(one) },
    maxRetriesPerSweep: 60_000,
    now: () => new Date(nowMs),
    wait: async (ms) => {
      nowMs += ms;
      const messages = unworked;
      unworked = [];
      await work(messages, nowMs);
    },
    ...changes,
  };
  return {
    sent,
    measured,
    listed,
    ports,
    breaker,
    nowMs: () => nowMs,
    elapse: (ms: number) => (nowMs += ms),
  };
}

function orders(count: number, changes: Partial<DueOrder> = {}): DueOrder[] {
  return Array.from({ length: count }, (_, index) => ({
    orderId: `o-${index}`,
    dueAt: '2026-06-01T12:00:00.000Z',
    attempts: 0,
    ...changes,
  }));
}

/** Removes what was retried from the due list, like a reporter that has reported it. */
function reporting(due: DueOrder[]) {
  return (sent: readonly FifoMessage[]) => {
    const done = new Set(sent.map(({ body }) => readRetryMessage(body)?.orderId));
    // The retried orders are near the front.
    const front = due.splice(0, 2 * done.size + 100);
    due.unshift(...front.filter(({ orderId }) => !done.has(orderId)));
  };
}

describe('retryDueOrders', () => {
  it('retries each due order through its own message group, and reads no more than it needs', async () => {
    const { sent, listed, ports } = sweep(orders(1));

    expect(await retryDueOrders(ports)).toBe(1);
    expect(sent.map(({ body, groupId }) => [readRetryMessage(body), groupId])).toEqual([
      [{ orderId: 'o-0', isProbe: false }, 'o-0'],
    ]);
    expect(listed).toEqual([11]);
  });

  it('sends one deduplication id for one due time, and another for the next', async () => {
    const { sent, ports } = sweep([...orders(1), ...orders(1, { dueAt: '2026-06-01T12:00:01.000Z' })]);

    await retryDueOrders(ports);
    await retryDueOrders(ports);

    expect(sent).toHaveLength(4);
    expect(new Set(sent.map(({ deduplicationId }) => deduplicationId)).size).toBe(2);
  });

  it('retries an order again a minute later if its retry message came too early for the reporter’s clock', async () => {
    const due = orders(1, { dueAt: START });
    const { sent, ports, elapse } = sweep(due);
    await retryDueOrders(ports);
    elapse(60_000);
    await retryDueOrders(ports);

    expect(new Set(sent.map(({ deduplicationId }) => deduplicationId)).size).toBe(2);
  });

  it('sends an order’s retry message ever more rarely, so that messages do not pile up behind a slow reporter', async () => {
    const { sent, ports, elapse } = sweep(orders(1, { dueAt: START }));
    for (let minute = 0; minute < 120; minute += 1) {
      await retryDueOrders(ports);
      elapse(60_000);
    }

    expect(sent).toHaveLength(120);
    expect(new Set(sent.map(({ deduplicationId }) => deduplicationId)).size).toBe(7);
  });

  it('reports the age of the oldest due order, counted since its message arrived, whatever time its event states', async () => {
    const { measured, ports } = sweep(
      orders(3).map((order, index) => ({ ...order, receivedAt: `2026-06-01T1${index}:00:00.000Z` })),
    );

    await retryDueOrders(ports);

    expect(measured).toContainEqual({ name: 'OldestDueOrderAgeSeconds', value: 7230 });
  });

  it('reports age 0 when none is due', async () => {
    const { measured, ports } = sweep([]);

    await retryDueOrders(ports);

    expect(measured).toContainEqual({ name: 'OldestDueOrderAgeSeconds', value: 0 });
  });
});

describe('orders, requirement 11: a drain', () => {
  it('reports the age of the oldest due order at each sweep, even with the breaker closed', async () => {
    const due = orders(5000, { receivedAt: '2026-06-01T09:00:30.000Z' });
    const { measured, ports, nowMs } = sweep(due, { work: reporting(due) });

    await retryDueOrders(ports);
    const elapsedSeconds = (nowMs() - Date.parse(START)) / 1000;
    await retryDueOrders(ports);

    const ages = measured.filter(({ name }) => name === 'OldestDueOrderAgeSeconds').map(({ value }) => value);
    expect(ages).toEqual([10_800, 10_800 + elapsedSeconds]);
  });

  it('speeds up as long as Button accepts everything, and keeps the rate for the next run', async () => {
    const due = orders(30_000);
    const { ports, breaker, measured } = sweep(due, { work: reporting(due), maxRetriesPerSweep: 12_000 });

    const retried = [await retryDueOrders(ports), await retryDueOrders(ports)];

    expect(retried[0]).toBeGreaterThan(3000);
    expect(retried[1]).toBeGreaterThan(11_000);
    expect(retried[1]).toBeLessThanOrEqual(12_000);
    expect(breaker.current()?.pace?.perSecond).toBeGreaterThan(200);
    expect(measured).toContainEqual({
      name: 'DrainPacePerSecond',
      value: breaker.current()?.pace?.perSecond,
    });
  });

  it('slows down when Button answers 429', async () => {
    const due = orders(5000);
    const breaker = createInMemoryBreakerStore();
    const pace = { perSecond: 100, changedAt: '2026-06-01T12:00:00.000Z', wasThrottled: true };
    await breaker.write({ state: 'closed', since: START, pace }, 0);
    const take = reporting(due);
    const { ports } = sweep(due, {
      breaker,
      work: async (sent, nowMs) => {
        take(sent);
        const now = new Date(nowMs);
        if (sent.length <= 20) return;
        const stored = await breaker.read();
        await breaker.write(
          withThrottle(stored?.value, { at: now.toISOString() }, now),
          stored?.revision ?? 0,
        );
      },
    });

    await retryDueOrders(ports);

    expect(breaker.current()?.pace?.perSecond).toBeLessThan(30);
  });

  describe('during a Retry-After', () => {
    const until = '2026-06-01T12:00:50.000Z';
    const held = async () => {
      const breaker = createInMemoryBreakerStore();
      await breaker.write(withThrottle(undefined, { at: START, until }, new Date(START)), 0);
      return breaker;
    };

    it('sends one order, the one with the fewest tries, and nothing else until it is over', async () => {
      const due = [...orders(1, { attempts: 7 }), ...orders(100).slice(1)];
      const sentAt: [string, number][] = [];
      const take = reporting(due);
      const { ports } = sweep(due, {
        breaker: await held(),
        work: (sent, nowMs) => {
          for (const { body } of sent) sentAt.push([readRetryMessage(body)?.orderId ?? '', nowMs]);
          if (nowMs > Date.parse(until)) take(sent);
        },
      });

      await retryDueOrders(ports);

      const [probe, ...others] = sentAt;
      expect(probe).toEqual(['o-1', Date.parse(START) + 2000]);
      expect(Math.min(...others.map(([, atMs]) => atMs)) - 1000).toBe(Date.parse(until));
      expect(due.length).toBeLessThan(30);
    });

    it('drains at once when Button accepts that order', async () => {
      const due = orders(100);
      const breaker = await held();
      const take = reporting(due);
      const { ports, sent, nowMs } = sweep(due, {
        breaker,
        work: async (taken, at) => {
          take(taken);
          if (taken.length === 1)
            await breaker.write(withThrottle(undefined, { at: START }, new Date(at)), 1);
        },
      });

      await retryDueOrders(ports);

      expect(sent).toHaveLength(100);
      expect(nowMs()).toBeLessThan(Date.parse(START) + 15_000);
    });

    it('sends nothing if nothing is due', async () => {
      const { ports, sent } = sweep([], { breaker: await held() });

      await retryDueOrders(ports);

      expect(sent).toEqual([]);
    });
  });

  it('puts no more on the queue than a slow reporter can handle, so that new messages do not wait behind it', async () => {
    const due = orders(10_000);
    const { sent, ports } = sweep(due);

    await retryDueOrders(ports);

    // No message is handled: ten seconds' worth, and as much again once the first ones count as blocked.
    expect(sent.length).toBeLessThanOrEqual(300);
  });

  it('gets past orders whose message groups are blocked', async () => {
    const blocked = orders(60, { dueAt: '2026-06-01T11:00:00.000Z' }).map((order) => ({
      ...order,
      orderId: `blocked-${order.orderId}`,
    }));
    const due = [...blocked, ...orders(100)];
    const take = reporting(due);
    const { ports } = sweep(due, {
      work: (sent) => {
        take(sent.filter(({ groupId }) => !groupId.startsWith('blocked')));
      },
    });

    await retryDueOrders(ports);

    expect(due.filter(({ orderId }) => !orderId.startsWith('blocked')).length).toBeLessThan(50);
  });

  it('ends when the breaker opens', async () => {
    const due = orders(1000);
    const breaker = createInMemoryBreakerStore();
    const { sent, ports } = sweep(due, {
      breaker,
      work: async () => {
        await breaker.write(openBreaker(undefined, 'outage', new Date(START)), 0);
      },
    });

    await retryDueOrders(ports);

    expect(sent).toHaveLength(10);
  });

  it('ends within its time at the highest setting, if each request to SQS takes 35 ms', async () => {
    const due = orders(65_000);
    const breaker = createInMemoryBreakerStore();
    const pace = { perSecond: 60_000 / 57, changedAt: '2026-06-01T12:00:00.000Z', wasThrottled: true };
    await breaker.write({ state: 'closed', since: START, pace }, 0);
    const take = reporting(due);
    const setup = sweep(due, { breaker, work: take });
    const ports: SweepPorts = {
      ...setup.ports,
      send: async (messages) => {
        await setup.ports.send(messages);
        // Eight requests of ten messages at once: see createFifoSender.
        setup.elapse(Math.ceil(messages.length / 80) * 35);
      },
    };

    const retried = await retryDueOrders(ports);

    expect(setup.nowMs() - Date.parse(START)).toBeLessThan(60_000);
    expect(retried).toBeGreaterThan(57_000);
  });
});

describe('while the breaker is open', () => {
  const due = [
    ...orders(1, { dueAt: '2026-06-01T11:00:00.000Z', attempts: 3, receivedAt: '2026-06-01T10:59:00.000Z' }),
    ...orders(2, { dueAt: '2026-06-01T11:30:00.000Z' }),
    ...orders(4, { dueAt: '2026-06-01T11:40:00.000Z', attempts: 1 }),
  ].map((order, index) => ({ ...order, orderId: `o-${index}` }));
  const opened = (at: string): Breaker => openBreaker(undefined, 'outage', new Date(at));

  it('sends only the latest order that has not failed, as the probe, and none before the probe is due', async () => {
    const { sent, measured, listed, ports } = sweep(due);
    await ports.breaker.write(opened('2026-06-01T11:59:00.000Z'), 0);

    const retried = [await retryDueOrders(ports), await retryDueOrders(ports)];

    expect(retried).toEqual([1, 0]);
    expect(sent.map(({ body }) => readRetryMessage(body))).toEqual([{ orderId: 'o-2', isProbe: true }]);
    expect(measured).toContainEqual({ name: 'BreakerOpen', value: 1 });
    expect(measured).toContainEqual({ name: 'OldestDueOrderAgeSeconds', value: 3690 });
    expect(Math.max(...listed)).toBe(10);
  });

  it('sends what waits in the same run as soon as the probe has closed it', async () => {
    const waiting = orders(3);
    const breaker = createInMemoryBreakerStore();
    await breaker.write(opened('2026-06-01T11:59:00.000Z'), 0);
    const { sent, ports, nowMs } = sweep(waiting, {
      breaker,
      work: async (messages, atMs) => {
        if (messages.some(({ body }) => readRetryMessage(body)?.isProbe))
          await breaker.write(closeBreaker(breaker.current(), new Date(atMs)), 2);
      },
    });

    expect(await retryDueOrders(ports)).toBe(4);
    expect(sent.map(({ body }) => readRetryMessage(body)?.isProbe)).toEqual([true, false, false, false]);
    expect(nowMs() - Date.parse(START)).toBeLessThan(57_000);
  });

  it('does not send the probe through the message group of an order, which may be blocked', async () => {
    const { sent, ports } = sweep(due);
    await ports.breaker.write(opened('2026-06-01T11:59:00.000Z'), 0);

    await retryDueOrders(ports);

    expect(due.map(({ orderId }) => orderId)).not.toContain(sent[0]?.groupId);
  });

  it.each([
    ['every due order has failed', due.filter(({ attempts }) => attempts > 0)],
    ['no order is due', []],
  ])('sends a harmless read if %s', async (_case, given) => {
    const { sent, ports } = sweep(given);
    await ports.breaker.write(opened('2026-06-01T11:59:00.000Z'), 0);

    expect(await retryDueOrders(ports)).toBe(0);
    expect(sent.map(({ body }) => isProbeMessage(body))).toEqual([true]);
  });

  it('sends one probe, however many sweeps run at once', async () => {
    const { sent, ports } = sweep(due);
    await ports.breaker.write(opened('2026-06-01T11:59:00.000Z'), 0);

    const retried = await Promise.all([retryDueOrders(ports), retryDueOrders(ports), retryDueOrders(ports)]);

    expect(retried.toSorted()).toEqual([0, 0, 1]);
    expect(sent).toHaveLength(1);
  });

  it('retries again what was retried before the breaker closed, with other deduplication ids', async () => {
    const { sent, measured, ports } = sweep(orders(2));
    await retryDueOrders(ports);
    await ports.breaker.write({ state: 'closed', since: '2026-06-01T12:00:20.000Z' }, 0);

    await retryDueOrders(ports);

    expect(new Set(sent.map(({ deduplicationId }) => deduplicationId)).size).toBe(4);
    expect(measured).toContainEqual({ name: 'BreakerOpen', value: 0 });
  });
});

describe('while an operator has paused the brand', () => {
  const paused = pauseBrand(undefined, 'wrong prices', new Date('2026-06-01T10:00:00.000Z'));

  it('sends nothing, not even a probe, reads no order, and says that the brand is paused', async () => {
    const { sent, measured, listed, ports, breaker } = sweep(orders(3));
    await ports.breaker.write(paused, 0);

    for (let minute = 0; minute < 10; minute += 1) expect(await retryDueOrders(ports)).toBe(0);

    expect({ sent, listed, breaker: breaker.current() }).toEqual({ sent: [], listed: [], breaker: paused });
    expect(measured.slice(0, 2)).toEqual([
      { name: 'BreakerOpen', value: 0 },
      { name: 'BrandPaused', value: 1 },
    ]);
    expect(measured.map(({ name }) => name)).not.toContain('OldestDueOrderAgeSeconds');
  });

  it('stops a drain within a second', async () => {
    const due = orders(1000);
    const breaker = createInMemoryBreakerStore();
    const { sent, ports } = sweep(due, { breaker, work: () => breaker.write(paused, 0) });

    await retryDueOrders(ports);

    expect(sent).toHaveLength(10);
    expect(breaker.current()).toEqual(paused);
  });

  it('sends what waits once the brand is resumed, and counts the age of orders from then', async () => {
    const due = orders(3, { receivedAt: '2026-06-01T09:00:00.000Z' });
    const { sent, measured, ports, breaker } = sweep(due);
    await ports.breaker.write(paused, 0);
    await retryDueOrders(ports);
    const resumed = resumeBrand(breaker.current(), new Date('2026-06-01T12:00:10.000Z'));
    if (resumed) await ports.breaker.write(resumed, 1);

    expect(await retryDueOrders(ports)).toBe(3);
    expect(sent).toHaveLength(3);
    expect(measured).toContainEqual({ name: 'OldestDueOrderAgeSeconds', value: 20 });
    expect(measured).toContainEqual({ name: 'BrandPaused', value: 0 });
  });

  it('counts the age of orders from their arrival if the operator’s clock was ahead', async () => {
    const { measured, ports } = sweep(orders(1, { receivedAt: '2026-06-01T12:00:00.000Z' }));
    const resumed = resumeBrand(paused, new Date('2027-06-01T12:00:00.000Z'));
    if (resumed) await ports.breaker.write(resumed, 0);

    await retryDueOrders(ports);

    expect(measured).toContainEqual({ name: 'OldestDueOrderAgeSeconds', value: 30 });
  });
});
