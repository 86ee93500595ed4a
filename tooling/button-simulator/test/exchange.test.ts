import { describe, expect, it } from 'vitest';
import type { FaultInput } from '../fault-rules.ts';
import {
  answerFixture,
  BRAND_KEY,
  errorFixtures,
  orderFixture,
  like,
  receive,
  simulate,
  type Simulation,
} from './simulation.ts';

const PATH = '/v1/order/WEB-2025-104477';
type ApiFaultInput = Omit<Extract<FaultInput, { on: 'api' }>, 'on'>;

async function simulateWith(rule: ApiFaultInput): Promise<Simulation> {
  const simulation = await simulate();
  simulation.controls.addFault({ on: 'api', ...rule });
  return simulation;
}

describe('an answer of a rule', () => {
  it('replaces the work, with its headers (B2)', async () => {
    const simulation = await simulateWith({ answer: { status: 429, headers: { 'Retry-After': '12' } } });

    const struck = await simulation.create();
    const next = await simulation.create();

    expect(struck.status).toBe(429);
    expect(struck.headers.get('retry-after')).toBe('12');
    expect(struck.body).toEqual({ meta: { status: 'error' }, error: { message: 'Simulated 429' } });
    expect(next.status).toBe(200);
  });

  it.each(errorFixtures())(
    'can be the documented failure $name (B6)',
    async ({ status, headers, body, rawBody }) => {
      const simulation = await simulateWith({ answer: { status, headers, body: rawBody ?? body } });

      const answered = await simulation.create();

      expect(answered.status).toBe(status);
      expect(answered.text).toBe(rawBody ?? JSON.stringify(body));
      for (const [name, value] of Object.entries(headers)) expect(answered.headers.get(name)).toBe(value);
    },
  );

  it('can follow the work, as a 502 of a gateway does (B3)', async () => {
    const simulation = await simulateWith({ answer: { status: 502 }, work: 'done' });

    const { status } = await simulation.create();

    expect(status).toBe(502);
    expect(simulation.controls.orders()).toHaveLength(1);
  });
});

describe('Button’s own answer without some fields', () => {
  it('shows the other fields, of one order and of each in a list, after the work was done', async () => {
    const simulation = await simulateWith({ times: 'unlimited', answer: { leavesOut: ['status', 'total'] } });

    const created = await simulation.create({ btn_ref: 'fakesrctok-abcdef0123456789' });
    const listed = await simulation.brand('GET', '/v1/order/btn-ref/fakesrctok-abcdef0123456789');
    const missing = await simulation.brand('GET', '/v1/order/unknown');

    const [order] = simulation.controls.orders();
    const { object } = created.body as { object: object };
    const { objects } = listed.body as { objects: object[] };
    expect(order).toMatchObject({ status: 'open' });
    for (const shown of [object, ...objects]) {
      expect(shown).toHaveProperty('order_id');
      expect(shown).not.toHaveProperty('status');
      expect(shown).not.toHaveProperty('total');
    }
    expect(objects).toHaveLength(1);
    expect(missing.status).toBe(404);
  });
});

describe('an answer that gives way to a refusal', () => {
  const rule: ApiFaultInput = {
    answer: { status: 212, body: { meta: { status: 'ok' }, object: null }, unlessRefused: true },
    work: 'done',
  };

  it('is sent if the work was done; otherwise Button’s own refusal is', async () => {
    const done = await simulateWith(rule);
    const refused = await simulateWith(rule);

    expect((await done.create()).status).toBe(212);
    expect((await refused.brand('DELETE', PATH)).status).toBe(404);
  });
});

