import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { LocalCloud } from '../cloud.ts';
import type { LocalFunction } from '../lambda/local-function.ts';
import { unfinishedItems } from './batch-response.ts';
import type { MappingProperties } from './mapping-properties.ts';
import { countExpired, createFailureNotice } from './stream-failure.ts';
import type { FailureReason } from './stream-failure.ts';
import type { StreamPosition } from './stream-position.ts';
import type { Trigger } from './triggers.ts';

/** How often an idle stream is looked at: Lambda's own rate is four times a second. */
const POLL_INTERVAL_MS = 100;

/** How long a failed batch rests before it is tried again; it doubles up to the second figure. */
const RETRY_DELAY_MS = { first: 100, longest: 10_000 };

const RecordSchema = z.looseObject({
  dynamodb: z.looseObject({ SequenceNumber: z.string(), ApproximateCreationDateTime: z.number() }),
});

/** A change, as DynamoDB Streams words it. */
type StreamRecord = z.infer<typeof RecordSchema>;

type Mapping = {
  /** What the function sees, and what the emulator calls it. */
  streamArn: string;
  emulatorStreamArn: string;
  startingPosition: 'TRIM_HORIZON' | 'LATEST';
  batchSize: number;
  batchingWindowMs: number;
  bisects: boolean;
  /** -1 is for ever. */
  maximumRetries: number;
  maximumAgeSeconds: number;
  reportsItemFailures: boolean;
  failureQueueArn: string | undefined;
  target: LocalFunction;
  cloud: LocalCloud;
  position: StreamPosition;
};

/**
 * What connects a table's stream with a function, if the mapping is enabled.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html and services-ddb-params.html.
 */
export function mapStream(
  properties: MappingProperties,
  { target, cloud, position }: { target: LocalFunction; cloud: LocalCloud; position: StreamPosition },
): Trigger | undefined {
  const emulatorStreamArn = cloud.streamArns.get(properties.EventSourceArn);
  if (emulatorStreamArn === undefined) throw new Error(`There is no stream ${properties.EventSourceArn}.`);
  if (properties.StartingPosition === undefined) throw new Error('property StartingPosition is missing.');
  if (properties.ScalingConfig !== undefined)
    throw new Error('property ScalingConfig does not apply to a stream.');
  if (!properties.Enabled) return undefined;

  return createReader({
    streamArn: properties.EventSourceArn,
    emulatorStreamArn,
    startingPosition: properties.StartingPosition,
    batchSize: properties.BatchSize ?? 100,
    batchingWindowMs: properties.MaximumBatchingWindowInSeconds * 1000,
    bisects: properties.BisectBatchOnFunctionError ?? false,
    maximumRetries: properties.MaximumRetryAttempts ?? -1,
    maximumAgeSeconds: properties.MaximumRecordAgeInSeconds ?? -1,
    reportsItemFailures: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    failureQueueArn: properties.DestinationConfig?.OnFailure.Destination,
    target,
    cloud,
    position,
  });
}

/** Reads the stream's only shard in order; a batch that fails holds up what comes after it. */
function createReader(mapping: Mapping): Trigger {
  return {
    async run(signal) {
      const shard = await openShard(mapping, signal);
      while (!signal.aborted) {
        const records = await shard.next(mapping.batchSize);
        if (records.length === 0) await rest(POLL_INTERVAL_MS, signal);
        else await deliver(await fillBatch(records, { mapping, shard, signal }), { mapping, shard, signal });
        // A batch that is broken off is read again by the mapping that comes after this one.
        if (!isOver(signal)) mapping.position.iterator = shard.iterator();
      }
    },
  };
}

/** A signal that was not aborted may be so after a wait. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

type Shard = { id: string; iterator(): string; next(limit: number): Promise<StreamRecord[]> };
type ShardRead = { mapping: Mapping; shard: Shard; signal: AbortSignal };

const DescribedStreamSchema = z.object({
  StreamDescription: z.object({ Shards: z.array(z.object({ ShardId: z.string() })).default([]) }),
});
const IteratorSchema = z.object({ ShardIterator: z.string() });
const RecordsSchema = z.object({ Records: z.array(RecordSchema), NextShardIterator: z.string() });

/** The emulator keeps one shard per table and never closes it. */
async function openShard(mapping: Mapping, signal: AbortSignal): Promise<Shard> {
  const { streams } = mapping.cloud.dynamodb;
  const stream = { StreamArn: mapping.emulatorStreamArn };
  const described = DescribedStreamSchema.parse(await streams('DescribeStream', stream));
  const shardId = described.StreamDescription.Shards[0]?.ShardId;
  if (shardId === undefined) {
    await rest(POLL_INTERVAL_MS, signal);
    return signal.aborted
      ? { id: '', iterator: () => '', next: () => Promise.resolve([]) }
      : openShard(mapping, signal);
  }

  const start = async (): Promise<string> => {
    const request = { ...stream, ShardId: shardId, ShardIteratorType: mapping.startingPosition };
    return IteratorSchema.parse(await streams('GetShardIterator', request)).ShardIterator;
  };
  let iterator = (mapping.position.iterator ??= await start());
  return {
    id: shardId,
    iterator: () => iterator,
    async next(limit) {
      const answer = RecordsSchema.parse(
        await streams('GetRecords', { ShardIterator: iterator, Limit: Math.min(limit, 1000) }),
      );
      iterator = answer.NextShardIterator;
      return answer.Records;
    },
  };
}

