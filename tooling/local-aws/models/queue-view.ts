import type { QueueContents } from '../emulators/sqs-emulator.ts';
import { oldestSentAtMs } from '../emulators/sqs-emulator.ts';
import type { QueueLevel } from '../emulators/sqs-metrics.ts';
import type { HeldMessage, SqsModel } from './sqs-model.ts';

/** What the queue holds, by whether it can be received. */
export function contentsOf(model: SqsModel, name: string): QueueContents {
  const nowMs = Date.now();
  const held = model.held(name);
  const hidden = held.filter(({ visibleAtMs }) => visibleAtMs > nowMs);
  return {
    ready: held.filter(({ visibleAtMs }) => visibleAtMs <= nowMs).map(messageOf),
    delayed: hidden.filter(({ receives }) => receives === 0).map(messageOf),
    inflight: hidden
      .filter(({ receives }) => receives > 0)
      .map((message) => ({ receiptHandle: message.receiptHandle ?? '', message: messageOf(message) })),
  };
}

function messageOf({ groupId, arrivedAtMs, receives }: HeldMessage): QueueContents['ready'][number] {
  return { messageGroupId: groupId, sentTimestamp: arrivedAtMs, approximateReceiveCount: receives };
}

/** How the queue stands, for its metrics. */
export function levelOf(model: SqsModel, name: string): QueueLevel {
  const contents = contentsOf(model, name);
  return {
    queueName: name,
    visible: contents.ready.length,
    notVisible: contents.inflight.length,
    delayed: contents.delayed.length,
    oldestSentAtMs: oldestSentAtMs(contents, model.settings(name).kind),
  };
}

/**
 * The attributes of a queue, as texts.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
 */
export function describeQueue(
  model: SqsModel,
  name: string,
  about: { arn: string; attributes?: Record<string, string>; createdAtMs?: number },
): Record<string, string> {
  const settings = model.settings(name);
  const { visible, notVisible, delayed } = levelOf(model, name);
  const created = String(Math.floor((about.createdAtMs ?? 0) / 1000));
  return {
    VisibilityTimeout: String(settings.visibilityTimeoutSeconds),
    MaximumMessageSize: String(settings.maxMessageBytes ?? 0),
    MessageRetentionPeriod: String(settings.retentionSeconds ?? 0),
    DelaySeconds: String(settings.delaySeconds ?? 0),
    ReceiveMessageWaitTimeSeconds: '0',
    ...about.attributes,
    QueueArn: about.arn,
    CreatedTimestamp: created,
    LastModifiedTimestamp: created,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(notVisible),
    ApproximateNumberOfMessagesDelayed: String(delayed),
  };
}