describe('any status with any body', () => {
  const html = '<html><title>502 Bad Gateway</title></html>';

  it.each([
    ['an error of Button’s', 400, undefined, true],
    ['a 2xx of Button’s', 200, { meta: { status: 'ok' }, object: null }, true],
    ['an ok under an error’s status', 404, { meta: { status: 'ok' }, object: null }, false],
    ['an error under a 2xx', 200, { meta: { status: 'error' }, error: { message: 'no' } }, false],
    ['an error without a message', 404, { meta: { status: 'error' } }, false],
    ['other JSON', 404, { message: 'no Route matched with those values' }, false],
    ['a page', 502, html, false],
    ['a text', 404, '404 page not found', false],
    ['nothing', 403, '', false],
  ])('shows whether it is Button’s own: %s', async (_, status, body, isButtons) => {
    const simulation = await simulateWith({ answer: { status, body } });

    const answered = await simulation.create();

    expect(answered.status).toBe(status);
    expect(simulation.controls.requests()).toMatchObject([{ status, isButtons, workStatus: null }]);
  });

  it('recognizes Button’s own answers', async () => {
    const simulation = await simulate();

    await simulation.create();
    await simulation.create();
    await simulation.brand('GET', '/v1/order/btn-ref/some');
    await simulation.brand('DELETE', '/v1/order/unknown');

    const seen = simulation.controls.requests().map(({ status, isButtons }) => [status, isButtons]);
    expect(seen).toEqual([200, 409, 200, 404].map((status) => [status, true]));
  });

  it.each([204, 304])('has no body with a %i', async (status) => {
    const simulation = await simulateWith({ answer: { status }, work: 'done' });

    const answered = await simulation.create();

    expect([answered.status, answered.text]).toEqual([status, '']);
    expect(simulation.controls.requests()).toMatchObject([{ isButtons: false, workStatus: 200 }]);
  });

  it('can be cut off in the middle', async () => {
    const simulation = await simulateWith({ answer: { status: 404, cutOff: true } });

    await expect(simulation.create()).rejects.toThrow('terminated');

    expect(simulation.controls.requests()).toMatchObject([{ status: 404, isButtons: false }]);
  });
});

describe('a lost answer', () => {
  it('cuts the connection after the work was done (A20)', async () => {
    const simulation = await simulateWith({ answer: 'lost' });

    await expect(simulation.create()).rejects.toThrow('fetch failed');

    expect(simulation.controls.orders()).toHaveLength(1);
    expect(simulation.controls.requests()).toMatchObject([
      { status: null, workStatus: 200, responseBody: null },
    ]);
  });

  it('cuts the connection before the work (A21)', async () => {
    const simulation = await simulateWith({ answer: 'lost', work: 'skipped' });

    await expect(simulation.create()).rejects.toThrow('fetch failed');

    expect(simulation.controls.orders()).toEqual([]);
    expect(simulation.controls.requests()).toMatchObject([{ status: null, workStatus: null }]);
  });

  it('can be followed by the work, a while after the connection was lost (A22)', async () => {
    const simulation = await simulateWith({ answer: 'lost', work: { afterMs: 5000 } });
    await expect(simulation.create()).rejects.toThrow('fetch failed');
    await simulation.advance(4999);
    const before = simulation.controls.orders().length;

    await simulation.advance(1);

    expect([before, simulation.controls.orders().length]).toEqual([0, 1]);
    expect(simulation.controls.requests()).toMatchObject([{ workStatus: 200 }]);
  });

  it('lets the late work overwrite what came in between (world upsert)', async () => {
    const simulation = await simulateWith({ answer: 'lost', work: { afterMs: 5000 } });
    simulation.controls.setWorld({ duplicateCreate: 'upsert' });
    await expect(simulation.create()).rejects.toThrow('fetch failed');
    await simulation.create({ total: 1, line_items: undefined });

    await simulation.advance(5000);

    expect(simulation.controls.orders()).toMatchObject([{ total: 7350 }]);
  });
});

