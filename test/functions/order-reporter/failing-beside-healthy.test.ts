// @module-tag volume
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { OrderApi, OrderApiAnswer } from '../../../shared/button/order-api.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import type { Order } from '../../../shared/validation/orders/order.ts';
import { createReportingModel } from '../../fakes/reporting-model.ts';
import { volume } from '../../volume.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as Order;

const SECOND_MS = 1000;
const DAY_SECONDS = 86_400;
const ORDERS_A_DAY = 10_000;
/** In `npm test`, a quarter of the day is played. */
const ORDERS = volume({ short: ORDERS_A_DAY / 4, long: ORDERS_A_DAY });

type Fate = 'healthy' | '500' | '403';

/** The result of each order of the day: one in a hundred always gets a 500, one in a thousand a 403. */
type Places = (index: number) => Fate;

const evenly: Places = (index) => {
  if (index % 1000 === 7) return '403';
  return index % 100 === 50 ? '500' : 'healthy';
};

/** The same numbers of bad orders at random positions, which are the same in every run. */
function atRandom(seed: number): Places {
  return (index) => {
    const chance = createHash('sha256').update(`${seed} ${index}`).digest().readUInt32BE() / 2 ** 32;
    if (chance < 0.001) return '403';
    return chance < 0.011 ? '500' : 'healthy';
  };
}

/** The same numbers of bad orders in groups of this size, like an import of one category. */
function inBunches(size: number): Places {
  return (index) => (index % (100 * size) >= 50 && index % (100 * size) < 50 + size ? '500' : 'healthy');
}

/** A Button that always fails on some orders, and does not store them. */
function createButton(now: () => Date, places: Places) {
  const createdAt = new Map<string, number>();
  const answer = (orderId: string, whenHealthy: () => OrderApiAnswer): Promise<OrderApiAnswer> => {
    const fate = places(Number(orderId.slice(6)));
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

/** A day of orders, one every 8.64 seconds, those of a group at once. */
async function playDay(places: Places, environments: number) {
  const startAt = new Date('2026-06-01T00:00:00.000Z');
  const opened: Measured[] = [];
  const clock = { now: () => startAt };
  const button = createButton(() => clock.now(), places);
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
  for (let index = 0; index < ORDERS; index += 1) {
    const orderId = `order-${index}`;
    model.send(message(orderId), orderId);
    if (places(index) === 'healthy') sentAt.set(orderId, model.now().getTime());
    const isInBunch = places(index) !== 'healthy' && places(index + 1) !== 'healthy';
    if (!isInBunch) await model.tick(stepSeconds * SECOND_MS);
  }
  await model.tick(120 * SECOND_MS);
  const delays = [...sentAt].map(([orderId, atMs]) => (button.createdAt.get(orderId) ?? Infinity) - atMs);
  return { worstMs: Math.max(...delays), opened: opened.length, breaker: model.breaker.current()?.state };
}

const ENVIRONMENTS = [1, 5];

/**
 * In `npm test`, days alternate between one environment and five; in `npm run test:long`, each day is run
 * with both.
 */
function environmentsOf(day: number): number[] {
  const first = day % ENVIRONMENTS.length;
  return [...ENVIRONMENTS, ...ENVIRONMENTS].slice(first, first + volume({ short: 1, long: 2 }));
}

/** The first one in `npm test`, all of them in `npm run test:long`. */
const DAYS = (
  [
    ['spread evenly', evenly],
    ['at random', atRandom(1)],
    ['at random', atRandom(2)],
  ] satisfies [string, Places][]
).slice(0, volume({ short: 1, long: 3 }));

describe('orders, requirement 5: 10,000 orders a day, of which 1% always get a 500 and 0.1% always a 403', () => {
  it.each(
    DAYS.flatMap(([name, places], day) =>
      environmentsOf(day).map((environments) => ({ name, places, environments })),
    ),
  )(
    'every healthy order is reported within a minute and the breaker never opens, with bad ones $name and $environments environments',
    async ({ places, environments }) => {
      const { worstMs, opened, breaker = 'closed' } = await playDay(places, environments);

      expect(worstMs).toBeLessThan(60 * SECOND_MS);
      expect({ opened, breaker }).toEqual({ opened: 0, breaker: 'closed' });
    },
  );
});

const BUNCHES = [100, 20, 5];

describe('orders, requirement 5: 10,000 orders a day, of which 1% always get a 500, in groups of five and more', () => {
  it.each(
    BUNCHES.flatMap((size, day) => environmentsOf(day + 1).map((environments) => ({ size, environments }))),
  )(
    'a group of $size opens the breaker once at most, and every healthy order is reported within two minutes, with $environments environments',
    { tags: ['long'] },
    async ({ size, environments }) => {
      const { worstMs, opened, breaker = 'closed' } = await playDay(inBunches(size), environments);

      expect(worstMs).toBeLessThan(120 * SECOND_MS);
      expect(opened).toBeLessThanOrEqual(100 / size);
      expect(breaker).toBe('closed');
    },
  );
});