/** Waits for more records as long as the batching window allows. */
async function fillBatch(
  first: StreamRecord[],
  { mapping, shard, signal }: ShardRead,
): Promise<StreamRecord[]> {
  const records = [...first];
  const windowEndMs = Date.now() + mapping.batchingWindowMs;
  while (records.length < mapping.batchSize && Date.now() < windowEndMs && !signal.aborted) {
    const more = await shard.next(mapping.batchSize - records.length);
    records.push(...more);
    if (more.length === 0) await rest(POLL_INTERVAL_MS, signal);
  }
  return records;
}

/**
 * Runs the function until every record is done or given up. Splitting a batch, and going on after the records
 * that a partial response reports as done, do not count as retries.
 */
async function deliver(batch: StreamRecord[], reading: ShardRead): Promise<void> {
  const { mapping, signal } = reading;
  let records = batch;
  let retries = 0;
  while (!signal.aborted) {
    records = await withoutExpired(records, reading);
    if (records.length === 0) return;
    const doneCount = await attempt(records, mapping);
    if (doneCount === records.length) return;

    if (doneCount > 0) {
      records = records.slice(doneCount);
    } else if (mapping.bisects && records.length > 1) {
      const half = Math.ceil(records.length / 2);
      await deliver(records.slice(0, half), reading);
      records = records.slice(half);
    } else if (mapping.maximumRetries >= 0 && retries >= mapping.maximumRetries) {
      await giveUp(records, { reason: 'RetryAttemptsExhausted', attempts: retries + 1 }, reading);
      return;
    } else {
      await rest(Math.min(RETRY_DELAY_MS.first * 2 ** retries, RETRY_DELAY_MS.longest), signal);
      retries += 1;
    }
  }
}

/** Runs the function once. Returns how many records, from the first on, are done. */
async function attempt(records: StreamRecord[], mapping: Mapping): Promise<number> {
  const lastCreatedAtMs = (records.at(-1)?.dynamodb.ApproximateCreationDateTime ?? 0) * 1000;
  mapping.cloud.lambdaMetrics
    .forFunction(mapping.target.configuration.name)
    .batchOfAge(Date.now() - lastCreatedAtMs);
  const result = await mapping.target.invoke({
    Records: records.map((record) => ({
      ...record,
      awsRegion: mapping.cloud.region,
      eventSourceARN: mapping.streamArn,
    })),
  });
  const itemIds = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
  const unfinished = unfinishedItems(result, { itemIds, reportsItemFailures: mapping.reportsItemFailures });
  if (unfinished === 'all') return 0;
  const firstUnfinished = itemIds.findIndex((id) => unfinished.has(id));
  return firstUnfinished === -1 ? records.length : firstUnfinished;
}

async function withoutExpired(records: StreamRecord[], reading: ShardRead): Promise<StreamRecord[]> {
  const count = countExpired(records, {
    maximumAgeSeconds: reading.mapping.maximumAgeSeconds,
    nowMs: Date.now(),
  });
  if (count > 0) await giveUp(records.slice(0, count), { reason: 'RecordAgeExceeded', attempts: 0 }, reading);
  return records.slice(count);
}

async function giveUp(
  records: StreamRecord[],
  why: { reason: FailureReason; attempts: number },
  { mapping, shard }: ShardRead,
): Promise<void> {
  const { failureQueueArn, cloud, target, streamArn } = mapping;
  if (failureQueueArn === undefined) return;
  const notice = createFailureNotice(records, {
    ...why,
    streamArn,
    shardId: shard.id,
    functionArn: target.configuration.arn,
  });
  await cloud.sqs.call('SendMessage', {
    QueueUrl: cloud.sqs.queueUrl(failureQueueArn.split(':').at(-1) ?? ''),
    MessageBody: JSON.stringify(notice),
  });
}

/** Waits, or returns at once when the reader is to stop. */
async function rest(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(delayMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
