import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startSqs, type SqsEmulator } from '../../../tooling/local-aws/emulators/sqs-emulator.ts';
import { retryMessage } from '../../../shared/orders/rules/retry-message.ts';
import {
  REPLAY_ATTRIBUTE,
  replayOrderMessage,
  type ReplayOrderMessagePorts,
} from '../../../shared/orders/replay-order-message.ts';
import { createFifoSender } from '../../../shared/runtime/fifo-sender.ts';
import {
  createQuarantineReview,
  type QuarantineReview,
} from '../../../shared/quarantine/quarantine-review.ts';
import { createQuarantineStore } from '../../../shared/quarantine/quarantine-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';

const REGION = 'us-east-1';
const noon = new Date('2026-06-01T12:00:00.000Z');

let dynamodb: TestDynamoDB;
let sqs: SqsEmulator;
let client: SQSClient;
let queueUrl: string;
let review: QuarantineReview;
let queues = 0;

beforeAll(async () => {
  [dynamodb, sqs] = await Promise.all([startTestDynamoDB(), startSqs(REGION)]);
  client = new SQSClient({
    endpoint: sqs.endpoint,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  review = createQuarantineReview({ client: dynamodb.client, table: dynamodb.tables.quarantine });
});

afterAll(async () => {
  client.destroy();
  await Promise.all([dynamodb.close(), sqs.close()]);
});

beforeEach(async () => {
  const QueueName = `orders-${(queues += 1)}.fifo`;
  await client.send(new CreateQueueCommand({ QueueName, Attributes: { FifoQueue: 'true' } }));
  queueUrl = sqs.queueUrl(QueueName);
});

function ports(): ReplayOrderMessagePorts {
  return {
    brand: 'acme',
    quarantine: review,
    send: createFifoSender({ client, queueUrl }),
    now: () => noon,
  };
}

async function quarantine(id: string, body: string): Promise<void> {
  const { client, tables } = dynamodb;
  const store = createQuarantineStore({ client, table: tables.quarantine, retentionDays: 30 });
  const reasons = [{ code: 'refused_by_button', problem: 'Button refuses the order as it is' }];
  await store.put({
    kind: 'order#acme',
    id,
    bytes: body,
    reasons,
    refusedAt: noon.toISOString(),
    origin: `sqs:${id}`,
  });
}

async function received() {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages.map(({ Body, Attributes = {}, MessageAttributes = {} }) => ({
    body: Body,
    group: Attributes['MessageGroupId'],
    deduplicationId: Attributes['MessageDeduplicationId'],
    replayOf: MessageAttributes[REPLAY_ATTRIBUTE]?.StringValue,
  }));
}

async function waiting(): Promise<number> {
  const AttributeNames = ['ApproximateNumberOfMessages' as const];
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames }),
  );
  return Number(Attributes?.['ApproximateNumberOfMessages']);
}

const orderMessage = JSON.stringify({
  specversion: '1.0',
  subject: 'o-1',
  data: { order_id: 'o-1', total: -1 },
});

