import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  DAY_MS,
  HOUR_MS,
  like,
  orderFixture,
  receive,
  simulate,
  webhookFixture,
  type Received,
  type Simulation,
} from './simulation.ts';

const PATH = '/v1/order/WEB-2025-104477';

/** Creates orders, each of which causes one event. */
async function createOrders(simulation: Simulation, ...orderIds: string[]): Promise<void> {
  for (const order_id of orderIds) await simulation.create({ order_id });
}

function states(simulation: Simulation): string[] {
  return simulation.controls.webhooks().map(({ state }) => state);
}

function totals(received: readonly Received[]): number[] {
  return received.map(({ body }) => body.data.order_total);
}

/** A receiver that answers with these statuses in turn, and repeats the last one. */
function receiveWith(...statuses: (number | null)[]) {
  let next = 0;
  return receive(() => statuses[Math.min(next++, statuses.length - 1)] ?? null);
}

describe('a webhook', () => {
  it('is the documented envelope, signed with the secret of its endpoint (C10)', async () => {
    const { received, webhook } = await receive();
    const simulation = await simulate({ webhooks: [webhook] });

    await simulation.create();
    await simulation.advance(0);

    const [one] = received;
    expect(one?.body).toEqual({
      id: like(/^hook-[0-9a-f]{16}$/),
      request_id: like(/^attempt-[0-9a-f]{16}$/),
      event_type: 'tx-pending',
      data: simulation.controls.transactions()[0]?.versions[0]?.data,
    });
    expect(Object.keys(one?.body ?? {})).toEqual(Object.keys(webhookFixture('webhook-tx-pending')));
    expect(one?.headers['x-button-signature']).toBe(
      createHmac('sha256', webhook.secret)
        .update(one?.bytes ?? '')
        .digest('hex'),
    );
  });

  it('goes to every endpoint under a separate id (C11)', async () => {
    const [first, second] = [await receive(), await receive()];
    const webhooks = [first.webhook, { ...second.webhook, name: 'second', secret: 'other' }];
    const simulation = await simulate({ webhooks });

    await simulation.create();
    await simulation.advance(0);

    const [one, other] = [first.received[0]?.body, second.received[0]?.body];
    expect(one?.data).toEqual(other?.data);
    expect(one?.id).not.toBe(other?.id);
  });

  it('is sent as time passes', async () => {
    let arrived: (value: unknown) => void = () => undefined;
    const arrival = new Promise((resolve) => (arrived = resolve));
    const { webhook } = await receive((one) => {
      arrived(one.body.event_type);
      return 200;
    });
    const simulation = await simulate({ webhooks: [webhook], clock: { speed: 1 } });

    await simulation.create();

    expect(await arrival).toBe('tx-pending');
  });

  it.each([200, 202, 204, 299])('is done once it is answered with %i', async (status) => {
    const { received, webhook } = await receiveWith(status);
    const simulation = await simulate({ webhooks: [webhook] });
    await simulation.create();

    await simulation.advance(4 * DAY_MS);

    expect(states(simulation)).toEqual(['acknowledged']);
    expect(received).toHaveLength(1);
  });

  it('is never sent again once it is answered with 400 (K1)', async () => {
    const { received, webhook } = await receiveWith(400);
    const simulation = await simulate({ webhooks: [webhook] });
    await simulation.create();

    await simulation.advance(4 * DAY_MS);

    expect(states(simulation)).toEqual(['refused']);
    expect(received).toHaveLength(1);
  });

  it.each([401, 403, 302, 404, 500, 503, null])(
    'is sent again after %s, under the same id with a new request id (C10)',
    async (status) => {
      const { received, webhook } = await receiveWith(status, 200);
      const simulation = await simulate({ webhooks: [webhook] });
      await simulation.create();

      await simulation.advance(9_999);
      const early = received.length;
      await simulation.advance(1);

      const [one, again] = received.map(({ body }) => body);
      expect(early).toBe(1);
      expect(again).toEqual({ ...one, request_id: like(/^attempt-/) });
      expect(again?.request_id).not.toBe(one?.request_id);
      expect(states(simulation)).toEqual(['acknowledged']);
    },
  );

  it('is sent again after a timeout', async () => {
    let first = true;
    const { webhook } = await receive(() => {
      if (!first) return 200;
      first = false;
      return new Promise<number>(() => undefined);
    });
    const simulation = await simulate({ webhooks: [webhook], webhookTimeoutMs: 20 });
    await simulation.create();

    await simulation.advance(10_000);

    expect(simulation.controls.webhooks()[0]?.attempts).toMatchObject([
      { failure: 'timeout' },
      { status: 200 },
    ]);
  });

  it('is sent for three days and then given up, and the next one of its transaction follows', async () => {
    const { received, webhook } = await receive(({ body }) => (body.data.order_total === 7350 ? 500 : 200));
    const simulation = await simulate({ webhooks: [webhook] });
    await simulation.create();
    await simulation.brand('POST', PATH, orderFixture('order-update'));

    await simulation.advance(3 * DAY_MS - HOUR_MS);
    const nearTheEnd = states(simulation);
    await simulation.advance(HOUR_MS);

    expect(nearTheEnd).toEqual(['waiting', 'waiting']);
    expect(states(simulation)).toEqual(['dropped', 'acknowledged']);
    expect(received.length).toBeGreaterThan(70);
    expect(totals(received).at(-1)).toBe(4350);
  });
});

