import { InternalServerError } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { FaultSchema } from '../../tooling/button-simulator/fault-rules.ts';
import { InjectedTransactionSchema } from '../../tooling/button-simulator/injected-transaction.ts';
import type { Measured } from '../../shared/runtime/metric-definitions.ts';
import { orderMessage } from './messages.ts';
import type { Invocation } from './lambda-model.ts';
import { SimulatedWorld } from './world.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Orders at regular intervals for a day: each is created and adjusted an hour later, and every fifth is
 * cancelled after two hours.
 */
async function liveOneDay(world: SimulatedWorld, { orders }: { orders: number }): Promise<void> {
  const { clock } = world;
  const at = (ms: number, message: Parameters<typeof orderMessage>[0]): void => {
    clock.at(clock.now() + ms, () => world.sendOrderMessage(orderMessage(message)));
  };
  for (let number = 0; number < orders; number += 1) {
    const orderId = `order-${number}`;
    const ms = Math.floor((number * (DAY_MS - 3 * HOUR_MS)) / orders);
    at(ms, { orderId, sequence: 1, kind: 'created', total: 1000 + number });
    at(ms + HOUR_MS, { orderId, sequence: 2, kind: 'updated', total: 500 + number });
    if (number % 5 === 0) at(ms + 2 * HOUR_MS, { orderId, sequence: 3, kind: 'cancelled' });
  }
  await world.runFor(DAY_MS + 1000);
}

function sumOf(measured: readonly Measured[], name: Measured['name']): number {
  return measured.filter((one) => one.name === name).reduce((sum, { value }) => sum + value, 0);
}

const purchasesOf = ({ dynamodb }: SimulatedWorld) =>
  dynamodb.items('transactions').filter(({ aliasOf }) => aliasOf === undefined);

