import { beforeEach, describe, expect, it, vi } from 'vitest';

import { FaultSchema } from '../../tooling/button-simulator/fault-rules.ts';
import type { Measured } from '../../shared/runtime/metric-definitions.ts';
import { orderMessage } from '../simulation/messages.ts';
import { pause, resume } from '../simulation/operator.ts';
import { SimulatedWorld } from '../simulation/world.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

let measured: Measured[];
let world: SimulatedWorld;
let sent: number;

beforeEach(async () => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
  measured = [];
  sent = 0;
  world = new SimulatedWorld({
    seed: 'a pause',
    schedules: 'as-deployed',
    measure: (one) => measured.push(one),
  });
  await sendFor(MINUTE_MS);
});

/** Several new orders at once, again and again: more than one environment is busy. */
async function sendFor(ms: number): Promise<void> {
  const startMs = world.clock.now();
  for (let atMs = startMs; atMs < startMs + ms; atMs += 10 * SECOND_MS)
    for (let number = 0; number < 3; number += 1)
      world.clock.at(atMs, () => {
        sent += 1;
        world.sendOrderMessage(
          orderMessage({ orderId: `order-${sent}`, sequence: 1, kind: 'created', total: 100 }),
        );
      });
  await world.runFor(ms);
}

const requestsSince = (ms: number) =>
  world.button.log.all().filter(({ path, atMs }) => path.startsWith('/v1/order') && atMs >= ms);

describe('orders: a brand that an operator pauses while its orders are reported', () => {
  it('sends Button nothing from a minute later until it is resumed, and loses no order', async () => {
    const before = world.button.orders.all().length;
    await pause(world);
    const pausedMs = world.clock.now();
    await sendFor(6 * MINUTE_MS);
    const sentTooLate = requestsSince(pausedMs + MINUTE_MS + SECOND_MS);
    const atButton = world.button.orders.all().length;
    await resume(world);
    await sendFor(MINUTE_MS);
    await world.runFor(2 * MINUTE_MS);

    expect(before).toBeGreaterThan(10);
    expect(sentTooLate).toEqual([]);
    expect(sent - atButton).toBeGreaterThan(80);
    expect(world.button.orders.all()).toHaveLength(sent);
  });

  it('has its waiting orders reported within a minute and a half of the resume, however soon a sweep follows it', async () => {
    await pause(world);
    await sendFor(6 * MINUTE_MS - 2 * SECOND_MS);
    await sendFor(SECOND_MS);
    const waiting = sent;
    await resume(world);
    await world.runFor(90 * SECOND_MS);

    expect(waiting).toBeGreaterThan(100);
    expect(world.button.orders.all()).toHaveLength(waiting);
  });

  it('has an order cancelled that Button creates late, after the brand was resumed', async () => {
    world.button.faults.add(
      FaultSchema.parse({
        ...{ on: 'api', match: { method: 'POST', orderId: 'late' } },
        ...{ answer: { status: 504 }, work: { afterMs: 10 * MINUTE_MS } },
      }),
    );
    await pause(world);
    world.clock.at(world.clock.now() + MINUTE_MS, () => {
      world.sendOrderMessage(orderMessage({ orderId: 'late', sequence: 1, kind: 'created', total: 100 }));
    });
    await world.runFor(30 * MINUTE_MS);
    await resume(world);
    await world.runFor(2 * MINUTE_MS);
    world.sendOrderMessage(orderMessage({ orderId: 'late', sequence: 2, kind: 'cancelled' }));
    await world.runFor(60 * MINUTE_MS);

    const late = world.button.orders.all().filter(({ fields }) => fields.order_id === 'late');
    expect(late.map(({ status }) => status)).toEqual(['deleted']);
  });

  it('is measured as paused, and its orders do not count as late', async () => {
    await pause(world);
    await sendFor(MINUTE_MS);
    measured.length = 0;
    await world.runFor(120 * MINUTE_MS);
    const whilePaused = new Set(measured.map(({ name, value }) => `${name} ${value}`));
    await resume(world);
    await world.runFor(10 * MINUTE_MS);
    const ages = measured.flatMap(({ name, value }) => (name === 'OldestDueOrderAgeSeconds' ? [value] : []));

    expect(whilePaused).toContain('BrandPaused 1');
    expect(whilePaused).not.toContain('BrandPaused 0');
    expect(whilePaused).not.toContain('BreakerOpen 1');
    expect([...whilePaused].filter((one) => one.startsWith('OldestDueOrderAgeSeconds'))).toEqual([]);
    expect(Math.max(...ages)).toBeLessThan(120);
    expect(world.button.orders.all()).toHaveLength(sent);
  });
});
