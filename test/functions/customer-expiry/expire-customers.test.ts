import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  expireCustomers,
  type ExpireCustomersPorts,
} from '../../../functions/customer-expiry/expire-customers.ts';
import type { WeeklyPass } from '../../../shared/dynamodb/weekly-pass.ts';
import type { LedgerEntry, OrderState } from '../../../shared/orders/rules/order-ledger.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import { endsTheSame } from '../../crash/every-death.ts';
import type { Death } from '../../crash/lifeline.ts';
import { createWorld, type World } from '../../crash/world.ts';
import { createInMemoryExpiryPass } from '../../fakes/in-memory-expiry-pass.ts';
import sample from '../../fixtures/button/order-create.json' with { type: 'json' };
import { TABLES } from '../../simulation/resources.ts';

const DAY_MS = 86_400_000;

let world: World;

beforeAll(() => {
  world = createWorld();
});

afterAll(() => {
  world.close();
});

beforeEach(() => {
  world.reset();
});

type Sent = { sequence?: number; customer?: string; eventId?: string };

async function send(orderId: string, { sequence = 1, customer, eventId }: Sent = {}): Promise<void> {
  const { line_items: _lines, customer: _customer, ...rest } = sample;
  const buyer = customer === undefined ? {} : { customer: { id: customer } };
  const data = { ...rest, order_id: orderId, total: 100, ...buyer };
  const body = JSON.stringify({
    specversion: '1.0',
    id: eventId ?? `${orderId}-${sequence}`,
    source: 'https://shop.example',
    type: sequence === 1 ? 'order.created.v1' : 'order.updated.v1',
    subject: orderId,
    sequence: String(sequence),
    time: '2026-06-01T11:59:00.000Z',
    data,
  });
  world.orderQueue().send(body, { groupId: orderId });
  await world.drainOrders();
}

/** By order id: the order's state and its customer. */
function customers(): Record<string, string> {
  return Object.fromEntries(
    world.contents('orderLedger').flatMap(({ state, body }) => {
      const { orderId, newest } = (body ?? {}) as Partial<LedgerEntry>;
      if (orderId === undefined) return [];
      return [[orderId, `${String(state)} ${newest?.order?.customer?.id ?? 'nobody'}`]];
    }),
  );
}

function writes(): string[] {
  return world
    .button()
    .requests()
    .filter(({ method }) => method !== 'GET')
    .map(
      ({ method, requestBody }) => `${method} ${/"customer":\{"id":"(\w+)"/.exec(requestBody)?.[1] ?? '-'}`,
    );
}

describe('the expiry of customers', () => {
  it('transactions, requirement 11: removes the customer of an order that is over and old, and of no other', async () => {
    await send('old', { customer: 'erin' });
    world.button().addFault({ on: 'api', match: { method: 'POST' }, answer: { status: 400 } });
    await send('refused', { customer: 'bob' });
    await world.pass(2 * DAY_MS);
    await send('young', { customer: 'carol' });
    await world.pass(29 * DAY_MS);
    world.button().addFault({ on: 'api', times: 'unlimited', answer: { status: 429 } });
    await send('waiting', { customer: 'dan' });

    const run = await world.invoke('customer-expiry', {});

    expect(run).toEqual({ outcome: 'finished', expired: 2 });
    expect(customers()).toEqual({
      old: 'settled nobody',
      refused: 'refused nobody',
      young: 'settled carol',
      waiting: 'waiting dan',
    });
    expect(await world.invoke('customer-expiry', {})).toEqual({ outcome: 'nothing-due', expired: 0 });
    expect(world.printed().join('\n')).toContain('"CustomersExpired":2');
    expect(JSON.stringify(world.contents('orderLedger'))).not.toMatch(/erin|bob/);
  });

  it('is no update for Button, whether the order comes again or a later version names the customer', async () => {
    await send('o-1', { customer: 'erin' });
    await world.pass(31 * DAY_MS);
    await world.invoke('customer-expiry', {});

    await send('o-1', { customer: 'erin', eventId: 'again' });
    await send('o-1', { sequence: 2 });
    await send('o-1', { sequence: 3, customer: 'erin' });

    expect(writes()).toEqual(['POST erin']);
    expect(customers()).toEqual({ 'o-1': 'settled erin' });
    await world.pass(31 * DAY_MS);
    expect(await world.invoke('customer-expiry', {})).toEqual({ outcome: 'finished', expired: 1 });
    expect(customers()).toEqual({ 'o-1': 'settled nobody' });
  });

  it('ends the same way if a run dies at any of its calls', async () => {
    const calls = await endsTheSame(world, async (death?: Death) => {
      world.reset();
      for (const orderId of ['o-1', 'o-2', 'o-3']) await send(orderId, { customer: 'erin' });
      await world.pass(31 * DAY_MS);
      world.lifeline.begin(death);
      for (let run = 0; run < 3; run += 1) await world.invoke('customer-expiry', {});
      return customers();
    });

    expect(calls).toBeGreaterThanOrEqual(6);
    expect(Object.values(customers())).toEqual(Array.from({ length: 3 }, () => 'settled nobody'));
  });

  it('transactions, requirement 12: passes over an unreadable order, and starts again if its own item is unreadable', async () => {
    await send('o-1', { customer: 'erin' });
    await world.pass(31 * DAY_MS);
    const spoil = async (item: Record<string, { S: string }>): Promise<void> => {
      const put = new PutItemCommand({ TableName: TABLES.orderLedger, Item: item });
      await world.aws().dynamodb().send(put);
    };
    await spoil({ pk: { S: 'acme#order#spoilt' }, state: { S: 'settled' } });
    await spoil({ pk: { S: '#customer-expiry' }, pass: { S: 'spoilt' } });

    expect(await world.invoke('customer-expiry', {})).toEqual({ outcome: 'finished', expired: 1 });
    expect(world.printed().join('\n')).toContain('"UnreadableLedgerItems":2');
    expect(await world.invoke('customer-expiry', {})).toEqual({ outcome: 'nothing-due', expired: 0 });
  });
});

