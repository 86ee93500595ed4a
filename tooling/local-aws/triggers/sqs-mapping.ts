import { once } from 'node:events';
import * as z from 'zod';
import type { LocalCloud, QueueConsumer } from '../cloud.ts';
import type { LocalFunction } from '../lambda/local-function.ts';
import type { InvocationResult } from '../lambda/invocation-result.ts';
import { isThrottled } from '../lambda/invocation-result.ts';
import { unfinishedItems } from './batch-response.ts';
import { fittingBatches } from './fitting-batches.ts';
import { createMappingPace, rest } from './mapping-pace.ts';
import type { MappingPace } from './mapping-pace.ts';
import { refuseStreamProperties } from './mapping-properties.ts';
import type { MappingProperties } from './mapping-properties.ts';
import { ReceivedMessagesSchema, sqsEvent, sqsRecord } from './sqs-event.ts';
import type { ReceivedMessage } from './sqs-event.ts';
import type { Trigger } from './triggers.ts';

/** What one ReceiveMessage can bring. */
const RECEIVE_LIMIT = 10;

/**
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html: Lambda starts with five concurrent
 * batches.
 */
const CONCURRENCY_WITHOUT_LIMIT = 5;

const LONG_POLL_SECONDS = 20;

type Mapping = {
  queueUrl: string;
  queueArn: string;
  queueName: string;
  isFifo: boolean;
  batchSize: number;
  batchingWindowMs: number;
  concurrency: number;
  reportsItemFailures: boolean;
  /** How long a received message stays hidden. */
  visibilityMs: number;
  target: LocalFunction;
  cloud: LocalCloud;
};

/** What connects a queue with a function, if the mapping is enabled. Throws where AWS refuses to. */
export async function mapQueue(
  properties: MappingProperties,
  { target, cloud }: { target: LocalFunction; cloud: LocalCloud },
): Promise<Trigger | undefined> {
  refuseStreamProperties(properties);
  const queueName = properties.EventSourceArn.split(':').at(-1) ?? '';
  const queueUrl = cloud.sqs.queueUrl(queueName);
  const queue = await describeQueue(cloud, queueUrl);
  const mapping: Mapping = {
    queueUrl,
    queueArn: properties.EventSourceArn,
    queueName,
    isFifo: queue.isFifo,
    batchSize: properties.BatchSize ?? RECEIVE_LIMIT,
    batchingWindowMs: properties.MaximumBatchingWindowInSeconds * 1000,
    concurrency: properties.ScalingConfig?.MaximumConcurrency ?? CONCURRENCY_WITHOUT_LIMIT,
    reportsItemFailures: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    visibilityMs: queue.visibilitySeconds * 1000,
    target,
    cloud,
  };
  refuseWhatAwsRefuses(mapping, queue);
  if (!properties.Enabled) return undefined;

  const consumer = createConsumer(mapping);
  return {
    async run(until, closing) {
      cloud.queueConsumers.add(consumer);
      await consumer.run(until, closing);
      cloud.queueConsumers.delete(consumer);
    },
  };
}

const QueueAttributesSchema = z.object({
  Attributes: z.object({ VisibilityTimeout: z.coerce.number(), FifoQueue: z.string().optional() }),
});

type DescribedQueue = { visibilitySeconds: number; isFifo: boolean };

