import { afterAll, beforeAll, expect, it } from 'vitest';

import {
  createKeyWaitStore,
  createListWaitStore,
} from '../../../../shared/reconciliation/store/key-wait-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../../emulators/dynamodb.ts';

let dynamodb: TestDynamoDB;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(() => dynamodb.close());

it('stores the latest instant until which Button wants no requests, and is not an account (E8)', async () => {
  const { client, tables } = dynamodb;
  const wait = createKeyWaitStore({ client, table: tables.positions });
  const before = await wait.read();

  await wait.extend('2026-06-01T12:15:00.000Z');
  await wait.extend('2026-06-01T12:10:00.000Z');
  const extended = await wait.read();
  await wait.extend('2026-06-01T12:20:00.000Z');

  expect([before, extended, await wait.read()]).toEqual([
    undefined,
    '2026-06-01T12:15:00.000Z',
    '2026-06-01T12:20:00.000Z',
  ]);
});

it('stores the wait for the list of accounts apart from that for the key', async () => {
  const { client, tables } = dynamodb;
  const list = createListWaitStore({ client, table: tables.positions });
  const key = createKeyWaitStore({ client, table: tables.positions });
  const ofKey = await key.read();

  await list.extend('2026-06-01T13:00:00.000Z');

  expect([await list.read(), await key.read()]).toEqual(['2026-06-01T13:00:00.000Z', ofKey]);
});
