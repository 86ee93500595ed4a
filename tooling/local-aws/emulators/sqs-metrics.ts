import * as z from 'zod';
import type { MetricStore } from '../cloudwatch/metric-store.ts';

/**
 * A queue as it stands: how many messages in which state, and when the oldest was sent of those that AWS
 * counts for its age.
 */
export type QueueLevel = {
  queueName: string;
  visible: number;
  notVisible: number;
  delayed: number;
  oldestSentAtMs: number | undefined;
};

const RequestSchema = z.looseObject({ QueueUrl: z.string() });
const AnswerSchema = z.looseObject({
  Messages: z.array(z.unknown()).default([]),
  Successful: z.array(z.unknown()).default([]),
});
type Answer = z.infer<typeof AnswerSchema>;

/** By operation, what a request that went well counts as. */
const COUNTS: Readonly<Record<string, { name: string; count: (answer: Answer) => number }>> = {
  SendMessage: { name: 'NumberOfMessagesSent', count: () => 1 },
  SendMessageBatch: { name: 'NumberOfMessagesSent', count: ({ Successful }) => Successful.length },
  ReceiveMessage: { name: 'NumberOfMessagesReceived', count: ({ Messages }) => Messages.length },
  DeleteMessage: { name: 'NumberOfMessagesDeleted', count: () => 1 },
  DeleteMessageBatch: { name: 'NumberOfMessagesDeleted', count: ({ Successful }) => Successful.length },
};

/**
 * Puts what a request did to its queue. Messages that SQS itself moves to a dead-letter queue do not count as
 * sent, as on AWS. A receive that brings nothing counts as NumberOfEmptyReceives.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
export function countRequest(
  store: MetricStore,
  {
    operation,
    request,
    answer,
    atMs,
  }: { operation: string; request: unknown; answer: unknown; atMs: number },
): void {
  const counted = Object.hasOwn(COUNTS, operation) ? COUNTS[operation] : undefined;
  const { data: about } = RequestSchema.safeParse(request);
  const { data: done } = AnswerSchema.safeParse(answer);
  if (counted === undefined || about === undefined || done === undefined) return;
  const value = counted.count(done);
  const dimensions = { QueueName: about.QueueUrl.split('/').at(-1) ?? '' };
  const isEmptyReceive = operation === 'ReceiveMessage' && value === 0;
  const name = isEmptyReceive ? 'NumberOfEmptyReceives' : counted.name;
  store.put({ namespace: 'AWS/SQS', name, dimensions }, { atMs, value: isEmptyReceive ? 1 : value });
}

/** Puts how a queue stands. The age is 0 while there is no message that counts for it. */
export function putLevel(store: MetricStore, level: QueueLevel, atMs: number): void {
  const dimensions = { QueueName: level.queueName };
  const { oldestSentAtMs = atMs } = level;
  const values = {
    ApproximateNumberOfMessagesVisible: level.visible,
    ApproximateNumberOfMessagesNotVisible: level.notVisible,
    ApproximateNumberOfMessagesDelayed: level.delayed,
    ApproximateAgeOfOldestMessage: Math.max(0, Math.floor((atMs - oldestSentAtMs) / 1000)),
  };
  for (const [name, value] of Object.entries(values))
    store.put({ namespace: 'AWS/SQS', name, dimensions }, { atMs, value });
}
