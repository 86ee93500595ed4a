import { randomBytes } from 'node:crypto';

import {
  GetItemCommand,
  type PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  createQuarantineReview,
  type QuarantineReview,
} from '../../../shared/quarantine/quarantine-review.ts';
import { createQuarantineStore, type QuarantineStore } from '../../../shared/quarantine/quarantine-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';

let dynamodb: TestDynamoDB;
let store: QuarantineStore;
let review: QuarantineReview;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
  const table = dynamodb.tables.quarantine;
  store = createQuarantineStore({ client: dynamodb.client, table, retentionDays: 30 });
  review = createQuarantineReview({ client: dynamodb.client, table });
});

afterAll(() => dynamodb.close());

const refusedAt = '2026-06-01T12:00:00.000Z';
const about = { reasons: [{ code: 'not_json', problem: 'It is not JSON' }], refusedAt, origin: 'sqs:m' };

const REPLAYED_AT = '2026-06-02T08:00:00.000Z';

async function refusals(id: string): Promise<number> {
  return (await review.read('order#acme', id))?.refusals ?? Number.NaN;
}

function markReplayed(id: string, count: number): Promise<boolean> {
  return review.markReplayed({ kind: 'order#acme', id, refusals: count }, new Date(REPLAYED_AT));
}

describe('createQuarantineReview', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('{"é')],
    ['bytes that fill four items, because they cannot be compressed', randomBytes(1_000_000)],
  ])('reads stored bytes back unchanged: %s', async (what, bytes) => {
    await store.put({ kind: 'order#acme', id: what, bytes, ...about });

    const read = await review.read('order#acme', what);

    expect(read).toMatchObject({ kind: 'order#acme', id: what, ...about });
    expect(Buffer.from(read?.bytes ?? 'missing').equals(bytes)).toBe(true);
  });

  it('finds the entries of an order by its id, without their parts and other kinds (S25)', async () => {
    const order = { bytes: randomBytes(700_000), ...about, orderId: 'o-found' };
    await store.put({ kind: 'order#acme', id: 'm-2', ...order });
    await store.put({ kind: 'order#acme', id: 'm-1', ...order });
    await store.put({ kind: 'order#north', id: 'm-3', ...order });
    await store.put({ kind: 'order#acme', id: 'm-4', ...order, orderId: 'o-other' });

    expect((await review.listOfOrder('order#acme', 'o-found')).sort()).toEqual(['m-1', 'm-2']);
    expect(await review.listOfOrder('order#acme', 'o-unknown')).toEqual([]);
  });

  it('goes on with an entry that has expired and is not deleted yet: days may pass between the two (F2)', async () => {
    const longAgo = { ...about, refusedAt: '2020-01-01T00:00:00.000Z' };
    await store.put({ kind: 'order#acme', id: 'expired', bytes: 'first', ...longAgo });

    await store.put({ kind: 'order#acme', id: 'expired', bytes: 'second', ...about });

    const read = await review.read('order#acme', 'expired');
    expect(Buffer.from(read?.bytes ?? []).toString()).toBe('first');
    expect(await markReplayed('expired', await refusals('expired'))).toBe(true);
  });

  it('stores a message that fills several items with the first hundred of a thousand reasons', async () => {
    const reason = {
      code: 'amount_not_integer',
      path: '$.data.line_items[1000].attributes',
      problem: 'x'.repeat(300),
      fix: 'y'.repeat(300),
    };
    const reasons = Array.from({ length: 1001 }, (_, index) => ({
      ...reason,
      path: `${reason.path}.${index}`,
    }));

    await store.put({
      kind: 'order#acme',
      id: 'many reasons',
      ...about,
      bytes: randomBytes(1_000_000),
      reasons,
    });

    const read = await review.read('order#acme', 'many reasons');
    expect(read?.reasons).toEqual(reasons.slice(0, 100));
    expect(read?.bytes).toHaveLength(1_000_000);
  });

  it('expires this many days after the last refusal', async () => {
    const expiry = async () => {
      const { Item: item } = await dynamodb.client.send(
        new GetItemCommand({
          TableName: dynamodb.tables.quarantine,
          Key: { kind: { S: 'order#acme' }, id: { S: 'expiring' } },
        }),
      );
      return Number(item?.['expiresAtEpochSeconds']?.N) * 1000;
    };
    await store.put({ kind: 'order#acme', id: 'expiring', bytes: 'x', ...about });
    const first = await expiry();

    await store.put({
      ...{ kind: 'order#acme', id: 'expiring', bytes: 'x', ...about },
      refusedAt: '2026-06-08T12:00:00.000Z',
    });

    expect(new Date(first).toISOString()).toBe('2026-07-01T12:00:00.000Z');
    expect(new Date(await expiry()).toISOString()).toBe('2026-07-08T12:00:00.000Z');
  });

  it('is stored as a whole or not at all: its parts are written before it', async () => {
    let dies = true;
    const dying = createQuarantineStore({
      client: {
        send: (async (command: PutItemCommand) => {
          const isPart = command.input.Item?.['id']?.S?.includes('#part-') ?? false;
          await Promise.resolve();
          if (isPart && dies) throw new Error('died');
          return dynamodb.client.send(command);
        }) as DynamoDBClient['send'],
      },
      table: dynamodb.tables.quarantine,
      retentionDays: 30,
    });
    const entry = { kind: 'order#acme', id: 'large', bytes: randomBytes(800_000), ...about };

    await expect(dying.put(entry)).rejects.toThrow('died');
    const afterwards = await review.read('order#acme', 'large');
    dies = false;
    await dying.put(entry);

    expect(afterwards).toBeUndefined();
    expect((await review.read('order#acme', 'large'))?.bytes).toEqual(entry.bytes);
  });

  it('returns undefined for a missing entry', async () => {
    expect(await review.read('order#acme', 'nobody')).toBeUndefined();
    expect(await markReplayed('nobody', 1)).toBe(false);
  });

  it('lists every entry of a kind once, page by page, without its parts', async () => {
    for (let index = 0; index < 7; index += 1) {
      const bytes = index === 3 ? randomBytes(800_000) : 'x';
      await store.put({ kind: 'order#listed', id: `m-${index}`, bytes, ...about });
    }
    await store.put({ kind: 'order#other', id: 'm-0', bytes: 'x', ...about });

    const ids: string[] = [];
    let nextPage: string | undefined;
    do {
      const page = await review.list('order#listed', { pageSize: 2, ...(nextPage ? { nextPage } : {}) });
      expect(page.entries.length).toBeLessThanOrEqual(2);
      ids.push(...page.entries.map(({ id }) => id));
      nextPage = page.nextPage;
    } while (nextPage !== undefined);

    expect(ids).toEqual(Array.from({ length: 7 }, (_, index) => `m-${index}`));
  });

  it('remembers when an entry was replayed', async () => {
    await store.put({ kind: 'order#acme', id: 'replayed', bytes: 'x', ...about });

    expect(await markReplayed('replayed', await refusals('replayed'))).toBe(true);

    expect(await review.read('order#acme', 'replayed')).toMatchObject({ replayedAt: REPLAYED_AT });
  });

  it('lists what is refused again after a replay as not replayed, with the new reasons', async () => {
    const entry = { kind: 'order#acme', id: 'refused again', bytes: 'x', ...about };
    // The clock of the refusal is behind that of the replay.
    const refusal = {
      reasons: [{ code: 'refused_by_button', problem: 'Button refuses it' }],
      refusedAt: '2026-05-31T12:00:00.000Z',
    };
    await store.put(entry);
    await markReplayed('refused again', await refusals('refused again'));

    await store.put({ ...entry, ...refusal });

    const read = await review.read('order#acme', 'refused again');
    expect(read).toMatchObject({ ...refusal, refusals: 2 });
    expect(read).not.toHaveProperty('replayedAt');
  });

  it('is not marked by a replay that began before the last refusal', async () => {
    const entry = { kind: 'order#acme', id: 'overtaken', bytes: 'x', ...about };
    await store.put(entry);
    const before = await refusals('overtaken');
    await store.put(entry);

    expect(await markReplayed('overtaken', before)).toBe(false);

    expect(await review.read('order#acme', 'overtaken')).not.toHaveProperty('replayedAt');
  });

  it('marks an entry from before refusals were counted, once it is replayed', async () => {
    await store.put({ kind: 'order#acme', id: 'uncounted', bytes: 'x', ...about });
    await dynamodb.client.send(
      new UpdateItemCommand({
        TableName: dynamodb.tables.quarantine,
        Key: { kind: { S: 'order#acme' }, id: { S: 'uncounted' } },
        UpdateExpression: 'REMOVE refusals',
      }),
    );

    expect(await markReplayed('uncounted', await refusals('uncounted'))).toBe(true);
  });

  it('keeps all parts of a large entry, for as long as its head, when it is refused again', async () => {
    const bytes = randomBytes(800_000);
    const entry = { kind: 'order#large', id: 'large again', bytes, ...about };
    await store.put(entry);
    await store.put({ ...entry, bytes: randomBytes(800_000), refusedAt: '2026-06-03T12:00:00.000Z' });
    await store.put({ ...entry, bytes: 'small', refusedAt: '2026-06-03T12:00:00.000Z' });

    const read = await review.read('order#large', 'large again');
    const { Items: items = [] } = await dynamodb.client.send(
      new QueryCommand({
        TableName: dynamodb.tables.quarantine,
        KeyConditionExpression: 'kind = :kind',
        ExpressionAttributeValues: { ':kind': { S: 'order#large' } },
      }),
    );
    expect(Buffer.from(read?.bytes ?? []).equals(bytes)).toBe(true);
    expect(new Set(items.map(({ expiresAtEpochSeconds: expiry }) => expiry?.N)).size).toBe(1);
    expect(items).toHaveLength(3);
  });

  it('deletes an entry with all its parts, and says so if it is missing', async () => {
    await store.put({ kind: 'order#deleted', id: 'large', bytes: randomBytes(1_000_000), ...about });

    const removed = await review.remove('order#deleted', 'large');
    const again = await review.remove('order#deleted', 'large');

    const { Items: left } = await dynamodb.client.send(
      new QueryCommand({
        TableName: dynamodb.tables.quarantine,
        KeyConditionExpression: 'kind = :kind',
        ExpressionAttributeValues: { ':kind': { S: 'order#deleted' } },
      }),
    );
    expect([removed, again]).toEqual([true, false]);
    expect(left).toEqual([]);
  });

  it('can delete an entry again whose deletion was interrupted', async () => {
    await store.put({ kind: 'order#deleted', id: 'half', bytes: randomBytes(1_000_000), ...about });
    let calls = 0;
    const dying = createQuarantineReview({
      client: {
        send: ((command: QueryCommand) =>
          (calls += 1) > 2
            ? Promise.reject(new Error('killed'))
            : dynamodb.client.send(command)) as DynamoDBClient['send'],
      },
      table: dynamodb.tables.quarantine,
    });

    await expect(dying.remove('order#deleted', 'half')).rejects.toThrow('killed');

    expect(await review.remove('order#deleted', 'half')).toBe(true);
    expect(await review.read('order#deleted', 'half')).toBeUndefined();
  });

  it('shows the order of an entry, and after a refused replay both entries, each naming the other', async () => {
    const original = { kind: 'order#acme', id: 'original', bytes: 'x', ...about, orderId: 'o-1' };
    await store.put(original);
    await store.put({ ...original, id: 'again', replayOf: 'original' });
    await store.put({ ...original, id: 'of nobody', replayOf: 'nobody' });

    expect(await review.read('order#acme', 'original')).toMatchObject({
      orderId: 'o-1',
      refusedAgainAs: 'again',
      refusals: 1,
    });
    expect(await review.read('order#acme', 'again')).toMatchObject({ orderId: 'o-1', replayOf: 'original' });
    expect(await review.read('order#acme', 'nobody')).toBeUndefined();
    const { entries } = await review.list('order#acme', { pageSize: 100 });
    expect(entries.find(({ id }) => id === 'again')).toMatchObject({ orderId: 'o-1', replayOf: 'original' });
  });
});
