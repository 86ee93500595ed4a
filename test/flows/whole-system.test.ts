import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { unpackText } from '../../shared/dynamodb/packed-json.ts';
import vectors from '../fixtures/button/signature-vectors.json' with { type: 'json' };
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { connectSimulator, type SimulatorClient } from './simulator-client.ts';
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

/** The official vectors' secret and the derived ones'. Both are valid, as during a rotation. */
const SECRETS = ['secret', 'webhook-test-secret'] as const;

let directory: Awaited<ReturnType<typeof makeStateDirectory>>;
let running: LocalSystem;
let system: SystemClient;
let button: SimulatorClient;

const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  directory = await makeStateDirectory();
  started.push(() => directory.remove());
  running = await startSystem({
    configFile: await directory.writeConfig('whole-system', QUICK_STAGES.both),
    stateDirectory: directory.path,
    apiKey: 'sk-flows',
    webhookSecrets: SECRETS,
    controlPort: 0,
  });
  started.push(() => running.close());
  system = connectSystem(running.endpoints);
  started.push(() => {
    system.close();
  });
  button = connectSimulator(running.endpoints.buttonControlUrl ?? '');
});

// Closes what was started, in reverse order.
afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

function untilOrder(orderId: string, isThere: (entry: LedgerEntry) => boolean): Promise<LedgerEntry> {
  return until(`the ledger to tell of order ${orderId}`, async () => {
    const entry = await system.ledgerEntry(orderId);
    return entry && isThere(entry) ? entry : undefined;
  });
}

/** Waits until Button holds the newest version and nothing is in doubt. */
function untilSettled(orderId: string): Promise<LedgerEntry> {
  return untilOrder(orderId, ({ progress }) => progress.state === 'settled');
}

function untilQueueEmpty(): Promise<true> {
  return until('the order queue to be empty', async () => (await system.isOrderQueueEmpty()) || undefined);
}

/** Button's dates have whole seconds, so two changes in one second would look the same. */
function untilNextSecond(): Promise<true> {
  const second = Math.floor(Date.now() / 1000);
  return until('the next second', () => Promise.resolve(Math.floor(Date.now() / 1000) > second || undefined));
}

function sign(body: string): string {
  return createHmac('sha256', SECRETS[0]).update(body).digest('hex');
}

/** Button's sample webhook, about the test's own transaction. */
function webhookBody({
  buttonOrderId,
  hookId,
  ...data
}: {
  buttonOrderId: string;
  hookId: string;
  status?: string;
  amount?: number;
  modified_date?: string;
}): string {
  return JSON.stringify({
    ...pendingWebhook,
    id: hookId,
    event_type: `tx-${data.status ?? 'pending'}`,
    data: { ...pendingWebhook.data, id: `tx-${buttonOrderId}`, button_order_id: buttonOrderId, ...data },
  });
}

async function postSigned(body: string): Promise<number> {
  return system.postWebhook(Buffer.from(body), sign(body));
}

/**
 * Sends a webhook of another transaction and waits for its event on the bus. Everything earlier has been
 * published by then.
 */
async function untilBusCaughtUp(marker: string): Promise<void> {
  await postSigned(webhookBody({ buttonOrderId: marker, hookId: `hook-${marker}` }));
  await until('the bus to catch up', async () => (await system.events(`order#${marker}`))[0]);
}

