import { createHash } from 'node:crypto';

import {
  BatchRequestTooLong,
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  MessageNotInflight,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  ReceiptHandleIsInvalid,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSServiceException,
  type Message,
  type MessageAttributeValue,
  type ReceiveMessageCommandInput,
  type SendMessageBatchRequestEntry,
} from '@aws-sdk/client-sqs';

import { invalid, METADATA } from './sqs-error.ts';
import { bytesOfMessage, checkBatch, checkMessage, checkVisibility } from './sqs-limits.ts';

/** A queue. `name` is also its URL. */
export type QueueSettings = {
  name: string;
  kind: 'fifo' | 'standard';
  visibilityTimeoutSeconds: number;
  /** Received `maxReceiveCount` times, a message goes to the dead-letter queue and is not received again. */
  redrive?: { deadLetterQueue: string; maxReceiveCount: number };
  maxMessageBytes?: number;
  /** Within what a deduplication id is unique; the message group unless given. */
  deduplicationScope?: 'queue' | 'messageGroup';
  /** Whether a message without a deduplication id is known by the hash of its body. */
  deduplicatesByContent?: boolean;
  /** How long a sent message cannot be received. */
  delaySeconds?: number;
  /** How long a message is kept; for good unless given. */
  retentionSeconds?: number;
};

/** What chance does to a standard queue, which promises neither order nor a single delivery. */
export type QueueWeather = {
  /** Decides what is received twice, and in which order. */
  random: { next: () => number; chance: (probability: number) => boolean };
  /** How likely a message that is being received can be received by somebody else as well. */
  duplicates: () => number;
};

/**
 * What a queue holds, as its CloudWatch metrics show it. The age is that of the oldest message that counts,
 * see `RECEIVES_WITHOUT_AGE`, and 0 if there is none.
 */
export type QueueGauge = { visible: number; inFlight: number; oldestAgeSeconds: number };

/** A message as the queue holds it. */
export type HeldMessage = Pick<
  Held,
  'messageId' | 'groupId' | 'arrivedAtMs' | 'visibleAtMs' | 'receives' | 'receiptHandle'
>;

type Held = {
  messageId: string;
  body: string;
  groupId: string | undefined;
  deduplicationId: string | undefined;
  attributes: Record<string, MessageAttributeValue> | undefined;
  /** Grows with each message of the queue. */
  sequenceNumber: number;
  sentAtMs: number;
  /** When it came to this queue, also as a dead letter: its age for CloudWatch counts from then. */
  arrivedAtMs: number;
  /** When its retention began. */
  enqueuedAtMs: number;
  visibleAtMs: number;
  receives: number;
  firstReceivedAtMs: number | undefined;
  receiptHandle: string | undefined;
};

type Queue = {
  settings: QueueSettings;
  messages: Held[];
  /** When a deduplication id was last taken, by group and id, and for which message. */
  taken: Map<string, { atMs: number; messageId: string }>;
};

/**
 * After this number of receives a message of a standard queue no longer counts towards the age of its oldest:
 * it goes to the back.
 *
 * Source:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
const RECEIVES_WITHOUT_AGE = 3;

const DEDUPLICATION_MS = 5 * 60_000;
const MAX_MESSAGE_BYTES = 1_048_576;

/** Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const REFUSED_CHARACTERS = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

type SendInput = {
  body: string | undefined;
  groupId: string | undefined;
  deduplicationId: string | undefined;
  attributes: Record<string, MessageAttributeValue> | undefined;
};

/**
 * SQS in memory, as far as our code and Lambda's poller use it: standard and FIFO queues, several messages of
 * one group in one receive, visibility, receive counts, dead letters, deduplication by message group. What it
 * does not know it refuses, loudly.
 *
 * It throws the SDK's own exceptions, and keeps the contract of the emulator (sqs.test.ts proves both).
 */
export class SqsModel {
  readonly #queues: Map<string, Queue>;
  readonly #now: () => number;
  readonly #weather: QueueWeather | undefined;
  readonly #onArrival: (queue: string) => void;
  readonly #newMessageId: () => string;
  #sent = 0;

