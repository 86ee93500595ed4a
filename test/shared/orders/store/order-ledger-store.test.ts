import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { closeBreaker, openBreaker, pauseBrand } from '../../../../shared/orders/rules/breaker.ts';
import { createBreakerStore } from '../../../../shared/orders/store/breaker-store.ts';
import { createOrderLedger } from '../../../../shared/orders/store/order-ledger-store.ts';
import { DUE_SHARDS } from '../../../../shared/dynamodb/table.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../../emulators/dynamodb.ts';
import { createInMemoryBreakerStore, createInMemoryLedger } from '../../../fakes/in-memory-stores.ts';
import { describeOrderLedger } from '../rules/order-ledger-store.contract.ts';

let dynamodb: TestDynamoDB;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(() => dynamodb.close());

const brandTable = (brand: string) => ({
  client: dynamodb.client,
  table: dynamodb.tables.orderLedger,
  brand,
});

const inMemory = createInMemoryLedger();
describeOrderLedger('in DynamoDB', () => createOrderLedger(brandTable('acme')));
describeOrderLedger('in memory, for tests', () => inMemory);

it('reads no more of each shard than requested', async () => {
  const limits: (number | undefined)[] = [];
  const client = {
    send: (command: object) => {
      if (command instanceof QueryCommand) limits.push(command.input.Limit);
      return dynamodb.client.send(command as never);
    },
  };
  const ledger = createOrderLedger({ ...brandTable('acme'), client: client as never });

  await ledger.listDue(new Date('2026-06-01T12:00:00.000Z'), 3);

  expect(limits).toEqual(Array.from({ length: DUE_SHARDS }, () => 3));
});

it.each([
  ['in DynamoDB', () => createBreakerStore(brandTable('north-shop'))],
  ['in memory, for tests', createInMemoryBreakerStore],
])('the breaker %s is written over the expected revision only', async (_where, open) => {
  const store = open();
  const breaker = openBreaker(undefined, 'key-refused', new Date('2026-06-01T12:00:00.000Z'));

  expect(await store.read()).toBeUndefined();
  expect(await store.write(breaker, 0)).toEqual({ ok: true, stored: { value: breaker, revision: 1 } });
  expect(await store.write({ state: 'closed', since: 'x' }, 0)).toEqual({
    ok: false,
    current: { value: breaker, revision: 1 },
  });
  expect(await store.read()).toEqual({ value: breaker, revision: 1 });
});

it('a pause that replaces an unreadable breaker stays, whatever revision others know', async () => {
  const { client, table } = brandTable('spoilt');
  const store = createBreakerStore(brandTable('spoilt'));
  const now = new Date('2026-06-01T12:00:00.000Z');
  await store.write(closeBreaker(undefined, now), 0);
  const Item = { pk: { S: 'spoilt#breaker' }, revision: { N: '4' }, breaker: { S: 'spoilt' } };
  await client.send(new PutItemCommand({ TableName: table, Item }));
  const paused = pauseBrand(undefined, 'wrong prices', now);

  const written = await store.write(paused, 0);
  const late = await store.write(openBreaker(undefined, 'outage', now), 1);

  expect(written).toEqual({ ok: true, stored: { value: paused, revision: 5 } });
  expect(late).toEqual({ ok: false, current: { value: paused, revision: 5 } });
});

it("a brand's breaker is neither another brand's nor an order", async () => {
  await createBreakerStore(brandTable('brand-a')).write({ state: 'closed', since: 'x' }, 0);

  expect(await createBreakerStore(brandTable('brand-b')).read()).toBeUndefined();
  expect(await createOrderLedger(brandTable('brand-a')).read('breaker')).toBeUndefined();
});
