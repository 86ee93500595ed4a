import { afterAll, beforeAll, expect, it } from 'vitest';

import { openBreaker } from '../../../shared/domain/breaker.ts';
import { createBreakerStore } from '../../../shared/store/breaker-store.ts';
import { createOrderReportStore } from '../../../shared/store/order-report-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';
import { createInMemoryBreakerStore, createInMemoryLedger } from '../../fakes/in-memory-stores.ts';
import { describeOrderReportStore } from './order-report-store.contract.ts';

let dynamodb: TestDynamoDB;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(() => dynamodb.close());

const ofBrand = (brand: string) => ({
  client: dynamodb.client,
  table: dynamodb.tables.orderReports,
  brand,
});

const inMemory = createInMemoryLedger();
describeOrderReportStore('in DynamoDB', () => createOrderReportStore(ofBrand('acme')));
describeOrderReportStore('in memory, for tests', () => inMemory);

it.each([
  ['in DynamoDB', () => createBreakerStore(ofBrand('north-shop'))],
  ['in memory, for tests', createInMemoryBreakerStore],
])('the breaker %s is written over the expected revision only', async (_where, open) => {
  const store = open();
  const breaker = openBreaker(undefined, 'key-refused', new Date('2026-06-01T12:00:00.000Z'));

  expect(await store.read()).toBeUndefined();
  expect(await store.write(breaker, 0)).toEqual({ written: true, stored: { thing: breaker, revision: 1 } });
  expect(await store.write({ state: 'closed', since: 'x' }, 0)).toEqual({
    written: false,
    current: { thing: breaker, revision: 1 },
  });
  expect(await store.read()).toEqual({ thing: breaker, revision: 1 });
});

it("a brand's breaker is not another's, and no order", async () => {
  await createBreakerStore(ofBrand('brand-a')).write({ state: 'closed', since: 'x' }, 0);

  expect(await createBreakerStore(ofBrand('brand-b')).read()).toBeUndefined();
  expect(await createOrderReportStore(ofBrand('brand-a')).read('breaker')).toBeUndefined();
});
