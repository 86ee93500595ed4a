import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import type { SqsEmulator } from '../../emulators/sqs-emulator.ts';
import { startSqsModel } from '../../models/sqs-server.ts';

let sqs: SqsEmulator;

beforeEach(async () => {
  sqs = await startSqsModel('eu-west-1');
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(async () => {
  vi.useRealTimers();
  await sqs.close();
});

const ReceivedSchema = z.object({
  Messages: z
    .array(z.object({ Body: z.string(), MessageId: z.string(), ReceiptHandle: z.string() }))
    .default([]),
});

async function create(name: string, attributes: Record<string, string> = {}): Promise<string> {
  const fifo = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
  await sqs.call('CreateQueue', { QueueName: name, Attributes: { ...fifo, ...attributes } });
  return sqs.queueUrl(name);
}

async function receive(url: string, waitSeconds = 0) {
  const answer = await sqs.call('ReceiveMessage', {
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: waitSeconds,
  });
  return ReceivedSchema.parse(answer).Messages;
}

async function bodiesIn(url: string): Promise<string[]> {
  return (await receive(url)).map(({ Body: body }) => body);
}

async function attributeOf(url: string, name: string): Promise<unknown> {
  const answer = await sqs.call('GetQueueAttributes', { QueueUrl: url, AttributeNames: [name] });
  return z.object({ Attributes: z.record(z.string(), z.string()) }).parse(answer).Attributes[name];
}

function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

function redriveTo(name: string, maxReceiveCount = 1): Record<string, string> {
  const deadLetterTargetArn = `arn:aws:sqs:eu-west-1:000000000000:${name}`;
  return { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) };
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
describe('the retention of messages', () => {
  it('ends for each message by the time it was sent, even while a consumer works on it', async () => {
    const url = await create('queue', { MessageRetentionPeriod: '120', VisibilityTimeout: '1000' });
    await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'a' });
    await receive(url);
    pass(60);
    await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'b' });

    pass(61);

    expect(await bodiesIn(url)).toEqual(['b']);
    expect(await attributeOf(url, 'ApproximateNumberOfMessagesNotVisible')).toBe('1');
  });

  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
  it.each([
    ['continues in the dead-letter queue of a standard queue', '', []],
    ['starts again in the dead-letter queue of a FIFO queue', '.fifo', ['a']],
  ])('%s', async (_case, suffix, left) => {
    const letters = await create(`letters${suffix}`, { MessageRetentionPeriod: '120' });
    const url = await create(`queue${suffix}`, {
      ...redriveTo(`letters${suffix}`),
      MessageRetentionPeriod: '120',
    });
    const fifo = suffix === '' ? {} : { MessageGroupId: 'g', MessageDeduplicationId: 'd' };
    await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'a', ...fifo });
    await receive(url);
    pass(100);
    await receive(url);

    pass(30);

    expect(await bodiesIn(letters)).toEqual(left);
  });
});

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
describe('a message move task', () => {
  it('moves dead letters back under new ids, as not received before', async () => {
    const letters = await create('letters');
    const url = await create('queue', redriveTo('letters'));
    await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'a' });
    const [first] = await receive(url);
    pass(31);
    await receive(url);
    const source = { SourceArn: 'arn:aws:sqs:eu-west-1:000000000000:letters' };

    await sqs.call('StartMessageMoveTask', source);

    const [back] = await receive(url);
    expect(back?.Body).toBe('a');
    expect(back?.MessageId).not.toBe(first?.MessageId);
    expect(await bodiesIn(letters)).toEqual([]);
    expect(await sqs.call('ListMessageMoveTasks', source)).toMatchObject({
      Results: [{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 }],
    });
  });

  it('moves to the given queue, and refuses a source that is not a dead-letter queue', async () => {
    const elsewhere = await create('elsewhere');
    await create('letters');
    const url = await create('queue', redriveTo('letters'));
    await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'a' });
    await receive(url);
    pass(31);
    await receive(url);
    const arn = (name: string) => `arn:aws:sqs:eu-west-1:000000000000:${name}`;

    await sqs.call('StartMessageMoveTask', { SourceArn: arn('letters'), DestinationArn: arn('elsewhere') });

    expect(await bodiesIn(elsewhere)).toEqual(['a']);
    await expect(sqs.call('StartMessageMoveTask', { SourceArn: arn('queue') })).rejects.toThrow(
      'must be configured as a Dead Letter Queue',
    );
  });
});

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html
describe('the deduplication scope', () => {
  it.each([
    ['queue', ['a']],
    ['messageGroup', ['a', 'b']],
  ])('%s decides where an id is unique', async (DeduplicationScope, received) => {
    const url = await create('queue.fifo', { DeduplicationScope });
    for (const group of ['a', 'b'])
      await sqs.call('SendMessage', {
        QueueUrl: url,
        MessageBody: group,
        MessageGroupId: group,
        MessageDeduplicationId: 'same',
      });

    expect(await bodiesIn(url)).toEqual(received);
  });

  it('is the body if the queue deduplicates by content', async () => {
    const url = await create('queue.fifo', { ContentBasedDeduplication: 'true' });
    for (const body of ['a', 'a', 'b'])
      await sqs.call('SendMessage', { QueueUrl: url, MessageBody: body, MessageGroupId: 'g' });

    expect(await bodiesIn(url)).toEqual(['a', 'b']);
  });
});

