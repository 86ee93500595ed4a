import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { createPositionStore } from '../../../shared/store/position-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';
import { createInMemoryPositions } from '../../fakes/in-memory-positions.ts';
import { describePositionStore } from './position-store.contract.ts';

let dynamodb: TestDynamoDB;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(() => dynamodb.close());

/** Changes one attribute of a stored position, as somebody would by hand. */
async function edit(
  key: { account: string; stream: string },
  [attribute, value]: readonly [string, string],
): Promise<void> {
  await dynamodb.client.send(
    new UpdateItemCommand({
      TableName: dynamodb.tables.positions,
      Key: { account: { S: key.account }, stream: { S: key.stream } },
      UpdateExpression: 'SET #attribute = :value',
      ExpressionAttributeNames: { '#attribute': attribute },
      ExpressionAttributeValues: { ':value': { S: value } },
    }),
  );
}

const open = () => createPositionStore({ client: dynamodb.client, table: dynamodb.tables.positions });
const inMemory = createInMemoryPositions();

describePositionStore('in DynamoDB', () => ({
  store: open(),
  spoil: (account, stream) => edit({ account, stream }, ['doneUntil', 'yesterday']),
}));
describePositionStore('in memory, for tests', () => ({ store: inMemory, spoil: inMemory.spoil }));

it.each([
  ['doneUntil', ''],
  ['historicalBefore', 'never'],
  ['fence', 'three'],
  ['window', 'open'],
  ['drift', 'much'],
])('a position whose %s is %j is unreadable, and stands in nobody’s way (E4)', async (...attribute) => {
  const store = open();
  const position = {
    account: `acc-${attribute[0]}`,
    stream: 'live',
    fence: 3,
    doneUntil: '2026-06-01T00:00:00Z',
    historicalBefore: null,
  };
  await store.create(position);
  await edit(position, attribute);

  expect(await store.read(position.account, 'live')).toBe('unreadable');
  expect(await store.replaceUnreadable({ ...position, fence: 4 })).toBe(true);
  expect(await store.read(position.account, 'live')).toEqual({ ...position, fence: 4 });
});
