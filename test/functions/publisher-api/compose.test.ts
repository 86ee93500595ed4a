import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type * as z from 'zod';

import {
  ErrorSchema,
  RewardsSchema,
  TransactionSchema,
  TransactionsSchema,
} from '../../../functions/publisher-api/api-schemas.ts';
import { createWorld, type World } from '../../crash/world.ts';

let world: World;
let nextOrder = 0;

beforeAll(() => {
  world = createWorld();
});

afterAll(() => {
  world.close();
});

beforeEach(() => {
  world.reset();
});

/** Receives a transaction by its documented webhook, with these fields instead of the sample's. */
async function receive({
  status = 'pending',
  ...fields
}: Record<string, unknown> & { status?: string }): Promise<string> {
  nextOrder += 1;
  const file = new URL('../../fixtures/button/webhook-tx-pending.json', import.meta.url);
  const { data, ...webhook } = JSON.parse(readFileSync(file, 'utf8')) as { data: Record<string, unknown> };
  const order = `btnorder-api-${nextOrder}`;
  const ids = { id: `tx-api-${nextOrder}`, button_order_id: order };
  const changed: Record<string, unknown> = {
    ...data,
    ...ids,
    created_date: '2026-06-01T12:00:00Z',
    publisher_customer_id: 'user-1',
    status,
    ...fields,
  };
  const ofItsOwn = { id: `hook-${nextOrder}-${status}`, event_type: `tx-${status}` };
  await world.deliver(JSON.stringify({ ...webhook, ...ofItsOwn, data: changed }));
  return order;
}

async function ask<Schema extends z.ZodType>(
  route: string,
  query: Record<string, string>,
  schema: Schema,
): Promise<{ status: number; body: z.output<Schema> }> {
  const answer = (await world.invoke('publisher-api', {
    routeKey: `GET ${route}`,
    rawQueryString: new URLSearchParams(query).toString(),
  })) as { statusCode: number; body: string };
  return { status: answer.statusCode, body: schema.parse(JSON.parse(answer.body)) };
}

