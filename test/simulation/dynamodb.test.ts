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
import { startDynamoDbModel } from '../../tooling/local-aws/models/dynamodb-server.ts';
import { listShards, openShard } from '../../tooling/local-aws/triggers/stream-shards.ts';
import { DynamoDBModel, type StreamRecord } from '../../tooling/local-aws/models/dynamodb-model.ts';
import { describeDynamoDB, SORTED, TABLE, type StreamedChange } from './dynamodb.contract.ts';

const processes = startProcesses();

/** The tables of the contract, in an emulator or in the model. */
type ServedTables = { dynamodb: DynamoDbEmulator; client: DynamoDBClient; streamArn: string };
let emulated: ServedTables;
let served: ServedTables;

beforeAll(async () => {
  [emulated, served] = await Promise.all([
    startDynamoDb(processes, 'us-east-1').then(createTables),
    startDynamoDbModel('us-east-1', { shards: 2, splitsAfter: 5, mostOpen: 4 }).then(createTables),
  ]);
});

afterAll(async () => {
  for (const { client, dynamodb } of [emulated, served]) {
    client.destroy();
    await dynamodb.close();
  }
  await processes.close();
});

async function createTables(dynamodb: DynamoDbEmulator): Promise<ServedTables> {
  const client = new DynamoDBClient({
    endpoint: dynamodb.endpoint,
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
  await client.send(
    new CreateTableCommand({
      TableName: SORTED,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [hash('pk'), range('sk')],
      AttributeDefinitions: ['pk', 'sk'].map(attribute),
    }),
  );
  return { dynamodb, client, streamArn: table?.LatestStreamArn ?? '' };
}

const ItemSchema = z.record(z.string(), z.record(z.string(), z.unknown()));
const ImagesSchema = z.object({
  OldImage: ItemSchema.optional(),
  NewImage: ItemSchema.optional(),
  SequenceNumber: z.string(),
});

/** Every change, shard by shard: each shard before the shards that continue it. */
async function readStream({ dynamodb: { streams }, streamArn }: ServedTables): Promise<StreamedChange[]> {
  const found: z.infer<typeof ImagesSchema>[] = [];
  for (const { id: shardId } of await listShards(streams, streamArn)) {
    const shard = await openShard(streams, { streamArn, shardId, from: 'TRIM_HORIZON' });
    for (;;) {
      const page = await shard.next(1000);
      if (page === 'closed' || page.length === 0) break;
      found.push(...page.map(({ dynamodb }) => ImagesSchema.parse(dynamodb)));
    }
  }
  return found
    .sort((one, other) => Number(one.SequenceNumber) - Number(other.SequenceNumber))
    .map((change) => ({ before: change.OldImage, after: change.NewImage }) as StreamedChange);
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

describeDynamoDB('emulated by dynoxide', {
  client: () => emulated.client,
  changes: () => readStream(emulated),
  faults: new Set(['index-keys-of-any-length']),
});
describeDynamoDB('the model, served', {
  client: () => served.client,
  changes: () => readStream(served),
  faults: new Set(),
});
describeDynamoDB('the model of the simulator', {
  client: () => ({
    send: ((command: unknown) =>
      Promise.resolve(command).then((it) => ofContract.model.execute(it))) as never,
  }),
  changes: () => Promise.resolve(ofContract.records.map(({ before, after }) => ({ before, after }))),
  faults: new Set(),
});

describe('the model of DynamoDB alone', () => {
  const item = (revision: number) => ({ pk: { S: 'a' }, revision: { N: String(revision) } });
  const read = (rest: object = {}) =>
    new GetItemCommand({ TableName: TABLE, Key: { pk: { S: 'a' } }, ...rest });

  it('lets an eventually consistent read miss the latest write, and a consistent one never', () => {
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

  it('restores a backup', () => {
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
