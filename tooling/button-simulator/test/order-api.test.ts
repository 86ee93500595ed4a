import { describe, expect, it } from 'vitest';
import {
  answerFixture,
  basic,
  BRAND_KEY,
  DAY_MS,
  errorFixtures,
  like,
  orderFixture,
  PUBLISHER_KEY,
  simulate,
} from './simulation.ts';

const PATH = '/v1/order/WEB-2025-104477';
const BTNORDER = like(/^btnorder-[0-9a-f]{16}$/);
const NOT_FOUND = { meta: { status: 'error' }, error: { message: like(/./) } };

describe('authentication', () => {
  it.each([
    ['no header', undefined],
    ['an unknown key', basic('sk-other:')],
    ['a password in addition to the key', basic(`${BRAND_KEY}:password`)],
    ['the key without its colon', basic(BRAND_KEY)],
    ['another scheme', `Bearer ${BRAND_KEY}`],
    ['text that is not base64', 'Basic %%%'],
    ['quotes inside the value', `Basic "${Buffer.from(`${BRAND_KEY}:`).toString('base64')}"`],
  ])('refuses %s with 401 and an error body', async (_, authorization) => {
    const { simulator } = await simulate();

    const response = await fetch(`${simulator.url}${PATH}`, {
      headers: authorization ? { authorization } : {},
    });

    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      meta: { status: 'error' },
      error: { message: 'Invalid api_key' },
    });
  });

  it("refuses a Publisher's key, and a Brand's key on the Publisher's side", async () => {
    const { simulator } = await simulate();

    const order = await fetch(`${simulator.url}${PATH}`, {
      headers: { authorization: basic(`${PUBLISHER_KEY}:`) },
    });
    const accounts = await fetch(`${simulator.url}/v1/affiliation/accounts`, {
      headers: { authorization: basic(`${BRAND_KEY}:`) },
    });

    expect([order.status, accounts.status]).toEqual([401, 401]);
    expect(await accounts.json()).toEqual(
      errorFixtures().find((error) => error.name === 'wrong-organization-type')?.body,
    );
  });

  it('accepts one key for both sides if they are the same', async () => {
    const { simulator } = await simulate({ brandApiKey: 'sk-both', publisherApiKey: 'sk-both' });
    const headers = { authorization: basic('sk-both:') };

    const order = await fetch(`${simulator.url}/v1/order/btn-ref/some`, { headers });
    const accounts = await fetch(`${simulator.url}/v1/affiliation/accounts`, { headers });

    expect([order.status, accounts.status]).toEqual([200, 200]);
  });

  it('keeps the orders of two Brands separate', async () => {
    const organization = { id: 'org-2', name: 'Other' };
    const simulation = await simulate({ furtherBrands: [{ apiKey: 'sk-2', organization }] });
    await simulation.create();

    const response = await fetch(`${simulation.simulator.url}${PATH}`, {
      headers: { authorization: basic('sk-2:') },
    });

    expect(response.status).toBe(404);
  });
});