describe('requests', () => {
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
  it('find a delayed message once its delay is over', async () => {
    const url = await create('queue', { DelaySeconds: '10' });
    await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'a' });

    const before = await bodiesIn(url);
    const delayed = await attributeOf(url, 'ApproximateNumberOfMessagesDelayed');
    pass(10);

    expect([before, delayed, await bodiesIn(url)]).toEqual([[], '1', ['a']]);
  });

  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
  it('wait for a message as long as requested', async () => {
    const url = await create('queue');
    const waiting = receive(url, 20);

    await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'late' });

    expect((await waiting).map(({ Body: body }) => body)).toEqual(['late']);
  });

  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html
  it('of a batch fail for single entries', async () => {
    const url = await create('queue');
    await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'a' });
    const [message] = await receive(url);

    const answer = await sqs.call('DeleteMessageBatch', {
      QueueUrl: url,
      Entries: [
        { Id: 'good', ReceiptHandle: message?.ReceiptHandle },
        { Id: 'bad', ReceiptHandle: 'none' },
      ],
    });

    expect(answer).toMatchObject({
      Successful: [{ Id: 'good' }],
      Failed: [{ Id: 'bad', Code: 'ReceiptHandleIsInvalid', SenderFault: true }],
    });
  });

  it.each([
    ['a parameter', 'SendMessage', { MessageBody: 'a', DelaySeconds: 1 }],
    ['a character', 'SendMessage', { MessageBody: '\u0000' }],
    ['an operation', 'AddPermission', {}],
  ])('are refused with %s that is unknown or not allowed', async (_what, operation, input) => {
    const QueueUrl = await create('queue');

    await expect(sqs.call(operation, { QueueUrl, ...input })).rejects.toThrow();
  });
});

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
it('deletes a queue with its messages: no later request finds it', async () => {
  const url = await create('queue');
  await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'a' });

  await sqs.call('DeleteQueue', { QueueUrl: url });

  for (const operation of ['DeleteQueue', 'GetQueueAttributes', 'ReceiveMessage'])
    await expect(sqs.call(operation, { QueueUrl: url })).rejects.toMatchObject({
      code: 'QueueDoesNotExist',
    });
  expect(await bodiesIn(await create('queue'))).toEqual([]);
});

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
it('changes the attributes of a queue, whose messages stay', async () => {
  const dead = await create('dead');
  const url = await create('queue', { ...redriveTo('dead'), VisibilityTimeout: '0' });
  await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'a' });

  await sqs.call('SetQueueAttributes', {
    QueueUrl: url,
    Attributes: { RedrivePolicy: '', DelaySeconds: '5' },
  });

  expect([await attributeOf(url, 'DelaySeconds'), await attributeOf(url, 'VisibilityTimeout')]).toEqual([
    '5',
    '0',
  ]);
  expect(await attributeOf(url, 'RedrivePolicy')).toBeUndefined();
  // Without a redrive policy it is received again and again.
  for (let time = 0; time < 3; time += 1) expect(await bodiesIn(url)).toEqual(['a']);
  expect(await bodiesIn(dead)).toEqual([]);
  await expect(
    sqs.call('SetQueueAttributes', { QueueUrl: `${url}-gone`, Attributes: {} }),
  ).rejects.toMatchObject({ code: 'QueueDoesNotExist' });
});

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
describe('a queue that is created again', () => {
  it('is the same one, with its messages', async () => {
    const url = await create('queue', { VisibilityTimeout: '60' });
    await sqs.call('SendMessage', { QueueUrl: url, MessageBody: 'a' });

    await create('queue', { VisibilityTimeout: '60' });
    await create('queue');

    expect(await bodiesIn(url)).toEqual(['a']);
  });

  it('is refused with another attribute, and made anew once it has been deleted', async () => {
    const url = await create('queue', { VisibilityTimeout: '60' });

    await expect(create('queue', { VisibilityTimeout: '61' })).rejects.toThrow(
      expect.objectContaining({ code: 'QueueNameExists' }),
    );
    expect(await attributeOf(url, 'VisibilityTimeout')).toBe('60');
    await sqs.call('DeleteQueue', { QueueUrl: url });
    await create('queue', { VisibilityTimeout: '61' });

    expect(await attributeOf(url, 'VisibilityTimeout')).toBe('61');
  });
});

