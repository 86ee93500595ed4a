import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

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

it('the mark of a deployment that listed its accounts too is still its mark', async () => {
  const { client, tables, close } = await startTestDynamoDB();
  onTestFinished(close);
  const mark = { startedAt: { S: '2026-06-01T00:00:00.000Z' }, accounts: { L: [{ S: 'acc-1' }] } };
  const key = { account: { S: '*' }, stream: { S: 'deployment' } };
  await client.send(
    new PutItemCommand({ TableName: tables.positions, Item: { ...key, ...mark, schemaVersion: { N: '1' } } }),
  );

  const deployedAt = await createPositionStore({ client, table: tables.positions }).markDeployment(
    '2026-07-01T00:00:00.000Z',
  );

  expect(deployedAt).toBe('2026-06-01T00:00:00.000Z');
});

it('an account is forgotten by deleting its item, as the runbook says, and remembered again when it is listed', async () => {
  const { client, tables, close } = await startTestDynamoDB();
  onTestFinished(close);
  const store = createPositionStore({ client, table: tables.positions });
  await store.rememberAccounts(['acc-1', 'acc-2']);
  const key = { account: { S: '*' }, stream: { S: 'account-acc-1' } };

  await client.send(new DeleteItemCommand({ TableName: tables.positions, Key: key }));

  expect(await store.rememberAccounts([])).toEqual(['acc-2']);
  expect(await store.rememberAccounts(['acc-1'])).toEqual(['acc-2', 'acc-1']);
});

it.each([
  ['that has a fence', false],
  ['that has lost its fence', true],
])('of two planners at once, one replaces an unreadable position %s (E4, E5)', async (name, isWithout) => {
  const store = open();
  const position = {
    account: `acc-${name.replaceAll(' ', '-')}`,
    stream: 'live',
    fence: 3,
    doneUntil: '2026-06-01T00:00:00Z',
    historicalBefore: null,
  };
  await store.create(position);
  await edit(position, ['doneUntil', 'yesterday']);
  if (isWithout) await removeFence(position);
  const faster = { ...position, fence: 100 };
  // Both have seen that it is unreadable; the other one writes first.
  let raced = false;
  const slow = createPositionStore({
    client: {
      send: async (command: never) => {
        const output: unknown = await dynamodb.client.send(command);
        if (!raced) {
          raced = true;
          expect(await store.replaceUnreadable(faster)).toBe(true);
        }
        return output;
      },
    },
    table: dynamodb.tables.positions,
  });

  const replaced = await slow.replaceUnreadable({ ...position, fence: 200 });

  expect(replaced).toBe(false);
  expect(await store.read(position.account, 'live')).toEqual(faster);
});

async function removeFence({ account, stream }: { account: string; stream: string }): Promise<void> {
  await dynamodb.client.send(
    new UpdateItemCommand({
      TableName: dynamodb.tables.positions,
      Key: { account: { S: account }, stream: { S: stream } },
      UpdateExpression: 'REMOVE fence',
    }),
  );
}