describe('create', () => {
  it('answers with the order as documented', async () => {
    const simulation = await simulate();

    const { status, body } = await simulation.create();

    const documented = answerFixture('order-create-response');
    expect(status).toBe(200);
    expect(body).toEqual({ ...documented, object: { ...documented.object, button_order_id: BTNORDER } });
  });

  it.each(['2025-03-14T15:09:26', '20250314T160926+01', '2025-03-14 15:09:26'])(
    'reads the purchase date %s as the reporter does: ISO 8601, in UTC without an offset',
    async (purchase_date) => {
      const simulation = await simulate();

      const { body } = await simulation.create({ purchase_date });

      expect(body.object['purchase_date']).toBe('2025-03-14T15:09:26Z');
    },
  );

  it('leaves the order open for 30 days if the Brand gives no date, otherwise until that date', async () => {
    const simulation = await simulate();

    const byPolicy = await simulation.create({ order_id: 'a' });
    const byBrand = await simulation.create({
      order_id: 'b',
      finalization_date: '2025-03-20T12:00:00+02:00',
    });

    expect(byPolicy.body.object['finalization_date']).toBe('2025-04-13T15:09:31Z');
    expect(byBrand.body.object['finalization_date']).toBe('2025-03-20T10:00:00Z');
  });

  it('requires neither btn_ref nor line items', async () => {
    const simulation = await simulate();
    const { total, currency, order_id, purchase_date } = orderFixture('order-create');

    const { status, body } = await simulation.brand('POST', '/v1/order', {
      total,
      currency,
      order_id,
      purchase_date,
    });

    expect(status).toBe(200);
    expect(body.object).toMatchObject({
      btn_ref: null,
      line_items: null,
      customer_order_id: null,
      status: 'open',
    });
  });

  it.each(['total', 'currency', 'order_id', 'purchase_date'])(
    'refuses an order without %s',
    async (field) => {
      const simulation = await simulate();

      const { status, body } = await simulation.create({ [field]: undefined });

      expect(status).toBe(400);
      expect(body).toEqual({ meta: { status: 'error' }, error: { message: like(new RegExp(field)) } });
    },
  );

  it.each<[string, Record<string, unknown>]>([
    ['a negative total', { total: -1, line_items: undefined }],
    ['a decimal total', { total: 73.5, line_items: undefined }],
    ['a total in text', { total: '7350' }],
    ['a total above int32', { total: 2_147_483_648, line_items: undefined }],
    ['a total that its lines do not add up to', { total: 7351 }],
    ['an empty list of lines with a total', { line_items: [] }],
    ['lines as an object', { line_items: {} }],
    ['a negative line', { total: 0, line_items: [line(-1), line(1, 'b')] }],
    ['a line without identifier', { total: 1, line_items: [{ total: 1 }] }],
    ['two lines with one identifier', { total: 2, line_items: [line(1), line(1)] }],
    ['a quantity of 0', { total: 1, line_items: [{ ...line(1), quantity: 0 }] }],
    [
      'eight categories',
      { total: 1, line_items: [{ ...line(1), category: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] }] },
    ],
    [
      'an attribute that is not a string',
      { total: 1, line_items: [{ ...line(1), attributes: { size: 1 } }] },
    ],
    ['a currency in lower case', { currency: 'usd' }],
    ['an order id beyond ASCII', { order_id: 'Bestellung-ä' }],
    ['an order id of 256 characters', { order_id: 'x'.repeat(256) }],
    ['a btn_ref that is not URL-safe', { btn_ref: 'a b' }],
    ['a purchase date in words', { purchase_date: 'yesterday' }],
    ['a plain e-mail address', { customer: { email_sha256: 'shopper@example.com' } }],
    ['an unknown channel', { partner_order_channel: 'post' }],
    ['decimal totals', { total_as_decimal: true }],
  ])('refuses %s', async (_, change) => {
    const simulation = await simulate();

    const { status, body } = await simulation.create(change);

    expect(status).toBe(400);
    expect(body).toEqual({ meta: { status: 'error' }, error: { message: like(/./) } });
    expect(simulation.controls.orders()).toEqual([]);
  });

  it('accepts the largest total of an int32, and unknown fields', async () => {
    const simulation = await simulate();

    const { status } = await simulation.create({
      total: 2_147_483_647,
      line_items: undefined,
      newer_field: {},
    });

    expect(status).toBe(200);
  });

  it.each([
    ['no JSON', '{"total":'],
    ['no object', '[]'],
    ['nothing', ''],
  ])('refuses a body that is %s', async (_, body) => {
    const simulation = await simulate();

    const answered = await simulation.brand('POST', '/v1/order', body);

    expect(answered.status).toBe(400);
    expect(answered.body.meta.status).toBe('error');
  });

  it('refuses parameters that are not in a JSON body', async () => {
    const { simulator } = await simulate();

    const response = await fetch(`${simulator.url}/v1/order`, {
      method: 'POST',
      headers: { authorization: basic(`${BRAND_KEY}:`) },
      body: new URLSearchParams({ total: '1' }),
    });

    expect(response.status).toBe(400);
  });
});

