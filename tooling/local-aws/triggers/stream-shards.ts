import * as z from 'zod';
import type { AwsJsonClient } from '../emulators/aws-json-client.ts';

const RecordSchema = z.looseObject({
  dynamodb: z.looseObject({ SequenceNumber: z.string(), ApproximateCreationDateTime: z.number() }),
});

/** A change, as DynamoDB Streams words it. */
export type StreamRecord = z.infer<typeof RecordSchema>;

/** A shard of a stream, and which one it continues. */
export type ShardDescription = { id: string; parentId: string | undefined };

/** A shard while it is read. */
export type Shard = {
  id: string;
  /** The next records; `closed` once all of a closed shard have been read. */
  next(limit: number): Promise<StreamRecord[] | 'closed'>;
  /** Where the next records begin; undefined once all of a closed shard have been read. */
  iterator(): string | undefined;
};

const DescribedStreamSchema = z.object({
  StreamDescription: z.object({
    Shards: z.array(z.object({ ShardId: z.string(), ParentShardId: z.string().nullish() })).default([]),
    LastEvaluatedShardId: z.string().nullish(),
  }),
});
const IteratorSchema = z.object({ ShardIterator: z.string() });
const RecordsSchema = z.object({
  Records: z.array(RecordSchema),
  NextShardIterator: z.string().nullish(),
});

/** What one GetRecords can bring. */
const RECORDS_LIMIT = 1000;

/**
 * Every shard of the stream, from all pages.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_DescribeStream.html
 */
export async function listShards(streams: AwsJsonClient, streamArn: string): Promise<ShardDescription[]> {
  const found: ShardDescription[] = [];
  let after: string | null | undefined;
  do {
    const { StreamDescription: page } = DescribedStreamSchema.parse(
      await streams('DescribeStream', {
        StreamArn: streamArn,
        ...(after === undefined || after === null ? {} : { ExclusiveStartShardId: after }),
      }),
    );
    found.push(
      ...page.Shards.map(({ ShardId: id, ParentShardId: parentId }) => ({
        id,
        parentId: parentId ?? undefined,
      })),
    );
    after = page.LastEvaluatedShardId;
  } while (after !== undefined && after !== null);
  return found;
}

/**
 * Begins to read a shard.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
 */
export async function openShard(
  streams: AwsJsonClient,
  {
    streamArn,
    shardId,
    from,
  }: { streamArn: string; shardId: string; from: 'TRIM_HORIZON' | 'LATEST' | { iterator: string } },
): Promise<Shard> {
  let iterator: string | undefined =
    typeof from === 'object'
      ? from.iterator
      : IteratorSchema.parse(
          await streams('GetShardIterator', {
            StreamArn: streamArn,
            ShardId: shardId,
            ShardIteratorType: from,
          }),
        ).ShardIterator;
  return {
    id: shardId,
    iterator: () => iterator,
    async next(limit) {
      if (iterator === undefined) return 'closed';
      const answer = RecordsSchema.parse(
        await streams('GetRecords', { ShardIterator: iterator, Limit: Math.min(limit, RECORDS_LIMIT) }),
      );
      iterator = answer.NextShardIterator ?? undefined;
      return answer.Records;
    },
  };
}
