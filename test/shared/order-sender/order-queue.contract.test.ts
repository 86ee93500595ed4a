import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSqs, type SqsEmulator } from '../../../tooling/local-aws/emulators/sqs-emulator.ts';
import { messageGroupId, parseOrderEvent } from '../../../shared/validation/orders/order-event.ts';
import { createOrderSender, type OrderSender } from '../../../shared/order-sender/order-sender.ts';
import { sampleOrder, SETTINGS } from '../validation/orders/order-samples.ts';
import { createFakeQueue, FAKE_QUEUE_URL } from './fake-queue.ts';

type OrderQueue = {
  client: Pick<SQSClient, 'send'>;
  queueUrl: string;
  /** All messages on the queue, in the order of each group. */
  takeAll: () => Promise<{ body: string; groupId: string }[]>;
};

type OpenQueue = (attributes?: { maxMessageBytes: number }) => Promise<OrderQueue>;

let emulator: SqsEmulator;
let client: SQSClient;
let queues = 0;

beforeAll(async () => {
  emulator = await startSqs('us-east-1');
  client = new SQSClient({
    endpoint: emulator.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});

afterAll(async () => {
  client.destroy();
  await emulator.close();
});

const openEmulated: OpenQueue = async (attributes) => {
  queues += 1;
  const name = `orders-${queues}.fifo`;
  await emulator.call('CreateQueue', {
    QueueName: name,
    Attributes: {
      FifoQueue: 'true',
      ...(attributes && { MaximumMessageSize: String(attributes.maxMessageBytes) }),
    },
  });
  const queueUrl = emulator.queueUrl(name);
  return { client, queueUrl, takeAll: () => receiveAll(queueUrl) };
};

async function receiveAll(queueUrl: string): Promise<{ body: string; groupId: string }[]> {
  const all: { body: string; groupId: string }[] = [];
  for (;;) {
    const { Messages: messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['MessageGroupId'],
      }),
    );
    if (messages.length === 0) return all;
    for (const { Body = '', ReceiptHandle, Attributes } of messages) {
      all.push({ body: Body, groupId: Attributes?.MessageGroupId ?? '' });
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    }
  }
}

const openFake: OpenQueue = (attributes) => {
  const { client: fake, taken } = createFakeQueue(attributes);
  return Promise.resolve({
    client: fake,
    queueUrl: FAKE_QUEUE_URL,
    takeAll: () => Promise.resolve(taken),
  });
};

function createSender({ client: to, queueUrl }: OrderQueue): OrderSender {
  return createOrderSender({ client: to, queueUrl, source: '/shop', brandSettings: SETTINGS });
}

function version(orderId: string, sequence: number, description = '') {
  return {
    sequence: String(sequence),
    order: {
      ...sampleOrder(),
      order_id: orderId,
      line_items: [{ identifier: 'sku-1', total: 7000, description }],
    },
  };
}

describe.each([
  ['the SQS emulator', openEmulated],
  ['the fake', openFake],
])('an order sender at %s', (_, open) => {
  it('delivers what the reporter reads, every order in its order', async () => {
    const queue = await open();
    const orderIds = ['1994', 'ORD 1994', 'x'.repeat(200), '#4'];
    const events = [1, 2, 3, 4, 5, 6].flatMap((sequence) =>
      orderIds.map((orderId) => ({ kind: 'updated' as const, ...version(orderId, sequence) })),
    );

    const results = await createSender(queue).sendOrderEvents(events);

    const messages = await queue.takeAll();
    expect(results.every((result) => result.outcome === 'sent' && result.messageId !== '')).toBe(true);
    for (const orderId of orderIds) {
      const events = messages
        .filter(({ groupId }) => groupId === messageGroupId(orderId))
        .map(({ body }) => parseOrderEvent(body, SETTINGS));
      expect(events.map((parsing) => parsing.ok && parsing.event.version)).toEqual(
        ['1', '2', '3', '4', '5', '6'].map((sequence) => ({ by: 'sequence', sequence })),
      );
    }
    expect(messages).toHaveLength(24);
  });

  it('delivers once what is sent twice', async () => {
    const queue = await open();
    const { sendOrderCreated } = createSender(queue);

    const results = [await sendOrderCreated(version('1994', 1)), await sendOrderCreated(version('1994', 1))];

    expect(results.map(({ outcome }) => outcome)).toEqual(['sent', 'sent']);
    expect(await queue.takeAll()).toHaveLength(1);
  });

  it('delivers a message of exactly the limit', async () => {
    const queue = await open();
    const { sendOrderCreated } = createSender(queue);
    const tooLarge = await sendOrderCreated(version('1994', 1, 'é'.repeat(600_000)));
    const excess = tooLarge.outcome === 'too-large' ? tooLarge.bytes - tooLarge.maxMessageBytes : Number.NaN;
    const fill = 'é'.repeat(600_000 - Math.ceil(excess / 2)) + 'x'.repeat(excess % 2);

    const result = await sendOrderCreated(version('1994', 1, fill));

    const [message, ...others] = await queue.takeAll();
    expect(result.outcome).toBe('sent');
    expect(others).toEqual([]);
    expect(Buffer.byteLength(message?.body ?? '')).toBe(1_048_576);
  });

  it('delivers the characters that SQS accepts only escaped', async () => {
    const queue = await open();
    const description = '\uFFFE \uFFFF \u0000 \u001F \u007F \uFFFD';

    const result = await createSender(queue).sendOrderCreated(version('1994', 1, description));

    const [message] = await queue.takeAll();
    expect(result.outcome).toBe('sent');
    expect(JSON.parse(message?.body ?? '')).toMatchObject({ data: { line_items: [{ description }] } });
  });

  it('A25: learns that the queue rejects one of the messages', async () => {
    const queue = await open({ maxMessageBytes: 2000 });

    const results = await createSender(queue).sendOrderEvents([
      { kind: 'created', ...version('a', 1, 'x'.repeat(2000)) },
      { kind: 'updated', ...version('a', 2) },
      { kind: 'created', ...version('b', 1) },
    ]);

    expect(results).toMatchObject([
      { outcome: 'not-sent', reason: 'refused', code: 'InvalidParameterValue' },
      { outcome: 'not-sent', reason: 'behind-unsent' },
      { outcome: 'sent' },
    ]);
    expect(await queue.takeAll()).toHaveLength(1);
  });

  it('learns that the queue does not exist', async () => {
    const queue = await open();
    const elsewhere = { ...queue, queueUrl: `${queue.queueUrl}-of-nobody.fifo` };

    const result = await createSender(elsewhere).sendOrderCreated(version('1994', 1));

    expect(result).toMatchObject({
      outcome: 'not-sent',
      reason: 'request-failed',
      cause: { name: 'QueueDoesNotExist' },
    });
  });
});