  constructor(
    queues: readonly QueueSettings[],
    {
      now,
      weather,
      onArrival = () => undefined,
      newMessageId = createCounter(),
    }: {
      now: () => number;
      weather?: QueueWeather;
      /** Called whenever a queue has taken a message that can be received now. */
      onArrival?: (queue: string) => void;
      /** `message-1`, `message-2` unless given. */
      newMessageId?: () => string;
    },
  ) {
    this.#queues = new Map(
      queues.map((settings) => [settings.name, { settings, messages: [], taken: new Map() }]),
    );
    this.#now = now;
    this.#weather = weather;
    this.#onArrival = onArrival;
    this.#newMessageId = newMessageId;
  }

  /** Adds a queue. One of the same name is replaced by an empty one. */
  addQueue(settings: QueueSettings): void {
    this.#queues.set(settings.name, { settings, messages: [], taken: new Map() });
  }

  /** Gives the queue other settings; its messages stay. Throws QueueDoesNotExist, as any request does. */
  changeQueue(settings: QueueSettings): void {
    this.#queue(settings.name).settings = settings;
  }

  /** Deletes the queue with its messages. Throws QueueDoesNotExist, as any request does. */
  deleteQueue(url: string): void {
    this.#queues.delete(this.#queue(url).settings.name);
  }

  /** What the queue was made with. Throws QueueDoesNotExist, as any request does. */
  settings(name: string): QueueSettings {
    return this.#queue(name).settings;
  }

  /** The names of all queues. */
  names(): string[] {
    return [...this.#queues.keys()];
  }

  /** Every message that the queue holds, the oldest first. */
  held(name: string): readonly HeldMessage[] {
    return this.#queue(name).messages;
  }

  /** Deletes every message. */
  purge(name: string): void {
    this.#queue(name).messages.length = 0;
  }

  /** Does what a command asks, at once. Throws as the SDK's client would reject. */
  execute(command: unknown): object {
    if (command instanceof SendMessageCommand) {
      const { QueueUrl: url, MessageBody, MessageGroupId, MessageDeduplicationId, ...rest } = command.input;
      const { MessageAttributes, ...unknown } = rest;
      refuseUnknown('SendMessage', unknown);
      const entry = { MessageBody, MessageGroupId, MessageDeduplicationId, MessageAttributes };
      return { MessageId: this.#send(this.#queue(url), toSendInput(entry)) };
    }
    if (command instanceof SendMessageBatchCommand)
      return this.#sendBatch(this.#queue(command.input.QueueUrl), command.input.Entries ?? []);
    if (command instanceof ReceiveMessageCommand) return this.#receive(command.input);
    if (command instanceof DeleteMessageCommand) {
      const { QueueUrl: url, ReceiptHandle: handle } = command.input;
      this.#delete(this.#queue(url), handle);
      return {};
    }
    if (command instanceof ChangeMessageVisibilityCommand) {
      const { QueueUrl: url, ReceiptHandle: handle, VisibilityTimeout: seconds = Number.NaN } = command.input;
      this.#changeVisibility(this.#queue(url), handle, seconds);
      return {};
    }
    throw new Error('The model of SQS does not know this command');
  }

  /** What the queue holds now. */
  gauge(name: string): QueueGauge {
    const { messages, settings } = this.#queue(name);
    const nowMs = this.#now();
    const visible = messages.filter(({ visibleAtMs }) => visibleAtMs <= nowMs).length;
    const oldest = messages
      .filter(({ receives }) => settings.kind === 'fifo' || receives < RECEIVES_WITHOUT_AGE)
      .reduce((least, { arrivedAtMs }) => Math.min(least, arrivedAtMs), nowMs);
    return { visible, inFlight: messages.length - visible, oldestAgeSeconds: (nowMs - oldest) / 1000 };
  }

  /** The bodies and ids of everything that the queue holds, for tests. */
  contents(name: string): { messageId: string; body: string; receives: number }[] {
    return this.#queue(name).messages.map(({ messageId, body, receives }) => ({ messageId, body, receives }));
  }

  isEmpty(name: string): boolean {
    return this.#queue(name).messages.length === 0;
  }

  /** When the next message that is hidden now becomes visible; undefined if none is hidden. */
  nextVisibleMs(name: string): number | undefined {
    const nowMs = this.#now();
    let next: number | undefined;
    for (const { visibleAtMs } of this.#queue(name).messages)
      if (visibleAtMs > nowMs && (next === undefined || visibleAtMs < next)) next = visibleAtMs;
    return next;
  }

  /**
   * Moves every dead letter back to where it came from, as StartMessageMoveTask does: under a new message id,
   * counted from nothing, as if it had just been sent. Returns the ids, old and new.
   *
   * Source:
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
   */
  redrive(name: string): { from: string; to: string }[] {
    const source = [...this.#queues.values()].find(
      ({ settings }) => settings.redrive?.deadLetterQueue === name,
    );
    const letters = this.#queue(name).messages.splice(0);
    if (!source) throw new Error(`${name} is nobody's dead-letter queue`);
    return this.#moveAll(letters, source);
  }

  /**
   * Moves every message of a dead-letter queue to another queue; as `redrive`.
   *
   * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
   */
  moveAll(from: string, to: string): { from: string; to: string }[] {
    const target = this.#queue(to);
    return this.#moveAll(this.#queue(from).messages.splice(0), target);
  }

  #moveAll(letters: readonly Held[], target: Queue): { from: string; to: string }[] {
    const moved = letters.map((letter) => {
      const messageId = this.#newMessageId();
      this.#put(target, { ...letter, messageId, sentAtMs: this.#now() });
      return { from: letter.messageId, to: messageId };
    });
    if (letters.length > 0) this.#onArrival(target.settings.name);
    return moved;
  }

  #sendBatch(queue: Queue, entries: readonly SendMessageBatchRequestEntry[]): object {
    checkBatch(entries);
    const bytes = entries.reduce(
      (sum, { MessageBody: body = '', MessageAttributes }) => sum + bytesOfMessage(body, MessageAttributes),
      0,
    );
    if (bytes > MAX_MESSAGE_BYTES)
      throw new BatchRequestTooLong({ message: 'The batch is too long', $metadata: METADATA });
    const successful: object[] = [];
    const failed: object[] = [];
    for (const { Id, DelaySeconds, MessageSystemAttributes, ...entry } of entries) {
      refuseUnknown('SendMessageBatch', { DelaySeconds, MessageSystemAttributes });
      try {
        successful.push({ Id, MessageId: this.#send(queue, toSendInput(entry)) });
      } catch (error) {
        if (!(error instanceof SQSServiceException)) throw error;
        failed.push({ Id, Code: error.name, Message: error.message, SenderFault: true });
      }
    }
    return { Successful: successful, ...(failed.length > 0 ? { Failed: failed } : {}) };
  }

  /** Returns the message's id; that of the earlier message, if this one repeats it. */
  #send(queue: Queue, input: SendInput): string {
    const { kind, maxMessageBytes = MAX_MESSAGE_BYTES } = queue.settings;
    const { body = '', groupId, attributes } = input;
    if (body === '') throw invalid('MissingParameter', 'The request must contain the parameter MessageBody.');
    if (bytesOfMessage(body, attributes) > maxMessageBytes)
      throw invalid(
        'InvalidParameterValue',
        `One or more parameters are invalid. Reason: Message must be shorter than ${maxMessageBytes} bytes.`,
      );
    if (REFUSED_CHARACTERS.test(body))
      throw invalid('InvalidMessageContents', 'The message contains characters outside the allowed set.');
    checkMessage(input);
    if (kind === 'fifo' && groupId === undefined)
      throw invalid('MissingParameter', 'The request must contain the parameter MessageGroupId.');
    const deduplicationId =
      input.deduplicationId ?? (queue.settings.deduplicatesByContent === true ? hashOf(body) : undefined);
    if (kind === 'fifo' && deduplicationId === undefined)
      throw invalid(
        'InvalidParameterValue',
        'The queue should either have ContentBasedDeduplication enabled ' +
          'or MessageDeduplicationId provided explicitly',
      );
    const nowMs = this.#now();
    const scope = queue.settings.deduplicationScope === 'queue' ? '' : (groupId ?? '');
    const deduplicationKey = `${scope}\n${deduplicationId ?? ''}`;
    const earlier = kind === 'fifo' ? queue.taken.get(deduplicationKey) : undefined;
    if (earlier && nowMs - earlier.atMs < DEDUPLICATION_MS) return earlier.messageId;
    const messageId = this.#newMessageId();
    if (kind === 'fifo') queue.taken.set(deduplicationKey, { atMs: nowMs, messageId });
    this.#put(queue, { messageId, body, groupId, deduplicationId, attributes, sentAtMs: nowMs });
    this.#onArrival(queue.settings.name);
    return messageId;
  }

  #put(
    queue: Queue,
    message: Pick<Held, 'messageId' | 'body' | 'groupId' | 'deduplicationId' | 'attributes' | 'sentAtMs'>,
  ): void {
    const nowMs = this.#now();
    this.#sent += 1;
    queue.messages.push({
      ...message,
      sequenceNumber: this.#sent,
      arrivedAtMs: nowMs,
      enqueuedAtMs: nowMs,
      visibleAtMs: nowMs + (queue.settings.delaySeconds ?? 0) * 1000,
      receives: 0,
      firstReceivedAtMs: undefined,
      receiptHandle: undefined,
    });
  }

  #receive(input: ReceiveMessageCommandInput): object {
    const queue = this.#queue(input.QueueUrl);
    const { settings } = queue;
    const limit = input.MaxNumberOfMessages ?? 1;
    if (limit < 1 || limit > 10)
      throw invalid('InvalidParameterValue', 'Between 1 and 10 messages can be received at once.');
    const seconds = input.VisibilityTimeout ?? settings.visibilityTimeoutSeconds;
    checkVisibility(seconds);
    const received: Message[] = [];
    for (const held of this.#receivable(queue)) {
      if (received.length === limit) break;
      if (this.#becomesDeadLetter(queue, held)) continue;
      received.push(this.#hand(held, { seconds, isFifo: settings.kind === 'fifo' }));
    }
    return received.length === 0 ? {} : { Messages: received };
  }

  /**
   * Of a FIFO queue: the messages of each group in order, of none that has a message in flight. Of a standard
   * queue: whatever is visible, in any order.
   *
   * Source:
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
   */
  #receivable({ settings, messages }: Queue): Held[] {
    const nowMs = this.#now();
    const visible = messages.filter(({ visibleAtMs }) => visibleAtMs <= nowMs);
    if (settings.kind === 'standard') {
      if (!this.#weather || visible.length < 2) return visible;
      const { random } = this.#weather;
      return visible
        .map((held) => ({ held, place: random.next() }))
        .sort((one, other) => one.place - other.place)
        .map(({ held }) => held);
    }
    if (visible.length === messages.length) return visible;
    const locked = new Set(
      messages
        .filter(({ visibleAtMs, receives }) => visibleAtMs > nowMs && receives > 0)
        .map(({ groupId }) => groupId),
    );
    return visible.filter(({ groupId }) => !locked.has(groupId));
  }

  /**
   * Whether the message goes to the dead-letter queue, because it has been received too often. It keeps the
   * time it was sent; the retention of a standard queue goes on from there, that of a FIFO queue begins anew.
   * Its age as a metric begins anew in both.
   *
   * Source:
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
   */
  #becomesDeadLetter(queue: Queue, held: Held): boolean {
    const { redrive } = queue.settings;
    if (!redrive || held.receives < redrive.maxReceiveCount) return false;
    remove(queue, held);
    this.#queue(redrive.deadLetterQueue).messages.push({
      ...held,
      arrivedAtMs: this.#now(),
      enqueuedAtMs: queue.settings.kind === 'fifo' ? this.#now() : held.enqueuedAtMs,
      visibleAtMs: this.#now(),
      receives: 0,
      receiptHandle: undefined,
    });
    return true;
  }

  #hand(held: Held, { seconds, isFifo }: { seconds: number; isFifo: boolean }): Message {
    const nowMs = this.#now();
    const isLeftVisible = !isFifo && this.#weather?.random.chance(this.#weather.duplicates()) === true;
    held.receives += 1;
    held.firstReceivedAtMs ??= nowMs;
    held.receiptHandle = `${held.messageId}#${held.receives}`;
    held.visibleAtMs = isLeftVisible ? nowMs + 1 : nowMs + seconds * 1000;
    return {
      MessageId: held.messageId,
      ReceiptHandle: held.receiptHandle,
      Body: held.body,
      Attributes: {
        SentTimestamp: String(held.sentAtMs),
        ApproximateReceiveCount: String(held.receives),
        ApproximateFirstReceiveTimestamp: String(held.firstReceivedAtMs),
        ...(held.groupId === undefined ? {} : { MessageGroupId: held.groupId }),
        ...(isFifo ? { SequenceNumber: String(held.sequenceNumber).padStart(20, '0') } : {}),
        ...(held.deduplicationId === undefined ? {} : { MessageDeduplicationId: held.deduplicationId }),
      },
      ...(held.attributes && { MessageAttributes: held.attributes }),
    };
  }

  /**
   * An older handle of a message that was received again deletes nothing. On a FIFO queue a handle ends with
   * its visibility.
   *
   * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
   */
  #delete(queue: Queue, handle: string | undefined): void {
    const held = this.#findByHandle(queue, handle);
    if (!held || held.receiptHandle !== handle) return;
    if (queue.settings.kind === 'fifo' && held.visibleAtMs <= this.#now())
      throw invalid(
        'InvalidParameterValue',
        'Value for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.',
      );
    remove(queue, held);
    if (queue.settings.kind === 'fifo') this.#onArrival(queue.settings.name);
  }

  #changeVisibility(queue: Queue, handle: string | undefined, seconds: number): void {
    checkVisibility(seconds);
    const held = this.#findByHandle(queue, handle);
    if (!held || held.receiptHandle !== handle) return;
    if (held.visibleAtMs <= this.#now())
      throw new MessageNotInflight({ message: 'The message is not in flight', $metadata: METADATA });
    held.visibleAtMs = this.#now() + seconds * 1000;
    this.#onArrival(queue.settings.name);
  }

  /**
   * Deletes what is older than the queue's retention, in flight or not.
   *
   * Source:
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html,
   * MessageRetentionPeriod
   */
  #forgetExpired(queue: Queue): void {
    const { retentionSeconds } = queue.settings;
    if (retentionSeconds === undefined) return;
    const keptFromMs = this.#now() - retentionSeconds * 1000;
    if (queue.messages.some(({ enqueuedAtMs }) => enqueuedAtMs <= keptFromMs))
      queue.messages = queue.messages.filter(({ enqueuedAtMs }) => enqueuedAtMs > keptFromMs);
  }

  #findByHandle(queue: Queue, handle: string | undefined): Held | undefined {
    const [messageId, receive] = handle?.split('#') ?? [];
    if (receive === undefined)
      throw new ReceiptHandleIsInvalid({
        message: 'The input receipt handle is invalid.',
        $metadata: METADATA,
      });
    return queue.messages.find((held) => held.messageId === messageId);
  }

  #queue(url: string | undefined): Queue {
    const queue = this.#queues.get(queueNameOf(url ?? ''));
    if (queue) {
      this.#forgetExpired(queue);
      return queue;
    }
    throw new QueueDoesNotExist({ message: 'The specified queue does not exist.', $metadata: METADATA });
  }
}

function createCounter(): () => string {
  let ids = 0;
  return () => `message-${(ids += 1)}`;
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

/** A queue's name from its URL; a name stands for itself. */
export function queueNameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

function toSendInput({
  MessageBody: body,
  MessageGroupId: groupId,
  MessageDeduplicationId: deduplicationId,
  MessageAttributes: attributes,
}: Omit<SendMessageBatchRequestEntry, 'Id'>): SendInput {
  return { body, groupId, deduplicationId, attributes };
}

function remove({ messages }: Queue, held: Held): void {
  const index = messages.indexOf(held);
  if (index !== -1) messages.splice(index, 1);
}

function refuseUnknown(operation: string, unknown: object): void {
  const [name] = Object.entries(unknown).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (name !== undefined) throw new Error(`The model of SQS does not know ${name} of ${operation}`);
}