describe('a 202', () => {
  it('becomes visible late', async () => {
    const simulation = await simulateWith({ answer: 'accepted', work: { afterMs: 3000 } });

    const created = await simulation.create();
    const early = await simulation.brand('POST', PATH, orderFixture('order-update'));
    await simulation.advance(3000);
    const late = await simulation.brand('GET', PATH);

    expect([created.status, early.status, late.status]).toEqual([202, 404, 200]);
    expect(created.body).toEqual(answerFixture('order-create-response-202'));
  });

  it('is not sent for what Button refuses at once', async () => {
    const simulation = await simulateWith({ answer: 'accepted' });

    const { status } = await simulation.brand('POST', PATH, orderFixture('order-update'));

    expect(status).toBe(404);
  });

  it('has no object for a cancellation', async () => {
    const simulation = await simulateWith({ answer: 'accepted', match: { method: 'delete' } });
    await simulation.create();

    const { status, body } = await simulation.brand('DELETE', PATH);

    expect([status, body]).toEqual([202, { meta: { status: 'ok' }, object: null }]);
    expect(simulation.controls.orders()).toMatchObject([{ status: 'deleted' }]);
  });
});

describe('a damaged answer', () => {
  it('is half of its JSON (B6)', async () => {
    const simulation = await simulateWith({ answer: 'truncated' });

    const { status, text } = await simulation.create();

    expect(status).toBe(200);
    expect(text).toMatch(/^\{"meta":\{"status":"ok"\},"object":\{"button_order_id"/);
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    expect(simulation.controls.orders()).toHaveLength(1);
  });

  it('is cut off in the middle (B6)', async () => {
    const simulation = await simulateWith({ answer: 'cut-off' });

    await expect(simulation.create()).rejects.toThrow('terminated');

    expect(simulation.controls.orders()).toHaveLength(1);
  });
});

describe('a slow answer', () => {
  it('is sent after the work was done: a caller that gives up has still reported its order (A22)', async () => {
    const simulation = await simulateWith({ answerDelayMs: 60_000 });
    const caller = new AbortController();
    const call = fetch(`${simulation.simulator.url}/v1/order`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${BRAND_KEY}:`)}`, 'content-type': 'application/json' },
      body: JSON.stringify(orderFixture('order-create')),
      signal: caller.signal,
    });
    await expect.poll(() => simulation.controls.orders()).toHaveLength(1);

    caller.abort();

    await expect(call).rejects.toThrow('aborted');
    expect(simulation.controls.orders()).toMatchObject([{ status: 'open' }]);
  });

  it('arrives in the end', async () => {
    const simulation = await simulateWith({ answerDelayMs: 1 });

    const { status } = await simulation.create();

    expect(status).toBe(200);
  });
});

