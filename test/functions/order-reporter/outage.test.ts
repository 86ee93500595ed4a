// @module-tag volume
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { OrderApi, OrderApiAnswer } from '../../../shared/button/order-api.ts';
import type { Order } from '../../../shared/validation/orders/order.ts';
import { createReportingModel } from '../../fakes/reporting-model.ts';
import { volume } from '../../volume.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as Order;

const MINUTE_MS = 60_000;
const MAX_RETRIES_PER_SWEEP = 300;

/** A Button in memory that is down until the test brings it back. */
function createButtonThatIsDown() {
  const orders = new Map<string, Order>();
  const sent: string[] = [];
  let isUp = false;
  let asked = 0;
  const answer = (whenUp: () => OrderApiAnswer): Promise<OrderApiAnswer> => {
    asked += 1;
    return Promise.resolve(isUp ? whenUp() : { answer: 'try-again', reason: 'http_503' });
  };
  const done = (what: string): OrderApiAnswer => {
    sent.push(what);
    return { answer: 'done', acceptedOnly: false };
  };
  const api: OrderApi = {
    create: (order) =>
      answer(() => {
        if (orders.has(order.order_id)) return { answer: 'exists' };
        orders.set(order.order_id, order);
        return done(`create ${order.order_id}`);
      }),
    update: (orderId, order) =>
      answer(() => {
        orders.set(orderId, order);
        return done(`update ${orderId}`);
      }),
    cancel: (orderId) =>
      answer(() => (orders.delete(orderId) ? done(`cancel ${orderId}`) : { answer: 'not-found' })),
    getByToken: () => answer(() => ({ answer: 'not-found' })),
    get: (orderId) =>
      answer(() => {
        const order = orders.get(orderId);
        return order ? { answer: 'found', order: { total: order.total } } : { answer: 'not-found' };
      }),
  };
  return { api, orders, sent, asked: () => asked, comesBack: () => (isUp = true) };
}

function message(kind: string, orderId: string, sequence: number): string {
  const data = { ...sample, order_id: orderId, customer_order_id: `version ${sequence}` };
  return JSON.stringify({
    specversion: '1.0',
    id: `${orderId} ${sequence}`,
    source: 'https://shop.example',
    type: `order.${kind}.v1`,
    subject: orderId,
    sequence: String(sequence),
    data,
  });
}

describe.each([
  { lasts: 'a day', minutes: 24 * 60, count: volume({ short: 150, long: 10_000 }) },
  { lasts: 'a month', minutes: 31 * 24 * 60, count: volume({ short: 15, long: 2000 }) },
])('an outage of $lasts with $count orders', ({ minutes, count }) => {
  it('loses no order, sends each once in its newest version, and is drained at the configured rate (A12)', async () => {
    const button = createButtonThatIsDown();
    const model = createReportingModel({
      startAt: new Date('2026-06-01T00:00:00.000Z'),
      orderApi: button.api,
      maxRetriesPerSweep: MAX_RETRIES_PER_SWEEP,
    });
    let created = 0;
    for (let minute = 1; minute <= minutes; minute += 1) {
      for (; created < (count * minute) / minutes; created += 1) {
        const orderId = `order-${created}`;
        model.send(message('created', orderId, 1), orderId);
        if (created % 2 === 0) model.send(message('updated', orderId, 2), orderId);
      }
      await model.tick(MINUTE_MS);
    }
    const askedWhileDown = button.asked();

    button.comesBack();
    const sentByMinute: number[] = [];
    for (let drained = 0; drained < 120; drained += 1) {
      const before = button.sent.length;
      await model.tick(MINUTE_MS);
      sentByMinute.push(button.sent.length - before);
    }

    expect(button.sent.toSorted()).toEqual(
      Array.from({ length: count }, (_, index) => `create order-${index}`).toSorted(),
    );
    for (const [orderId, order] of button.orders)
      expect(order.customer_order_id).toBe(Number(orderId.slice(6)) % 2 === 0 ? 'version 2' : 'version 1');
    expect(model.deadLetters).toEqual([]);
    expect(model.ledger.all().every(({ progress }) => progress.state === 'settled')).toBe(true);
    // One probe a minute, and the calls that found out that Button is down.
    expect(askedWhileDown).toBeLessThan(minutes + 100);
    expect(Math.max(...sentByMinute)).toBeLessThanOrEqual(MAX_RETRIES_PER_SWEEP);
  });
});

describe('one order with thousands of versions', () => {
  it('never fills its group, even while Button is down: each message is done as soon as the ledger holds its version (A15)', async () => {
    const button = createButtonThatIsDown();
    const model = createReportingModel({
      startAt: new Date('2026-06-01T00:00:00.000Z'),
      orderApi: button.api,
    });
    model.send(message('created', 'hot', 1), 'hot');
    for (let sequence = 2; sequence <= 5000; sequence += 1)
      model.send(message('updated', 'hot', sequence), 'hot');

    await model.tick(1000);

    expect(model.isQueueEmpty()).toBe(true);
    expect(button.asked()).toBeLessThan(3);
    button.comesBack();
    for (let minute = 0; minute < 60; minute += 1) await model.tick(MINUTE_MS);
    expect(button.orders.get('hot')?.customer_order_id).toBe('version 5000');
    expect(button.sent).toHaveLength(1);
  });
});
