import { createHash } from 'node:crypto';

import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';

/** A message on a queue. */
type Message = {
  messageId: string;
  body: string;
  groupId: string | undefined;
  attributes: SQSRecord['messageAttributes'];
  sentAtMs: number;
  visibleAtMs: number;
  receives: number;
};

type SendOptions = {
  groupId?: string;
  deduplicationId?: string;
  attributes?: SQSRecord['messageAttributes'];
};

/** Twice as long as any invocation here could take. */
const VISIBILITY_MS = 120_000;
const DEDUPLICATION_MS = 300_000;

/** One SQS queue: groups in order, deduplication, redelivery when the visibility timeout is over. */
export class FakeQueue {
  readonly #now: () => number;
  readonly #sent = new Map<string, number>();
  #messages: Message[] = [];
  #ids = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What is on the queue, hidden or not. */
  bodies(): string[] {
    return this.#messages.map(({ body }) => body);
  }

  send(body: string, options: SendOptions = {}): void {
    const { groupId, deduplicationId, attributes = {} } = options;
    const nowMs = this.#now();
    if (deduplicationId !== undefined) {
      if ((this.#sent.get(deduplicationId) ?? -Infinity) > nowMs - DEDUPLICATION_MS) return;
      this.#sent.set(deduplicationId, nowMs);
    }
    this.#ids += 1;
    const messageId = `message-${this.#ids}`;
    const sent = { sentAtMs: nowMs, visibleAtMs: nowMs, receives: 0 };
    this.#messages.push({ messageId, body, groupId, attributes, ...sent });
  }

  /** The next batch, hidden for the visibility timeout: of each group the messages up to the first that is hidden. */
  receive(batchSize: number): SQSRecord[] {
    const nowMs = this.#now();
    const batch = [...Map.groupBy(this.#messages, ({ groupId, messageId }) => groupId ?? messageId).values()]
      .flatMap((group) => {
        const hidden = group.findIndex(({ visibleAtMs }) => visibleAtMs > nowMs);
        return hidden === -1 ? group : group.slice(0, hidden);
      })
      .slice(0, batchSize);
    return batch.map((message) => {
      message.receives += 1;
      message.visibleAtMs = nowMs + VISIBILITY_MS;
      return toRecord(message);
    });
  }

  /** What is not named as failed is done. */
  acknowledge(batch: readonly SQSRecord[], failedIds: readonly string[]): void {
    const done = new Set(
      batch.map(({ messageId }) => messageId).filter((messageId) => !failedIds.includes(messageId)),
    );
    this.#messages = this.#messages.filter(({ messageId }) => !done.has(messageId));
  }

  hide(messageId: string, seconds: number): void {
    const message = this.#messages.find((one) => one.messageId === messageId);
    if (message) message.visibleAtMs = this.#now() + seconds * 1000;
  }
}

function toRecord({ messageId, body, groupId, attributes, sentAtMs, receives }: Message): SQSRecord {
  return {
    messageId,
    receiptHandle: messageId,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentAtMs),
      SenderId: 'sender',
      ApproximateFirstReceiveTimestamp: String(sentAtMs),
      ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
    },
    messageAttributes: attributes,
    md5OfBody: createHash('md5').update(body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:queue',
    awsRegion: 'eu-west-1',
  };
}

/** Answers what functions ask of SQS; `queueOf` finds a queue by its URL. */
export function answerSqs(command: unknown, queueOf: (url: string) => FakeQueue): object {
  if (command instanceof SendMessageCommand) {
    const { QueueUrl: url = '', MessageBody: body = '' } = command.input;
    queueOf(url).send(body);
    return {};
  }
  if (command instanceof SendMessageBatchCommand) {
    const { QueueUrl: url = '', Entries: entries = [] } = command.input;
    for (const entry of entries)
      queueOf(url).send(entry.MessageBody ?? '', {
        groupId: entry.MessageGroupId ?? '',
        deduplicationId: entry.MessageDeduplicationId ?? '',
        attributes: Object.fromEntries(
          Object.entries(entry.MessageAttributes ?? {}).map(([name, { StringValue: value = '' }]) => [
            name,
            { dataType: 'String', stringValue: value },
          ]),
        ),
      });
    return {};
  }
  if (command instanceof ChangeMessageVisibilityCommand) {
    const { QueueUrl: url = '', ReceiptHandle: receipt = '', VisibilityTimeout: seconds = 0 } = command.input;
    queueOf(url).hide(receipt, seconds);
    return {};
  }
  throw new Error('SQS is asked for something new');
}

/** An event as a bus took it. */
export type TakenEvent = { type: string; detail: Record<string, unknown> };

/** Takes what functions put on the bus, but for the events of a type that it loses. */
export function answerEventBridge(command: unknown, taken: TakenEvent[], lostType?: string): object {
  if (!(command instanceof PutEventsCommand)) throw new Error('EventBridge is asked for something new');
  const entries = command.input.Entries ?? [];
  const isLost = entries.map(({ DetailType: type }) => type === lostType);
  for (const [index, { DetailType: type = '', Detail: detail = '' }] of entries.entries())
    if (isLost[index] !== true) taken.push({ type, detail: JSON.parse(detail) as Record<string, unknown> });
  return {
    FailedEntryCount: isLost.filter(Boolean).length,
    Entries: isLost.map((lost, index) =>
      lost ? { ErrorCode: 'InternalFailure' } : { EventId: String(index) },
    ),
  };
}

/** Tells the value of a secret. */
export function answerSecretsManager(command: unknown, valueOf: (id: string) => string): object {
  if (!(command instanceof GetSecretValueCommand))
    throw new Error('Secrets Manager is asked for something new');
  return { SecretString: valueOf(command.input.SecretId ?? '') };
}
