import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { OrderApi, OrderApiAnswer } from '../../../shared/button/order-api.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import { createReportingModel } from '../../fakes/reporting-model.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as object;

const startAt = new Date('2026-06-01T00:00:00.000Z');
const MINUTES = 600;

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

/** A Button that only creates orders. */
function apiOf(create: (orderId: string) => OrderApiAnswer): OrderApi {
  const unused = () => Promise.resolve({ answer: 'not-found' } as const);
  return {
    create: ({ order_id: orderId }) => Promise.resolve(create(orderId)),
    update: unused,
    cancel: unused,
    get: unused,
    getByToken: unused,
  };
}

/**
 * Ten hours with one new order a minute, and one order that Button always answers with `always`. Every
 * twentieth new order fails once, so that it needs the sweep.
 */
async function play(always: OrderApiAnswer, environments: number) {
  const failed = new Set<string>();
  const done = new Set<string>();
  const create = (orderId: string): OrderApiAnswer => {
    if (orderId === 'bad') return always;
    if (orderId.endsWith('7') && !failed.has(orderId)) {
      failed.add(orderId);
      return { answer: 'try-again', reason: 'econnrefused' };
    }
    done.add(orderId);
    return { answer: 'done', acceptedOnly: false };
  };
  const measured: Measured[] = [];
  const model = createReportingModel({
    startAt,
    orderApi: apiOf(create),
    environments,
    measure: (one) => measured.push(one),
  });
  model.send(message('bad'), 'bad');
  const late: string[] = [];
  for (let minute = 0; minute < MINUTES; minute += 1) {
    model.send(message(`o-${minute}`), `o-${minute}`);
    await model.tick(60_000);
    if (minute >= 3 && !done.has(`o-${minute - 3}`)) late.push(`o-${minute - 3}`);
  }
  const sumOf = (metric: string) =>
    measured.filter(({ name }) => name === metric).reduce((sum, { value }) => sum + value, 0);
  const bad = (await model.ledger.read('bad'))?.value;
  return {
    late,
    opened: sumOf('BreakerOpen'),
    keyRefused: sumOf('ButtonKeyRefused'),
    state: bad?.progress?.state,
    reasons: [...model.quarantine.entries.values()].flatMap(({ reasons }) => reasons.map(({ code }) => code)),
  };
}

describe('orders, requirement 5: one order that Button always refuses among healthy ones', () => {
  it.each([1, 3])(
    'stops the brand once with its 401, then goes to quarantine (%i environments)',
    async (environments) => {
      const { late, ...rest } = await play({ answer: 'unauthorized' }, environments);

      expect(rest).toEqual({ opened: 1, keyRefused: 1, state: 'failing', reasons: ['keeps_failing'] });
      expect(late).toEqual([]);
    },
  );

  it.each([1, 3])(
    'never delays the others with its 429 and Retry-After, then goes to quarantine (%i environments)',
    async (environments) => {
      const throttled = { answer: 'try-again', reason: 'http_429', afterMs: 900_000 } as const;
      const { late, ...rest } = await play(throttled, environments);

      expect(rest).toEqual({ opened: 0, keyRefused: 0, state: 'failing', reasons: ['keeps_failing'] });
      expect(late).toEqual([]);
    },
  );

  it('lets the other waiting orders through at the next sweep after a 429, even if no new order comes', async () => {
    const notYet = { answer: 'try-again', reason: 'http_425' } as const;
    let isReady = false;
    const taken = new Map<string, number>();
    const create = (orderId: string): OrderApiAnswer => {
      if (orderId === 'bad') return { answer: 'try-again', reason: 'http_429', afterMs: 900_000 };
      if (!isReady) return notYet;
      taken.set(orderId, model.now().getTime());
      return { answer: 'done', acceptedOnly: false };
    };
    const model = createReportingModel({ startAt, orderApi: apiOf(create) });
    for (let order = 0; order < 30; order += 1) model.send(message(`o-${order}`), `o-${order}`);
    await model.tick(60_000);
    isReady = true;
    model.send(message('bad'), 'bad');
    const sinceMs = model.now().getTime();
    for (let minute = 0; minute < 10; minute += 1) await model.tick(60_000);

    expect(taken.size).toBe(30);
    expect((Math.max(...taken.values()) - sinceMs) / 60_000).toBeLessThan(2.5);
  });
});
