import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { reportOrder } from '../../../../functions/order-reporter/report-order.ts';
import type { OrderApi, OrderApiAnswer } from '../../../../shared/button/order-api.ts';
import type { Position } from '../../../../shared/reconciliation/rules/position.ts';
import { createBreakerStore } from '../../../../shared/orders/store/breaker-store.ts';
import { createOrderLedger } from '../../../../shared/orders/store/order-ledger-store.ts';
import { createPositionStore } from '../../../../shared/reconciliation/store/position-store.ts';
import type { DynamoDB } from '../../../../shared/dynamodb/table-access.ts';
import { putRevision } from '../../../../shared/dynamodb/versioned-item.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../../emulators/dynamodb.ts';
import { CLOSED_BREAKER } from '../../../fakes/closed-breaker.ts';
import { createInMemoryQuarantine } from '../../../fakes/in-memory-stores.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as object;
const noon = '2026-06-01T12:00:00.000Z';

let dynamodb: TestDynamoDB;
/** A client that loses the answer to each write and repeats the write, as the SDK does. */
let forgetful: DynamoDB;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
  const { client } = dynamodb;
  const send = async (command: Parameters<DynamoDB['send']>[0]): Promise<unknown> => {
    const isWrite = /^(?:Put|Update)Item/.test(command.constructor.name);
    if (isWrite) await client.send(command);
    return client.send(command);
  };
  forgetful = { send: send as DynamoDB['send'] };
});

afterAll(() => dynamodb.close());

describe('orders, requirement 10: a write whose answer was lost, and that the client repeats', () => {
  it('is recognized as the client’s own, for a new item and for an earlier revision', async () => {
    const table = dynamodb.tables.orderLedger;
    const item = (value: string) => ({ pk: { S: 'acme#order#own' }, value: { S: value } });

    expect(await putRevision(forgetful, { table, item: item('a'), expectedRevision: 0 })).toEqual({
      ok: true,
    });
    expect(await putRevision(forgetful, { table, item: item('b'), expectedRevision: 1 })).toEqual({
      ok: true,
    });
  });

  it('is not recognized as the client’s own if another writer wrote the same', async () => {
    const table = dynamodb.tables.orderLedger;
    const write = { table, item: { pk: { S: 'acme#order#same' } }, expectedRevision: 0 };

    const results = await Promise.all(Array.from({ length: 5 }, () => putRevision(dynamodb.client, write)));

    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('does not make a run wait for itself: the order is reported at once', async () => {
    const body = JSON.stringify({
      ...{ specversion: '1.0', id: 'event-1', source: 'https://shop.example', subject: 'lost' },
      ...{ type: 'order.created.v1', sequence: '1', data: { ...sample, order_id: 'lost' } },
    });
    const call = (): Promise<OrderApiAnswer> => Promise.resolve({ answer: 'done', acceptedOnly: false });
    const orderApi: OrderApi = { create: call, update: call, cancel: call, get: call, getByToken: call };
    const ledger = createOrderLedger({
      client: forgetful,
      table: dynamodb.tables.orderLedger,
      brand: 'acme',
    });

    const outcome = await reportOrder(
      { messageId: 'message-1', body, sentAt: new Date(noon) },
      {
        brand: 'acme',
        settings: { orderBy: 'sequence', testTokens: 'allow', allowFinalizationDate: false },
        policy: { quietTimeMs: 60_000, retryBaseMs: 1000, retryMaxMs: 900_000, jitter: () => 1 },
        ledger,
        quarantine: createInMemoryQuarantine(),
        breaker: CLOSED_BREAKER,
        orderApi,
        metrics: { add: () => undefined },
        now: () => new Date(noon),
        claimant: () => ({ owner: 'run', leaseMs: 30_000 }),
      },
    );

    expect(outcome).toBe('reported');
    expect((await ledger.read('lost'))?.value.progress).toEqual({ state: 'settled' });
  });

  it('opens the breaker once', async () => {
    const store = createBreakerStore({
      client: forgetful,
      table: dynamodb.tables.orderLedger,
      brand: 'lost-answers',
    });

    expect((await store.write({ state: 'closed', since: noon }, 0)).ok).toBe(true);
    expect((await store.write({ state: 'closed', since: noon }, 1)).ok).toBe(true);
    expect((await store.write({ state: 'closed', since: noon }, 1)).ok).toBe(false);
  });

  it('claims a position that it claimed itself, and none that another worker claimed', async () => {
    const store = createPositionStore({ client: forgetful, table: dynamodb.tables.positions });
    const position: Position = {
      account: 'acc-lost',
      stream: 'incremental',
      fence: 0,
      readThrough: noon,
      historicalBefore: null,
    };
    await createPositionStore({ client: dynamodb.client, table: dynamodb.tables.positions }).create(position);

    expect(await store.take(position)).toEqual({ ...position, fence: 1 });
    expect(await store.take(position)).toBeUndefined();
  });
});
