import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { OrderApi, OrderApiAnswer } from '../../../shared/button/order-api.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import type { Order } from '../../../shared/validation/orders/order.ts';
import { createReportingModel } from '../../fakes/reporting-model.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as Order;

const SECOND_MS = 1000;
const DAY_SECONDS = 86_400;
const ORDERS_A_DAY = 10_000;

type Fate = 'healthy' | '500' | '403';

/** One order in a hundred always gets a 500, one in a thousand a 403. */
function fateOf(orderId: string): Fate {
  const number = Number(orderId.slice(6));
  if (number % 1000 === 7) return '403';
  return number % 100 === 50 ? '500' : 'healthy';
}

/** A Button that always fails on some orders, and holds none of those. */
function createButton(now: () => Date) {
  const createdAt = new Map<string, number>();
  const answer = (orderId: string, whenHealthy: () => OrderApiAnswer): Promise<OrderApiAnswer> => {
    const fate = fateOf(orderId);
    if (fate === '500') return Promise.resolve({ answer: 'unclear', reason: 'http_500' });
    if (fate === '403') return Promise.resolve({ answer: 'try-again', reason: 'forbidden' });
    return Promise.resolve(whenHealthy());
  };
  const api: OrderApi = {
    create: ({ order_id: orderId }) =>
      answer(orderId, () => {
        createdAt.set(orderId, now().getTime());
        return { answer: 'done', acceptedOnly: false };
      }),
    update: (orderId) => answer(orderId, () => ({ answer: 'done', acceptedOnly: false })),
    cancel: (orderId) => answer(orderId, () => ({ answer: 'done', acceptedOnly: false })),
    get: () => Promise.resolve({ answer: 'not-found' }),
    getByToken: () => Promise.resolve({ answer: 'not-found' }),
  };
  return { api, createdAt };
}

function message(orderId: string): string {
  return JSON.stringify({
    specversion: '1.0',
    id: orderId,
    source: 'https://shop.example',
    type: 'order.created.v1',
    subject: orderId,
    sequence: '1',
    data: { ...sample, order_id: orderId },
  });
}

describe('orders, requirement 5: 10,000 orders a day, of which 1% always get a 500 and 0.1% always a 403', () => {
  it.each([1, 5])(
    'every healthy order is reported within a minute and the breaker never opens, with %i environments',
    { timeout: 120_000 },
    async (environments) => {
      const startAt = new Date('2026-06-01T00:00:00.000Z');
      const opened: Measured[] = [];
      const clock = { now: () => startAt };
      const button = createButton(() => clock.now());
      const model = createReportingModel({
        startAt,
        orderApi: button.api,
        environments,
        measure: (measured) => {
          if (measured.name === 'BreakerOpen' && measured.value > 0) opened.push(measured);
        },
      });
      clock.now = model.now;
      const sentAt = new Map<string, number>();
      const stepSeconds = DAY_SECONDS / ORDERS_A_DAY;
      for (let index = 0; index < ORDERS_A_DAY; index += 1) {
        const orderId = `order-${index}`;
        model.send(message(orderId), orderId);
        sentAt.set(orderId, model.now().getTime());
        await model.tick(stepSeconds * SECOND_MS);
      }

      const healthy = [...sentAt].filter(([orderId]) => fateOf(orderId) === 'healthy');
      const delays = healthy.map(([orderId, atMs]) => (button.createdAt.get(orderId) ?? Infinity) - atMs);
      expect(healthy).toHaveLength(9890);
      expect(Math.max(...delays)).toBeLessThan(60 * SECOND_MS);
      expect(opened).toEqual([]);
      expect(model.breaker.current()?.state ?? 'closed').toBe('closed');
    },
  );
});
