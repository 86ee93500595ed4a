import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { GetQueueAttributesCommand, CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { expect, it, onTestFinished } from 'vitest';

import { sendOrders } from '../../ops/send-orders.ts';

const EVENT = {
  specversion: '1.0',
  id: '1994-1',
  source: 'https://shop.example/test',
  type: 'order.created.v1',
  subject: '1994',
  sequence: '1',
  data: {
    order_id: '1994',
    total: 1200,
    currency: 'USD',
    purchase_date: '2026-01-31T10:00:00Z',
    btn_ref: 'fakesrctok-abcdef0123456789',
    line_items: [{ identifier: 'sku-1', total: 1200, quantity: 1 }],
  },
};
const SETTINGS = { orderBy: 'sequence', testTokens: 'allow', allowFinalizationDate: false };

/** A stage on this machine with the queues of two brands. */
async function startStage(settings: object = SETTINGS) {
  const directory = await mkdtemp(join(tmpdir(), 'button-send-'));
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const sqs = new SQSClient({ region: 'us-east-1', endpoint, credentials });
  onTestFinished(async () => {
    sqs.destroy();
    await app.close();
  });
  const Attributes = { FifoQueue: 'true' };
  const { QueueUrl: url = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: 'orders.fifo', Attributes }),
  );
  const local = Object.fromEntries(
    ['dynamodb', 'sqs', 'secretsManager', 'eventBridge', 'cloudWatch'].map((name) => [name, endpoint]),
  );
  const outputs = {
    LocalEndpoints: local,
    'Button-local-Brand-acme': {
      OrderQueueUrlAcme: url,
      OrderQueueArnAcme: 'arn:aws:sqs:us-east-1:000000000000:orders.fifo',
      OrderSettingsAcme: JSON.stringify(settings),
    },
  };
  const file = join(directory, 'outputs.json');
  await writeFile(file, JSON.stringify(outputs));
  const send = async (input: string, ...options: string[]) => {
    const printed = { out: '', err: '' };
    const code = await sendOrders(['-', '--outputs-file', file, ...options], {
      out: (text) => (printed.out += text),
      err: (text) => (printed.err += text),
      readInput: () => Promise.resolve(input),
    });
    return { code, ...printed };
  };
  const waiting = async () => {
    const AttributeNames = ['ApproximateNumberOfMessages' as const];
    const { Attributes: found } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames }),
    );
    return Number(found?.ApproximateNumberOfMessages);
  };
  return { send, waiting };
}

it('puts every message on the queue, one on each line, and says how to follow it', async () => {
  const { send, waiting } = await startStage();
  const second = { ...EVENT, id: '1995-1', subject: '1995', data: { ...EVENT.data, order_id: '1995' } };

  const { code, out } = await send(`${JSON.stringify(EVENT)}\n${JSON.stringify(second)}\n`);

  expect(code).toBe(0);
  expect(out.match(/is on the queue/g)).toHaveLength(2);
  expect(out).toContain('npm run ops -- show 1995');
  expect(await waiting()).toBe(2);
});

it('sends nothing if the brand would refuse one of the messages, and says why', async () => {
  const { send, waiting } = await startStage({ ...SETTINGS, testTokens: 'refuse' });
  const real = { ...EVENT, data: { ...EVENT.data, btn_ref: 'srctok-abcdef0123456789' } };

  const { code, err } = await send(JSON.stringify([real, EVENT]));

  expect(code).toBe(1);
  expect(err).toContain('btn_ref_test_token_refused');
  expect(await waiting()).toBe(0);
});

it.each([
  [['--brand', 'acne'], 'Did you mean "acme"?'],
  [['--bran', 'acme'], '--help lists the options'],
  [['more'], 'Name one file'],
])('says in words what is wrong with %s', async (options, words) => {
  const { send } = await startStage();

  const { code, err } = await send(JSON.stringify(EVENT), ...options);

  expect(code).toBe(2);
  expect(err).toContain(words);
});