describe('create again, in each world', () => {
  it('answers 409 and changes nothing (world 409, B1)', async () => {
    const simulation = await simulate({ world: { duplicateCreate: '409' } });
    await simulation.create();

    const again = await simulation.create({ total: 0, line_items: undefined });

    expect(again.status).toBe(409);
    expect(simulation.controls.orders()).toMatchObject([{ total: 7350 }]);
  });

  it('does not touch another shop’s order with the same id (world 409)', async () => {
    const simulation = await simulate();
    await simulation.create({ total: 99_900, line_items: undefined, btn_ref: 'srctok-theirs' });

    const { status } = await simulation.create({ btn_ref: 'srctok-ours' });

    expect(status).toBe(409);
    expect(simulation.controls.orders()).toMatchObject([{ total: 99_900, btn_ref: 'srctok-theirs' }]);
  });

  it('overwrites the order with the new content (world upsert, B1)', async () => {
    const simulation = await simulate({ world: { duplicateCreate: 'upsert' } });
    const first = await simulation.create();

    const again = await simulation.create({ total: 1, line_items: [line(1)] });

    expect(again.status).toBe(200);
    expect(again.body.object).toMatchObject({ total: 1, button_order_id: first.body.object.button_order_id });
    expect(simulation.controls.orders()).toHaveLength(1);
  });

  it('does not overwrite a finalized order (world upsert)', async () => {
    const simulation = await simulate({ world: { duplicateCreate: 'upsert' } });
    await simulation.create();
    simulation.controls.finalizeOrder('WEB-2025-104477');

    const again = await simulation.create();

    expect(again.status).toBe(403);
  });

  it('makes a second order that shares the id (world second-order, B1)', async () => {
    const simulation = await simulate({ world: { duplicateCreate: 'second-order' } });
    const first = await simulation.create();
    const second = await simulation.create({ total: 1, line_items: [line(1)] });

    const byOrderId = await simulation.brand('GET', PATH);
    const byFirstId = await simulation.brand('GET', `/v1/order/${first.body.object.button_order_id}`);
    const byBtnRef = await simulation.brand('GET', '/v1/order/btn-ref/fakesrctok-3f9a1c0b7d2e4856');

    expect(byOrderId.body).toEqual(second.body);
    expect(byFirstId.body).toEqual(first.body);
    expect(byBtnRef.body.objects).toEqual([first.body.object, second.body.object]);
  });

  it('refuses the id of a cancelled order (world 409)', async () => {
    const simulation = await simulate({ world: { changeCancelled: '409', duplicateCreate: 'upsert' } });
    await simulation.create();
    await simulation.brand('DELETE', PATH);

    const again = await simulation.create();

    expect(again.status).toBe(409);
  });

  it('accepts the id of a cancelled order for a new one (world accept)', async () => {
    const simulation = await simulate({ world: { changeCancelled: 'accept' } });
    await simulation.create();
    await simulation.brand('DELETE', PATH);

    const again = await simulation.create();

    expect(again.status).toBe(200);
    expect(simulation.controls.orders()).toMatchObject([{ status: 'deleted' }, { status: 'open' }]);
  });

  it('answers 202 without its own order id (world 202)', async () => {
    const simulation = await simulate({ world: { orderApiStatusOnCreate: '202' } });

    const { status, body } = await simulation.create();
    const found = await simulation.brand('GET', PATH);

    expect(status).toBe(202);
    expect(body).toEqual(answerFixture('order-create-response-202'));
    expect(found.body.object.button_order_id).toEqual(BTNORDER);
  });
});

