import { hash } from 'node:crypto';

import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import type { Pace } from '../pace.ts';
import type { MessageSubject } from './stage-queues.ts';

/** A dead letter, without its body. Instants are ISO 8601 UTC. */
export type DeadLetter = { messageId: string; sentAt: string; receives: number } & MessageSubject;

/** Long enough to list a few hundred messages, short enough if a command is interrupted. */
const HIDDEN_SECONDS = 30;
const BATCH = 10;

/**
 * The dead letters of a queue, at most `limit`. Each is hidden while the others are received and visible
 * again by the end; of a FIFO queue at most ten of each group are seen. Throws if the queue cannot be
 * reached: messages that are hidden then are visible again after half a minute.
 */
export async function listDeadLetters(
  sqs: SQSClient,
  { url, limit, about }: { url: string; limit: number; about: (body: string) => MessageSubject },
): Promise<DeadLetter[]> {
  const received: Message[] = [];
  while (received.length < limit) {
    const messages = await receive(sqs, { url, most: Math.min(BATCH, limit - received.length) });
    if (messages.length === 0) break;
    received.push(...messages);
  }
  // The last ones first, so that no receiver gets a group out of order.
  for (let end = received.length; end > 0; end -= BATCH)
    await show(sqs, url, received.slice(Math.max(0, end - BATCH), end));
  return received.map((message) => ({
    messageId: message.MessageId ?? '',
    sentAt: new Date(Number(message.Attributes?.SentTimestamp ?? 0)).toISOString(),
    receives: Number(message.Attributes?.ApproximateReceiveCount ?? 0),
    ...about(message.Body ?? ''),
  }));
}

/**
 * Sends dead letters back to their queue, with their groups and attributes, at most `limit`; returns how
 * many. Each is sent before it is deleted, so that none is lost. If this is interrupted in between, a message
 * comes twice, which the functions recognise. Throws if a queue cannot be reached; then call it again.
 */
export async function redriveDeadLetters(
  sqs: SQSClient,
  { from, to, limit, pace }: { from: string; to: string; limit: number; pace: Pace },
): Promise<number> {
  let sent = 0;
  while (sent < limit) {
    const messages = await receive(sqs, { url: from, most: Math.min(BATCH, limit - sent) });
    if (messages.length === 0) break;
    for (const message of messages) {
      await pace(1);
      await sqs.send(new SendMessageCommand({ QueueUrl: to, ...copyOf(message) }));
      await sqs.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle: message.ReceiptHandle }));
      sent += 1;
    }
  }
  return sent;
}

/** The deduplication id is new: SQS would drop a message that it has seen within five minutes. */
function copyOf({ MessageId: id = '', Body: body, MessageAttributes: attributes, Attributes: own }: Message) {
  const groupId = own?.MessageGroupId;
  const deduplicationId = hash('sha256', `redrive ${id}`);
  return {
    MessageBody: body,
    ...(attributes && { MessageAttributes: attributes }),
    ...(groupId !== undefined && { MessageGroupId: groupId, MessageDeduplicationId: deduplicationId }),
  };
}

async function receive(sqs: SQSClient, { url, most }: { url: string; most: number }): Promise<Message[]> {
  const { Messages: messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: most,
      VisibilityTimeout: HIDDEN_SECONDS,
      // A long poll asks every server of SQS: a short one may find nothing in a queue with only a few
      // messages.
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  );
  return messages;
}

async function show(sqs: SQSClient, url: string, messages: readonly Message[]): Promise<void> {
  await sqs.send(
    new ChangeMessageVisibilityBatchCommand({
      QueueUrl: url,
      Entries: messages.map(({ ReceiptHandle: handle }, index) => ({
        Id: String(index),
        ReceiptHandle: handle,
        VisibilityTimeout: 0,
      })),
    }),
  );
}