/** Entries of a batch with these ids, with what each operation needs. */
function batchOf(ids: readonly string[]): object[] {
  return ids.map((Id) => ({ Id, MessageBody: 'a' }));
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
describe('SQS refuses', () => {
  it.each<[string, object[], string]>([
    ['without entries', [], 'EmptyBatchRequest'],
    [
      'of eleven',
      batchOf(Array.from({ length: 11 }, (_, index) => String(index))),
      'TooManyEntriesInBatchRequest',
    ],
    ['with an id twice', batchOf(['a', 'a']), 'BatchEntryIdsNotDistinct'],
    ['with an id that has a space', batchOf(['a b']), 'InvalidBatchEntryId'],
    ['with an id of 81 characters', batchOf(['a'.repeat(81)]), 'InvalidBatchEntryId'],
  ])('a batch %s, to send, to delete or to hide', async (_what, entries, name) => {
    const url = await create('queue');
    const handles = entries.map((entry) => ({ ...entry, MessageBody: undefined, ReceiptHandle: 'm#1' }));
    const hiding = handles.map((entry) => ({ ...entry, VisibilityTimeout: 1 }));

    for (const [operation, Entries] of [
      ['SendMessageBatch', entries],
      ['DeleteMessageBatch', handles],
      ['ChangeMessageVisibilityBatch', hiding],
    ] as const)
      await expect(sqs.call(operation, { QueueUrl: url, Entries })).rejects.toThrow(
        expect.objectContaining({ code: name }),
      );
    expect(await bodiesIn(url)).toEqual([]);
  });

  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
  it.each<[string, object]>([
    ['a group of 129 characters', { MessageGroupId: 'g'.repeat(129) }],
    ['a group with a space', { MessageGroupId: 'order 1' }],
    ['a group with an umlaut', { MessageGroupId: 'örder' }],
    ['a deduplication id of 129 characters', { MessageDeduplicationId: 'd'.repeat(129) }],
    [
      'eleven attributes',
      {
        MessageAttributes: Object.fromEntries(
          Array.from({ length: 11 }, (_, index) => [`a${index}`, { DataType: 'String', StringValue: 'v' }]),
        ),
      },
    ],
    ['an attribute without a value', { MessageAttributes: { a: { DataType: 'String', StringValue: '' } } }],
    [
      'a megabyte whose attributes are too much',
      {
        MessageBody: 'x'.repeat(1_048_576),
        MessageAttributes: { a: { DataType: 'String', StringValue: 'v' } },
      },
    ],
  ])('a message with %s', async (_what, changes) => {
    const url = await create('queue.fifo');
    const message = { MessageBody: 'a', MessageGroupId: 'g', MessageDeduplicationId: 'd' };

    await expect(sqs.call('SendMessage', { QueueUrl: url, ...message, ...changes })).rejects.toThrow(
      expect.objectContaining({ code: 'InvalidParameterValue' }),
    );
  });

  it('to hide what it gives for more than twelve hours', async () => {
    const url = await create('queue');

    await expect(sqs.call('ReceiveMessage', { QueueUrl: url, VisibilityTimeout: 43_201 })).rejects.toThrow(
      expect.objectContaining({ code: 'InvalidParameterValue' }),
    );
  });
});
