import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

import { RetryableError } from '../../../../shared/runtime/errors.ts';
import { createPositionStore } from '../../../../shared/reconciliation/store/position-store.ts';
import type { DynamoDB } from '../../../../shared/dynamodb/table-access.ts';
import { leaveConflictNotes } from '../../../../shared/reconciliation/store/conflict-note-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../../emulators/dynamodb.ts';
import { createInMemoryPositions } from '../../../fakes/in-memory-positions.ts';
import { describePositionStore } from '../rules/position-store.contract.ts';

let dynamodb: TestDynamoDB;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(() => dynamodb.close());

/** Changes one attribute of a stored position, as a manual edit would. */
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
  spoil: (account, stream) => edit({ account, stream }, ['readThrough', 'yesterday']),
  leave: (notes) => leaveConflictNotes({ client: dynamodb.client, table: dynamodb.tables.positions }, notes),
}));
describePositionStore('in memory, for tests', () => ({
  store: inMemory,
  spoil: inMemory.spoil,
  leave: inMemory.leave,
}));

it.each([
  ['readThrough', ''],
  ['historicalBefore', 'never'],
  ['fence', 'three'],
  ['window', 'open'],
  ['drift', 'much'],
])('a position whose %s is %j is unreadable, and blocks nothing (E4)', async (...attribute) => {
  const store = open();
  const position = {
    account: `acc-${attribute[0]}`,
    stream: 'incremental',
    fence: 3,
    readThrough: '2026-06-01T00:00:00Z',
    historicalBefore: null,
  };
  await store.create(position);
  await edit(position, attribute);

  expect(await store.read(position.account, 'incremental')).toBe('unreadable');
  expect(await store.replaceUnreadable({ ...position, fence: 4 })).toBe(true);
  expect(await store.read(position.account, 'incremental')).toEqual({ ...position, fence: 4 });
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
    stream: 'incremental',
    fence: 3,
    readThrough: '2026-06-01T00:00:00Z',
    historicalBefore: null,
  };
  await store.create(position);
  await edit(position, ['readThrough', 'yesterday']);
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
  expect(await store.read(position.account, 'incremental')).toEqual(faster);
});

it('a report expires this many days after its day, and a position never does', async () => {
  const store = open();
  const position = {
    account: 'acc-expiring',
    stream: 'incremental',
    fence: 0,
    readThrough: '2026-06-01T00:00:00Z',
    historicalBefore: null,
  };
  await store.create(position);

  await store.saveAndReport({ ...position, drift: { rows: 1 } }, { day: '2026-06-01', retentionDays: 10 });

  const expiryOf = async (stream: string) => {
    const { Item: item } = await dynamodb.client.send(
      new GetItemCommand({
        TableName: dynamodb.tables.positions,
        Key: { account: { S: 'acc-expiring' }, stream: { S: stream } },
      }),
    );
    return item?.['expiresAtEpochSeconds']?.N;
  };
  expect(await expiryOf('drift-2026-06-01')).toBe(String(Date.parse('2026-06-11T00:00:00Z') / 1000));
  expect(await expiryOf('incremental')).toBeUndefined();
});

it.each([
  ['the fence has moved', ['ConditionalCheckFailed', 'None'], false],
  [
    'the fence has moved and the report is being written',
    ['ConditionalCheckFailed', 'TransactionConflict'],
    false,
  ],
  ['the report is being written', ['None', 'TransactionConflict'], RetryableError],
  ['the table is throttled', ['ThrottlingError', 'None'], RetryableError],
])('a position and its report that are not saved because %s', async (_why, codes, expected) => {
  const CancellationReasons = codes.map((Code) => ({ Code }));
  const refusal = new TransactionCanceledException({ message: '', $metadata: {}, CancellationReasons });
  const store = createPositionStore({ client: { send: () => Promise.reject(refusal) }, table: 'positions' });
  const position = {
    ...{ account: 'acc-1', stream: 'live', fence: 0, historicalBefore: null, drift: { rows: 1 } },
    readThrough: '2026-06-01T00:00:00Z',
  };

  const saving = store.saveAndReport(position, { day: '2026-06-01', retentionDays: 10 });

  if (expected === false) expect(await saving).toBe(false);
  else await expect(saving).rejects.toThrow(RetryableError);
});

it('streams are listed over any number of pages', async () => {
  const store = open();
  const gap = 'created_date/gap-2026-06-01T12:31:57Z';
  const streams = ['backfill-1', 'backfill-2', 'backfill-3', gap, 'incremental', 'sweep-daily'];
  for (const stream of streams) {
    const position = { account: 'acc-paged', stream, fence: 0, historicalBefore: null };
    await store.create({ ...position, readThrough: '2026-06-01T00:00:00Z' });
  }
  const oneByOne = createPositionStore({
    client: {
      send: (command: never) =>
        dynamodb.client.send(
          (command as unknown) instanceof QueryCommand
            ? (new QueryCommand({ ...(command as QueryCommand).input, Limit: 1 }) as never)
            : command,
        ),
    },
    table: dynamodb.tables.positions,
  });

  expect((await oneByOne.list('acc-paged')).map(({ stream }) => stream)).toEqual(streams);
});

it('of two planners that find no mark of the deployment, both use the one that was written first (E5)', async () => {
  const first = '2026-06-01T00:00:00.000Z';
  const item = { account: { S: '*' }, stream: { S: 'deployment' }, startedAt: { S: first } };
  let reads = 0;
  const store = createPositionStore({
    client: {
      send: (command: unknown) => {
        if (!(command instanceof GetItemCommand))
          return Promise.reject(new ConditionalCheckFailedException({ message: '', $metadata: {} }));
        reads += 1;
        return Promise.resolve(reads === 1 ? {} : { Item: item });
      },
    } as DynamoDB,
    table: 'positions',
  });

  expect(await store.markDeployment('2026-06-01T00:00:01.000Z')).toBe(first);
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