describe('update', () => {
  it('answers with the order as it is now', async () => {
    const simulation = await simulate();
    const created = await simulation.create();

    const { status, body } = await simulation.brand('POST', PATH, orderFixture('order-update'));

    const documented = answerFixture('order-update-response');
    const { button_order_id } = created.body.object;
    expect(status).toBe(200);
    expect(body).toEqual({ ...documented, object: { ...documented.object, button_order_id } });
  });

  it('keeps what is not sent and replaces line items as a whole', async () => {
    const simulation = await simulate();
    await simulation.create();

    const { body } = await simulation.brand('POST', PATH, { total: 5, line_items: [line(5, 'other')] });

    expect(body.object).toMatchObject({
      total: 5,
      line_items: [line(5, 'other')],
      customer_order_id: '104477-A',
    });
    expect(body.object['line_items']).toHaveLength(1);
  });

  it.each([
    ['kept', 2],
    ['cleared', 0],
  ] as const)('has line items that are not sent %s (world %s)', async (omittedLineItems, left) => {
    const simulation = await simulate({ world: { omittedLineItems } });
    await simulation.create();

    const { status, body } = await simulation.brand('POST', PATH, { total: 7000 });

    expect(status).toBe(200);
    expect(body.object['line_items']).toHaveLength(left);
  });

  it('checks lines against the previous total if none is sent', async () => {
    const simulation = await simulate();
    await simulation.create();

    const wrong = await simulation.brand('POST', PATH, { line_items: [line(1)] });
    const right = await simulation.brand('POST', PATH, { line_items: [line(7350)] });

    expect([wrong.status, right.status]).toEqual([400, 200]);
  });

  it.each([
    ['accepted', 200, 'srctok-2'],
    ['ignored', 200, 'srctok-1'],
    ['refused', 400, 'srctok-1'],
  ] as const)('has a btn_ref %s, as the world says', async (tokenOnUpdate, status, held) => {
    const simulation = await simulate({ world: { tokenOnUpdate } });
    await simulation.create({ btn_ref: 'srctok-1' });

    const updated = await simulation.brand('POST', PATH, { btn_ref: 'srctok-2' });

    expect(updated.status).toBe(status);
    expect(simulation.controls.orders()).toMatchObject([{ btn_ref: held }]);
  });

  it('never changes the order id', async () => {
    const simulation = await simulate();
    await simulation.create();

    const { body } = await simulation.brand('POST', PATH, {
      ...orderFixture('order-update'),
      order_id: 'another',
    });

    expect(body.object.order_id).toBe('WEB-2025-104477');
  });

  it('refuses a field of the wrong kind', async () => {
    const simulation = await simulate();
    await simulation.create();

    const { status } = await simulation.brand('POST', PATH, { total: -5 });

    expect(status).toBe(400);
  });

  it('does not know an order that was never reported', async () => {
    const simulation = await simulate();

    const { status, body } = await simulation.brand('POST', PATH, orderFixture('order-update'));

    expect(status).toBe(404);
    expect(body).toEqual(NOT_FOUND);
  });

  it.each([
    ['404', 404],
    ['403', 403],
  ] as const)('answers %s for a cancelled order (world)', async (updateCancelled, status) => {
    const simulation = await simulate({ world: { updateCancelled } });
    await simulation.create();
    await simulation.brand('DELETE', PATH);

    const answered = await simulation.brand('POST', PATH, orderFixture('order-update'));

    expect(answered.status).toBe(status);
    expect(simulation.controls.orders()).toMatchObject([{ status: 'deleted', total: 7350 }]);
  });

  it('is too late for a finalized order (B8)', async () => {
    const simulation = await simulate();
    await simulation.create();
    await simulation.advance(30 * DAY_MS);

    const { status, body } = await simulation.brand('POST', PATH, orderFixture('order-update'));

    const documented = errorFixtures().find((error) => error.name === 'order-already-finalized');
    expect([status, body]).toEqual([documented?.status, documented?.body]);
  });
});

