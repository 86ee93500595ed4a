import { SendMessageBatchCommand, type MessageAttributeValue, type SQSClient } from '@aws-sdk/client-sqs';

import { RetryableError } from './errors.ts';

/** A message for a FIFO queue without content-based deduplication. */
export type FifoMessage = {
  body: string;
  groupId: string;
  deduplicationId: string;
  /** SQS message attributes, each a text. */
  attributes?: Readonly<Record<string, string>>;
};

const MAX_ENTRIES = 10;
const MAX_ROUNDS = 3;

/** Concurrent requests: at 35 ms each, more than two thousand messages a second. */
const PARALLEL_REQUESTS = 8;

/**
 * Sends small messages of our own to a FIFO queue, ten at a time in several concurrent requests; entries that
 * SQS did not accept are sent again. Messages of one group reach the queue in the given order.
 *
 * Throws `RetryableError` if some were not accepted after three rounds, and what the client throws. Source:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export function createFifoSender({
  client,
  queueUrl,
}: {
  client: Pick<SQSClient, 'send'>;
  queueUrl: string;
}): (messages: readonly FifoMessage[]) => Promise<void> {
  const sendBatch = async (batch: readonly FifoMessage[]): Promise<FifoMessage[]> => {
    const { Failed: failed = [] } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: batch.map(({ body, groupId, deduplicationId, attributes }, index) => ({
          Id: String(index),
          MessageBody: body,
          MessageGroupId: groupId,
          MessageDeduplicationId: deduplicationId,
          ...(attributes && { MessageAttributes: toAttributeValues(attributes) }),
        })),
      }),
    );
    const failedIds = new Set(failed.map(({ Id: id }) => id));
    return batch.filter((_, index) => failedIds.has(String(index)));
  };

  const sendWhole = async (batch: readonly FifoMessage[]): Promise<void> => {
    let left = batch;
    for (let round = 0; left.length > 0; round += 1) {
      if (round === MAX_ROUNDS) throw new RetryableError('SQS does not take every message');
      left = await sendBatch(left);
    }
  };

  return async (messages) => {
    for (const wave of toWaves(messages)) {
      const batches = toBatches(wave).values();
      // Each takes the next batch of the shared iterator as soon as it has sent its last one.
      const sendNext = async (): Promise<void> => {
        for (const batch of batches) await sendWhole(batch);
      };
      await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, sendNext));
    }
  };
}

/**
 * The first message of each group, then the second of each, and so on: within a wave, no message has to wait
 * for another.
 */
function toWaves(messages: readonly FifoMessage[]): FifoMessage[][] {
  const waves: FifoMessage[][] = [];
  const countOfGroup = new Map<string, number>();
  for (const message of messages) {
    const place = countOfGroup.get(message.groupId) ?? 0;
    countOfGroup.set(message.groupId, place + 1);
    (waves[place] ??= []).push(message);
  }
  return waves;
}

function toBatches(messages: readonly FifoMessage[]): FifoMessage[][] {
  return Array.from({ length: Math.ceil(messages.length / MAX_ENTRIES) }, (_, index) =>
    messages.slice(index * MAX_ENTRIES, (index + 1) * MAX_ENTRIES),
  );
}

function toAttributeValues(
  attributes: Readonly<Record<string, string>>,
): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, text]): [string, MessageAttributeValue] => [
      name,
      { DataType: 'String', StringValue: text },
    ]),
  );
}
