// @module-tag long
import { createHmac } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { connectSimulator } from './simulator-client.ts';
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

const SECRET = 'secret';
let running: LocalSystem;
let system: SystemClient;
const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  const directory = await makeStateDirectory();
  started.push(() => directory.remove());
  running = await startSystem({
    configFile: await directory.writeConfig('dynamodb-faults', QUICK_STAGES.both),
    stateDirectory: directory.path,
    apiKey: 'sk-faults',
    webhookSecrets: [SECRET],
    controlPort: 0,
  });
  started.push(() => running.close());
  system = connectSystem(running.endpoints);
  started.push(() => {
    system.close();
  });
});

afterEach(() => {
  running.dynamodbFaults.clear();
});

afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

function postWebhook(name: string): Promise<number> {
  const body = JSON.stringify({
    ...pendingWebhook,
    id: `hook-${name}`,
    data: { ...pendingWebhook.data, id: `tx-${name}`, button_order_id: name },
  });
  return system.postWebhook(Buffer.from(body), createHmac('sha256', SECRET).update(body).digest('hex'));
}

/** More than any client tries. */
const MANY = 1000;

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
describe('AWS, requirement 4: while DynamoDB throttles', () => {
  it('a webhook is accepted and stored later, so that Button sees no failure (C8)', async () => {
    const tableName = running.endpoints.tables['Transactions'] ?? '';
    running.dynamodbFaults.add({ kind: 'throttled', tableName, times: MANY });

    const status = await postWebhook('throttled');
    running.dynamodbFaults.clear();

    expect(status).toBe(200);
    await until('the deferred webhook to be stored', () => system.transaction('order#throttled'));
  });

  it('an order is still reported once (A22)', async () => {
    running.dynamodbFaults.add({
      kind: 'throttled',
      tableName: running.endpoints.tables['OrderLedger'] ?? '',
      times: 7,
    });

    await system.send(orderEvent({ orderId: 'throttled', data: plainOrder('throttled') }));

    await untilSettled('throttled');
    const button = connectSimulator(running.endpoints.buttonControlUrl ?? '');
    expect(await button.orders('throttled')).toHaveLength(1);
  });
});

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
it('a webhook is stored although DynamoDB transactions conflict with others', async () => {
  // Only of this table: a read that meets a conflict goes on when its message returns.
  running.dynamodbFaults.add({
    kind: 'conflict',
    tableName: running.endpoints.tables['Transactions'] ?? '',
    times: 2,
  });

  expect(await postWebhook('conflict')).toBe(200);
  await until('the transaction', () => system.transaction('order#conflict'));
});

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
it('a page of transactions is read although DynamoDB leaves keys unprocessed', async () => {
  const button = connectSimulator(running.endpoints.buttonControlUrl ?? '');
  await button.injectTransaction({
    button_order_id: 'unprocessed',
    status: 'pending',
    category: 'new-user-order',
    amount: 100,
    webhook: false,
  });
  running.dynamodbFaults.add({ kind: 'unprocessed', times: 2 });

  expect(await system.reconcile()).toBe(200);
  await until('the transaction', () => system.transaction('order#unprocessed'));
});

function untilSettled(orderId: string): Promise<true> {
  return until(`order ${orderId} to be settled`, async () => {
    const entry = await system.ledgerEntry(orderId);
    return entry?.progress.state === 'settled' || undefined;
  });
}
