import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';

import { FINALIZATION_PARTITION } from '../../shared/dynamodb/table.ts';
import {
  LONGEST_CHAIN,
  plannedReadMessage,
  type ReadMessage,
} from '../../shared/reconciliation/rules/read-message.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { orderMessage, type SentVersion } from '../simulation/messages.ts';
import { QUEUES, TABLES } from '../simulation/resources.ts';
import { inject, live, misbehave, MINUTE_MS, outage, postWebhook, strike } from './play.ts';
import { watchWorld, type WatchedWorld } from './watched-world.ts';

const ORDER_API = '^/v1/order';
const ACCOUNTS = '/affiliation/accounts$';
const TRANSACTIONS = '/affiliation/.*transactions';

/** A world in which every flow has had every possible result. */
export async function playEverything(): Promise<WatchedWorld> {
  const watched = watchWorld({
    seed: 'everything',
    transactions: {
      deferredWebhooks: { timeoutSeconds: 10, visibilityTimeoutSeconds: 60, maxReceiveCount: 10 },
      reconciler: { readFrom: '2026-06-01T00:00:00Z', pageSize: 10, sliceSeconds: 1, crossCheck: true },
    },
  });
  await playOldTransactions(watched);
  await playSecretsThatAreMissing(watched);
  await playOrders(watched);
  await playWebhooks(watched);
  await playReads(watched);
  const shopper = { routeKey: 'GET /v1/rewards', rawQueryString: 'shopper=user-1' };
  void watched.world.functions['publisher-api'].invoke(shopper);
  await watched.world.runFor(MINUTE_MS);
  return watched;
}

async function playSecretsThatAreMissing({ world }: WatchedWorld): Promise<void> {
  const secrets = new Map(world.secrets);
  world.secrets.clear();
  world.reconcile(['incremental']);
  await postWebhook(world, pendingWebhook);
  world.secrets.set('publisher-api-key', 'no key at all');
  await world.runFor(2 * MINUTE_MS);
  world.reconcile(['incremental']);
  await world.runFor(MINUTE_MS);
  for (const [name, value] of secrets) world.secrets.set(name, value);
  await world.runFor(2 * MINUTE_MS);
}

async function playOrders({ world }: WatchedWorld): Promise<void> {
  const send = async (version: SentVersion, eventId?: string): Promise<void> => {
    const message = orderMessage(version);
    world.sendOrderMessage({ ...message, ...(eventId === undefined ? {} : { eventId }) });
    await world.runFor(5000);
  };
  const order = { orderId: 'order-1', kind: 'updated', total: 100 } as const;
  await send({ ...order, sequence: 1, kind: 'created' });
  await send({ ...order, sequence: 1, kind: 'created' }, 'sent-again');
  await send({ ...order, sequence: 3 });
  await send({ ...order, sequence: 2 });
  await send({ orderId: 'order-1', sequence: 4, kind: 'cancelled' });
  await send({ ...order, sequence: 5 });
  await send({ orderId: 'order-2', sequence: 1, kind: 'created', total: -1 });
  for (const status of [503, 401])
    misbehave(world, { on: 'api', times: 1, match: { path: ORDER_API }, answer: { status } });
  await send({ orderId: 'order-3', sequence: 1, kind: 'created', total: 300 });
  await send({ orderId: 'order-4', sequence: 1, kind: 'created', total: 400 });
  await world.runFor(10 * MINUTE_MS);
  world.button.orders.finalize('order-3');
  await live(world, 30 * MINUTE_MS);
  await playTokens({ world });
  await playDrain({ world });
  const breaker = { pk: { S: 'acme#breaker' } };
  world.dynamodb.execute(new PutItemCommand({ TableName: TABLES.orderLedger, Item: breaker }));
  await world.runFor(2 * MINUTE_MS);
  await playAudit({ world });
}

/**
 * An order is created without its token. The token arrives late, is refused, and is followed by another one.
 */
async function playTokens({ world }: Pick<WatchedWorld, 'world'>): Promise<void> {
  const send = async (sequence: number, token?: string): Promise<void> => {
    const version = {
      orderId: 'order-5',
      sequence,
      kind: sequence === 1 ? 'created' : 'updated',
      total: 500,
    } as const;
    const message = orderMessage(version);
    const event = JSON.parse(message.body) as { data: Record<string, unknown> };
    const { btn_ref: _known, ...data } = event.data;
    const body = JSON.stringify({ ...event, data: { ...data, ...(token && { btn_ref: token }) } });
    world.sendOrderMessage({ ...message, body });
    await world.runFor(5000);
  };
  await send(1);
  // Under both ids.
  misbehave(world, {
    on: 'api',
    times: 2,
    match: { method: 'POST', path: ORDER_API },
    answer: { status: 400 },
  });
  await send(2, 'fakesrctok-0123456789abcdef');
  await send(3, 'fakesrctok-fedcba9876543210');
  await world.runFor(10 * MINUTE_MS);
}

