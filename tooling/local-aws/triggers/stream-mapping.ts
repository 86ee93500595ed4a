import type { LocalCloud } from '../cloud.ts';
import type { LocalFunction } from '../lambda/local-function.ts';
import { isThrottled } from '../lambda/invocation-result.ts';
import { unfinishedItems } from './batch-response.ts';
import { fittingBatches } from './fitting-batches.ts';
import { rest } from './mapping-pace.ts';
import type { MappingProperties } from './mapping-properties.ts';
import { countExpired, createFailureNotice } from './stream-failure.ts';
import type { FailureReason } from './stream-failure.ts';
import type { StreamPosition } from './stream-position.ts';
import type { Trigger } from './triggers.ts';
import { listShards, openShard } from './stream-shards.ts';
import type { Shard, ShardDescription, StreamRecord } from './stream-shards.ts';

/** How long a stream that has been read to its end is left alone. Lambda looks four times a second. */
const POLL_INTERVAL_MS = 100;

/** How often new shards are looked for. */
const SHARD_LIST_INTERVAL_MS = 250;

/** How long a failed batch rests before it is tried again; it doubles up to the second figure. */
const RETRY_DELAY_MS = { first: 100, longest: 10_000 };

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

/**
 * Reads every shard of the stream in order, all of them side by side, and a shard that continues another
 * once that one has been read to its end: so the changes of one item stay in order. A batch that fails holds
 * up what comes after it in its shard.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html, "Reading and
 * processing a stream"
 */
function createReader(mapping: Mapping): Trigger {
  const begun = new Map<string, Promise<void>>();
  const { finished, iterators } = mapping.position;

  const list = async (): Promise<ShardDescription[]> => {
    const shards = await listShards(mapping.cloud.dynamodb.streams, mapping.emulatorStreamArn);
    const known = new Set(shards.map(({ id }) => id));
    return shards.filter(
      ({ id, parentId }) =>
        !begun.has(id) &&
        !finished.has(id) &&
        (parentId === undefined || !known.has(parentId) || finished.has(parentId)),
    );
  };

  return {
    async run(until) {
      const broken = new AbortController();
      const signal = AbortSignal.any([until, broken.signal]);
      let from = iterators.size > 0 ? 'TRIM_HORIZON' : mapping.startingPosition;
      while (!signal.aborted) {
        const due = await list();
        for (const { id } of due) {
          const read = readShard(id, { mapping, from, signal }).catch((error: unknown) => {
            broken.abort(error);
          });
          begun.set(id, read);
        }
        // A shard that appears later continues one that has been read.
        if (due.length > 0) from = 'TRIM_HORIZON';
        await rest(SHARD_LIST_INTERVAL_MS, signal);
      }
      await Promise.all(begun.values());
      broken.signal.throwIfAborted();
    },
  };
}

/** A signal that was not aborted may be so after a wait. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

type ShardRead = { mapping: Mapping; shard: Shard; signal: AbortSignal };

async function readShard(
  shardId: string,
  { mapping, from, signal }: { mapping: Mapping; from: Mapping['startingPosition']; signal: AbortSignal },
): Promise<void> {
  const { cloud, position, emulatorStreamArn: streamArn } = mapping;
  const iterator = position.iterators.get(shardId);
  const shard = await openShard(cloud.dynamodb.streams, {
    streamArn,
    shardId,
    from: iterator ? { iterator } : from,
  });
  while (!signal.aborted) {
    const records = await shard.next(mapping.batchSize);
    if (records === 'closed') {
      position.finished.add(shardId);
      return;
    }
    const filled = records.length === 0 ? [] : await fillBatch(records, { mapping, shard, signal });
    for (const batch of fittingBatches(filled, (record) => toEventRecord(record, mapping)))
      await deliver(batch, { mapping, shard, signal });
    // A batch that is broken off is read again by the mapping that comes after this one.
    const next = shard.iterator();
    if (!isOver(signal) && next !== undefined) position.iterators.set(shardId, next);
    if (filled.length < mapping.batchSize) await rest(POLL_INTERVAL_MS, signal);
  }
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
    if (more === 'closed') break;
    records.push(...more);
    if (more.length === 0) await rest(POLL_INTERVAL_MS, signal);
  }
  return records;
}

/**
 * Runs the function until every record is done or given up. Splitting a batch, and going on after the records
 * that a partial response reports as done, do not count as retries; nor does an invocation that is throttled,
 * because the batch has not reached the function.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html, MaximumRetryAttempts.
 */
async function deliver(batch: StreamRecord[], reading: ShardRead): Promise<void> {
  const { mapping, signal } = reading;
  let records = batch;
  let retries = 0;
  let throttles = 0;
  while (!signal.aborted) {
    records = await withoutExpired(records, reading);
    if (records.length === 0) return;
    const doneCount = await attempt(records, mapping);
    if (doneCount === records.length) return;

    if (doneCount === 'throttled') {
      await rest(retryDelayMs(throttles), signal);
      throttles += 1;
    } else if (doneCount > 0) {
      records = records.slice(doneCount);
    } else if (mapping.bisects && records.length > 1) {
      const half = Math.ceil(records.length / 2);
      await deliver(records.slice(0, half), reading);
      records = records.slice(half);
    } else if (mapping.maximumRetries >= 0 && retries >= mapping.maximumRetries) {
      await giveUp(records, { reason: 'RetryAttemptsExhausted', attempts: retries + 1 }, reading);
      return;
    } else {
      await rest(retryDelayMs(retries), signal);
      retries += 1;
    }
  }
}

function retryDelayMs(tries: number): number {
  return Math.min(RETRY_DELAY_MS.first * 2 ** tries, RETRY_DELAY_MS.longest);
}

function toEventRecord(record: StreamRecord, { cloud, streamArn }: Mapping) {
  return { ...record, awsRegion: cloud.region, eventSourceARN: streamArn };
}

/** Runs the function once. Returns how many records, from the first on, are done. */
async function attempt(records: StreamRecord[], mapping: Mapping): Promise<number | 'throttled'> {
  const lastCreatedAtMs = (records.at(-1)?.dynamodb.ApproximateCreationDateTime ?? 0) * 1000;
  mapping.cloud.lambdaMetrics
    .forFunction(mapping.target.configuration.name)
    .batchOfAge(Date.now() - lastCreatedAtMs);
  const result = await mapping.target.invoke({
    Records: records.map((record) => toEventRecord(record, mapping)),
  });
  if (isThrottled(result)) return 'throttled';
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
