// @module-tag long
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { Webhook } from 'standardwebhooks';
import { afterAll, expect, it } from 'vitest';
import * as z from 'zod';

import { startSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import pending from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { LOCAL_CONFIG_FILE } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';

const WEBHOOK_SECRET = 'secret-of-a-webhook';
const ConfigSchema = z.looseObject({ transactions: z.looseObject({}) });

const closers: (() => Promise<unknown>)[] = [];

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

/** The publisher's own server, which fails once. */
async function startReceiver() {
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body });
      response.writeHead(received.length === 1 ? 503 : 204).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closers.push(() => new Promise((done) => server.close(done)));
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/button` };
}

it("delivers a webhook of Button's as a signed event to the publisher's own server, through rule and queue", async () => {
  const { received, url } = await startReceiver();
  const config = ConfigSchema.parse(JSON.parse(await readFile(LOCAL_CONFIG_FILE, 'utf8')));
  const directory = await makeStateDirectory();
  closers.push(() => directory.remove());
  const transactions = { ...config.transactions, rewardQueue: { deliverTo: { url } } };
  const configFile = await directory.writeConfig('delivery', { ...config, transactions });
  const system = await startSystem({
    configFile,
    stateDirectory: directory.path,
    apiKey: 'sk-local',
    webhookSecrets: [WEBHOOK_SECRET],
    controlPort: 0,
  });
  closers.push(() => system.close());

  const body = JSON.stringify(pending);
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
  const { status } = await fetch(system.endpoints.webhookUrl ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-button-signature': signature },
    body,
  });
  await until('the event to be delivered again', () =>
    Promise.resolve(received.length >= 2 ? true : undefined),
  );

  const [first, second] = received;
  const [event] = system.events();
  const { eventDeliverySecrets = '', rewardQueueUrl } = system.endpoints;
  expect(status).toBe(200);
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(second?.body).toBe(first?.body);
  expect(
    new Webhook(eventDeliverySecrets).verify(second?.body ?? '', second?.headers as Record<string, string>),
  ).toEqual({ type: event?.['detail-type'], timestamp: event?.time, data: event?.detail });
  // Whoever else took events off the queue would take them from the delivery.
  expect(rewardQueueUrl).toBeUndefined();
  expect(system.access.denied()).toEqual([]);
});
