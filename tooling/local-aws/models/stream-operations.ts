import * as z from 'zod';
import { AwsServiceError } from '../emulators/aws-json-client.ts';
import type { AwsOperation } from '../emulators/aws-json-server.ts';
import type { DynamoDBModel, StreamRecord } from './dynamodb-model.ts';
import type { StreamModel } from './stream-model.ts';
import { toStreamRecord } from './stream-record.ts';

const DescribeStream = z.object({
  StreamArn: z.string(),
  Limit: z.int().min(1).max(100).default(100),
  ExclusiveStartShardId: z.string().optional(),
});
const GetShardIterator = z.object({
  StreamArn: z.string(),
  ShardId: z.string(),
  ShardIteratorType: z.string(),
});
const GetRecords = z.object({ ShardIterator: z.string(), Limit: z.int().min(1).max(1000).default(1000) });

/** The tables, and the streams of those that have one, by the table's name. */
type Streams = {
  model: DynamoDBModel;
  streams: ReadonlyMap<string, StreamModel<StreamRecord>>;
  region: string;
};

/**
 * The operations of DynamoDB Streams.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html
 */
export function streamOperations({ model, streams, region }: Streams): Record<string, AwsOperation> {
  const streamOf = (arn: string) => {
    const name = tableNameIn(arn);
    const stream = streams.get(name);
    if (!stream) throw new AwsServiceError('ResourceNotFoundException', `There is no stream ${arn}.`);
    return { name, stream };
  };

  return {
    DescribeStream(input) {
      const { StreamArn, Limit: limit, ExclusiveStartShardId: after } = DescribeStream.parse(input);
      const shards = streamOf(StreamArn).stream.shards();
      const start = after === undefined ? 0 : shards.findIndex(({ id }) => id === after) + 1;
      const page = shards.slice(start, start + limit);
      const isLast = start + page.length >= shards.length;
      return {
        StreamDescription: {
          StreamArn,
          StreamStatus: 'ENABLED',
          Shards: page.map(({ id, parentId }) => ({ ShardId: id, ParentShardId: parentId })),
          ...(isLast ? {} : { LastEvaluatedShardId: page.at(-1)?.id }),
        },
      };
    },
    GetShardIterator(input) {
      const { StreamArn, ShardId, ShardIteratorType } = GetShardIterator.parse(input);
      const { name, stream } = streamOf(StreamArn);
      return { ShardIterator: `${name}|${stream.iterator(ShardId, ShardIteratorType)}` };
    },
    GetRecords(input) {
      const { ShardIterator: given, Limit: limit } = GetRecords.parse(input);
      const [name = '', ...iterator] = given.split('|');
      const stream = streams.get(name);
      if (!stream) throw new AwsServiceError('ResourceNotFoundException', `There is no stream of ${name}.`);
      const { entries, nextIterator } = stream.read(iterator.join('|'), limit);
      const settings = model.settings(name);
      return {
        Records: entries.map((record) => toStreamRecord(record, { settings, region })),
        ...(nextIterator === undefined ? {} : { NextShardIterator: `${name}|${nextIterator}` }),
      };
    },
  };
}

function tableNameIn(streamArn: string): string {
  return /:table\/([^/]+)\/stream\//u.exec(streamArn)?.[1] ?? '';
}
