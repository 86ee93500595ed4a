import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { PassStore } from '../../../../shared/dynamodb/weekly-pass.ts';
import {
  createExpiryPassStore,
  type ExpiryPass,
} from '../../../../shared/transactions/store/expiry-pass-store.ts';
import { createPositionStore } from '../../../../shared/reconciliation/store/position-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../../emulators/dynamodb.ts';
import { createInMemoryExpiryPass } from '../../../fakes/in-memory-expiry-pass.ts';

let dynamodb: TestDynamoDB;

beforeEach(async () => {
  dynamodb = await startTestDynamoDB();
});

afterEach(async () => {
  await dynamodb.close();
});

const access = () => ({ client: dynamodb.client, table: dynamodb.tables.positions });

const BEGUN: ExpiryPass = {
  startedAt: '2026-06-01T00:00:00.000Z',
  after: 'order#btnorder-7',
  stalePending: { transactions: 3, amountsMinor: { USD: 750, EUR: -70 } },
};
const FINISHED: ExpiryPass = {
  startedAt: '2026-06-01T00:00:00.000Z',
  finishedAt: '2026-06-01T02:00:00.000Z',
  stalePending: { transactions: 0, amountsMinor: {} },
};

let store: PassStore<ExpiryPass>;

describe.each([
  ['in DynamoDB', () => createExpiryPassStore(access())],
  ['in memory', () => createInMemoryExpiryPass<ExpiryPass>()],
])('an expiry pass store %s', (_where, createStore) => {
  beforeEach(() => {
    store = createStore();
  });

  it('holds nothing before the first pass', async () => {
    expect(await store.read()).toBeUndefined();
  });

  it('returns what was saved, under its revision', async () => {
    const isBegun = await store.save(BEGUN, 0);
    const begun = await store.read();
    const isFinished = await store.save(FINISHED, 1);
    const finished = await store.read();

    expect([isBegun, isFinished]).toEqual([true, true]);
    expect([begun, finished]).toEqual([
      { value: BEGUN, revision: 1 },
      { value: FINISHED, revision: 2 },
    ]);
  });

  it('keeps an overtaken run from moving the pass', async () => {
    await store.save(BEGUN, 0);
    await store.save(FINISHED, 1);

    const saved = [await store.save(BEGUN, 0), await store.save(BEGUN, 1)];

    expect(saved).toEqual([false, false]);
    expect(await store.read()).toEqual({ value: FINISHED, revision: 2 });
  });
});

describe('the item of the expiry pass', () => {
  it('is in a partition that belongs to no account, and under no key that means all of them', async () => {
    await createExpiryPassStore(access()).save(BEGUN, 0);

    const { Items } = await dynamodb.client.send(new ScanCommand({ TableName: dynamodb.tables.positions }));

    expect(Items?.map(({ account }) => account?.S)).toEqual(['#personal-data-expiry']);
    expect(await createPositionStore(access()).list('acc-1')).toEqual([]);
  });
});
