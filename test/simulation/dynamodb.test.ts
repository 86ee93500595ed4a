import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { startDynamoDb, type DynamoDbEmulator } from '../../tooling/local-aws/emulators/dynamodb-emulator.ts';
import { startProcesses } from '../../tooling/local-aws/processes.ts';
import { DynamoDBModel, type StreamRecord } from './dynamodb-model.ts';
import { describeDynamoDB, SORTED, TABLE, type StreamedChange } from './dynamodb.contract.ts';

const processes = startProcesses();
let emulator: DynamoDbEmulator;
let client: DynamoDBClient;
let streamArn = '';

beforeAll(async () => {
  emulator = await startDynamoDb(processes, 'us-east-1');
  client = new DynamoDBClient({
    endpoint: emulator.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' as const });
  const hash = (AttributeName: string) => ({ AttributeName, KeyType: 'HASH' as const });
  const range = (AttributeName: string) => ({ AttributeName, KeyType: 'RANGE' as const });
  const { TableDescription: table } = await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [hash('pk')],
      AttributeDefinitions: ['pk', 'shard', 'dueAt'].map(attribute),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          KeySchema: [hash('shard'), range('dueAt')],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  streamArn = table?.LatestStreamArn ?? '';
  await client.send(
    new CreateTableCommand({
      TableName: SORTED,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [hash('pk'), range('sk')],
      AttributeDefinitions: ['pk', 'sk'].map(attribute),
    }),
  );
});

afterAll(async () => {
  client.destroy();
  await emulator.close();
  await processes.close();
});

const ItemSchema = z.record(z.string(), z.record(z.string(), z.unknown()));
const ShardsSchema = z.object({
  StreamDescription: z.object({ Shards: z.array(z.object({ ShardId: z.string() })) }),
});
const RecordsSchema = z.object({
  Records: z.array(
    z.object({
      dynamodb: z.object({ OldImage: ItemSchema.optional(), NewImage: ItemSchema.optional() }),
    }),
  ),
  NextShardIterator: z.string(),
});

async function readStream(): Promise<StreamedChange[]> {
  const { StreamDescription: stream } = ShardsSchema.parse(
    await emulator.streams('DescribeStream', { StreamArn: streamArn }),
  );
  const request = {
    StreamArn: streamArn,
    ShardId: stream.Shards[0]?.ShardId,
    ShardIteratorType: 'TRIM_HORIZON',
  };
  let { ShardIterator: iterator } = z
    .object({ ShardIterator: z.string() })
    .parse(await emulator.streams('GetShardIterator', request));
  const reported: StreamedChange[] = [];
  for (;;) {
    const page = RecordsSchema.parse(await emulator.streams('GetRecords', { ShardIterator: iterator }));
    if (page.Records.length === 0) return reported;
    for (const { dynamodb: change } of page.Records)
      reported.push({ before: change.OldImage, after: change.NewImage } as StreamedChange);
    iterator = page.NextShardIterator;
  }
}

function openModel({ now = () => 0 }: { now?: () => number } = {}) {
  const records: StreamRecord[] = [];
  const index = { name: 'due', partitionKey: 'shard', sortKey: 'dueAt' };
  const model = new DynamoDBModel(
    [
      { name: TABLE, partitionKey: 'pk', index, hasStream: true },
      { name: SORTED, partitionKey: 'pk', sortKey: 'sk' },
    ],
    { now, onChange: (_table, record) => records.push(record) },
  );
  return { model, records };
}

const ofContract = openModel();

describeDynamoDB('emulated by dynoxide', { client: () => client, changes: readStream });
describeDynamoDB('the model of the simulator', {
  client: () => ({
    send: ((command: unknown) =>
      Promise.resolve(command).then((it) => ofContract.model.execute(it))) as never,
  }),
  changes: () => Promise.resolve(ofContract.records.map(({ before, after }) => ({ before, after }))),
});

describe('the model of DynamoDB alone', () => {
  const item = (revision: number) => ({ pk: { S: 'a' }, revision: { N: String(revision) } });
  const read = (rest: object = {}) =>
    new GetItemCommand({ TableName: TABLE, Key: { pk: { S: 'a' } }, ...rest });

  it('lets an eventually consistent read miss what has just been written, and a consistent one never', () => {
    let nowMs = 1000;
    const { model } = openModel({ now: () => nowMs });
    model.execute(new PutItemCommand({ TableName: TABLE, Item: item(1) }));
    nowMs = 5000;
    model.execute(new PutItemCommand({ TableName: TABLE, Item: item(2) }));

    const stale = model.execute(read(), { staleForMs: 500 });
    const consistent = model.execute(read({ ConsistentRead: true }), { staleForMs: 500 });
    nowMs = 6000;
    const later = model.execute(read(), { staleForMs: 500 });

    expect([stale, consistent, later]).toEqual([{ Item: item(1) }, { Item: item(2) }, { Item: item(2) }]);
  });

  it('goes back to a backup', () => {
    const { model } = openModel();
    model.execute(new PutItemCommand({ TableName: TABLE, Item: item(1) }));
    const backup = model.backUp(TABLE);
    model.execute(new PutItemCommand({ TableName: TABLE, Item: item(2) }));

    model.restore(TABLE, backup);

    expect(model.items(TABLE)).toEqual([item(1)]);
  });

  it.each([
    [
      'a condition',
      new PutItemCommand({ TableName: TABLE, Item: item(1), ConditionExpression: 'size(pk) = :a' }),
    ],
    ['a parameter', new PutItemCommand({ TableName: TABLE, Item: item(1), ReturnValues: 'ALL_OLD' })],
    [
      'an update',
      new UpdateItemCommand({
        TableName: TABLE,
        Key: { pk: { S: 'a' } },
        UpdateExpression: 'SET a = a + :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    ],
    ['a command', new CreateTableCommand({ TableName: TABLE, KeySchema: [], AttributeDefinitions: [] })],
  ])('refuses %s that it does not know', (_what, command) => {
    const { model } = openModel();

    expect(() => model.execute(command)).toThrow('does not know');
  });
});