function settled(orderId: string): OrderState {
  const at = '2026-01-01T00:00:00.000Z';
  const version = { by: 'sequence', sequence: '1' } as const;
  const event = { eventId: 'e', eventSource: 's', messageId: 'm', time: at, receivedAt: at };
  const order = { order_id: orderId, total: 1, currency: 'USD', purchase_date: at, customer: { id: 'erin' } };
  return {
    ...{ brand: 'acme', orderId, progress: { state: 'settled' as const }, attempts: 0, warnings: [] },
    newest: { version, kind: 'created' as const, hash: 'h', ...event, order },
  };
}

describe('a run', () => {
  const pageAt = (after: string | undefined) => Number(after ?? 0);

  function createRun(pages: number) {
    const measured: Measured[] = [];
    const ports: ExpireCustomersPorts = {
      passes: createInMemoryExpiryPass<WeeklyPass>(),
      scanPage: (after) => {
        const page = pageAt(after) + 1;
        const orders = [{ value: settled(`o-${page}`), revision: 1 }];
        return Promise.resolve({ orders, unreadable: [], ...(page < pages && { next: String(page) }) });
      },
      write: () => Promise.resolve(true),
      timeLeft: () => true,
      metrics: { add: (one) => void measured.push(one) },
      now: () => new Date('2026-06-01T00:00:00.000Z'),
    };
    return { ports, measured };
  }

  it('reads a hundred pages at most, and the next run continues where it ended', async () => {
    const { ports } = createRun(250);

    const runs = [];
    for (let run = 0; run < 4; run += 1) runs.push(await expireCustomers(30, ports));

    expect(runs).toEqual([
      { outcome: 'paused', expired: 100 },
      { outcome: 'paused', expired: 100 },
      { outcome: 'finished', expired: 50 },
      { outcome: 'nothing-due', expired: 0 },
    ]);
  });

  it('leaves an order alone that changed at that moment', async () => {
    const { ports } = createRun(3);
    const write = (state: OrderState) => Promise.resolve(state.orderId !== 'o-2');

    expect(await expireCustomers(30, { ...ports, write })).toEqual({ outcome: 'finished', expired: 2 });
  });

  it('stops if another run is working on the same pass', async () => {
    const { ports } = createRun(3);
    const scanPage = async (after: string | undefined) => {
      if (after === undefined) await ports.passes.save({ startedAt: '2026-06-01T00:00:00.000Z' }, 0);
      return ports.scanPage(after);
    };

    expect(await expireCustomers(30, { ...ports, scanPage })).toEqual({ outcome: 'overtaken', expired: 1 });
  });
});