describe('orders, requirement 15: a replay', () => {
  it('sends the message unchanged, behind the other versions of its order, and marks the entry', async () => {
    await quarantine('m-1', orderMessage);

    const outcome = await replayOrderMessage({ entryId: 'm-1' }, ports());

    expect(outcome).toBe('replayed');
    expect(await received()).toMatchObject([{ body: orderMessage, group: 'o-1', replayOf: 'm-1' }]);
    expect(await review.read('order#acme', 'm-1')).toMatchObject({ replayedAt: noon.toISOString() });
  });

  it('escapes characters that JSON accepts and SQS does not', async () => {
    const kept = JSON.stringify({ subject: 'o-8', data: { order_id: 'o-8', note: '\uFFFE and \uFFFF' } });
    await quarantine('m-8', kept);

    await replayOrderMessage({ entryId: 'm-8' }, ports());
    const [message] = await received();

    expect(JSON.parse(message?.body ?? '')).toEqual(JSON.parse(kept));
  });

  it('sends nothing if the corrected body is about another order than the entry (F5)', async () => {
    await quarantine('m-7', orderMessage);

    const outcomes = [
      await replayOrderMessage(
        { entryId: 'm-7', correctedBody: orderMessage.replaceAll('o-1', 'o-2') },
        ports(),
      ),
      await replayOrderMessage({ entryId: 'm-7', correctedBody: '{"no":"order"}' }, ports()),
      await replayOrderMessage(
        { entryId: 'm-7', correctedBody: orderMessage.replace('"o-1"', '"o-2"') },
        ports(),
      ),
    ];

    expect(outcomes).toEqual(['other-order', 'other-order', 'other-order']);
    expect(await received()).toEqual([]);
    expect(await review.read('order#acme', 'm-7')).not.toHaveProperty('replayedAt');
  });

  it('sends a corrected body instead, in the group of its order', async () => {
    await quarantine('m-2', 'not json');
    const correctedBody = orderMessage.replaceAll('o-1', 'o-2');

    await replayOrderMessage({ entryId: 'm-2', correctedBody }, ports());

    expect(await received()).toMatchObject([{ body: correctedBody, group: 'o-2', replayOf: 'm-2' }]);
  });

  it('is one message to SQS if it is repeated because the entry could not be marked, unless the body is another', async () => {
    await quarantine('m-3', orderMessage);
    const another = orderMessage.replace(':-1', ':-2');
    const markReplayed = () => Promise.reject(new Error('no table'));
    const unmarked = { ...ports(), quarantine: { ...review, markReplayed } };

    await expect(replayOrderMessage({ entryId: 'm-3' }, unmarked)).rejects.toThrow('no table');
    await expect(replayOrderMessage({ entryId: 'm-3' }, unmarked)).rejects.toThrow('no table');
    await replayOrderMessage({ entryId: 'm-3', correctedBody: another }, ports());

    expect(await waiting()).toBe(2);
  });

  it('is a new message after an earlier replay: the order may have been refused again since', async () => {
    await quarantine('m-6', orderMessage);

    await replayOrderMessage({ entryId: 'm-6' }, ports());
    await replayOrderMessage({ entryId: 'm-6' }, ports());
    await replayOrderMessage({ entryId: 'm-6' }, ports());

    expect(await waiting()).toBe(3);
  });

  it('is a new message if the entry was refused again within the five minutes of deduplication', async () => {
    await quarantine('m-8', orderMessage);
    const markReplayed = () => Promise.reject(new Error('no table'));

    await expect(
      replayOrderMessage({ entryId: 'm-8' }, { ...ports(), quarantine: { ...review, markReplayed } }),
    ).rejects.toThrow('no table');
    await quarantine('m-8', orderMessage);
    await replayOrderMessage({ entryId: 'm-8' }, ports());

    expect(await waiting()).toBe(2);
  });

  it.each([
    ['a retry message', retryMessage({ orderId: 'o-4', isProbe: false }), 'o-4'],
    ['a message whose order cannot be read', '{"specversion"', 'm-4'],
  ])('finds a group for %s too', async (_what, body, group) => {
    await quarantine('m-4', 'x');

    await replayOrderMessage({ entryId: 'm-4', correctedBody: body }, ports());

    expect(await received()).toMatchObject([{ group }]);
  });

  it('sends nothing for a missing entry', async () => {
    expect(await replayOrderMessage({ entryId: 'nobody' }, ports())).toBe('unknown');
    expect(await received()).toEqual([]);
  });

  it('does not mark what could not be sent', async () => {
    await quarantine('m-5', orderMessage);
    const send = () => Promise.reject(new Error('no queue'));

    await expect(replayOrderMessage({ entryId: 'm-5' }, { ...ports(), send })).rejects.toThrow('no queue');

    expect(await review.read('order#acme', 'm-5')).not.toHaveProperty('replayedAt');
  });
});
