import { DeleteMessageCommand, ReceiveMessageCommand, type Message } from '@aws-sdk/client-sqs';
import type { DynamoDBStreamEvent, SQSEvent, SQSRecord } from 'aws-lambda';

import { unfinishedItems } from '../../tooling/local-aws/triggers/batch-response.ts';
import type { StreamRecord } from '../../tooling/local-aws/models/dynamodb-model.ts';
import type { LambdaModel } from './lambda-model.ts';
import type { SqsModel } from '../../tooling/local-aws/models/sqs-model.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { Weather } from './weather.ts';

/** A queue, its function, and how many batches the function handles at once. */
export type QueueMapping = {
  queue: string;
  target: LambdaModel<SQSEvent>;
  batchSize: number;
  maxConcurrency: number;
};

type Ground = { clock: VirtualClock; weather: Weather; sqs: SqsModel };

/** How soon a failed poller looks again. */
const POLLER_RETRY_MS = 5000;

/**
 * Lambda's poller of a queue. It receives messages while the function has capacity, and deletes those that
 * succeeded. The others return when their visibility timeout ends.
 */
export class QueuePoller {
  readonly #mapping: QueueMapping;
  readonly #ground: Ground;
  #batches = 0;
  #nextPollMs = Infinity;
  #callOffPoll: () => void = () => undefined;

  constructor(mapping: QueueMapping, ground: Ground) {
    this.#mapping = mapping;
    this.#ground = ground;
  }

  /** Called when a message has arrived or returned. */
  wake(): void {
    const { clock, weather } = this.#ground;
    this.#pollAt(clock.now() + weather.random.between(1, 40));
  }

  #pollAt(atMs: number): void {
    if (atMs >= this.#nextPollMs) return;
    this.#callOffPoll();
    this.#nextPollMs = atMs;
    this.#callOffPoll = this.#ground.clock.at(atMs, () => {
      this.#nextPollMs = Infinity;
      this.#poll();
    });
  }

  #poll(): void {
    const { clock, sqs, weather } = this.#ground;
    const { queue, batchSize, maxConcurrency } = this.#mapping;
    if (this.#batches >= maxConcurrency) return;
    if (weather.isPollerDown(queue)) {
      this.#pollAt(clock.now() + POLLER_RETRY_MS);
      return;
    }
    const request = new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: batchSize });
    const { Messages: messages = [] } = sqs.execute(request) as { Messages?: Message[] };
    if (messages.length > 0) {
      this.#batches += 1;
      clock.track(this.#work(messages));
      this.wake();
    }
    const nextMs = sqs.nextVisibleMs(queue);
    if (nextMs !== undefined) this.#pollAt(nextMs);
  }

  async #work(messages: readonly Message[]): Promise<void> {
    const { sqs, weather } = this.#ground;
    const { queue, target } = this.#mapping;
    const result = await target.invoke({ Records: messages.map((message) => toRecord(message, queue)) });
    const itemIds = messages.map(({ MessageId: id = '' }) => id);
    const unfinished = unfinishedItems(result, { itemIds, reportsItemFailures: true });
    for (const { MessageId: id = '', ReceiptHandle: handle } of messages) {
      if (unfinished === 'all' || unfinished.has(id) || weather.losesDelete(queue)) continue;
      sqs.execute(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: handle }));
    }
    this.#batches -= 1;
    this.wake();
  }
}

/** The record that Lambda makes of a message. */
export function toRecord(message: Message, queue: string): SQSRecord {
  const { MessageId: messageId = '', ReceiptHandle: receiptHandle = '', Body: body = '' } = message;
  const attributes = message.Attributes ?? {};
  return {
    messageId,
    receiptHandle,
    body,
    attributes: attributes as unknown as SQSRecord['attributes'],
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, { StringValue: stringValue = '' }]) => [
        name,
        { dataType: 'String' as const, stringValue },
      ]),
    ),
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: queue,
    awsRegion: 'us-east-1',
  };
}

/** The number of shards in a table's stream. Changes in different shards are delivered in any order. */
const SHARDS = 2;
const MAX_BATCH = 100;
const RETRY_MS = { first: 500, longest: 30_000 };

type Shard = { records: StreamRecord[]; isBusy: boolean; failures: number };

/**
 * Lambda's poller of a table's stream. It delivers every shard in order. A failed batch is split, and blocks
 * the batches after it.
 */
export class StreamPoller {
  readonly #target: LambdaModel<DynamoDBStreamEvent>;
  readonly #ground: Pick<Ground, 'clock' | 'weather'>;
  readonly #shards: readonly Shard[] = Array.from({ length: SHARDS }, () => ({
    records: [],
    isBusy: false,
    failures: 0,
  }));

  constructor(target: LambdaModel<DynamoDBStreamEvent>, ground: Pick<Ground, 'clock' | 'weather'>) {
    this.#target = target;
    this.#ground = ground;
  }

  add(record: StreamRecord): void {
    let sum = 0;
    for (const character of record.key) sum += character.charCodeAt(0);
    const shard = this.#shards[sum % SHARDS];
    if (!shard) return;
    shard.records.push(record);
    this.#pollLater(shard, this.#ground.weather.random.between(50, 300));
  }

  /** The number of changes that are not delivered yet. */
  get waiting(): number {
    return this.#shards.reduce((sum, { records }) => sum + records.length, 0);
  }

  /** The age of the oldest change that is not delivered yet. */
  get iteratorAgeMs(): number {
    const nowMs = this.#ground.clock.now();
    return Math.max(0, ...this.#shards.map(({ records }) => nowMs - (records[0]?.atMs ?? nowMs)));
  }

  #pollLater(shard: Shard, delayMs: number): void {
    if (shard.isBusy) return;
    shard.isBusy = true;
    const { clock } = this.#ground;
    clock.at(clock.now() + delayMs, () => {
      clock.track(this.#work(shard));
    });
  }

  async #work(shard: Shard): Promise<void> {
    const isDown = this.#ground.weather.isPollerDown('stream');
    const reported = isDown
      ? 0
      : await this.#deliver(shard.records.slice(0, Math.max(1, MAX_BATCH >> shard.failures)));
    shard.records.splice(0, reported);
    shard.failures = reported > 0 ? 0 : shard.failures + 1;
    shard.isBusy = false;
    if (shard.records.length === 0) return;
    const pauseMs = shard.failures === 0 ? 1 : RETRY_MS.first * 2 ** Math.min(shard.failures, 10);
    this.#pollLater(shard, Math.min(pauseMs, RETRY_MS.longest));
  }

  /** Returns the number of records that are done, counted from the first. */
  async #deliver(records: readonly StreamRecord[]): Promise<number> {
    const result = await this.#target.invoke({
      Records: records.map(({ sequenceNumber, before, after }) => ({
        dynamodb: {
          SequenceNumber: sequenceNumber,
          ...(before && { OldImage: before as never }),
          ...(after && { NewImage: after as never }),
        },
      })),
    });
    const itemIds = records.map(({ sequenceNumber }) => sequenceNumber);
    const unfinished = unfinishedItems(result, { itemIds, reportsItemFailures: true });
    if (unfinished === 'all') return 0;
    const first = itemIds.findIndex((id) => unfinished.has(id));
    return first === -1 ? records.length : first;
  }
}
