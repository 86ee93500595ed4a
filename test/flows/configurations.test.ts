// @module-tag long
import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { connectSimulator } from './simulator-client.ts';
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

const SECRET = 'webhook-test-secret';

let brandOnly: LocalSystem;
let publisherOnly: LocalSystem;
let samePublisher: LocalSystem;
let twoBrands: LocalSystem;

const started: (() => void | Promise<void>)[] = [];

// All at once, two of them with the same configuration: those share an assembly, which none may remove.
beforeAll(async () => {
  const directory = await makeStateDirectory();
  started.push(() => directory.remove());
  const writeConfig = (name: keyof typeof QUICK_STAGES) => directory.writeConfig(name, QUICK_STAGES[name]);
  const start = async (configFile: string) => {
    const system = await startSystem({
      configFile,
      stateDirectory: directory.path,
      apiKey: 'sk-flows',
      webhookSecrets: [SECRET],
      controlPort: 0,
    });
    started.push(() => system.close());
    return system;
  };
  const publisherConfig = await writeConfig('publisherOnly');
  [brandOnly, publisherOnly, samePublisher, twoBrands] = await Promise.all([
    start(await writeConfig('brandOnly')),
    start(publisherConfig),
    start(publisherConfig),
    start(await writeConfig('twoBrands')),
  ]);
});

// Closes what was started, in reverse order.
afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

function connect(...given: Parameters<typeof connectSystem>): SystemClient {
  const client = connectSystem(...given);
  started.push(() => {
    client.close();
  });
  return client;
}

function untilReported(system: SystemClient, orderId: string): Promise<true> {
  return until(`order ${orderId} to be reported`, async () => {
    const entry = await system.ledgerEntry(orderId);
    return entry?.progress.state === 'settled' || undefined;
  });
}

/** Posts Button's sample webhook with its own order id. Returns the status. */
async function postWebhook(system: SystemClient, buttonOrderId: string): Promise<number> {
  const data = { ...pendingWebhook.data, button_order_id: buttonOrderId };
  const body = Buffer.from(JSON.stringify({ ...pendingWebhook, data }));
  return system.postWebhook(body, createHmac('sha256', SECRET).update(body).digest('hex'));
}

describe('a brand alone', () => {
  it('reports orders, and has no webhook URL and no reconciler', async () => {
    const system = connect(brandOnly.endpoints);
    const button = connectSimulator(brandOnly.endpoints.buttonControlUrl ?? '');

    await system.send(orderEvent({ orderId: 'brand-only', data: plainOrder('brand-only') }));
    await untilReported(system, 'brand-only');

    expect(await button.orders('brand-only')).toHaveLength(1);
    expect(Object.keys(brandOnly.endpoints.tables).sort()).toEqual(['OrderLedger', 'OrderQuarantine']);
    expect(brandOnly.endpoints).not.toHaveProperty('webhookUrl');
    expect(await system.reconcile()).toBe(502);
  });
});

describe('a publisher alone', () => {
  it('stores and publishes transactions, and has no order queue', async () => {
    const system = connect(publisherOnly.endpoints);

    const status = await postWebhook(system, 'publisher-only');
    const [event] = await until('the event', async () => {
      const events = await system.events('order#publisher-only');
      return events.length > 0 ? events : undefined;
    });
    const reconciled = await system.reconcile();

    expect(status).toBe(200);
    expect(event).toMatchObject({ 'detail-type': 'transaction.created', detail: { amountMinor: 368 } });
    expect(reconciled).toBe(200);
    expect(publisherOnly.endpoints).not.toHaveProperty('orderQueueUrl');
    expect(publisherOnly.endpoints.orderQueueUrls).toEqual({});
  });

  it('runs twice at once, each instance with its own state', async () => {
    const [one, other] = [connect(publisherOnly.endpoints), connect(samePublisher.endpoints)];

    // Repeats like Button, because a busy machine may answer the first attempts with 503.
    await until('the webhook to be taken', async () => {
      const status = await postWebhook(other, 'second-instance');
      return status === 200 || undefined;
    });

    expect(await other.transaction('order#second-instance')).toBeDefined();
    expect(await one.transaction('order#second-instance')).toBeUndefined();
  });
});

describe('two brands', () => {
  it('have their own queues and ledgers, and may order versions differently', async () => {
    const { endpoints } = twoBrands;
    const { Acme: acmeQueue = '', NorthShop2: northQueue = '' } = endpoints.orderQueueUrls;
    const acme = connect(endpoints, { brand: 'acme', queueUrl: acmeQueue });
    const north = connect(endpoints, { brand: 'north-shop-2', queueUrl: northQueue });
    const orderId = 'of-the-north';
    const changed = { type: 'order.updated.v1', orderId, data: plainOrder(orderId, 300) };

    await acme.send(orderEvent({ orderId: 'of-acme', data: plainOrder('of-acme') }));
    await north.sendAll([
      orderEvent({ orderId, data: plainOrder(orderId), time: '2025-03-14T15:10:00Z' }),
      orderEvent({ ...changed, eventId: 'newer', time: '2025-03-14T15:12:00.001Z' }),
      orderEvent({
        ...changed,
        eventId: 'older',
        time: '2025-03-14T15:11:00Z',
        data: plainOrder(orderId, 1),
      }),
    ]);
    await untilReported(acme, 'of-acme');
    await until('the change', async () => {
      const entry = await north.ledgerEntry(orderId);
      return entry?.reported?.kind === 'updated' || undefined;
    });
    await until('the queue to be empty', async () => (await north.isOrderQueueEmpty()) || undefined);

    const button = connectSimulator(endpoints.buttonControlUrl ?? '');
    expect(endpoints.orderQueueUrl).toBe(acmeQueue);
    expect(await button.orders('of-acme')).toHaveLength(1);
    expect(await button.orders(orderId)).toMatchObject([{ total: 300 }]);
    expect(await acme.ledgerEntry(orderId)).toBeUndefined();
    expect(await north.ledgerEntry('of-acme')).toBeUndefined();
  });
});