describe('orders', () => {
  it('reports creation, change and cancellation of an order to Button, each exactly once', async () => {
    const orderId = 'life/1?of=an#order%20';
    const changed = plainOrder(orderId, 900);

    await system.sendAll([
      orderEvent({ orderId, data: plainOrder(orderId) }),
      orderEvent({ type: 'order.updated.v1', orderId, sequence: 2, data: changed }),
      orderEvent({ type: 'order.cancelled.v1', orderId, sequence: 3 }),
    ]);
    await untilOrder(orderId, ({ reported }) => reported?.kind === 'cancelled');

    expect(await button.calls(orderId)).toEqual(['POST 200', 'POST 200', 'DELETE 200']);
    expect(await button.orders(orderId)).toMatchObject([{ total: 900, status: 'deleted' }]);
  });

  it('takes an order through all three flows: reported, received by webhook, reconciled, published', async () => {
    const orderId = 'all-three-flows';
    const btnRef = 'fakesrctok-00000000000000f1';
    await button.setShopper(btnRef, 'shopper-flows');

    await system.send(orderEvent({ orderId, data: { ...plainOrder(orderId, 2000), btn_ref: btnRef } }));
    const { reported } = await untilSettled(orderId);
    const key = `order#${reported?.buttonOrderId ?? ''}`;
    const record = await until('the transaction', () => system.transaction(key));
    await untilNextSecond();
    await button.finalize(orderId);
    await until('the validation', async () => {
      const found = await system.transaction(key);
      return found?.candidates[0].transaction.status === 'validated' || undefined;
    });
    const reconciled = await system.reconcile();
    await untilBusCaughtUp('all-three-flows-marker');

    expect(record.candidates).toMatchObject([
      { transaction: { status: 'pending', amountMinor: 100, publisherCustomerId: 'shopper-flows' } },
    ]);
    expect(reconciled).toBe(200);
    expect(await system.events(key)).toMatchObject([
      { 'detail-type': 'transaction.created', detail: { delivery: 'live', amountMinor: 100 } },
      { 'detail-type': 'transaction.validated', detail: { delivery: 'live', amountMinor: 100 } },
    ]);
  });

  it('reports the good orders of a mixed batch and keeps the bad ones with their reasons (A7, A8, A9, B5, B9)', async () => {
    await untilQueueEmpty();
    const before = {
      reported: await system.metricSum('OrdersReported'),
      quarantined: await system.metricSum('OrdersQuarantined'),
    };
    const good = Array.from({ length: 17 }, (_, index) => `batch-good-${index}`);
    const bad = badMessages();
    const refusedByButton = 'batch-refused';
    await button.addFault({ on: 'api', match: { orderId: refusedByButton }, answer: { status: 400 } });
    const messages = [
      ...good.map((orderId) => orderEvent({ orderId, data: plainOrder(orderId) })),
      ...bad.map(({ message }) => message),
      orderEvent({ orderId: refusedByButton, data: plainOrder(refusedByButton) }),
    ];
    // A good order between any two bad ones, so that every batch is mixed.
    const mixed = messages
      .map((message, index) => ({ message, at: (index * 7) % messages.length }))
      .sort((one, other) => one.at - other.at)
      .map(({ message }) => message);

    const ids = await system.sendAll(mixed);
    const idOf = (message: unknown): string => ids[mixed.findIndex((it) => it === message)] ?? '';
    for (const orderId of good) await untilSettled(orderId);
    const found = await Promise.all(
      bad.map(async ({ code, message }) => {
        const reasons = await until(`the reasons of ${code}`, () => system.reasons(idOf(message)));
        return reasons.map((reason) => reason.code);
      }),
    );
    const refusal = await until('the refusal', () => system.reasons(idOf(messages.at(-1))));
    await untilQueueEmpty();

    expect(mixed).toHaveLength(30);
    for (const orderId of good) {
      expect(await button.calls(orderId)).toEqual(['POST 200']);
      expect(await button.orders(orderId)).toHaveLength(1);
    }
    expect(found).toEqual(bad.map(({ code }) => [code]));
    expect(refusal).toMatchObject([{ code: 'refused_by_button' }]);
    expect(await button.calls(refusedByButton)).toEqual(['POST 400']);
    expect(await system.deadLetters()).toBe(0);
    const counted = await until('every message to be counted', async () => {
      const reported = (await system.metricSum('OrdersReported')) - before.reported;
      const quarantined = (await system.metricSum('OrdersQuarantined')) - before.quarantined;
      return reported + quarantined >= 30 ? { reported, quarantined } : undefined;
    });
    expect(counted).toEqual({ reported: 17, quarantined: 13 });
  });

  it('changes nothing for messages that arrive late or again (A1, A3)', async () => {
    const orderId = 'late-and-again';
    const update = { type: 'order.updated.v1', orderId };
    const newest = orderEvent({ ...update, sequence: 10, data: plainOrder(orderId, 700) });
    await system.send(orderEvent({ orderId, data: plainOrder(orderId) }));
    await system.send(newest);
    await untilOrder(orderId, ({ reported }) => reported?.kind === 'updated');

    await system.sendAll([
      newest,
      { ...newest, deduplicationId: 'sent-again-an-hour-later' },
      orderEvent({
        ...update,
        sequence: 10,
        data: plainOrder(orderId, 700),
        eventId: 'same-version-other-event',
      }),
      orderEvent({ ...update, sequence: 9, data: plainOrder(orderId, 800) }),
      orderEvent({ orderId, data: plainOrder(orderId), eventId: 'created-again' }),
    ]);
    await untilQueueEmpty();

    expect(await button.calls(orderId)).toEqual(['POST 200', 'POST 200']);
    expect(await button.orders(orderId)).toMatchObject([{ total: 700, status: 'open' }]);
    expect(await system.ledgerEntry(orderId)).toMatchObject({
      newest: { version: { sequence: '10' } },
      progress: { state: 'settled' },
    });
  });

  it('keeps an order in the ledger while Button answers 429, and the sweep reports its newest version (A12, B3)', async () => {
    const orderId = 'outage';
    await button.addFault({ on: 'api', match: { orderId }, times: 'unlimited', answer: { status: 429 } });

    await system.send(orderEvent({ orderId, data: plainOrder(orderId) }));
    const waiting = await untilOrder(orderId, ({ progress }) => progress.state === 'waiting');
    await system.send(
      orderEvent({ type: 'order.updated.v1', orderId, sequence: 2, data: plainOrder(orderId, 500) }),
    );
    await untilOrder(orderId, ({ newest }) => newest.kind === 'updated');
    await untilQueueEmpty();
    const deadLetters = await system.deadLetters();
    await button.clearFaults();
    const settled = await untilSettled(orderId);

    expect(waiting).toMatchObject({ progress: { reason: 'http_429' } });
    expect(deadLetters).toBe(0);
    expect(settled.reported?.version).toEqual({ by: 'sequence', sequence: '2' });
    expect(await button.orders(orderId)).toMatchObject([{ total: 500 }]);
    const accepted = (await button.calls(orderId)).filter((call) => call === 'POST 200');
    expect(accepted).toHaveLength(1);
  });

  it.each(['409', 'upsert', 'second-order'])(
    'makes exactly one order of a create whose answer was lost, if a second create means "%s" (A22, B1)',
    async (duplicateCreate) => {
      const [done, late] = [`lost-${duplicateCreate}`, `late-${duplicateCreate}`];
      await button.setWorld({ duplicateCreate });
      await button.addFault({ on: 'api', match: { orderId: done }, answer: 'lost' });
      await button.addFault({ on: 'api', match: { orderId: late }, answer: 'lost', work: { afterMs: 50 } });

      await system.sendAll([done, late].map((orderId) => orderEvent({ orderId, data: plainOrder(orderId) })));
      await Promise.all([done, late].map(untilSettled));

      for (const orderId of [done, late]) {
        expect(await button.orders(orderId)).toMatchObject([{ total: 1200, status: 'open' }]);
        expect(await button.calls(orderId)).toEqual(['POST null', 'GET 200']);
      }
    },
  );
});