describe('the order of webhooks', () => {
  it('is kept within a transaction: the next waits for the acknowledgement', async () => {
    const { received, webhook } = await receiveWith(500, 200);
    const simulation = await simulate({ webhooks: [webhook] });
    await simulation.create();
    await simulation.advance(0);
    await simulation.brand('POST', PATH, orderFixture('order-update'));
    await simulation.advance(5_000);
    const meanwhile = totals(received);

    await simulation.advance(5_000);

    expect(meanwhile).toEqual([7350]);
    expect(totals(received)).toEqual([7350, 7350, 4350]);
  });

  it('lets different transactions pass each other (world per-transaction)', async () => {
    const { received, webhook } = await receiveWith(500, 200);
    const simulation = await simulate({ webhooks: [webhook] });
    await createOrders(simulation, 'a');
    await simulation.advance(0);

    await createOrders(simulation, 'b');
    await simulation.advance(0);

    expect(received).toHaveLength(2);
    expect(states(simulation)).toEqual(['waiting', 'acknowledged']);
  });

  it('sends different transactions at the same time', async () => {
    const open: (() => void)[] = [];
    const { webhook } = await receive(
      () =>
        new Promise<number>((answer) => {
          open.push(() => {
            answer(200);
          });
          if (open.length === 3) for (const release of open) release();
        }),
    );
    const simulation = await simulate({ webhooks: [webhook] });
    await createOrders(simulation, 'a', 'b', 'c');

    await simulation.advance(0);

    expect(states(simulation)).toEqual(['acknowledged', 'acknowledged', 'acknowledged']);
  });

  it('holds for the whole endpoint in the older texts (world per-endpoint)', async () => {
    const { received, webhook } = await receiveWith(500, 200);
    const simulation = await simulate({ webhooks: [webhook], world: { webhookOrdering: 'per-endpoint' } });
    await createOrders(simulation, 'a', 'b');
    await simulation.advance(5_000);
    const meanwhile = received.length;

    await simulation.advance(5_000);

    expect(meanwhile).toBe(1);
    expect(states(simulation)).toEqual(['acknowledged', 'acknowledged']);
  });
});