describe('a rule', () => {
  it.each<[string, ApiFaultInput['match'], number[]]>([
    ['method', { method: 'POST' }, [500, 500, 200, 200]],
    ['path pattern', { path: '^/v1/order$' }, [500, 500, 200, 200]],
    ['order id, in a path', { orderId: 'a' }, [500, 200, 500, 200]],
    ['order id, in a body', { orderId: 'b' }, [200, 500, 200, 200]],
    ['class of order ids', { orderIds: '^[ax]$' }, [500, 200, 500, 200]],
    ['API key', { apiKey: BRAND_KEY }, [500, 500, 500, 200]],
    ['several at once', { method: 'POST', orderId: 'b' }, [200, 500, 200, 200]],
    ['path of the Transactions API', { path: '^/v1/affiliation/' }, [200, 200, 200, 500]],
    ['nothing, which is everything', {}, [500, 500, 500, 500]],
  ])('matches by %s', async (_, match, statuses) => {
    const answer = { status: 500 };
    const simulation = await simulateWith({ match, answer, work: 'done', times: 'unlimited' });

    const answered = [
      await simulation.create({ order_id: 'a' }),
      await simulation.create({ order_id: 'b' }),
      await simulation.brand('GET', '/v1/order/a'),
      await simulation.publisher('/v1/affiliation/transactions'),
    ];

    expect(answered.map(({ status }) => status)).toEqual(statuses);
  });

  it('applies as often as configured, and then the next one does', async () => {
    const simulation = await simulateWith({ answer: { status: 500 }, times: 2 });
    simulation.controls.addFault({ on: 'api', answer: { status: 503 } });

    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await simulation.brand('GET', PATH)).status);

    expect(statuses).toEqual([500, 500, 503, 404]);
    expect(simulation.controls.faults()).toMatchObject([{ timesLeft: 0 }, { timesLeft: 0 }]);
  });

  it('applies at random, the same way for the same seed', async () => {
    const played = async (seed: number) => {
      const simulation = await simulateWith({
        answer: { status: 500 },
        probability: 0.3,
        seed,
        times: 'unlimited',
      });
      const statuses: number[] = [];
      for (let call = 0; call < 100; call += 1) statuses.push((await simulation.brand('GET', PATH)).status);
      return statuses;
    };

    const [first, second, other] = [await played(7), await played(7), await played(8)];

    const struck = first.filter((status) => status === 500).length;
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
    expect(struck).toBeGreaterThan(15);
    expect(struck).toBeLessThan(45);
  });

  it('ends when the rules are cleared', async () => {
    const simulation = await simulateWith({ answer: { status: 500 }, times: 'unlimited' });

    await simulation.control('DELETE', '/faults');
    const { status } = await simulation.create();

    expect(status).toBe(200);
    expect(simulation.controls.faults()).toEqual([]);
  });

  it('about the API does not affect webhooks, and the other way round', async () => {
    const { received, webhook } = await receive();
    const simulation = await simulate({ webhooks: [webhook] });
    simulation.controls.addFault({ on: 'api', match: { method: 'DELETE' }, answer: 'lost' });
    simulation.controls.addFault({ on: 'webhook', match: { eventType: 'tx-declined' }, effect: 'lose' });

    const { status } = await simulation.create();
    await simulation.advance(0);

    expect([status, received.length]).toEqual([200, 1]);
  });

  it.each([
    ['Button’s own answer to work that is not done', { on: 'api', answer: 'truncated', work: 'skipped' }],
    ['Button’s own answer to work that comes later', { on: 'api', work: { afterMs: 1 } }],
    ['an invalid pattern', { on: 'api', match: { path: '(' }, answer: 'lost' }],
    ['an unknown field', { on: 'api', answer: 'lost', matches: {} }],
    ['no times at all', { on: 'api', answer: 'lost', times: 0 }],
    ['an impossible chance', { on: 'api', answer: 'lost', probability: 1.1 }],
    ['an unknown effect', { on: 'webhook', effect: 'melt' }],
    ['a rule without a target', { answer: 'lost' }],
  ])('is refused if it asks for %s', async (_, rule) => {
    const simulation = await simulate();

    const { status, body } = await simulation.control('POST', '/faults', rule);

    expect(status).toBe(400);
    expect(body).toEqual({ error: like(/./) });
  });
});

it('records every request with its body and answer, but without the API key', async () => {
  const simulation = await simulate();
  const order = orderFixture('order-create');
  const created = await simulation.create();
  await simulation.brand('DELETE', PATH);
  await simulation.publisher('/v1/affiliation/transactions?page_size=5');

  const requests = simulation.controls.requests();

  expect(requests).toEqual([
    {
      at: '2025-03-14T15:09:31.000Z',
      method: 'POST',
      path: '/v1/order',
      query: '',
      orderId: order['order_id'],
      requestBody: JSON.stringify(order),
      faulty: false,
      isButtons: true,
      workStatus: 200,
      status: 200,
      responseBody: created.text,
    },
    expect.objectContaining({ method: 'DELETE', path: PATH, orderId: order['order_id'], status: 200 }),
    expect.objectContaining({ path: '/v1/affiliation/transactions', query: 'page_size=5', orderId: null }),
  ]);
  expect(JSON.stringify(requests)).not.toContain(BRAND_KEY);
});