describe('webhooks', () => {
  const recorded = [...vectors.official.vectors, ...vectors.derived.vectors].filter(
    // Without vectors signed with a foreign secret, and without the one of which nobody knows whether Button
    // ever sends it.
    ({ secret, valid }) => valid !== null && SECRETS.some((known) => known === secret),
  );

  it.each(recorded.map((vector) => [vector.valid ? 'accepts' : 'refuses', vector.name, vector] as const))(
    '%s the recorded signature "%s" (C1, C2, C12)',
    async (_verdict, _name, { bodyHex, signature, valid }) => {
      const before = await system.items('WebhookQuarantine');

      const status = await system.postWebhook(Buffer.from(bodyHex, 'hex'), signature);

      const kept = (await system.items('WebhookQuarantine')).map(({ bytes }) =>
        unpackText(bytes as Uint8Array).toString('hex'),
      );
      if (valid === true) {
        // Authentic, but not a transaction: kept byte for byte, and acknowledged.
        expect(status).toBe(200);
        expect(kept).toContain(bodyHex);
      } else {
        expect(status).toBe(401);
        expect(kept).toHaveLength(before.length);
      }
    },
  );

  it('refuses what is forged, unsigned or changed on the way, and writes nothing (C1, C15)', async () => {
    const body = webhookBody({ buttonOrderId: 'forged', hookId: 'hook-forged', status: 'validated' });
    const changed = body.replace('"amount":368', '"amount":36800');
    const state = async () => ({
      transactions: (await system.items('Transactions')).length,
      quarantine: (await system.items('WebhookQuarantine')).length,
      events: (await system.events()).length,
    });
    await untilBusCaughtUp('before-forgery');
    const before = await state();

    const statuses = [
      await system.postWebhook(Buffer.from(body), createHmac('sha256', 'guessed').update(body).digest('hex')),
      await system.postWebhook(Buffer.from(body), undefined),
      await system.postWebhook(Buffer.from(body), 'not a signature'),
      await system.postWebhook(Buffer.from(changed), sign(body)),
      await system.postWebhook(Buffer.alloc(0), sign(body)),
    ];

    expect(changed).not.toBe(body);
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    expect(await state()).toEqual(before);
  });

  it('ends validated when the webhooks of a transaction arrive in the wrong order (D1, D2)', async () => {
    const of = { buttonOrderId: 'out-of-order' };
    const lifecycle = [
      webhookBody({
        ...of,
        hookId: 'hook-oo-3',
        status: 'validated',
        modified_date: '2025-04-13T15:20:00.000Z',
      }),
      webhookBody({ ...of, hookId: 'hook-oo-2', amount: 218, modified_date: '2025-03-20T09:12:03.000Z' }),
      webhookBody({ ...of, hookId: 'hook-oo-1' }),
    ];

    const statuses = [];
    for (const body of lifecycle) statuses.push(await postSigned(body));
    await untilBusCaughtUp('out-of-order-marker');

    expect(statuses).toEqual([200, 200, 200]);
    expect(await system.transaction('order#out-of-order')).toMatchObject({
      changes: 1,
      candidates: [{ transaction: { status: 'validated' } }],
    });
    expect(await system.events('order#out-of-order')).toMatchObject([
      { 'detail-type': 'transaction.validated' },
    ]);
  });

  it('publishes one event for each change, in order, and none for repeats (C9, C10, C11)', async () => {
    const of = { buttonOrderId: 'repeated' };
    const first = webhookBody({ ...of, hookId: 'hook-rep-1' });
    const adjusted = webhookBody({
      ...of,
      hookId: 'hook-rep-2',
      amount: 218,
      modified_date: '2025-03-20T09:12:03.000Z',
    });
    const retried = first.replace('attempt-c40d7e91a2b86f35', 'attempt-2');
    const otherHook = webhookBody({ ...of, hookId: 'hook-rep-1-of-another-configuration' });

    const statuses = [];
    for (const body of [first, first, retried, otherHook, adjusted, adjusted, first]) {
      statuses.push(await postSigned(body));
    }
    await untilBusCaughtUp('repeated-marker');

    expect(retried).not.toBe(first);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200]);
    const events = await system.events('order#repeated');
    expect(events).toMatchObject([
      { 'detail-type': 'transaction.created', detail: { amountMinor: 368 } },
      { 'detail-type': 'transaction.adjusted', detail: { amountMinor: 218 } },
    ]);
    const [firstVersion, secondVersion] = events.map(({ detail }) => detail.version);
    expect(secondVersion).toBeGreaterThan(firstVersion ?? Infinity);
  });
});