describe('an endpoint', () => {
  const five = ['a', 'b', 'c', 'd', 'e'];

  it('is paused after five failures, collects events, and gets them when it is resumed (K2, C8)', async () => {
    let healthy = false;
    const { received, webhook } = await receive(() => (healthy ? 200 : 503));
    const simulation = await simulate({ webhooks: [webhook] });
    await createOrders(simulation, ...five);
    await simulation.advance(0);
    const paused = simulation.controls.webhookEndpoints();
    await createOrders(simulation, 'f');
    await simulation.advance(10 * DAY_MS);
    const whilePaused = received.length;

    healthy = true;
    const resumed = await simulation.control('POST', '/webhook-endpoints/main/resume');
    await simulation.advance(0);

    expect(paused).toMatchObject([{ name: 'main', paused: true }]);
    expect(whilePaused).toBe(5);
    expect(resumed.status).toBe(200);
    expect(states(simulation)).toEqual(Array(6).fill('acknowledged'));
    expect(simulation.controls.webhookEndpoints()).toMatchObject([{ paused: false }]);
  });

  it('is not paused after four failures', async () => {
    const { webhook } = await receiveWith(503);
    const simulation = await simulate({ webhooks: [webhook] });
    await createOrders(simulation, 'a', 'b', 'c', 'd');

    await simulation.advance(3 * DAY_MS);

    expect(simulation.controls.webhookEndpoints()).toMatchObject([{ paused: false }]);
  });

  it('is not paused while a tenth or less fails', async () => {
    const failing = new Set<string>();
    const { webhook } = await receive(({ body }) => (failing.has(body.data.btn_ref) ? 503 : 200));
    const simulation = await simulate({ webhooks: [webhook] });
    for (let order = 0; order < 50; order += 1) {
      if (order >= 45) failing.add(`ref-${order}`);
      await simulation.create({ order_id: `order-${order}`, btn_ref: `ref-${order}` });
    }
    await simulation.advance(0);
    const atATenth = simulation.controls.webhookEndpoints()[0]?.paused;

    failing.add('ref-50');
    await simulation.create({ order_id: 'order-50', btn_ref: 'ref-50' });
    await simulation.advance(0);

    expect([atATenth, simulation.controls.webhookEndpoints()[0]?.paused]).toEqual([false, true]);
  });

  it('starts with no failures when it is resumed', async () => {
    let healthy = false;
    const { webhook } = await receive(() => (healthy ? 200 : 503));
    const simulation = await simulate({ webhooks: [webhook] });
    await createOrders(simulation, ...five);
    await simulation.advance(0);
    healthy = true;
    simulation.controls.resumeEndpoint('main');
    await simulation.advance(1000);

    healthy = false;
    await createOrders(simulation, 'f', 'g', 'h', 'i');
    await simulation.advance(1000);

    expect(simulation.controls.webhookEndpoints()).toMatchObject([{ paused: false }]);
  });

  it.each([
    ['success', false],
    ['failure', true],
  ] as const)('counts a 202 as a %s (world)', async (webhook202, paused) => {
    const { webhook } = await receiveWith(202);
    const simulation = await simulate({ webhooks: [webhook], world: { webhook202 } });
    await createOrders(simulation, ...five);

    await simulation.advance(0);

    expect(simulation.controls.webhookEndpoints()).toMatchObject([{ paused }]);
    expect(states(simulation)).toEqual(Array(5).fill('acknowledged'));
  });

  it('can be paused and replaced by hand, and keeps what is in progress', async () => {
    const [old, young] = [await receiveWith(500), await receive()];
    const simulation = await simulate({ webhooks: [old.webhook] });
    await createOrders(simulation, 'a');
    await simulation.advance(0);
    const paused = await simulation.control('POST', '/webhook-endpoints/main/pause');
    await simulation.advance(HOUR_MS);

    const replaced = await simulation.control('PUT', '/webhook-endpoints', [
      { ...young.webhook, secret: 'rotated' },
    ]);
    simulation.controls.resumeEndpoint('main');
    await simulation.advance(0);

    expect(paused.status).toBe(200);
    expect(old.received).toHaveLength(1);
    expect(replaced.body).toMatchObject([{ url: young.webhook.url, paused: true }]);
    expect(young.received[0]?.headers['x-button-signature']).toBe(
      createHmac('sha256', 'rotated')
        .update(young.received[0]?.bytes ?? '')
        .digest('hex'),
    );
  });

  it('that is removed gets nothing more', async () => {
    const { received, webhook } = await receiveWith(500);
    const simulation = await simulate({ webhooks: [webhook] });
    await createOrders(simulation, 'a');
    await simulation.advance(0);

    simulation.controls.setWebhookEndpoints([]);
    await createOrders(simulation, 'b');
    await simulation.advance(DAY_MS);

    expect(received).toHaveLength(1);
    expect(states(simulation)).toEqual(['dropped']);
  });

  it.each(['pause', 'resume'])('that does not exist cannot be asked to %s', async (verb) => {
    const simulation = await simulate();

    const { status } = await simulation.control('POST', `/webhook-endpoints/none/${verb}`);

    expect(status).toBe(404);
  });
});