describe('cancel', () => {
  it('answers without an object and keeps the order as deleted', async () => {
    const simulation = await simulate();
    await simulation.create();

    const { status, body } = await simulation.brand('DELETE', PATH);

    expect(status).toBe(200);
    expect(body).toEqual(answerFixture('order-cancel-response'));
    expect(simulation.controls.orders()).toMatchObject([{ status: 'deleted' }]);
  });

  it.each([
    ['200', 200],
    ['403', 403],
    ['404', 404],
  ] as const)('answers %s the second time (world, B7)', async (secondDelete, status) => {
    const simulation = await simulate({ world: { secondDelete } });
    await simulation.create();
    await simulation.brand('DELETE', PATH);

    const again = await simulation.brand('DELETE', PATH);

    expect(again.status).toBe(status);
  });

  it('does not know an order that was never reported, in any world', async () => {
    const simulation = await simulate({ world: { secondDelete: '200' } });

    const { status } = await simulation.brand('DELETE', PATH);

    expect(status).toBe(404);
  });

  it('is too late for a finalized order (B8)', async () => {
    const simulation = await simulate();
    await simulation.create();
    await simulation.advance(30 * DAY_MS);

    const { status } = await simulation.brand('DELETE', PATH);

    expect(status).toBe(403);
  });
});

