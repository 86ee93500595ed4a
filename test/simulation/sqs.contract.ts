import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';

/** A queue and its dead-letter queue. Its visibility timeout is 30 seconds. */
export type OpenedQueue = {
  client: Pick<SQSClient, 'send'>;
  queueUrl: string;
  deadLetterUrl: string;
  /** ApproximateAgeOfOldestMessage, as CloudWatch would report it now; of the dead letters if asked. */
  oldestAgeSeconds: (of?: 'dead letters') => Promise<number>;
};

/** How to open a queue, and how to let its time pass. */
export type SqsUnderTest = {
  open: (kind: 'fifo' | 'standard', maxReceiveCount?: number) => Promise<OpenedQueue>;
  pass: (seconds: number) => void;
  /** Known deviations from what AWS documents. */
  faults: ReadonlySet<
    | 'one-message-of-a-group-at-a-time'
    | 'deduplicates-by-queue'
    | 'expired-handles-work'
    | 'dead-letters-are-as-old-as-their-messages'
  >;
};

type Sendable = { body: string; group?: string; deduplication?: string };

/**
 * The behaviour that this project's code and Lambda's poller rely on, each with the AWS page that documents
 * it.
 */
export function describeSqs(name: string, { open, pass, faults }: SqsUnderTest): void {
  const send = async ({ client, queueUrl }: OpenedQueue, message: Sendable): Promise<string | undefined> => {
    const { body, group, deduplication = body } = message;
    const fifo = group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: deduplication };
    const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, ...fifo });
    return (await client.send(command)).MessageId;
  };
  const receive = async (queue: OpenedQueue, url = queue.queueUrl, limit = 10): Promise<Message[]> => {
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: limit,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    return (await queue.client.send(command)).Messages ?? [];
  };
  const bodies = (messages: readonly Message[]): (string | undefined)[] =>
    messages.map(({ Body: body }) => body);
  const remove = ({ client, queueUrl }: OpenedQueue, message: Message | undefined): Promise<unknown> =>
    client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message?.ReceiptHandle }));
  const hide = (
    { client, queueUrl }: OpenedQueue,
    message: Message | undefined,
    seconds: number,
  ): Promise<unknown> =>
    client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: message?.ReceiptHandle,
        VisibilityTimeout: seconds,
      }),
    );

  describe(`SQS, ${name}`, () => {
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
    it('hides a received message until its visibility timeout ends, then counts one more receive', async () => {
      const queue = await open('standard');
      const messageId = await send(queue, { body: 'a' });

      const first = await receive(queue);
      const meanwhile = await receive(queue);
      pass(31);
      const second = await receive(queue);

      expect([first, meanwhile, second].map(bodies)).toEqual([['a'], [], ['a']]);
      expect(second[0]?.MessageId).toBe(messageId);
      expect(first[0]?.Attributes?.ApproximateReceiveCount).toBe('1');
      expect(second[0]?.Attributes).toMatchObject({
        ApproximateReceiveCount: '2',
        SentTimestamp: first[0]?.Attributes?.SentTimestamp,
      });
      expect(second[0]?.ReceiptHandle).not.toBe(first[0]?.ReceiptHandle);
    });

    // The same page, "Changing the visibility timeout".
    it('hides a message for the time that its receiver sets, from then on', async () => {
      const queue = await open('standard');
      await send(queue, { body: 'a' });
      const [message] = await receive(queue);

      await hide(queue, message, 100);
      pass(90);
      const before = await receive(queue);
      pass(11);
      const after = await receive(queue);
      await hide(queue, after[0], 0);

      expect([before, after, await receive(queue)].map(bodies)).toEqual([[], ['a'], ['a']]);
    });

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
    it('forgets a deleted message; the handle of an earlier receive deletes nothing', async () => {
      const queue = await open('standard');
      await send(queue, { body: 'a' });
      const [earlier] = await receive(queue);
      pass(31);
      const [latest] = await receive(queue);

      await remove(queue, earlier);
      pass(31);
      const [left] = await receive(queue);
      await remove(queue, left);
      pass(31);

      expect(latest?.Body).toBe('a');
      expect(left?.Body).toBe('a');
      expect(await receive(queue)).toEqual([]);
    });

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    it('moves a message that was received too often to the dead-letter queue, under the same id', async () => {
      const queue = await open('standard', 2);
      const messageId = await send(queue, { body: 'a' });
      for (let time = 0; time < 2; time += 1) {
        expect(bodies(await receive(queue))).toEqual(['a']);
        pass(31);
      }

      const third = await receive(queue);
      const [letter] = await receive(queue, queue.deadLetterUrl);

      expect(third).toEqual([]);
      expect(letter).toMatchObject({ MessageId: messageId, Body: 'a' });
    });

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
    it.skipIf(faults.has('dead-letters-are-as-old-as-their-messages')).each(['standard', 'fifo'] as const)(
      'counts the age of a dead letter from when it was moved: %s',
      async (kind) => {
        const queue = await open(kind, 1);
        await send(queue, { body: 'a', ...(kind === 'fifo' && { group: 'g' }) });
        await receive(queue);
        pass(86_400);
        expect(await receive(queue)).toEqual([]);
        pass(60);

        expect(await queue.oldestAgeSeconds('dead letters')).toBe(60);
      },
    );

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    it('counts a message that was received three times in the age of a FIFO queue, but not of a standard queue', async () => {
      const [standard, fifo] = [await open('standard'), await open('fifo')];
      const ages = (): Promise<number[]> =>
        Promise.all([standard, fifo].map((queue) => queue.oldestAgeSeconds()));
      await send(standard, { body: 'held' });
      await send(fifo, { body: 'held', group: 'a' });
      const seen = [];
      for (let receives = 1; receives <= 3; receives += 1) {
        pass(31);
        for (const queue of [standard, fifo]) expect(await receive(queue)).toHaveLength(1);
        seen.push(await ages());
      }
      await send(standard, { body: 'young' });
      await send(fifo, { body: 'young', group: 'b' });
      pass(10);
      seen.push(await ages());

      expect(seen).toEqual([
        [31, 31],
        [62, 62],
        [0, 93],
        [10, 103],
      ]);
    });

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
    it('delivers each group in order, several messages of one group at once, and several groups in parallel', async () => {
      const queue = await open('fifo');
      for (const body of ['a1', 'b1', 'a2', 'a3', 'b2']) await send(queue, { body, group: body.slice(0, 1) });

      const received = bodies(await receive(queue));

      const ofGroup = (group: string) => received.filter((body) => body?.startsWith(group));
      if (faults.has('one-message-of-a-group-at-a-time')) {
        expect(received).toEqual(['a1', 'b1']);
        return;
      }
      expect(ofGroup('a')).toEqual(['a1', 'a2', 'a3']);
      expect(ofGroup('b')).toEqual(['b1', 'b2']);
    });

    // The same page.
    it('holds a group back while one of its messages is in flight', async () => {
      const queue = await open('fifo');
      for (const body of ['a1', 'a2', 'b1']) await send(queue, { body, group: body.slice(0, 1) });
      const [first] = await receive(queue, queue.queueUrl, 1);

      const meanwhile = bodies(await receive(queue));
      await remove(queue, first);

      expect(first?.Body).toBe('a1');
      expect(meanwhile).toEqual(['b1']);
      expect(bodies(await receive(queue))).toEqual(['a2']);
    });

    // The same page.
    it('delivers a group from its first message again once the visibility timeout ends', async () => {
      const queue = await open('fifo');
      for (const body of ['a1', 'a2']) await send(queue, { body, group: 'a' });
      await receive(queue, queue.queueUrl, 1);
      pass(31);

      const [first, second] = bodies(await receive(queue));

      expect(first).toBe('a1');
      expect(second).toBe(faults.has('one-message-of-a-group-at-a-time') ? undefined : 'a2');
    });

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html
    it('accepts a message once within five minutes, even if it was deleted, and again later', async () => {
      const queue = await open('fifo');
      const id = await send(queue, { body: 'a', group: 'a' });
      const [message] = await receive(queue);
      await remove(queue, message);

      pass(299);
      const repeatedId = await send(queue, { body: 'a', group: 'a' });
      const repeated = await receive(queue);
      pass(2);
      await send(queue, { body: 'a', group: 'a' });

      expect(repeatedId).toBe(id);
      expect(repeated).toEqual([]);
      expect(bodies(await receive(queue))).toEqual(['a']);
    });

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html
    it('does not treat a message of another group as a duplicate, as its deduplication scope says', async () => {
      const queue = await open('fifo');
      await send(queue, { body: 'a', group: 'a', deduplication: 'same' });
      await send(queue, { body: 'b', group: 'b', deduplication: 'same' });

      const received = bodies(await receive(queue));

      expect(received).toEqual(faults.has('deduplicates-by-queue') ? ['a'] : ['a', 'b']);
    });

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html,
    // "ReceiptHandle"
    it('does not let an expired handle delete a message of a FIFO queue', async () => {
      const queue = await open('fifo');
      await send(queue, { body: 'a', group: 'a' });
      const [message] = await receive(queue);
      pass(31);

      const deletion = remove(queue, message);

      if (faults.has('expired-handles-work')) {
        await deletion;
        expect(await receive(queue)).toEqual([]);
        return;
      }
      await expect(deletion).rejects.toMatchObject({ name: 'InvalidParameterValue' });
      expect(bodies(await receive(queue))).toEqual(['a']);
    });

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    it('lets a group go on once its first message is a dead letter', async () => {
      const queue = await open('fifo', 1);
      for (const body of ['a1', 'a2']) await send(queue, { body, group: 'a' });
      await receive(queue, queue.queueUrl, 1);
      pass(31);

      const received = bodies(await receive(queue));

      expect(received).toEqual(['a2']);
      expect(bodies(await receive(queue, queue.deadLetterUrl))).toEqual(['a1']);
    });

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
    it('accepts up to ten messages at once, and returns their attributes', async () => {
      const queue = await open('fifo');
      const entry = (index: number) => ({
        Id: String(index),
        MessageBody: `body ${index}`,
        MessageGroupId: `group-${index}`,
        MessageDeduplicationId: String(index),
        MessageAttributes: { colour: { DataType: 'String', StringValue: 'red' } },
      });
      const batch = (size: number) =>
        new SendMessageBatchCommand({
          QueueUrl: queue.queueUrl,
          Entries: Array.from({ length: size }, (_, index) => entry(index)),
        });

      const sent = await queue.client.send(batch(10));

      expect(sent.Successful).toHaveLength(10);
      expect(sent.Failed ?? []).toEqual([]);
      const received = await receive(queue);
      expect(received).toHaveLength(10);
      expect(received[3]?.MessageAttributes).toMatchObject({ colour: { StringValue: 'red' } });
      expect(received[3]?.Attributes).toMatchObject({
        MessageGroupId: 'group-3',
        MessageDeduplicationId: '3',
      });
      await expect(queue.client.send(batch(11))).rejects.toMatchObject({
        name: 'TooManyEntriesInBatchRequest',
      });
      await expect(queue.client.send(batch(0))).rejects.toThrow();
    });

    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    it('refuses an invalid message of a FIFO queue, and a queue that does not exist', async () => {
      const queue = await open('fifo');
      const bare = new SendMessageCommand({ QueueUrl: queue.queueUrl, MessageBody: 'a' });
      const undeduplicated = new SendMessageCommand({
        QueueUrl: queue.queueUrl,
        MessageBody: 'a',
        MessageGroupId: 'a',
      });
      const elsewhere = new SendMessageCommand({ QueueUrl: `${queue.queueUrl}-elsewhere`, MessageBody: 'a' });

      await expect(queue.client.send(bare)).rejects.toMatchObject({
        name: expect.stringMatching(/MissingParameter$/) as string,
      });
      await expect(queue.client.send(undeduplicated)).rejects.toMatchObject({
        name: expect.stringMatching(/InvalidParameterValue$/) as string,
      });
      await expect(queue.client.send(elsewhere)).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
    });
  });
}