describe('the reconciler', () => {
  it('finds lost webhooks over several pages, and they are stored when its answer arrives (E14)', async () => {
    const lost = Array.from({ length: 8 }, (_, index) => `lost-webhook-${index}`);
    for (const [index, id] of lost.entries()) {
      await button.injectTransaction({
        button_order_id: id,
        status: 'pending',
        category: 'new-user-order',
        amount: 100 + index,
        webhook: false,
      });
    }
    const isKnownBefore = await Promise.all(lost.map((id) => system.transaction(`order#${id}`)));

    const status = await system.reconcile();

    const records = await Promise.all(lost.map((id) => system.transaction(`order#${id}`)));
    expect(isKnownBefore.filter(Boolean)).toEqual([]);
    expect(status).toBe(200);
    expect(records.map((record) => record?.candidates[0].transaction.amountMinor)).toEqual(
      lost.map((_, index) => 100 + index),
    );
    const queries = await button.queries(/\/transactions$/);
    const laterPages = queries.filter((query) => new URLSearchParams(query).has('cursor'));
    expect(laterPages.length).toBeGreaterThanOrEqual(2);
    expect(queries.every((query) => query.includes('time_field=modified_date'))).toBe(true);
    const events = await until('an event for each', async () => {
      const all = await Promise.all(lost.map((id) => system.events(`order#${id}`)));
      return all.every(({ length }) => length > 0) ? all.flat() : undefined;
    });
    expect(events.map(({ detail }) => detail.delivery)).toEqual(lost.map(() => 'live'));
  });

  it('changes nothing and publishes nothing when it reads the same again', async () => {
    await button.injectTransaction({ button_order_id: 'read-twice', status: 'pending', webhook: false });
    await system.reconcile();
    const record = await system.transaction('order#read-twice');

    const status = await system.reconcile();
    await untilBusCaughtUp('read-twice-marker');

    expect(status).toBe(200);
    expect(record).toBeDefined();
    expect(await system.transaction('order#read-twice')).toEqual(record);
    expect(await system.events('order#read-twice')).toHaveLength(1);
  });
});

