import { randomBytes } from 'node:crypto';

import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { LedgerEntry } from '../../../../shared/orders/rules/order-ledger.ts';
import {
  sampleSettledOrders,
  scanOrdersThatAreOver,
  settledOrders,
} from '../../../../shared/orders/store/order-ledger-scan.ts';
import { createOrderLedger } from '../../../../shared/orders/store/order-ledger-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../../emulators/dynamodb.ts';

let dynamodb: TestDynamoDB;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(() => dynamodb.close());

function entry(brand: string, orderId: string, progress: LedgerEntry['progress']): LedgerEntry {
  const at = '2026-06-01T12:00:00.000Z';
  const version = { by: 'sequence', sequence: '1' } as const;
  const event = { eventId: 'e', eventSource: 's', messageId: 'm', time: at };
  return {
    brand,
    orderId,
    newest: { version, kind: 'created', hash: 'h', ...event },
    progress,
    attempts: 0,
    warnings: [],
  };
}

const ofBrand = (brand: string) => ({ client: dynamodb.client, table: dynamodb.tables.orderLedger, brand });

it('returns every settled order of the brand once, from a given order on, and no other', async () => {
  for (let index = 0; index < 20; index += 1)
    for (const brand of ['acme', 'acme-two'])
      await createOrderLedger(ofBrand(brand)).write(
        entry(brand, `${brand} ${index}`, { state: 'settled' }),
        0,
      );
  const refused = entry('acme', 'refused', { state: 'refused', reason: 'x' });
  await createOrderLedger(ofBrand('acme')).write(refused, 0);

  for (const random of [0, 0.3, 0.999]) {
    const ids: string[] = [];
    for await (const { orderId, state } of sampleSettledOrders(ofBrand('acme'), () => random)) {
      expect(state).toMatchObject({ orderId, newest: { kind: 'created' } });
      ids.push(orderId);
    }

    expect(ids.toSorted()).toEqual(Array.from({ length: 20 }, (_, index) => `acme ${index}`).toSorted());
  }
});

it('continues after any order, so that all of them can be read in parts (orders, requirement 17)', async () => {
  const brandTable = ofBrand('in-parts');
  const expected = Array.from({ length: 15 }, (_, index) => `o-${index}`);
  for (const id of expected)
    await createOrderLedger(brandTable).write(entry('in-parts', id, { state: 'settled' }), 0);

  const ids: string[] = [];
  for (let parts = 0; parts < 10; parts += 1) {
    const part: string[] = [];
    for await (const { orderId } of settledOrders(brandTable, ids.at(-1)))
      if (part.push(orderId) === 4) break;
    ids.push(...part);
  }

  expect(ids.toSorted()).toEqual(expected.toSorted());
});

it('ends after the page at which the time is over, even among the orders of other brands', async () => {
  let pages = 0;
  const page = { Items: [], LastEvaluatedKey: { pk: { S: 'another#order#1' } } };
  const client = { send: () => Promise.resolve(page) } as unknown as TestDynamoDB['client'];
  const timeLeft = () => (pages += 1) < 3;

  const orders = settledOrders({ client, table: 't', brand: 'acme', timeLeft }, undefined);

  expect(await orders.next()).toEqual({ done: true, value: undefined });
  expect(pages).toBe(3);
});

it('returns the finished orders of every brand, page by page, each once with its revision', async () => {
  const table = dynamodb.tables.orderLedger;
  const expected: string[] = [];
  const states = [{ state: 'settled' }, { state: 'refused', reason: 'x' }] as const;
  for (const brand of ['over-one', 'over-two'])
    for (let index = 0; index < 4; index += 1) {
      const progress = states[index % 2] ?? { state: 'settled' };
      // Eight of them are more than a page.
      const large = {
        ...entry(brand, `o-${index}`, progress),
        warnings: [randomBytes(150_000).toString('hex')],
      };
      await createOrderLedger(ofBrand(brand)).write(large, 0);
      expected.push(`${brand} o-${index}`);
    }
  const wait = { dueAt: '2026-06-01T12:00:00.000Z', reason: 'x' };
  await createOrderLedger(ofBrand('over-one')).write(
    entry('over-one', 'waits', { state: 'waiting', ...wait }),
    0,
  );
  const spoilt = { pk: { S: 'over-two#order#spoilt' }, state: { S: 'settled' } };
  await dynamodb.client.send(new PutItemCommand({ TableName: table, Item: spoilt }));

  const found: string[] = [];
  const unreadable: string[] = [];
  let pages = 0;
  let after: string | undefined;
  do {
    const page = await scanOrdersThatAreOver({ client: dynamodb.client, table }, after);
    for (const { value, revision } of page.orders)
      if (value.brand.startsWith('over-')) found.push(`${value.brand} ${value.orderId}`, String(revision));
    unreadable.push(...page.unreadable);
    after = page.next;
    pages += 1;
  } while (after !== undefined);

  expect(pages).toBeGreaterThan(1);
  expect(found.filter((text) => text !== '1').toSorted()).toEqual(expected);
  expect(unreadable).toEqual(['over-two#order#spoilt']);
});
