import { describe, expect, it } from 'vitest';
import { defaultWorld } from '../world.ts';
import { DAY_MS, like, receive, simulate } from './simulation.ts';

describe('the control API', () => {
  it('lists its controls', async () => {
    const simulation = await simulate();

    const { status, body } = await simulation.control('GET', '');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      controls: expect.arrayContaining(['POST /control/orders/{}/finalize']) as unknown,
    });
  });

  it('shows the same over HTTP as in the process', async () => {
    const simulation = await simulate({ webhooks: [(await receive()).webhook] });
    simulation.controls.setShoppers({ 'ref-1': { publisherCustomerId: 'user-1', pubRef: null } });
    simulation.controls.addFault({ on: 'api', match: { orderId: 'none' }, answer: 'lost' });
    await simulation.create();
    await simulation.advance(0);
    const { controls } = simulation;
    const inProcess = {
      '/requests': controls.requests(),
      '/orders': controls.orders(),
      '/transactions': controls.transactions(),
      '/accounts': controls.accounts(),
      '/webhooks': controls.webhooks(),
      '/webhook-endpoints': controls.webhookEndpoints(),
      '/shoppers': controls.shoppers(),
      '/world': controls.world(),
      '/faults': controls.faults(),
      '/clock': controls.clock(),
    };

    const overHttp: Record<string, unknown> = {};
    for (const path of Object.keys(inProcess)) overHttp[path] = (await simulation.control('GET', path)).body;

    expect(overHttp).toEqual(JSON.parse(JSON.stringify(inProcess)) as unknown);
    for (const shown of Object.values(inProcess)) expect(Object.keys(shown)).not.toHaveLength(0);
  });

  it('shows each attempt of a webhook', async () => {
    const simulation = await simulate({ webhooks: [(await receive(() => 503)).webhook] });
    const created = await simulation.create();
    await simulation.advance(10_000);

    const { body } = await simulation.control('GET', '/webhooks');

    const requestId = like(/^attempt-/);
    expect(body).toEqual([
      {
        id: like(/^hook-/),
        endpoint: 'main',
        eventType: 'tx-pending',
        transactionKey: created.body.object.button_order_id,
        orderId: 'WEB-2025-104477',
        state: 'waiting',
        createdAt: '2025-03-14T15:09:31.000Z',
        dueAt: '2025-03-14T15:10:01.000Z',
        attempts: [
          { requestId, at: '2025-03-14T15:09:31.000Z', status: 503 },
          { requestId, at: '2025-03-14T15:09:41.000Z', status: 503 },
        ],
        data: expect.objectContaining({ status: 'pending' }) as unknown,
      },
    ]);
  });

  it('finalizes an order ahead of its date', async () => {
    const simulation = await simulate();
    await simulation.create({ order_id: 'a/b' });

    const finalized = await simulation.control('POST', `/orders/${encodeURIComponent('a/b')}/finalize`);
    const again = await simulation.control('POST', `/orders/${encodeURIComponent('a/b')}/finalize`);

    expect(finalized.body).toMatchObject([
      { status: 'finalized', finalization_date: '2025-03-14T15:09:31Z' },
    ]);
    expect(again.status).toBe(404);
    expect(simulation.controls.transactions()).toMatchObject([{ row: { status: 'validated' } }]);
  });

  it('moves the clock and changes its speed', async () => {
    const simulation = await simulate();

    const moved = await simulation.control('POST', '/clock', { advanceMs: DAY_MS });
    const sped = await simulation.control('POST', '/clock', { speed: 3600 });

    expect(moved.body).toEqual({ now: '2025-03-15T15:09:31.000Z', speed: 0 });
    expect(sped.body).toMatchObject({ speed: 3600 });
  });

  it('changes some settings of a world', async () => {
    const simulation = await simulate();

    const { body } = await simulation.control('PUT', '/world', { duplicateCreate: 'upsert' });

    expect(body).toEqual({ ...defaultWorld, duplicateCreate: 'upsert' });
    expect(simulation.controls.world()).toEqual(body);
  });

  it('sets the shoppers', async () => {
    const simulation = await simulate();

    await simulation.control('PUT', '/shoppers', {
      'ref-1': { publisherCustomerId: 'user-1', pubRef: 'spring' },
    });
    await simulation.create({ btn_ref: 'ref-1' });

    expect(simulation.controls.transactions()).toMatchObject([
      { row: { publisher_customer_id: 'user-1', pub_ref: 'spring' } },
    ]);
  });

  it('resets everything but the time and the endpoints', async () => {
    const { webhook } = await receive(() => 503);
    const simulation = await simulate({ webhooks: [webhook], world: { secondDelete: '200' } });
    await simulation.create({ currency: 'JPY' });
    await simulation.advance(DAY_MS);
    simulation.controls.setWorld({ secondDelete: '404' });
    simulation.controls.setShoppers({ 'ref-1': { publisherCustomerId: 'user-1', pubRef: null } });
    simulation.controls.addFault({ on: 'api', answer: 'lost' });
    simulation.controls.pauseEndpoint('main');

    await simulation.control('POST', '/reset');
    await simulation.advance(60 * DAY_MS);

    const { controls } = simulation;
    expect([controls.requests(), controls.orders(), controls.transactions(), controls.webhooks()]).toEqual([
      [],
      [],
      [],
      [],
    ]);
    expect([controls.faults(), controls.shoppers()]).toEqual([[], {}]);
    expect(controls.accounts()).toMatchObject([{ currency: 'USD' }]);
    expect(controls.world().secondDelete).toBe('200');
    expect(controls.webhookEndpoints()).toEqual([{ ...webhook, paused: false }]);
    expect(controls.clock().now).toBe('2025-05-14T15:09:31.000Z');
  });

  it('accepts the same order again after a reset', async () => {
    const simulation = await simulate();
    await simulation.create();

    await simulation.control('POST', '/reset');
    const { status } = await simulation.create();

    expect(status).toBe(200);
  });

  it.each([
    ['PUT', '/world', { duplicateCreate: 'perhaps' }],
    ['PUT', '/world', { weather: 'fine' }],
    ['PUT', '/world', undefined],
    ['PUT', '/webhook-endpoints', [{ name: 'main', url: 'ftp://example.com', secret: 's' }]],
    ['PUT', '/webhook-endpoints', { name: 'main' }],
    ['PUT', '/shoppers', { 'ref-1': 'user-1' }],
    ['POST', '/clock', { advanceMs: -1 }],
    ['POST', '/clock', { speed: -1 }],
    ['POST', '/transactions', { amount: 1.5 }],
    ['POST', '/transactions', { amuont: 1 }],
    ['POST', '/webhooks', { data: {} }],
    ['POST', '/faults', '{'],
  ])('refuses %s %s with %j and says why', async (method, path, body) => {
    const simulation = await simulate();

    const answered = await simulation.control(method, path, body);

    expect(answered.status).toBe(400);
    expect(answered.body).toEqual({ error: like(/./) });
  });

  it.each([
    ['GET', '/nothing'],
    ['DELETE', '/orders'],
    ['POST', '/orders/none/finalize'],
    ['POST', '/orders/none'],
    ['POST', '/orders/none/finalize/now'],
  ])('answers 404 to %s %s', async (method, path) => {
    const simulation = await simulate();

    const { status } = await simulation.control(method, path);

    expect(status).toBe(404);
  });
});

it('keeps its requests out of the list of requests', async () => {
  const simulation = await simulate();

  await simulation.control('POST', '/transactions', { amount: 100 });

  expect(simulation.controls.requests()).toEqual([]);
});
