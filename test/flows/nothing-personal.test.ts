import { createHmac } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { startSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder } from './system-client.ts';

const API_KEY = 'sk-sentinel-key';
const WEBHOOK_SECRET = 'sentinel-webhook-secret';

/** What must not leak, each with a text that occurs nowhere else. */
const SENTINELS = {
  apiKey: API_KEY,
  webhookSecret: WEBHOOK_SECRET,
  customerId: 'sentinel-customer',
  deviceId: 'sentinel-device',
  email: 'ab5e471e1'.padEnd(64, '7'),
  sourceToken: 'fakesrctok-5e471e15e471e1f5',
  customerOrderId: 'sentinel-receipt',
  publisherCustomerId: 'sentinel-shopper',
  publisherReference: 'sentinel-reference',
  webhookToken: 'srctok-sentinel',
  advertisingId: 'sentinel-advertising',
  webhookCustomerOrderId: 'sentinel-webhook-receipt',
};

const ORDER = {
  ...plainOrder('personal'),
  btn_ref: SENTINELS.sourceToken,
  customer: {
    id: SENTINELS.customerId,
    device_id: SENTINELS.deviceId,
    email_sha256: SENTINELS.email,
  },
  customer_order_id: SENTINELS.customerOrderId,
};
const TRANSACTION = {
  ...pendingWebhook.data,
  button_order_id: 'personal',
  publisher_customer_id: SENTINELS.publisherCustomerId,
  pub_ref: SENTINELS.publisherReference,
  btn_ref: SENTINELS.webhookToken,
  advertising_id: SENTINELS.advertisingId,
  customer_order_id: SENTINELS.webhookCustomerOrderId,
};

/** Everything that the functions logged and published. */
let reported: { logs: string; metrics: string; events: string };

beforeAll(async () => {
  const directory = await makeStateDirectory();
  const running = await startSystem({
    configFile: await directory.writeConfig('nothing-personal', QUICK_STAGES.impersonal),
    stateDirectory: directory.path,
    apiKey: API_KEY,
    webhookSecrets: [WEBHOOK_SECRET],
    controlPort: 0,
  });
  const system = connectSystem(running.endpoints);
  const post = async (body: string, secret = WEBHOOK_SECRET): Promise<void> => {
    await system.postWebhook(Buffer.from(body), createHmac('sha256', secret).update(body).digest('hex'));
  };
  const webhook = (data: object): string => JSON.stringify({ ...pendingWebhook, data });

  // Accepted, refused, not understood and forged input: each has its own log lines.
  await system.send(orderEvent({ orderId: 'personal', data: ORDER }));
  const refused = await system.send(
    orderEvent({ orderId: 'refused', data: { ...ORDER, order_id: 'refused', total: 1, more: ORDER } }),
  );
  await post(webhook(TRANSACTION));
  await post(webhook({ ...TRANSACTION, id: 'odd', amount: [SENTINELS.publisherCustomerId] }));
  await post(webhook(TRANSACTION).slice(0, -2));
  await post(webhook(TRANSACTION), 'forged');
  await until('the order to be reported', async () => {
    const report = await system.ledgerEntry('personal');
    return report?.progress.state === 'settled' || undefined;
  });
  await until('the refusal', async () => (await system.reasons(refused)) ?? undefined);
  await until('the event', async () => (await system.events('order#personal'))[0]);
  await system.reconcile();

  reported = {
    metrics: JSON.stringify(running.metrics()),
    events: JSON.stringify(running.events()),
    logs: '',
  };
  system.close();
  await running.close();
  const folder = join(directory.path, 'logs');
  const files = await readdir(folder);
  reported.logs = (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join('\n');
  await directory.remove();
});

describe('secrets and personal data (S14, F14)', () => {
  it.each(Object.entries(SENTINELS))(
    'stay out of logs and metrics, and out of events unless they say whom to reward, also in hex and base64: %s',
    (name, text) => {
      const writings = [text, Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64')];

      // Events use the publisher's own ids to say whom to reward.
      const isInEvents = name === 'publisherCustomerId' || name === 'publisherReference';
      const { events, ...others } = reported;
      for (const [place, content] of Object.entries(isInEvents ? others : { events, ...others }))
        for (const writing of writings) expect(content.includes(writing), place).toBe(false);
    },
  );

  it('are looked for in what the functions really wrote', () => {
    for (const line of [
      'OrdersReported',
      'OrdersQuarantined',
      'WebhooksApplied',
      'webhooks_forged',
      'stream_reconciled',
    ])
      expect(reported.logs).toContain(line);
    expect(reported.metrics).toContain('WebhooksQuarantined');
    expect(reported.events).toContain('order#personal');
  });
});