/** More orders wait than the first second of a sweep retries. */
async function playDrain({ world }: Pick<WatchedWorld, 'world'>): Promise<void> {
  misbehave(world, { on: 'api', match: { path: ORDER_API }, answer: { status: 503 } });
  for (let number = 0; number < 120; number += 1)
    world.sendOrderMessage(
      orderMessage({ orderId: `waiting-${number}`, sequence: 1, kind: 'created', total: 100 }),
    );
  await world.runFor(2 * MINUTE_MS);
  world.button.faults.clear();
  await world.runFor(10 * MINUTE_MS);
}

async function playAudit({ world }: Pick<WatchedWorld, 'world'>): Promise<void> {
  await world.runFor(3 * 60 * MINUTE_MS);
  const { orders } = world.button;
  for (const { brandId, buttonOrderId } of orders.all().slice(0, 3)) orders.cancel(brandId, buttonOrderId);
  world.auditOrders();
  await world.runFor(10 * MINUTE_MS);
}

async function playWebhooks({ world }: WatchedWorld): Promise<void> {
  const { weather } = world;
  const { fateOf } = weather;
  const withOrder = (orderId: string): object => ({
    ...pendingWebhook,
    data: { ...pendingWebhook.data, button_order_id: orderId },
  });
  const isIntake = (name: string): boolean => name.startsWith('webhook-') || name === 'deferred-webhooks';
  await postWebhook(world, withOrder('btnorder-1'));
  await postWebhook(world, { ...withOrder('btnorder-1'), event_type: 'tx-unheard-of' });
  await postWebhook(world, 'nonsense');
  const btn_ref = 'fakesrctok-followed';
  await postWebhook(world, { id: 'hook-checkout', event_type: 'order-checkout', data: { btn_ref } });
  await postWebhook(world, {
    ...pendingWebhook,
    data: { ...pendingWebhook.data, button_order_id: 'btnorder-followed', btn_ref },
  });
  await postWebhook(world, pendingWebhook, 'a forger');

  const validSecrets = world.secrets.get('webhooks') ?? '[]';
  world.secrets.set('webhooks', validSecrets.replace(/\]$/, ',{}]'));
  await world.runFor(2 * MINUTE_MS);
  await postWebhook(world, withOrder('btnorder-1'));
  world.secrets.set('webhooks', validSecrets);

  strike(world, ({ functionName, service }) => isIntake(functionName) && service !== 'secrets', {
    error: outage(),
  });
  await postWebhook(world, withOrder('btnorder-2'));
  weather.fateOf = fateOf;
  strike(world, ({ functionName, target }) => isIntake(functionName) && target === TABLES.transactions, {
    error: outage(),
  });
  await postWebhook(world, withOrder('btnorder-3'));
  weather.fateOf = fateOf;
  world.sqs.execute(new SendMessageCommand({ QueueUrl: QUEUES.deferredWebhooks, MessageBody: 'nonsense' }));
  await world.runFor(30 * MINUTE_MS);
}

