import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startButtonSimulator } from '@button-serverless/button-simulator';
import { expect, it, onTestFinished } from 'vitest';

import { triggerButton } from '../../ops/trigger-button.ts';

/** A simulator whose one webhook comes here, and the outputs of a system that uses it. */
async function startButton() {
  const received: { event_type: string; data: Record<string, unknown> }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push(JSON.parse(Buffer.concat(chunks).toString()) as (typeof received)[number]);
      response.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const simulator = await startButtonSimulator({ brandApiKey: 'sk-test', publisherApiKey: 'sk-test' });
  onTestFinished(async () => {
    await simulator.close();
    server.close();
  });
  simulator.controls.setWebhookEndpoints([
    { name: 'test', url: `http://127.0.0.1:${port}/`, secret: 'test' },
  ]);
  const aws = Object.fromEntries(
    ['dynamodb', 'sqs', 'secretsManager', 'eventBridge', 'cloudWatch'].map((name) => [
      name,
      'http://127.0.0.1:9/',
    ]),
  );
  const file = join(await mkdtemp(join(tmpdir(), 'button-trigger-')), 'outputs.json');
  const bus = { EventBusArn: 'arn:aws:events:us-east-1:000000000000:event-bus/bus' };
  const local = { ...aws, buttonControl: simulator.controlUrl };
  await writeFile(file, JSON.stringify({ LocalEndpoints: local, 'Button-local-Transactions': bus }));
  const trigger = async (...args: string[]) => {
    const printed = { out: '', err: '' };
    const code = await triggerButton([...args, '--outputs-file', file], {
      out: (text) => (printed.out += text),
      err: (text) => (printed.err += text),
    });
    return { code, ...printed };
  };
  return { received, trigger, simulator };
}

it('has Button send a signed webhook about a purchase of the shopper', async () => {
  const { received, trigger } = await startButton();

  const { code, out } = await trigger(
    'tx-validated',
    '--shopper',
    'me',
    '--order',
    'btnorder-1',
    '--amount',
    '700',
  );
  await expect.poll(() => received.length).toBe(1);

  expect(code).toBe(0);
  expect(out).toContain('npm run ops -- show btnorder-1');
  expect(received[0]).toMatchObject({
    event_type: 'tx-validated',
    data: { button_order_id: 'btnorder-1', publisher_customer_id: 'me', amount: 700, status: 'validated' },
  });
});

it('can lose a webhook, send a Ping and make Button fail', async () => {
  const { received, trigger, simulator } = await startButton();

  const answers = [await trigger('lost-webhook'), await trigger('outage'), await trigger('ping')];
  await expect.poll(() => received.map((webhook) => webhook.event_type)).toEqual(['ping']);

  expect(answers.map(({ code, out }) => [code, out.includes('ops -- show')])).toEqual([
    [0, true],
    [0, false],
    [0, false],
  ]);
  expect(simulator.controls.transactions()).toHaveLength(1);
  expect(simulator.controls.faults()).toHaveLength(1);
});

it.each([
  [['tx-valdated'], 'Did you mean "tx-validated"?'],
  [['ping', '--amount', '5.00'], '--amount is a whole number of minor units'],
  [['ping', '--currency', 'usd'], '--currency is three capital letters'],
  [['ping', '--shoper', 'me'], '--help lists the options'],
])('says in words what is wrong with %s', async (args, words) => {
  const { trigger } = await startButton();

  const { code, err } = await trigger(...args);

  expect(code).toBe(2);
  expect(err).toContain(words);
});