describe('get', () => {
  it("finds an order by the Brand's id and by Button's", async () => {
    const simulation = await simulate();
    const created = await simulation.create();

    const byBrand = await simulation.brand('GET', PATH);
    const byButton = await simulation.brand('GET', `/v1/order/${created.body.object.button_order_id}`);

    expect(byBrand.body).toEqual(created.body);
    expect(byButton.body).toEqual(created.body);
  });

  it('lists the orders of a btn_ref, and none for another', async () => {
    const simulation = await simulate();
    const created = await simulation.create();

    const known = await simulation.brand('GET', '/v1/order/btn-ref/fakesrctok-3f9a1c0b7d2e4856');
    const unknown = await simulation.brand('GET', '/v1/order/btn-ref/fakesrctok-0000000000000000');

    expect(known.body).toEqual({ meta: { status: 'ok' }, objects: [created.body.object] });
    expect(unknown.body).toEqual({ meta: { status: 'ok' }, objects: [] });
  });

  it('shows finalized orders as such once their date has passed', async () => {
    const simulation = await simulate();
    const created = await simulation.create();
    await simulation.advance(30 * DAY_MS - 1);
    const before = await simulation.brand('GET', PATH);

    await simulation.advance(1);
    const after = await simulation.brand('GET', PATH);

    expect(before.body.object.status).toBe('open');
    expect(after.body.object).toEqual({ ...created.body.object, status: 'finalized' });
  });

  it('finalizes by the latest date that the Brand gave', async () => {
    const simulation = await simulate();
    await simulation.create({ finalization_date: '2025-03-15T00:00:00Z' });
    await simulation.brand('POST', PATH, { finalization_date: '2025-03-20T00:00:00Z' });
    await simulation.advance(2 * DAY_MS);
    const before = await simulation.brand('GET', PATH);

    await simulation.advance(4 * DAY_MS);
    const after = await simulation.brand('GET', PATH);

    expect([before.body.object.status, after.body.object.status]).toEqual(['open', 'finalized']);
  });

  it.each([
    ['200', 200, 1],
    ['404', 404, 0],
  ] as const)('answers %s for a cancelled order (world)', async (getCancelled, status, listed) => {
    const simulation = await simulate({ world: { getCancelled } });
    await simulation.create();
    await simulation.brand('DELETE', PATH);

    const byId = await simulation.brand('GET', PATH);
    const byBtnRef = await simulation.brand('GET', '/v1/order/btn-ref/fakesrctok-3f9a1c0b7d2e4856');

    expect(byId.status).toBe(status);
    expect(byBtnRef.body.objects).toHaveLength(listed);
  });

  it('finds an order by Button’s id only, if the world says so, and still lists it by its token', async () => {
    const simulation = await simulate({ world: { readIds: 'button' } });
    await simulation.create();
    const listed = await simulation.brand('GET', '/v1/order/btn-ref/fakesrctok-3f9a1c0b7d2e4856');
    const [order] = listed.body.objects;

    const byBrandsId = await simulation.brand('GET', PATH);
    const byButtonsId = await simulation.brand('GET', `/v1/order/${String(order?.['button_order_id'])}`);

    expect([byBrandsId.status, byButtonsId.status]).toEqual([404, 200]);
  });

  it.each(['a/b', 'a?b', 'a#b', 'a%2Fb', '100%', 'a b', '..a', 'btn-ref'])(
    'decodes the order id %j once (B10)',
    async (orderId) => {
      const simulation = await simulate();
      await simulation.create({ order_id: orderId });

      const found = await simulation.brand('GET', `/v1/order/${encodeURIComponent(orderId)}`);

      expect(found.body.object.order_id).toBe(orderId);
    },
  );

  it.each([
    [{}, [200, 200], [200, 200], [200, 404]],
    [{ readIds: 'brand' }, [200, 404], [200, 200], [200, 404]],
    [{ readIds: 'button' }, [404, 200], [200, 200], [200, 404]],
    [{ readIds: 'none' }, [404, 404], [200, 200], [200, 404]],
    [{ updateIds: 'brand' }, [200, 200], [200, 404], [200, 404]],
    [{ updateIds: 'button' }, [200, 200], [404, 200], [200, 404]],
    [{ cancelIds: 'button' }, [200, 200], [200, 200], [404, 200]],
    [{ readIds: 'button', updateIds: 'brand', unacceptedId: '400' }, [400, 200], [200, 400], [200, 404]],
    [{ readIds: 'none', cancelIds: 'button', unacceptedId: '400' }, [400, 400], [200, 200], [400, 200]],
  ] as const)(
    'accepts the ids that the world says in reads, updates and cancellations: %j',
    async (world, reads, updates, cancellations) => {
      const simulation = await simulate({ world });
      const created = await simulation.create();
      const paths = [PATH, `/v1/order/${created.body.object.button_order_id}`];
      const call = async (method: string, body?: unknown): Promise<number[]> => {
        const statuses: number[] = [];
        for (const path of paths) statuses.push((await simulation.brand(method, path, body)).status);
        return statuses;
      };

      expect(await call('GET')).toEqual(reads);
      expect(await call('POST', { customer_order_id: 'new' })).toEqual(updates);
      expect(await call('DELETE')).toEqual(cancellations);
    },
  );

  it('takes a Brand’s id for the Brand’s, whatever it looks like', async () => {
    const simulation = await simulate({ world: { readIds: 'brand' } });
    await simulation.create({ order_id: 'btnorder-of-the-brand' });

    expect((await simulation.brand('GET', '/v1/order/btnorder-of-the-brand')).status).toBe(200);
  });

  it('refuses a path that is not percent-encoded', async () => {
    const simulation = await simulate();

    const { status } = await simulation.brand('GET', '/v1/order/100%');

    expect(status).toBe(400);
  });
});

it.each([
  ['GET', '/v1/order'],
  ['PUT', PATH],
  ['GET', '/v1/order/'],
  ['GET', '/v1/order/a/b'],
  ['POST', '/v1/order/btn-ref/some'],
  ['GET', '/v1/orders'],
  ['GET', '/v2/order'],
])('answers 404 to %s %s, which is not an endpoint', async (method, path) => {
  const simulation = await simulate();

  const { status, body } = await simulation.brand(method, path);

  expect(status).toBe(404);
  expect(body).toEqual(NOT_FOUND);
});

function line(total: number, identifier = 'a') {
  return { identifier, total };
}