async function playReads({ world }: WatchedWorld): Promise<void> {
  const read = async (...streams: string[]): Promise<void> => {
    world.reconcile(streams);
    await world.runFor(4 * MINUTE_MS);
  };
  const minutesAgo = (minutes: number): string =>
    new Date(world.clock.now() - minutes * MINUTE_MS).toISOString();
  const unseen = { webhook: false, currency: 'USD', amount: 100 };

  for (let number = 0; number < 30; number += 1) inject(world, unseen);
  inject(world, { ...unseen, created_date: '2026-06-01T01:00:00Z', modified_date: '2026-06-01T01:00:00Z' });
  inject(world, { ...unseen, status: 'unheard-of' });
  await postWebhook(world, changed('btnorder-stale', { modified_date: minutesAgo(10) }));
  inject(world, { ...unseen, button_order_id: 'btnorder-stale' });
  for (const status of ['validated', 'declined']) {
    await postWebhook(
      world,
      changed('btnorder-odd', { id: 'tx-odd', status, modified_date: minutesAgo(10) }),
    );
  }
  inject(world, { ...unseen, id: 'tx-odd', button_order_id: 'btnorder-odd' });
  const corrected = { id: 'tx-corrected', button_order_id: 'btnorder-corrected' };
  await postWebhook(
    world,
    changed('btnorder-corrected', { ...corrected, modified_date: '2099-01-01T00:00:00Z' }),
  );
  inject(world, { ...unseen, ...corrected });
  await world.runFor(4 * MINUTE_MS);
  await read('incremental', 'sweep-daily', 'cross-check');

  for (const path of [ACCOUNTS, TRANSACTIONS])
    misbehave(world, { on: 'api', times: 1, match: { path }, answer: { status: 503 } });
  await read('incremental');
  await read('incremental');
  misbehave(world, { on: 'api', times: 1, match: { path: TRANSACTIONS }, answer: { status: 400 } });
  await read('incremental');
  const malformed = { status: 200, body: { meta: { status: 'ok' }, objects: [null] } };
  misbehave(world, { on: 'api', times: 1, match: { path: ACCOUNTS }, answer: malformed });
  inject(world, { ...unseen, button_order_id: 'btnorder-unreadable' });
  world.button.world.unreadableTransactions = ['btnorder-unreadable'];
  await world.runFor(4 * MINUTE_MS);
  for (let tick = 0; tick < 3; tick += 1) await read('incremental');
  world.button.world.unreadableTransactions = [];
  const account = world.dynamodb
    .items(TABLES.positions)
    .map((item) => item['account'])
    .find((id) => id?.S?.startsWith('acc-')) ?? { S: '' };
  const spoilt = { account, stream: { S: 'backfill-spoilt' } };
  world.dynamodb.execute(new PutItemCommand({ TableName: TABLES.positions, Item: spoilt }));
  await read('incremental');
  const group = { MessageGroupId: 'nonsense', MessageDeduplicationId: 'nonsense' };
  world.sqs.execute(new SendMessageCommand({ QueueUrl: QUEUES.readQueue, MessageBody: '{}', ...group }));
  const note = { account: { S: '#conflicts' }, stream: { S: 'spoilt' } };
  world.dynamodb.execute(new PutItemCommand({ TableName: TABLES.positions, Item: note }));
  await read('incremental');
  for (const brandsList of ['among-malformed-entries', 'refused'] as const) {
    // The windows are corrupted, so the next tick reads them again.
    const windows = { account: { S: FINALIZATION_PARTITION }, stream: { S: 'windows' } };
    world.dynamodb.execute(new PutItemCommand({ TableName: TABLES.positions, Item: windows }));
    world.button.world.brandsList = brandsList;
    await read('incremental');
  }
  workTwice(world, plannedReadMessage({ account: account.S ?? '', stream: 'incremental' }, 'twice'));
  workTwice(world, plannedReadMessage({ account: 'acc-unknown', stream: 'incremental' }, 'twice'));
  await world.runFor(MINUTE_MS);
  await endChain(world);
  await postWebhook(
    world,
    changed('btnorder-new-category', { category: 'new-category', created_date: minutesAgo(0) }),
  );
  await postWebhook(world, changed('btnorder-older', { id: 'tx-newer', created_date: minutesAgo(0) }));
  await postWebhook(world, changed('btnorder-older', { id: 'tx-older' }));
}

/** A second worker handles a read message while the first one waits for Button. */
function workTwice(world: WatchedWorld['world'], { body, groupId }: ReadMessage): void {
  const { clock, functions } = world;
  const record = { messageId: 'twice', body, attributes: { MessageGroupId: groupId } };
  misbehave(world, { on: 'api', times: 1, match: { path: TRANSACTIONS }, answerDelayMs: 3000 });
  for (const afterMs of [0, 1500])
    clock.at(clock.now() + afterMs, () => {
      clock.track(functions['transaction-reconciler'].invoke({ Records: [record] } as unknown as SQSEvent));
    });
}

/** The last slice that a chain may have finds more rows than it can read in its time. */
export async function endChain(world: WatchedWorld['world']): Promise<void> {
  const modified_date = new Date(world.clock.now() - 10 * MINUTE_MS).toISOString();
  for (let number = 0; number < 30; number += 1)
    inject(world, { currency: 'USD', button_order_id: `btnorder-chain-${number}`, modified_date });
  await world.runFor(MINUTE_MS);
  misbehave(world, { on: 'api', times: 1, match: { path: TRANSACTIONS }, answerDelayMs: 2000 });
  const account = world.button.accounts.all().find(({ currency }) => currency === 'USD')?.id;
  const body = JSON.stringify({ account, stream: 'incremental', chain: 'long', slice: LONGEST_CHAIN });
  const group = { MessageGroupId: 'long', MessageDeduplicationId: 'long' };
  world.sqs.execute(new SendMessageCommand({ QueueUrl: QUEUES.readQueue, MessageBody: body, ...group }));
  await world.runFor(MINUTE_MS);
}

/** The expiry's first pass starts a minute after the deployment. */
async function playOldTransactions({ world }: WatchedWorld): Promise<void> {
  const longAgo = '2025-01-01T10:00:00Z';
  const dates = { created_date: longAgo, modified_date: longAgo };
  await postWebhook(world, changed('btnorder-overdue', dates));
  await postWebhook(world, changed('btnorder-expired', { ...dates, status: 'validated' }));
  await world.runFor(2 * MINUTE_MS);
}

function changed(orderId: string, changes: object): object {
  const id = `hook-${orderId}-${JSON.stringify(changes)}`;
  const data = { ...pendingWebhook.data, button_order_id: orderId, ...changes };
  return { ...pendingWebhook, id, data };
}