describe('the publisher API', () => {
  it("lists a shopper's rewards by status and currency, and nobody else's", async () => {
    await receive({ status: 'pending', amount: 100 });
    await receive({ status: 'pending', amount: 50, currency: 'EUR' });
    await receive({ status: 'validated', amount: 300, validated_date: '2026-06-02T00:00:00Z' });
    await receive({ status: 'declined', amount: 70 });
    await receive({ status: 'pending', amount: 9000, created_date: '2020-01-01T00:00:00Z' });
    await receive({ status: 'pending', amount: 500, category: 'app-install', button_order_id: null });
    await receive({ status: 'validated', amount: 999, publisher_customer_id: 'user-2' });

    const { status, body } = await ask('/v1/rewards', { shopper: 'user-1' }, RewardsSchema);

    expect(status).toBe(200);
    expect(body).toMatchObject({
      pending: [
        { currency: 'EUR', amountMinor: 50, transactions: 1 },
        { currency: 'USD', amountMinor: 100, transactions: 1 },
      ],
      confirmed: [{ currency: 'USD', amountMinor: 300, transactions: 1 }],
      declined: [{ currency: 'USD', amountMinor: 70, transactions: 1 }],
      historical: [{ currency: 'USD', amountMinor: 9000, transactions: 1 }],
      notRewarded: 1,
    });
  });

  it("pages through a shopper's transactions, the latest first, one query a page", async () => {
    for (const day of ['01', '02', '03', '04', '05'])
      await receive({ created_date: `2026-06-${day}T12:00:00Z` });
    const seen: string[] = [];
    let page: string | null = '';
    let pages = 0;
    const callsBefore = world.lifeline.calls();
    while (page !== null) {
      const query = { shopper: 'user-1', limit: '2', ...(page === '' ? {} : { page }) };
      const answer: Awaited<ReturnType<typeof ask<typeof TransactionsSchema>>> = await ask(
        '/v1/transactions',
        query,
        TransactionsSchema,
      );
      pages += 1;
      seen.push(...answer.body.transactions.map(({ createdDate }) => createdDate.slice(8, 10)));
      page = answer.body.nextPage;
    }

    expect(seen).toEqual(['05', '04', '03', '02', '01']);
    expect([pages, world.lifeline.calls() - callsBefore]).toEqual([3, 3]);
  });

  it('filters by status and by the time of creation, whatever the offset, with milliseconds or without', async () => {
    await receive({ created_date: '2026-06-01T23:59:59.900Z' });
    await receive({ created_date: '2026-06-02T00:00:00Z' });
    await receive({ created_date: '2026-06-02T00:00:00.500Z', status: 'declined' });
    await receive({ created_date: '2026-06-03T00:00:00.100Z' });
    const days = { from: '2026-06-02T02:00:00+02:00', before: '2026-06-03T00:00:00Z' };

    const all = await ask('/v1/transactions', { shopper: 'user-1', ...days }, TransactionsSchema);
    const declined = await ask(
      '/v1/transactions',
      { shopper: 'user-1', ...days, status: 'declined' },
      TransactionsSchema,
    );

    expect(all.body.transactions.map(({ createdDate }) => createdDate).sort()).toEqual([
      '2026-06-02T00:00:00.500Z',
      '2026-06-02T00:00:00Z',
    ]);
    expect(declined.body.transactions.map(({ reward }) => reward)).toEqual(['declined']);
  });

  it("shows one transaction with its history, by its key, Button's id or the order's", async () => {
    const order = await receive({ status: 'pending', amount: 100 });
    const id = `tx-api-${nextOrder}`;
    nextOrder -= 1;
    await receive({ status: 'validated', amount: 120, modified_date: '2026-06-05T00:00:00Z' });

    const answers = await Promise.all(
      [`order#${order}`, order, id].map((asked) => ask('/v1/transaction', { id: asked }, TransactionSchema)),
    );

    for (const { body } of answers)
      expect(body).toMatchObject({
        key: `order#${order}`,
        reward: 'confirmed',
        amountMinor: 120,
        transactionIds: [id],
        publisherCustomerId: 'user-1',
        history: [
          { status: 'pending', amountMinor: 100, source: 'webhook' },
          { status: 'validated', amountMinor: 120, source: 'webhook' },
        ],
      });
    expect(answers[0]?.body.lineItems).not.toEqual([]);
  });

  it.each<[string, string, Record<string, string>, string]>([
    ['no shopper', '/v1/rewards', {}, 'shopper'],
    ['an empty shopper', '/v1/rewards', { shopper: '' }, 'shopper'],
    ['a shopper longer than any that is stored', '/v1/rewards', { shopper: 'a'.repeat(2049) }, 'shopper'],
    ['an unknown status', '/v1/transactions', { shopper: 'a', status: 'paid' }, 'status'],
    ['no instant', '/v1/transactions', { shopper: 'a', from: 'yesterday' }, 'from'],
    ['too large a page', '/v1/transactions', { shopper: 'a', limit: '101' }, 'limit'],
    ['an empty page', '/v1/transactions', { shopper: 'a', page: 'e30' }, 'page'],
    ['a page that is not JSON', '/v1/transactions', { shopper: 'a', page: '!' }, 'page'],
    ['no id', '/v1/transaction', {}, 'id'],
  ])('refuses %s and names the parameter', async (_what, route, query, parameter) => {
    const { status, body } = await ask(route, query, ErrorSchema);

    expect(status).toBe(400);
    expect(body).toMatchObject({ error: 'bad_request', problems: [{ parameter }] });
  });

  it.each([
    ['/v1/transaction', { id: 'tx-nobody' }],
    ['/v2/rewards', {}],
  ])('answers 404 to %s %o', async (route, query) => {
    expect(await ask(route, query, ErrorSchema)).toMatchObject({ status: 404, body: { error: 'not_found' } });
  });
});