async function describeQueue(cloud: LocalCloud, queueUrl: string): Promise<DescribedQueue> {
  const { Attributes: attributes } = QueueAttributesSchema.parse(
    await cloud.sqs.call('GetQueueAttributes', { QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  return { visibilitySeconds: attributes.VisibilityTimeout, isFifo: attributes.FifoQueue === 'true' };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
function refuseWhatAwsRefuses(
  { target, isFifo, ...mapping }: Mapping,
  { visibilitySeconds }: DescribedQueue,
): void {
  const functionTimeoutSeconds = target.configuration.timeoutMs / 1000;
  if (visibilitySeconds < functionTimeoutSeconds) {
    throw new Error(
      `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${functionTimeoutSeconds} seconds.`,
    );
  }
  if (isFifo && mapping.batchSize > RECEIVE_LIMIT) {
    throw new Error(`The batch size of a FIFO queue is at most ${RECEIVE_LIMIT}.`);
  }
  if (isFifo && mapping.batchingWindowMs > 0) throw new Error('A FIFO queue has no batching window.');
  if (mapping.batchSize > RECEIVE_LIMIT && mapping.batchingWindowMs === 0) {
    throw new Error(`A batch size over ${RECEIVE_LIMIT} needs a batching window.`);
  }
}

/**
 * Receives while the function has room, and deletes what it got done; the rest comes back when its visibility
 * ends.
 */
function createConsumer(mapping: Mapping): Trigger & QueueConsumer {
  const underWay = new Set<Promise<void>>();
  // Hidden after a failed attempt: still "in flight" for the queue, but nobody works on it.
  const givenUp = new Set<string>();

  const pace = createMappingPace(mapping.concurrency);

  const work = async (messages: ReceivedMessage[], signal: AbortSignal) => {
    const source = { queueArn: mapping.queueArn, region: mapping.cloud.region };
    const batches = fittingBatches(messages, (message) => sqsRecord(message, source));
    let isHeldUp = false;
    for (const batch of batches) {
      // A message of a FIFO queue does not overtake one that came before it.
      const kept: string[] = isHeldUp
        ? batch.map(({ ReceiptHandle }) => ReceiptHandle)
        : await runBatch(batch, { mapping, pace, signal });
      isHeldUp ||= mapping.isFifo && kept.length > 0;
      for (const receiptHandle of kept) givenUp.add(receiptHandle);
    }
  };

  return {
    queueUrl: mapping.queueUrl,
    async run(until, closing) {
      const broken = new AbortController();
      const ending = AbortSignal.any([until, broken.signal]);
      const [ended, receivingUntil] = [aborted(ending), AbortSignal.any([closing, broken.signal])];
      while (!ending.aborted) {
        const receiving = receiveBatch(mapping, receivingUntil);
        const messages = await Promise.race([receiving, ended]);
        if (messages === undefined) {
          // The queue may still answer: what it then hides from others is worked on.
          void receiving.then((late) => work(late, ending)).catch(() => undefined);
          break;
        }
        if (messages.length === 0) continue;
        const batch = work(messages, ending)
          .catch((error: unknown) => {
            broken.abort(error);
          })
          .finally(() => underWay.delete(batch));
        underWay.add(batch);
        while (underWay.size >= pace.concurrency) await Promise.race(underWay);
        if (pace.pauseMs > 0) await rest(pace.pauseMs, ending);
      }
      await Promise.all(underWay);
      broken.signal.throwIfAborted();
    },
    async isIdle() {
      if (underWay.size > 0) return false;
      const { ready, inflight } = await mapping.cloud.sqs.inspect(mapping.queueName);
      const heldGroups = new Set(inflight.map(({ message }) => message.messageGroupId));
      const receivable = ready.filter(
        ({ messageGroupId }) => messageGroupId === undefined || !heldGroups.has(messageGroupId),
      );
      // A message in flight that was not given up is still on its way from the queue to this mapping.
      return receivable.length === 0 && inflight.every(({ receiptHandle }) => givenUp.has(receiptHandle));
    },
  };
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** The messages of one invocation; empty when none came, or when `stop` put an end to the waiting. */
async function receiveBatch(mapping: Mapping, signal: AbortSignal): Promise<ReceivedMessage[]> {
  const batch = await receive(mapping, { limit: mapping.batchSize, waitSeconds: LONG_POLL_SECONDS, signal });
  const windowEndMs = Date.now() + mapping.batchingWindowMs;
  while (batch.length > 0 && batch.length < mapping.batchSize && !signal.aborted) {
    const remainingSeconds = Math.floor((windowEndMs - Date.now()) / 1000);
    if (remainingSeconds < 1) break;
    const limit = mapping.batchSize - batch.length;
    batch.push(
      ...(await receive(mapping, {
        limit,
        waitSeconds: Math.min(remainingSeconds, LONG_POLL_SECONDS),
        signal,
      })),
    );
  }
  return batch;
}

async function receive(
  { cloud, queueUrl }: Mapping,
  request: { limit: number; waitSeconds: number; signal: AbortSignal },
): Promise<ReceivedMessage[]> {
  const input = {
    QueueUrl: queueUrl,
    MaxNumberOfMessages: Math.min(request.limit, RECEIVE_LIMIT),
    WaitTimeSeconds: request.waitSeconds,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  };
  try {
    return ReceivedMessagesSchema.parse(await cloud.sqs.call('ReceiveMessage', input, request.signal))
      .Messages;
  } catch (error) {
    if (request.signal.aborted) return [];
    throw error;
  }
}

type Batch = { mapping: Mapping; pace: MappingPace; signal: AbortSignal };

/** Runs the function and deletes what it got done. Returns the receipt handles of the rest. */
async function runBatch(messages: ReceivedMessage[], batch: Batch): Promise<string[]> {
  const { cloud, queueUrl, reportsItemFailures } = batch.mapping;
  const result = await invokeUnlessThrottled(messages, batch);
  if (result.status === 'succeeded') batch.pace.speedUp();
  else batch.pace.slowDown();
  const itemIds = messages.map(({ MessageId }) => MessageId);
  const unfinished = unfinishedItems(result, { itemIds, reportsItemFailures });

  const isKept = ({ MessageId }: ReceivedMessage) => unfinished === 'all' || unfinished.has(MessageId);
  const done = messages.filter((message) => !isKept(message));
  for (let start = 0; start < done.length; start += RECEIVE_LIMIT) {
    await cloud.sqs.call('DeleteMessageBatch', {
      QueueUrl: queueUrl,
      Entries: done
        .slice(start, start + RECEIVE_LIMIT)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
    });
  }
  return messages.filter(isKept).map(({ ReceiptHandle }) => ReceiptHandle);
}

/**
 * Runs the function once. An invocation that is throttled is tried again as long as its messages are hidden;
 * then they come back to the queue by themselves.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html, "Backoff strategy for
 * failed invocations".
 */
async function invokeUnlessThrottled(
  messages: ReceivedMessage[],
  { mapping, pace, signal }: Batch,
): Promise<InvocationResult> {
  const { cloud, queueArn, target, visibilityMs } = mapping;
  const traces = messages.flatMap(({ MessageId }) => cloud.sqs.traceOf(MessageId) ?? []);
  const event = sqsEvent(messages, { queueArn, region: cloud.region });
  const visibleAtMs = Date.now() + visibilityMs;
  for (;;) {
    const result = await target.invoke(event, traces);
    if (!isThrottled(result)) return result;
    pace.slowDown();
    await rest(pace.pauseMs, signal);
    if (signal.aborted || Date.now() >= visibleAtMs) return result;
  }
}