// Checks all earlier tests, before their stacks change. test/simulation/rights.test.ts compares what the
// functions call under any fault with their rights.
describe('the roles', () => {
  it('were refused nothing, and need every right by which Lambda polls and logs', () => {
    const ofLambda =
      /^(logs:|sqs:(Receive|Delete|Get)|dynamodb:(DescribeStream|GetRecords|GetShard|ListStreams))/;

    expect(running.access.denied()).toEqual([]);
    expect(running.access.unused().filter(({ action }) => ofLambda.test(action))).toEqual([]);
  });
});

describe('AWS, requirement 5: two deployments in a row', () => {
  it('keep stored data: orders, transactions and webhooks continue from what the first has stored', async () => {
    const orderId = 'kept-over-a-deployment';
    const data = { ...plainOrder(orderId), btn_ref: 'fakesrctok-00000000000000f2' };
    await system.send(orderEvent({ orderId, data }));
    const { reported } = await untilSettled(orderId);
    const key = `order#${reported?.buttonOrderId ?? ''}`;
    const before = await until('the transaction', () => system.transaction(key));

    const endpoints = await running.redeploy(await directory.writeConfig('changed', QUICK_STAGES.changed));
    const changed = { type: 'order.updated.v1', orderId, sequence: 2, data: plainOrder(orderId, 700) };
    await system.send(orderEvent(changed));
    await untilOrder(orderId, ({ reported: now }) => now?.kind === 'updated');
    await untilBusCaughtUp('after-the-deployment');

    expect(endpoints).toMatchObject({
      ...running.endpoints,
      orderQueueUrls: running.endpoints.orderQueueUrls,
      brands: ['acme', 'north-shop'],
    });
    expect(await button.calls(orderId)).toEqual(['POST 200', 'POST 200']);
    expect((await system.transaction(key))?.candidates[0].transaction.id).toBe(
      before.candidates[0].transaction.id,
    );
    expect(running.access.denied()).toEqual([]);
  });

  it('report the orders of a brand that the second adds, and of one that the third leaves out until its stack is deleted', async () => {
    const removed = await directory.writeConfig('brand-removed', QUICK_STAGES.brandRemoved);
    const endpoints = await running.redeploy(removed);
    const added = connectSystem(endpoints, {
      brand: 'north-shop',
      queueUrl: endpoints.orderQueueUrls['NorthShop'] ?? '',
    });
    started.push(added.close);

    await added.send(orderEvent({ orderId: 'of-the-new-brand', data: plainOrder('of-the-new-brand') }));
    await system.send(orderEvent({ orderId: 'left-out', data: plainOrder('left-out') }));
    await until('the new brand’s order', async () => (await added.ledgerEntry('of-the-new-brand'))?.reported);
    await untilSettled('left-out');
    await running.deleteStack('Button-local-Brand-acme');

    expect(await system.ledgerEntry('left-out')).toMatchObject({ reported: { kind: 'created' } });
    await expect(system.send(orderEvent({ orderId: 'late', data: plainOrder('late') }))).rejects.toThrow(
      'queue does not exist',
    );
  });
});

/** Messages that must be refused before any call to Button, each for one reason. */
function badMessages() {
  const withOrder = (code: string, change: object) => {
    const orderId = `batch-${code}`;
    return { code, message: orderEvent({ orderId, data: { ...plainOrder(orderId), ...change } }) };
  };
  const { purchase_date: _date, ...undated } = plainOrder('batch-missing');
  const versioned = orderEvent({ orderId: 'batch-sequence', data: plainOrder('batch-sequence') });
  return [
    { code: 'not_json', message: { body: 'order 66', groupId: 'not-json', deduplicationId: 'not-json' } },
    withOrder('total_not_sum', { total: 1 }),
    withOrder('amount_negative', {
      line_items: [
        { identifier: 'sku-1', total: 1300 },
        { identifier: 'sku-2', total: -100 },
      ],
    }),
    withOrder('amount_not_integer', { total: 12.5, line_items: undefined }),
    withOrder('currency_not_iso_4217', { currency: 'DOLLARS' }),
    withOrder('unknown_field', { totals: 1200 }),
    withOrder('plain_email', { customer: { id: 'c-1', email: 'shopper@example.com' } }),
    withOrder('status_read_only', { status: 'open' }),
    withOrder('date_not_iso_8601', { purchase_date: 'yesterday' }),
    { code: 'missing_field', message: orderEvent({ orderId: 'batch-missing', data: undated }) },
    {
      code: 'sequence_missing',
      message: { ...versioned, body: versioned.body.replace('"sequence":"1",', '') },
    },
    {
      code: 'event_version_unsupported',
      message: orderEvent({ type: 'order.created.v9', orderId: 'batch-v9', data: plainOrder('batch-v9') }),
    },
  ];
}
