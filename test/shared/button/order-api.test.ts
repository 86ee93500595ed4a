import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ButtonHttp, ButtonRequest, ButtonResponse } from '../../../shared/button/button-http.ts';
import {
  createOrderApi,
  holdsVersion,
  type OrderApi,
  type OrderApiAnswer,
  type OrderAtButton,
} from '../../../shared/button/order-api.ts';
import { OrderSchema } from '../../../shared/validation/orders/order.ts';
import errors from '../../fixtures/button/errors.json' with { type: 'json' };

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../fixtures/button/${name}.json`, import.meta.url), 'utf8'));
}

const order = OrderSchema.parse(fixture('order-create'));

function answering(response: ButtonResponse): { api: OrderApi; requests: ButtonRequest[] } {
  const requests: ButtonRequest[] = [];
  const http: ButtonHttp = {
    call: (request) => {
      requests.push(request);
      return Promise.resolve(response);
    },
    close: () => undefined,
  };
  return { api: createOrderApi(http, 'sk-test'), requests };
}

const answered = (status: number, body?: unknown): ButtonResponse => ({ result: 'answered', status, body });

type Meaning = Record<'create' | 'update' | 'cancel' | 'get', OrderApiAnswer['answer']>;

const all = (answer: OrderApiAnswer['answer'], get: OrderApiAnswer['answer'] = answer): Meaning => ({
  create: answer,
  update: answer,
  cancel: answer,
  get,
});
const UNCLEAR = all('unclear', 'unanswered');
const NOT_FOUND: Meaning = { ...all('not-found'), create: 'refused' };

/** The statuses whose meaning differs from that of their class, in Button's own format. */
const MEANING: Record<number, Meaning> = {
  204: { ...UNCLEAR, cancel: 'unconfirmed' },
  401: all('unauthorized'),
  403: all('forbidden', 'unanswered'),
  404: NOT_FOUND,
  408: UNCLEAR,
  409: { ...all('refused', 'unanswered'), create: 'exists' },
  410: NOT_FOUND,
  425: UNCLEAR,
  429: all('try-again', 'unanswered'),
};

/**
 * An answer in another format says nothing, whatever its status, except a 429, and a 204 to a cancellation.
 */
function meaningOf(status: number, isButtons: boolean): Meaning {
  const isRefusal = status >= 400 && status < 500;
  if (isButtons) return MEANING[status] ?? (isRefusal ? all('refused', 'unanswered') : UNCLEAR);
  return status === 429 ? all('try-again', 'unanswered') : UNCLEAR;
}

/**
 * Bodies that are not in Button's error format: a proxy's page, a router's text, nothing, JSON of another
 * shape.
 */
const FOREIGN_BODIES: readonly unknown[] = [
  undefined,
  null,
  '',
  'Not Found',
  {},
  [],
  { message: 'no Route matched with those values' },
  { error: { message: 'not found' } },
  { meta: { status: 'ok' }, error: { message: 'not found' } },
  { meta: { status: 'error' } },
  { meta: { status: 'error' }, error: 'not found' },
  { meta: { status: 'error' }, error: { message: 404 } },
  { meta: 'error', error: { message: 'not found' } },
];

const says = (message: unknown, type?: unknown) => ({ meta: { status: 'error' }, error: { message, type } });

async function kindsOf(api: OrderApi): Promise<string[]> {
  const answers = [
    await api.create(order),
    await api.update('o-1', order),
    await api.cancel('o-1'),
    await api.get('o-1'),
  ];
  return answers.map(({ answer }) => answer);
}

const ANSWERS = [
  ...['done', 'found', 'exists', 'not-found', 'unconfirmed', 'forbidden', 'refused', 'unauthorized'],
  ...['try-again', 'unanswered', 'unclear'],
];

/** Bodies that are nearly right, and any other JSON. */
const anyBody = fc.oneof(
  fc.jsonValue(),
  fc.constant(undefined),
  fc.record(
    {
      meta: fc.oneof(fc.record({ status: fc.constantFrom('ok', 'error', 'OK', '') }), fc.jsonValue()),
      object: fc.oneof(
        fc.record(
          { total: fc.oneof(fc.nat(), fc.string()), line_items: fc.jsonValue() },
          { requiredKeys: [] },
        ),
        fc.jsonValue(),
      ),
      error: fc.oneof(fc.record({ message: fc.string() }), fc.jsonValue()),
    },
    { requiredKeys: [] },
  ),
);

function saysOk(status: number, body: unknown): boolean {
  const { meta } = (body ?? {}) as { meta?: { status?: unknown } | null };
  return status >= 200 && status < 300 && meta?.status === 'ok';
}

describe('createOrderApi', () => {
  it('creates with the whole order and returns the id that Button gave it', async () => {
    const { api, requests } = answering(answered(200, fixture('order-create-response')));

    const answer = await api.create(order);

    expect(answer).toEqual({
      answer: 'done',
      acceptedOnly: false,
      buttonOrderId: 'btnorder-5b1e0d9c7a324f68',
      shownToken: order.btn_ref,
    });
    expect(requests).toEqual([{ method: 'POST', path: '/v1/order', apiKey: 'sk-test', body: order }]);
  });

  it('distinguishes a 202 from a 200: it carries no Button order id', async () => {
    const { api } = answering(answered(202, fixture('order-create-response-202')));

    expect(await api.create(order)).toEqual({ answer: 'done', acceptedOnly: true });
  });

  it('updates with the whole current version, without order_id and btn_ref', async () => {
    const { api, requests } = answering(answered(200, fixture('order-update-response')));

    await api.update('o-1', order);

    expect(requests[0]).toMatchObject({ method: 'POST', path: '/v1/order/o-1' });
    expect(requests[0]?.body).toHaveProperty('line_items');
    expect(requests[0]?.body).not.toHaveProperty('btn_ref');
    expect(requests[0]?.body).not.toHaveProperty('order_id');
  });

  it('cancels with DELETE and no body', async () => {
    const { api, requests } = answering(answered(200, fixture('order-cancel-response')));

    expect(await api.cancel('o-1')).toEqual({ answer: 'done', acceptedOnly: false });
    expect(requests).toEqual([{ method: 'DELETE', path: '/v1/order/o-1', apiKey: 'sk-test' }]);
  });

  it('looks for an order among those of its token, and accepts no other', async () => {
    const list = fixture('order-by-btn-ref-response') as { objects: object[] };
    const [held] = list.objects as [{ order_id: string }];
    const other = { ...held, order_id: 'another order', total: 1 };
    const answers = (objects: readonly unknown[]) =>
      answering(answered(200, { meta: { status: 'ok' }, objects })).api;

    const found = await answers([other, 'nonsense', held]).getByToken(held.order_id, 'tok/en');
    const absent = await answers([other]).getByToken(held.order_id, 'tok/en');
    const unnamed = await answers([other, { ...held, order_id: null }]).getByToken(held.order_id, 'tok/en');
    const replaced = await answers([{ ...held, status: 'deleted' }, held]).getByToken(
      held.order_id,
      'tok/en',
    );
    const deleted = await answers([{ ...held, status: 'deleted' }]).getByToken(held.order_id, 'tok/en');

    expect(found).toMatchObject({ answer: 'found', order: { total: 4350 } });
    expect(absent).toEqual({ answer: 'not-found' });
    expect(unnamed).toEqual({ answer: 'unanswered', isRefused: false, reason: 'unreadable_order' });
    expect(replaced).toMatchObject({ answer: 'found', order: { status: 'open' } });
    expect(deleted).toMatchObject({ answer: 'found', order: { status: 'deleted' } });
  });

  it('knows the token of an order that is listed under it, even if the list does not show the token', async () => {
    const looks = async (shown: object) =>
      answering(
        answered(200, { meta: { status: 'ok' }, objects: [{ order_id: 'o-1', ...shown }] }),
      ).api.getByToken('o-1', 'token');

    expect(await looks({})).toMatchObject({ answer: 'found', order: { btn_ref: 'token' } });
    expect(await looks({ btn_ref: null })).toMatchObject({ answer: 'found', order: { btn_ref: null } });
  });

  it('prefers an order that is listed without another token: two shops may use one id', async () => {
    const looks = async (...tokens: object[]) => {
      const objects = tokens.map((token) => ({ order_id: 'o-1', status: 'open', ...token }));
      return answering(answered(200, { meta: { status: 'ok' }, objects })).api.getByToken('o-1', 'token');
    };
    const another = { btn_ref: 'another' };
    const deleted = { btn_ref: 'token', status: 'deleted' };

    for (const ours of [{ btn_ref: 'token' }, {}])
      expect(await looks(another, ours)).toMatchObject({ order: { btn_ref: 'token' } });
    expect(await looks(another, deleted)).toMatchObject({ order: deleted });
    expect(await looks(another)).toMatchObject({ answer: 'found', order: another });
  });

  it.each([
    [answered(404, says('no')), 'not-found'],
    [answered(404), 'unanswered'],
    [answered(401, says('no')), 'unanswered'],
    [answered(403, says('no')), 'unanswered'],
    [answered(409, says('no')), 'unanswered'],
    [answered(409), 'unanswered'],
    [answered(503, says('no')), 'unanswered'],
    [answered(429), 'unanswered'],
    [answered(200, 'nonsense'), 'unanswered'],
    [{ result: 'unclear', reason: 'timeout' } as const, 'unanswered'],
  ])('reads %j about a token as %s', async (response, answer) => {
    const { api } = answering(response);

    expect((await api.getByToken('o-1', 'token')).answer).toBe(answer);
  });

  it('reports whether Button refused a look-up by token, and accepts a list only with a 2xx', async () => {
    const list = { ...says('no'), objects: [{ order_id: 'o-1', total: 5 }] };
    const looks = async (status: number, body: unknown) =>
      answering(answered(status, body)).api.getByToken('o-1', 'token');

    for (let status = 300; status < 600; status += 1)
      expect((await looks(status, list)).answer).not.toBe('found');
    expect(await looks(401, says('no'))).toMatchObject({ isRefused: true, reason: 'look_up_http_401' });
    for (const status of [400, 403, 405, 409, 499])
      expect(await looks(status, says('no'))).toMatchObject({ isRefused: true, reason: `http_${status}` });
    expect(await looks(403, 'a page')).toMatchObject({ isRefused: false, reason: 'foreign_http_403' });
    expect(await looks(200, {})).toEqual({
      answer: 'unanswered',
      isRefused: false,
      reason: 'unreadable_answer',
    });
    expect(
      await answering({ result: 'unclear', reason: 'econnreset' }).api.getByToken('o-1', 'token'),
    ).toEqual({
      answer: 'unanswered',
      isRefused: false,
      isLost: true,
      reason: 'econnreset',
    });
  });

  it('sends a token as a single path segment', async () => {
    const { api, requests } = answering(answered(404));

    await api.getByToken('o-1', 'tok/en?');

    expect(requests[0]).toEqual({
      method: 'GET',
      path: '/v1/order/btn-ref/tok%2Fen%3F',
      apiKey: 'sk-test',
    });
  });

  it('encodes an order id as one path segment (B10)', async () => {
    const { api, requests } = answering(answered(404));

    await api.get('a/b?c=d#e%2F');

    expect(requests[0]).toMatchObject({ method: 'GET', path: '/v1/order/a%2Fb%3Fc%3Dd%23e%252F' });
  });

  it.each([
    ['invalid-api-key', 'unauthorized', 'unauthorized', 'unauthorized'],
    ['bad-request', 'refused', 'refused', 'unanswered'],
    ['not-found', 'refused', 'not-found', 'not-found'],
    ['order-already-finalized', 'forbidden', 'forbidden', 'unanswered'],
    ['order-already-exists', 'exists', 'refused', 'unanswered'],
    ['rate-limited', 'try-again', 'try-again', 'unanswered'],
    ['status-error-without-error-object', 'unclear', 'unclear', 'unanswered'],
    ['error-is-a-string', 'unclear', 'unclear', 'unanswered'],
    ['unknown-status', 'unclear', 'unclear', 'unanswered'],
    ['no-meta', 'unclear', 'unclear', 'unanswered'],
    ['meta-is-a-string', 'unclear', 'unclear', 'unanswered'],
    ['error-without-meta', 'unclear', 'unclear', 'unanswered'],
    ['empty-body', 'unclear', 'unclear', 'unanswered'],
    ['not-json', 'unclear', 'unclear', 'unanswered'],
    ['gateway-html', 'unclear', 'unclear', 'unanswered'],
  ])(
    'reads the answer %s as %s on create, %s on update, %s on get (B1, B4, B5, B6, B8)',
    async (name, create, update, get) => {
      const recorded = errors.find((error) => error.name === name);
      if (!recorded) throw new Error('no such fixture');
      const { api } = answering(answered(recorded.status, 'body' in recorded ? recorded.body : undefined));

      const answers = [await api.create(order), await api.update('o-1', order), await api.get('o-1')];

      expect(answers.map(({ answer }) => answer)).toEqual([create, update, get]);
    },
  );

  it('reads every status in Button’s error format as its table says (B1 to B8)', async () => {
    for (let status = 100; status < 600; status += 1) {
      const { create, update, cancel, get } = meaningOf(status, true);

      expect([status, await kindsOf(answering(answered(status, says('no'))).api)]).toEqual([
        status,
        [create, update, cancel, get],
      ]);
    }
  });

  it('accepts a final answer from Button only: whatever the status, a body in another format is unclear (requirement 2)', async () => {
    for (let status = 100; status < 600; status += 1) {
      if (status >= 200 && status < 300) continue;
      const { create, update, cancel, get } = meaningOf(status, false);
      for (const body of FOREIGN_BODIES) {
        expect([status, body, await kindsOf(answering(answered(status, body)).api)]).toEqual([
          status,
          body,
          [create, update, cancel, get],
        ]);
      }
    }
  });

  it('treats only a 429, and a request that never left, as not carried out (requirement 3)', async () => {
    for (let status = 100; status < 600; status += 1) {
      for (const body of [undefined, says('no')]) {
        const { answer } = await answering(answered(status, body)).api.create(order);
        expect([status, answer === 'try-again']).toEqual([status, status === 429]);
      }
    }
    expect(await answering({ result: 'not-sent', reason: 'econnrefused' }).api.create(order)).toEqual({
      answer: 'try-again',
      reason: 'econnrefused',
    });
  });

  it('says in its reason whether Button itself answered, so that a proxy’s answer counts as an outage', async () => {
    const reasonOf = async (status: number, body?: unknown) =>
      answering(answered(status, body)).api.create(order);

    expect(await reasonOf(404, '<html>')).toEqual({
      answer: 'unclear',
      reason: 'foreign_http_404',
      detail: { status: 404 },
    });
    expect(await reasonOf(302, says('moved'))).toMatchObject({ reason: 'foreign_http_302' });
    expect(await reasonOf(502, '<html>')).toMatchObject({ reason: 'http_502' });
    expect(await reasonOf(500, says('oops', 'internal'))).toEqual({
      answer: 'unclear',
      reason: 'http_500',
      detail: { status: 500, message: 'oops', type: 'internal' },
    });
  });

  it('accepts only a 2xx with meta.status ok as done or found, and a 202 only as accepted (B6)', async () => {
    for (let status = 200; status < 300; status += 1) {
      if (status === 204) continue;
      const { total } = order;
      const { api } = answering(answered(status, { meta: { status: 'ok' }, object: { total } }));

      expect(await kindsOf(api)).toEqual(['done', 'done', 'done', 'found']);
      expect(await api.create(order)).toStrictEqual({ answer: 'done', acceptedOnly: status === 202 });
      expect(await api.get('o-1')).toEqual({ answer: 'found', order: { total } });
    }
  });

  it.each([
    ['the order that was sent', {}, 'done'],
    ['no token', { btn_ref: null }, 'done'],
    [
      'no token, and another purchase date',
      { btn_ref: null, purchase_date: '2020-01-01T00:00:00Z' },
      'exists',
    ],
    ['no token, and another currency', { btn_ref: null, currency: 'JPY' }, 'exists'],
    ['no token, and another total', { btn_ref: null, total: order.total + 1 }, 'exists'],
    ['no token, and no purchase date', { btn_ref: null, purchase_date: null }, 'exists'],
    ['no token, and no total', { btn_ref: null, total: null }, 'exists'],
    ['no token, and the order as deleted', { btn_ref: null, status: 'deleted' }, 'exists'],
    ['another token', { btn_ref: 'srctok-another' }, 'exists'],
    ['another total', { total: order.total + 1 }, 'exists'],
    ['the order as deleted', { status: 'deleted' }, 'exists'],
    ['the same token, and its purchase date in another form', { purchase_date: '2020' }, 'done'],
    ['neither token nor total', { btn_ref: undefined, total: undefined }, 'done'],
  ])('reads an answer to a create that shows %s as: %s', async (_what, change, expected) => {
    const object = { ...order, button_order_id: 'btnorder-1', ...change };
    const { api } = answering(answered(200, { meta: { status: 'ok' }, object }));

    const answer = await api.create(order);
    expect(answer).toMatchObject({ answer: expected });
    // Button's id is not lost, whatever the answer means.
    const id = 'btnorder-1';
    const known = expected === 'exists' ? { shown: { button_order_id: id } } : { buttonOrderId: id };
    expect(answer).toMatchObject(known);
    expect(await api.update('o-1', order)).toMatchObject({ answer: 'done' });
  });

  it.each([
    ['no token', { btn_ref: null }, 'done'],
    ['no token, total and date yet', { btn_ref: null, total: null, purchase_date: null }, 'done'],
    ['another total', { total: order.total + 1 }, 'exists'],
    ['another total, and no date yet', { total: 0, btn_ref: null, purchase_date: null }, 'exists'],
    ['another token', { btn_ref: 'srctok-another' }, 'exists'],
    ['another purchase', { btn_ref: null, purchase_date: '2020-01-01T00:00:00Z' }, 'exists'],
    ['the order as deleted', { status: 'deleted' }, 'exists'],
  ])(
    'reads a 202 to a create, which may not show the whole order yet, with %s as: %s',
    async (_what, change, expected) => {
      const object = { ...order, button_order_id: 'btnorder-1', ...change };
      const { api } = answering(answered(202, { meta: { status: 'ok' }, object }));

      const answer = await api.create(order);

      expect(answer).toMatchObject({ answer: expected });
      expect(answer).not.toHaveProperty('shownToken');
    },
  );

  it.each([
    ['another purchase date', { purchase_date: '2020-01-01T00:00:00Z' }, 'exists'],
    ['another currency', { currency: 'JPY' }, 'exists'],
    [
      'the same instant in another form',
      { purchase_date: new Date(order.purchase_date).toISOString() },
      'done',
    ],
    ['no purchase date', { purchase_date: null }, 'done'],
    ['no currency', { currency: null }, 'done'],
  ])('reads an answer to a create without a token that shows %s as: %s', async (_what, change, expected) => {
    const { btn_ref: _token, ...tokenless } = order;
    const object = { ...tokenless, button_order_id: 'btnorder-1', ...change };
    const { api } = answering(answered(200, { meta: { status: 'ok' }, object }));

    expect(await api.create(tokenless)).toMatchObject({ answer: expected });
  });

  it('believes no answer that shows the order with another id, and takes no id from it (requirement 2)', async () => {
    const object = { ...order, order_id: 'victim', button_order_id: 'btnorder-victim' };
    const { api } = answering(answered(200, { meta: { status: 'ok' }, object }));
    const unclear = { answer: 'unclear', reason: 'unreadable_order', detail: { status: 200 } };

    expect(await api.create(order)).toEqual(unclear);
    expect(await api.update('btnorder-1', order)).toEqual(unclear);
    expect(await api.cancel('btnorder-1', order.order_id)).toEqual(unclear);
    expect(await api.get('btnorder-1', order.order_id)).toMatchObject({
      answer: 'unanswered',
      isRefused: false,
      reason: 'unreadable_order',
    });
    expect(await api.get('btnorder-victim', 'victim')).toMatchObject({ answer: 'found' });
    // Button may call an order by the id that it was asked for.
    expect(await api.get('victim', order.order_id)).toMatchObject({ answer: 'found' });
  });

  it('treats an empty token like none (B6)', async () => {
    const { btn_ref: _token, ...nameless } = order;
    const object = { ...nameless, btn_ref: '' };
    const { api } = answering(answered(200, { meta: { status: 'ok' }, object }));

    expect(await api.create(nameless)).toMatchObject({ answer: 'done', shownToken: null });
  });

  it('treats null, or a value of an unknown form, as not shown (B6)', async () => {
    const odd = {
      order_id: 'o-1',
      total: 'five',
      currency: null,
      status: 'open',
      button_order_id: null,
      customer_order_id: 7,
      line_items: [{ identifier: 'a', total: null, quantity: null }],
    };
    const reads = async (object: object) =>
      answering(answered(200, { meta: { status: 'ok' }, object })).api.get('o-1');

    expect(await reads(odd)).toEqual({
      answer: 'found',
      order: { order_id: 'o-1', status: 'open', line_items: [{ identifier: 'a' }] },
    });
    expect(await reads({ ...odd, line_items: [{ total: 5 }] })).toEqual({
      answer: 'found',
      order: { order_id: 'o-1', status: 'open' },
    });
  });

  it('finds an order among those of its token although there are nulls, and none if the list goes on (A22)', async () => {
    const held = { order_id: 'o-1', status: 'open', button_order_id: null, line_items: [{ total: null }] };
    const looks = async (next: unknown, objects: object[]) =>
      answering(answered(200, { meta: { status: 'ok', next }, objects })).api.getByToken('o-1', 'token');

    expect(await looks(null, [held])).toMatchObject({ answer: 'found', order: { status: 'open' } });
    expect(await looks('/v1/order/btn-ref/token?page=2', [held])).toMatchObject({ answer: 'found' });
    expect(await looks(null, [{ ...held, order_id: 'o-2' }])).toEqual({ answer: 'not-found' });
    expect(await looks('/v1/order/btn-ref/token?page=2', [{ ...held, order_id: 'o-2' }])).toEqual({
      answer: 'unanswered',
      isRefused: false,
      reason: 'list_goes_on',
    });
  });

  it.each([404, 410])(
    'says that a %s to a look-up may be about the look-up itself (requirement 3)',
    async (status) => {
      const { api } = answering(answered(status, { meta: { status: 'error' }, error: { message: 'no' } }));

      expect(await api.getByToken('o-1', 'token')).toEqual({ answer: 'not-found', mayBeRefused: true });
      expect(await api.get('o-1')).toEqual({ answer: 'not-found' });
    },
  );

  it('finds no order in an answer that shows none (B6)', async () => {
    const placeholder = { id: 'x', active: true };
    for (const object of [undefined, null, 'order', [], {}, placeholder, { status: 'open' }]) {
      const { api } = answering(answered(200, { meta: { status: 'ok' }, object }));

      expect(await api.get('o-1')).toMatchObject({ answer: 'unanswered', reason: 'unreadable_order' });
      expect(await api.create(order)).toEqual({ answer: 'done', acceptedOnly: false });
    }
  });

  it('returns what Button says of a refusal, up to a thousand characters (B5, B8)', async () => {
    const refused = async (status: number, body: unknown) =>
      answering(answered(status, body)).api.create(order);

    expect(await refused(400, says('no such line', 'BadLine'))).toEqual({
      answer: 'refused',
      detail: { status: 400, message: 'no such line', type: 'BadLine' },
    });
    expect(await refused(404, says('x'.repeat(2000)))).toEqual({
      answer: 'refused',
      detail: { status: 404, message: 'x'.repeat(1000) },
    });
    expect(await refused(422, says('no', 42))).toEqual({
      answer: 'refused',
      detail: { status: 422, message: 'no' },
    });
    const { api } = answering(answered(403, says('finalized')));
    expect(await api.update('o-1', order)).toEqual({
      answer: 'forbidden',
      detail: { status: 403, message: 'finalized' },
    });
  });

  it('does not know the result of a call that was cut off, unless it was a read (A22, A23)', async () => {
    const { api } = answering({ result: 'unclear', reason: 'econnreset' });

    expect(await api.update('o-1', order)).toEqual({ answer: 'unclear', reason: 'econnreset' });
    expect(await api.cancel('o-1')).toEqual({ answer: 'unclear', reason: 'econnreset' });
    expect(await api.get('o-1')).toEqual({
      answer: 'unanswered',
      isRefused: false,
      isLost: true,
      reason: 'econnreset',
    });
  });

  it('returns one of its answers whatever Button says, and never throws (B2, B6)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 100, max: 599 }),
        anyBody,
        fc.option(fc.nat()),
        async (status, body, after) => {
          const wait = after === null ? {} : { retryAfterMs: after };
          const { api } = answering({ result: 'answered', status, body, ...wait });

          const answers = [
            await api.create(order),
            await api.update('o-1', order),
            await api.cancel('o-1'),
            await api.get('o-1'),
          ];

          for (const { answer } of answers) expect(ANSWERS).toContain(answer);
          for (const one of answers) {
            if (one.answer === 'done' || one.answer === 'found') expect(saysOk(status, body)).toBe(true);
            if (one.answer === 'try-again' && 'afterMs' in one) expect(one.afterMs).toBe(after);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('returns how long Button asks to wait (B2)', async () => {
    const { api } = answering({ result: 'answered', status: 429, body: {}, retryAfterMs: 12_000 });

    expect(await api.create(order)).toEqual({ answer: 'try-again', reason: 'http_429', afterMs: 12_000 });
    expect(await api.get('o-1')).toMatchObject({ answer: 'unanswered', afterMs: 12_000 });
  });

  it('sends the token in an update only if it is given one (requirement 1)', async () => {
    const { api, requests } = answering(answered(200, fixture('order-update-response')));

    await api.update('o-1', order, 'srctok-1');

    expect(requests[0]?.body).toMatchObject({ btn_ref: 'srctok-1', total: order.total });
  });
});

describe('holdsVersion', () => {
  it('compares total, currency and lines, in any order, with quantity 1 as the default', () => {
    const { total, currency, line_items: lines = [] } = order;
    const held = {
      total,
      currency,
      line_items: lines.map(({ identifier, total, quantity = 1 }) => ({ identifier, total, quantity })),
    };

    expect(holdsVersion(held, order)).toBe(true);
    expect(holdsVersion({ ...held, line_items: held.line_items.toReversed() }, order)).toBe(true);
    expect(holdsVersion({ ...held, total: total - 1 }, order)).toBe(false);
    expect(holdsVersion({ ...held, currency: 'GBP' }, order)).toBe(false);
    expect(holdsVersion({ ...held, customer_order_id: 'another' }, order)).toBe(false);
    expect(holdsVersion({ ...held, line_items: held.line_items.slice(1) }, order)).toBe(false);
  });

  it('compares nothing that the version leaves open', () => {
    const { line_items: _lines, customer_order_id: _number, ...bare } = order;
    const held = { total: order.total, currency: order.currency };

    expect(holdsVersion(held, bare)).toBe(true);
    expect(holdsVersion({ ...held, customer_order_id: 'another' }, bare)).toBe(true);
    expect(holdsVersion({ ...held, line_items: [] }, bare)).toBe(true);
  });

  it('does not count an amount as held that Button does not show', () => {
    const { total, currency, line_items: lines } = order;
    const held = { total, currency, line_items: lines };

    expect(holdsVersion(held as OrderAtButton, order)).toBe(true);
    for (const hidden of ['total', 'currency', 'line_items'])
      expect(holdsVersion({ ...held, [hidden]: undefined }, order)).toBe(false);
  });

  it('counts lines as different if the identifier, the total or the quantity differs', () => {
    const line = { identifier: 'a', total: 5, amount: 5, quantity: 2 };
    const versionOf = (changes: object) => ({ ...order, line_items: [{ ...line, ...changes }] });
    const { total, currency } = order;
    const held = { total, currency, line_items: [{ identifier: 'a', total: 5, quantity: 2 }] };

    expect(holdsVersion(held, versionOf({}))).toBe(true);
    for (const changes of [{ identifier: 'b' }, { total: 4 }, { quantity: 1 }])
      expect(holdsVersion(held, versionOf(changes))).toBe(false);
  });
});
