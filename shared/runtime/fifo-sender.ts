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

/**
 * Sends small messages of our own to a FIFO queue, ten at a time; entries that SQS did not take are sent again.
 *
 * Throws `RetryableError` if some were not taken after three rounds, and what the client throws.
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
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

  return async (messages) => {
    for (let start = 0; start < messages.length; start += MAX_ENTRIES) {
      let left = messages.slice(start, start + MAX_ENTRIES);
      for (let round = 0; left.length > 0; round += 1) {
        if (round === MAX_ROUNDS) throw new RetryableError('SQS does not take every message');
        left = await sendBatch(left);
      }
    }
  };
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