describe('a webhook with a fault', () => {
  it('is lost: it never arrives, but the Transactions API has it (E14)', async () => {
    const { received, webhook } = await receive();
    const simulation = await simulate({ webhooks: [webhook] });
    simulation.controls.addFault({ on: 'webhook', effect: 'lose' });
    await createOrders(simulation, 'a', 'b');

    await simulation.advance(4 * DAY_MS);

    const rows = await simulation.publisher('/v1/affiliation/transactions');
    expect(received).toHaveLength(1);
    expect(states(simulation)).toEqual(['lost', 'acknowledged']);
    expect(rows.body.objects).toHaveLength(2);
  });

  it('is duplicated: it arrives again under the same id after it was acknowledged (C10)', async () => {
    const { received, webhook } = await receive();
    const simulation = await simulate({ webhooks: [webhook] });
    simulation.controls.addFault({ on: 'webhook', effect: 'duplicate' });
    await createOrders(simulation, 'a', 'b');

    await simulation.advance(0);

    const ids = received.map(({ body }) => body.id);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(2);
    expect(new Set(received.map(({ body }) => body.request_id)).size).toBe(3);
  });

  it('is reordered: it arrives after the next one of its transaction (D1)', async () => {
    const { received, webhook } = await receive();
    const simulation = await simulate({ webhooks: [webhook] });
    simulation.controls.addFault({ on: 'webhook', effect: 'reorder' });
    await simulation.create();
    await simulation.advance(HOUR_MS);
    const alone = received.length;

    simulation.controls.finalizeOrder('WEB-2025-104477');
    await simulation.advance(0);

    expect(alone).toBe(0);
    expect(received.map(({ body }) => body.event_type)).toEqual(['tx-validated', 'tx-pending']);
  });

  it('is reordered several at a time: the last comes first (D2)', async () => {
    const { received, webhook } = await receive();
    const simulation = await simulate({ webhooks: [webhook] });
    simulation.controls.addFault({ on: 'webhook', effect: 'reorder', times: 2 });
    await simulation.create();
    await simulation.brand('POST', PATH, { total: 2, line_items: [{ identifier: 'a', total: 2 }] });
    await simulation.brand('POST', PATH, { total: 3, line_items: [{ identifier: 'a', total: 3 }] });

    await simulation.advance(0);

    expect(totals(received)).toEqual([3, 2, 7350]);
  });

  it('is delayed', async () => {
    const { received, webhook } = await receive();
    const simulation = await simulate({ webhooks: [webhook] });
    simulation.controls.addFault({ on: 'webhook', effect: { delayMs: HOUR_MS } });
    await simulation.create();

    await simulation.advance(HOUR_MS - 1);
    const early = received.length;
    await simulation.advance(1);

    expect([early, received.length]).toEqual([0, 1]);
  });

  it.each([
    [{ eventType: 'tx-validated' }, ['acknowledged', 'acknowledged', 'lost']],
    [{ orderId: 'b' }, ['acknowledged', 'lost', 'acknowledged']],
    [{ endpoint: 'main' }, ['lost', 'lost', 'lost']],
    [{ endpoint: 'other' }, ['acknowledged', 'acknowledged', 'acknowledged']],
    [{ transactionKey: 'btnorder-none' }, ['acknowledged', 'acknowledged', 'acknowledged']],
  ])('is chosen by %j', async (match, expected) => {
    const { webhook } = await receive();
    const simulation = await simulate({ webhooks: [webhook] });
    simulation.controls.addFault({ on: 'webhook', match, effect: 'lose', times: 'unlimited' });
    await createOrders(simulation, 'a', 'b');
    simulation.controls.finalizeOrder('a');

    await simulation.advance(0);

    expect(states(simulation)).toEqual(expected);
  });
});

it('sends an event of any type with any data (C4)', async () => {
  const { received, webhook } = await receive();
  const simulation = await simulate({ webhooks: [webhook] });

  const { status } = await simulation.control('POST', '/webhooks', {
    event_type: 'ping',
    data: { hello: 'there' },
  });
  await simulation.advance(0);

  expect(status).toBe(200);
  expect(received[0]?.body).toMatchObject({ event_type: 'ping', data: { hello: 'there' } });
});
