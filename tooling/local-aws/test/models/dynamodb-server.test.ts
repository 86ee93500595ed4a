import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { DynamoDbEmulator } from '../../emulators/dynamodb-emulator.ts';
import { startDynamoDbModel } from '../../models/dynamodb-server.ts';
import { listShards, openShard } from '../../triggers/stream-shards.ts';

let dynamodb: DynamoDbEmulator;
let streamArn: string;

beforeEach(async () => {
  dynamodb = await startDynamoDbModel('eu-west-1', { shards: 1, splitsAfter: 2, mostOpen: 2 }, 1);
  const created = await dynamodb.tables('CreateTable', {
    TableName: 'table',
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    DeletionProtectionEnabled: true,
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
  ({ LatestStreamArn: streamArn } = z
    .object({ TableDescription: z.object({ LatestStreamArn: z.string() }) })
    .parse(created).TableDescription);
});

afterEach(() => dynamodb.close());

const put = (pk: string, rest: object = {}) =>
  dynamodb.tables('PutItem', { TableName: 'table', Item: { pk: { S: pk }, ...rest } });

async function records(): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const { id: shardId } of await listShards(dynamodb.streams, streamArn)) {
    const shard = await openShard(dynamodb.streams, { streamArn, shardId, from: 'TRIM_HORIZON' });
    for (let page = await shard.next(1); page !== 'closed' && page.length > 0; page = await shard.next(1))
      found.push(...page);
  }
  return found;
}

async function until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
  }
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
describe('the time to live', () => {
  it('deletes expired items, shows it in the stream as DynamoDB’s own action, and keeps the rest', async () => {
    const seconds = (fromNow: number) => ({
      expires: { N: String(Math.floor(Date.now() / 1000) + fromNow) },
    });
    await put('over', seconds(-10));
    await put('long over', seconds(-6 * 365 * 86_400));
    await put('later', seconds(1000));
    await put('a text', { expires: { S: '1' } });
    await dynamodb.tables('UpdateTimeToLive', {
      TableName: 'table',
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
    });

    const removed = await until(async () =>
      (await records()).find(
        (record) => z.object({ eventName: z.literal('REMOVE') }).safeParse(record).success,
      ),
    );

    expect(removed).toMatchObject({
      eventName: 'REMOVE',
      dynamodb: { Keys: { pk: { S: 'over' } }, OldImage: { pk: { S: 'over' } } },
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    });
    expect(await dynamodb.tables('Scan', { TableName: 'table' })).toMatchObject({ Count: 3 });
  });
});

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
describe('the stream', () => {
  it('continues in other shards, over several pages of them', async () => {
    for (const pk of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await put(pk);

    expect(await records()).toHaveLength(7);
    expect((await listShards(dynamodb.streams, streamArn)).length).toBeGreaterThan(2);
    expect(await dynamodb.streams('DescribeStream', { StreamArn: streamArn, Limit: 1 })).toHaveProperty(
      'StreamDescription.LastEvaluatedShardId',
    );
  });
});

describe('a table', () => {
  it('keeps bytes unchanged', async () => {
    await put('a', { bytes: { B: 'AAEC/w==' } });

    const found = await dynamodb.tables('GetItem', { TableName: 'table', Key: { pk: { S: 'a' } } });

    expect(found).toEqual({ Item: { pk: { S: 'a' }, bytes: { B: 'AAEC/w==' } } });
  });

  it('is not deleted while it is protected', async () => {
    await expect(dynamodb.tables('DeleteTable', { TableName: 'table' })).rejects.toThrow('protected');
  });

  it.each([
    ['an index of all attributes', { GlobalSecondaryIndexes: [{ IndexName: 'all' }] }],
    ['provisioned capacity', { BillingMode: 'PROVISIONED' }],
  ])('is refused with %s, which the model does not know', async (_what, properties) => {
    const creating = dynamodb.tables('CreateTable', {
      TableName: 'other',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      ...properties,
    });

    await expect(creating).rejects.toThrow();
  });
});

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
describe('a transaction', () => {
  const add = (token: string, count: string) =>
    dynamodb.tables('TransactWriteItems', {
      ClientRequestToken: token,
      TransactItems: [
        {
          Update: {
            TableName: 'table',
            Key: { pk: { S: 'a' } },
            UpdateExpression: 'ADD hits :count',
            ExpressionAttributeValues: { ':count': { N: count } },
          },
        },
      ],
    });

  it('is executed once for each token, and refused with the token of another', async () => {
    await add('one', '1');
    await add('one', '1');
    await expect(add('one', '2')).rejects.toThrow('IdempotentParameterMismatch');
    await add('two', '1');

    const found = await dynamodb.tables('GetItem', { TableName: 'table', Key: { pk: { S: 'a' } } });

    expect(found).toMatchObject({ Item: { hits: { N: '2' } } });
  });
});