describe('a simulated world', () => {
  beforeEach(() => {
    for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
  });

  it(
    'reports every order of a calm day, stores and publishes every transaction, and measures',
    { tags: ['long'] },
    async () => {
      const measured: Measured[] = [];
      const invocations: Invocation[] = [];
      const world = new SimulatedWorld({
        seed: 'a calm day',
        schedules: 'as-deployed',
        transactions: { reconciler: { readFrom: '2026-06-01T00:00:00Z' } },
        measure: (one) => measured.push(one),
        onInvocation: (one) => invocations.push(one),
      });

      await liveOneDay(world, { orders: 200 });

      const orders = world.button.orders.all();
      expect(orders).toHaveLength(200);
      expect(orders.filter(({ status }) => status === 'deleted')).toHaveLength(40);
      expect(orders.every(({ fields }) => fields.total < 1000)).toBe(true);
      expect(sumOf(measured, 'OrdersReported')).toBe(440);
      expect(sumOf(measured, 'WebhooksApplied')).toBe(440);
      expect(sumOf(measured, 'WebhooksFromButton')).toBe(440);
      expect(sumOf(measured, 'WebhooksFailedForButton')).toBe(0);
      expect(sumOf(measured, 'EventsPublished')).toBe(440);
      expect(sumOf(measured, 'MissingTransactionsRepaired')).toBe(0);
      expect(world.bus).toHaveLength(440);
      expect(purchasesOf(world)).toHaveLength(200);
      expect(invocations.every(({ status }) => status === 'succeeded')).toBe(true);
      expect(invocations.filter(({ functionName }) => functionName === 'retry-sweep')).toHaveLength(1440);
      expect(Object.values(world.gauges().queues)).toEqual(
        Array.from({ length: 6 }, () => ({ visible: 0, inFlight: 0, oldestAgeSeconds: 0 })),
      );
    },
  );

  it('repairs by reconciliation what webhooks have missed', async () => {
    const measured: Measured[] = [];
    const world = new SimulatedWorld({
      seed: 'silent webhooks',
      schedules: 'as-deployed',
      transactions: { reconciler: { readFrom: '2026-06-01T00:00:00Z' } },
      measure: (one) => measured.push(one),
    });
    await world.runFor(30 * 60_000);
    world.button.dispatcher.pause('main');

    for (let number = 0; number < 10; number += 1)
      world.sendOrderMessage(
        orderMessage({ orderId: `order-${number}`, sequence: 1, kind: 'created', total: 100 }),
      );
    await world.runFor(HOUR_MS);

    expect(sumOf(measured, 'WebhooksFromButton')).toBe(0);
    expect(sumOf(measured, 'MissingTransactionsRepaired')).toBe(10);
    expect(world.bus.map(({ type }) => type)).toEqual(Array(10).fill('transaction.created'));
  });

  it.each([
    ['historical', { 'order#old': 'historical', 'order#new': 'live' }],
    ['none', { 'order#new': 'live' }],
    ['live', { 'order#old': 'live', 'order#new': 'live' }],
  ])(
    'deployed while Button lists no account, imports older transactions as firstRead %s says (E9)',
    async (firstRead, deliveries) => {
      const world = new SimulatedWorld({
        seed: 'no account at first',
        schedules: 'as-deployed',
        transactions: { reconciler: { firstRead } },
      });
      const inject = (id: string, date: string): void => {
        const dates = { created_date: date, modified_date: date };
        world.button.transactions.inject(
          InjectedTransactionSchema.parse({ button_order_id: id, ...dates, amount: 100, webhook: false }),
        );
      };
      inject('old', '2020-05-05T10:00:00Z');
      const none = { status: 200, body: { meta: { status: 'ok' }, objects: [] } };
      world.button.faults.add(
        FaultSchema.parse({ on: 'api', match: { path: '/affiliation/accounts$' }, answer: none }),
      );

      await world.runFor(15 * 60_000);
      const readAtFirst = world.dynamodb.items('transactions');
      inject('new', '2026-06-01T12:14:00Z');
      await world.runFor(2 * HOUR_MS);

      const reported = world.bus.map(({ detail }) => JSON.parse(detail) as Record<string, string>);
      expect(readAtFirst).toEqual([]);
      expect(
        Object.fromEntries(reported.map(({ transactionKey, delivery }) => [transactionKey, delivery])),
      ).toEqual(deliveries);
      expect(purchasesOf(world)).toHaveLength(reported.length);
    },
  );

  it('reports the depth and age of its queues and the age of its stream', async () => {
    let isDown = true;
    const world = new SimulatedWorld({ seed: 'gauges' });
    world.weather.isPollerDown = () => isDown;

    world.sendOrderMessage(orderMessage({ orderId: 'order-1', sequence: 1, kind: 'created', total: 100 }));
    await world.runFor(90_000);
    const during = world.gauges();
    isDown = false;
    await world.runFor(90_000);
    const after = world.gauges();

    expect(during.queues.orders).toEqual({ visible: 1, inFlight: 0, oldestAgeSeconds: 90 });
    expect(after.queues.orders).toEqual({ visible: 0, inFlight: 0, oldestAgeSeconds: 0 });
    expect(after.iteratorAgeMs).toBe(0);
  });

  it.each([
    { trouble: 'the table being down for an hour', fault: 'table', counted: 'WebhooksDeferred' },
    { trouble: 'webhooks that are not understood', fault: 'format', counted: 'WebhooksQuarantined' },
  ] as const)(
    'keeps its webhook from being paused by $trouble, even where a 202 is a failure (C5, C6, F1)',
    async ({ fault, counted }) => {
      const measured: Measured[] = [];
      const world = new SimulatedWorld({
        seed: fault,
        buttonWorld: { webhook202: 'failure' },
        measure: (one) => measured.push(one),
      });
      const { fateOf } = world.weather;
      if (fault === 'table')
        world.weather.fateOf = (call) =>
          /^(webhook-|deferred-webhooks$)/.test(call.functionName) && call.target === 'transactions'
            ? { latencyMs: 5, error: new InternalServerError({ message: 'out of order', $metadata: {} }) }
            : fateOf(call);

      for (let number = 0; number < 12; number += 1) {
        world.button.transactions.inject(
          InjectedTransactionSchema.parse({
            button_order_id: `btnorder-${number}`,
            status: fault === 'format' ? 'unheard-of' : 'pending',
          }),
        );
        await world.runFor(5 * 60_000);
      }

      const { dispatcher } = world.button;
      expect(sumOf(measured, counted)).toBe(12);
      expect(dispatcher.deliveries().map(({ state }) => state)).toEqual(Array(12).fill('acknowledged'));
      expect(dispatcher.endpoints()).toMatchObject([{ paused: false }]);
    },
  );
});
