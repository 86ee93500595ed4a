import {
  BatchGetItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';

type Item = Record<string, AttributeValue>;

/** A change as the stream reports it. */
export type StreamedChange = { before: Item | undefined; after: Item | undefined };

/**
 * Two tables. `TABLE` has the key `pk`, a stream of new and old images, and an index `due` of keys only, by
 * `shard` and `dueAt`. `SORTED` has the keys `pk` and `sk`.
 */
export type DynamoDBUnderTest = {
  client: () => Pick<DynamoDBClient, 'send'>;
  /** Every change of `TABLE` so far, oldest first. */
  changes: () => Promise<StreamedChange[]>;
  /** Known deviations from what AWS documents. */
  faults: ReadonlySet<'index-keys-of-any-length'>;
};

export const TABLE = 'table';
export const SORTED = 'sorted';

/** The behaviour that this project's stores rely on, each with the AWS page that documents it. */
export function describeDynamoDB(name: string, { client, changes, faults }: DynamoDBUnderTest): void {
  let keys = 0;
  const newKey = (): string => `${name} ${(keys += 1)}`;
  const text = (value: string): AttributeValue => ({ S: value });
  const number = (value: number): AttributeValue => ({ N: String(value) });
  const put = (item: Item, rest: Partial<PutItemCommand['input']> = {}) =>
    client().send(new PutItemCommand({ TableName: TABLE, Item: item, ...rest }));
  const get = async (key: string): Promise<Item | undefined> =>
    (
      await client().send(
        new GetItemCommand({ TableName: TABLE, Key: { pk: text(key) }, ConsistentRead: true }),
      )
    ).Item;
  const atRevision = (revision: number) => ({
    ConditionExpression: 'revision = :expected',
    ExpressionAttributeValues: { ':expected': number(revision) },
  });

  describe(`DynamoDB, ${name}`, () => {
    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
    it('replaces an item as a whole, and returns what was stored', async () => {
      const pk = text(newKey());
      await put({ pk, one: text('a'), list: { L: [number(1)] }, map: { M: { yes: { BOOL: true } } } });

      await put({ pk, two: number(2.5), bytes: { B: Buffer.from([1, 2]) } });

      const item = await get(pk.S ?? '');
      expect(Object.keys(item ?? {}).sort()).toEqual(['bytes', 'pk', 'two']);
      expect(item?.['two']).toEqual({ N: '2.5' });
      expect([...(item?.['bytes']?.B ?? [])]).toEqual([1, 2]);
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html (items and keys)
    it.each<[string, Item]>([
      ['a partition key of more than 2048 bytes', { pk: text('é'.repeat(1025)) }],
      ['a sort key of more than 1024 bytes', { pk: text('p'), sk: text('s'.repeat(1025)) }],
      [
        'many short texts of more than 400 KB',
        { list: { L: Array.from({ length: 300 }, () => text('é'.repeat(900))) } },
      ],
    ])('refuses an item with %s', async (_what, item) => {
      const TableName = 'sk' in item ? SORTED : TABLE;
      const Item = { pk: text(newKey()), ...item };

      await expect(client().send(new PutItemCommand({ TableName, Item }))).rejects.toMatchObject({
        name: 'ValidationException',
      });
    });

    // The same page: an item whose index key is too long is refused as a whole.
    it.skipIf(faults.has('index-keys-of-any-length')).each<[string, Item]>([
      ['a partition key of its index of more than 2048 bytes', { shard: text('s'.repeat(2049)) }],
      [
        'a sort key of its index of more than 1024 bytes',
        { shard: text('s'), dueAt: text('d'.repeat(1025)) },
      ],
    ])('refuses an item with %s', async (_what, keys) => {
      await expect(put({ pk: text(newKey()), ...keys })).rejects.toMatchObject({
        name: 'ValidationException',
      });
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
    it('does not let an update change a key', async () => {
      const changing = client().send(
        new UpdateItemCommand({
          TableName: TABLE,
          Key: { pk: text(newKey()) },
          UpdateExpression: 'SET pk = :other',
          ExpressionAttributeValues: { ':other': text('other') },
        }),
      );

      await expect(changing).rejects.toMatchObject({ name: 'ValidationException' });
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    it.each([
      ['no items', 0, 1],
      ['101 items', 101, 1],
      ['more than 4 MB', 12, 380_000],
    ])('refuses a transaction of %s as a whole', async (_what, count, bytes) => {
      const items = Array.from({ length: count }, () => ({ pk: text(newKey()), v: text('x'.repeat(bytes)) }));
      const TransactItems = items.map((Item) => ({ Put: { TableName: TABLE, Item } }));

      await expect(client().send(new TransactWriteItemsCommand({ TransactItems }))).rejects.toMatchObject({
        name: 'ValidationException',
      });
      for (const { pk } of items.slice(0, 1)) expect(await get(pk.S ?? '')).toBeUndefined();
    });

    // API_PutItem, ReturnValuesOnConditionCheckFailure.
    it('writes only if the condition holds, and otherwise returns the current item', async () => {
      const pk = text(newKey());
      const isAbsent = { ConditionExpression: 'attribute_not_exists(revision)' };
      await put({ pk, revision: number(1) }, isAbsent);

      const again = put(
        { pk, revision: number(1) },
        { ...isAbsent, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
      );
      await expect(again).rejects.toMatchObject({
        name: 'ConditionalCheckFailedException',
        Item: { pk, revision: { N: '1' } },
      });
      await put({ pk, revision: number(2) }, atRevision(1));
      const late = put(
        { pk, revision: number(2) },
        { ...atRevision(1), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
      );

      await expect(late).rejects.toMatchObject({ Item: { revision: { N: '2' } } });
      await expect(put({ pk }, atRevision(1))).rejects.toSatisfy(
        (error: { Item?: Item }) => error.Item === undefined,
      );
      expect(await get(pk.S ?? '')).toEqual({ pk, revision: { N: '2' } });
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
    it.each([
      ['attribute_exists(revision)', true],
      ['attribute_not_exists(revision)', false],
      ['attribute_not_exists(absent)', true],
      ['attribute_exists(absent)', false],
      ['revision = :nine', true],
      ['revision = :text', false],
      ['absent = :nine', false],
      ['revision < :ten', true],
      ['revision >= :ten', false],
      ['attribute_exists(revision) AND revision = :nine', true],
      ['attribute_exists(absent) AND revision = :nine', false],
      ['attribute_exists(absent) OR (revision = :nine AND revision < :ten)', true],
      ['attribute_exists(revision) OR (revision = :ten AND revision < :nine)', true],
      ['attribute_exists(absent) OR (revision = :nine AND revision < :nine)', false],
      ['revision BETWEEN :nine AND :ten', true],
      ['revision BETWEEN :ten AND :ten AND attribute_exists(revision)', false],
    ])('evaluates the condition %s', async (condition, holds) => {
      const pk = text(newKey());
      await put({ pk, revision: number(9) });
      const used = Object.entries({ ':nine': number(9), ':ten': number(10), ':text': text('9') }).filter(
        ([key]) => condition.includes(key),
      );

      const write = put(
        { pk, revision: number(0) },
        {
          ConditionExpression: condition,
          ...(used.length > 0 ? { ExpressionAttributeValues: Object.fromEntries(used) } : {}),
        },
      );

      if (holds) await write;
      else await expect(write).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
      expect((await get(pk.S ?? ''))?.['revision']).toEqual(number(holds ? 0 : 9));
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
    it('updates one item: sets, removes, adds to a number or to a missing one, and returns the new item', async () => {
      const pk = text(newKey());
      await put({ pk, fence: number(3), retryAt: text('soon'), rows: number(5) });

      const { Attributes: now } = await client().send(
        new UpdateItemCommand({
          TableName: TABLE,
          Key: { pk },
          UpdateExpression: 'SET fence = :next, #expiry = :next REMOVE retryAt ADD #rows :two, absent :two',
          ConditionExpression: 'fence = :fence',
          ExpressionAttributeNames: { '#expiry': 'expiry', '#rows': 'rows' },
          ExpressionAttributeValues: { ':fence': number(3), ':next': number(4), ':two': number(2) },
          ReturnValues: 'ALL_NEW',
        }),
      );

      expect(now).toEqual({
        pk,
        fence: { N: '4' },
        expiry: { N: '4' },
        rows: { N: '7' },
        absent: { N: '2' },
      });
      expect(await get(pk.S ?? '')).toEqual(now);
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
    it('creates an item by an update, unless its condition requires one', async () => {
      const [made, refused] = [text(newKey()), text(newKey())];
      const update = (pk: AttributeValue, rest: object) =>
        client().send(
          new UpdateItemCommand({
            TableName: TABLE,
            Key: { pk },
            UpdateExpression: 'SET a = :a',
            ExpressionAttributeValues: { ':a': number(1) },
            ...rest,
          }),
        );

      await update(made, {});
      const failed = update(refused, { ConditionExpression: 'attribute_exists(parts)' });

      await expect(failed).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
      expect(await get(made.S ?? '')).toEqual({ pk: made, a: { N: '1' } });
      expect(await get(refused.S ?? '')).toBeUndefined();
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html
    it('deletes under a condition, and accepts the deletion of a missing item', async () => {
      const pk = text(newKey());
      await put({ pk, version: number(1) });
      const remove = (condition: string) =>
        client().send(
          new DeleteItemCommand({ TableName: TABLE, Key: { pk }, ConditionExpression: condition }),
        );

      await expect(remove('attribute_not_exists(version)')).rejects.toMatchObject({
        name: 'ConditionalCheckFailedException',
      });
      await remove('attribute_exists(version)');
      await remove('attribute_not_exists(version)');

      expect(await get(pk.S ?? '')).toBeUndefined();
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    it('writes all items of a transaction or none, and says which condition failed', async () => {
      const [first, second] = [text(newKey()), text(newKey())];
      await put({ pk: first, revision: number(1) });
      const transact = (revision: number) =>
        client().send(
          new TransactWriteItemsCommand({
            TransactItems: [
              {
                Put: {
                  TableName: TABLE,
                  Item: { pk: first, revision: number(revision + 1) },
                  ...atRevision(revision),
                },
              },
              {
                Update: {
                  TableName: TABLE,
                  Key: { pk: second },
                  UpdateExpression: 'ADD hits :one',
                  ExpressionAttributeValues: { ':one': number(1) },
                },
              },
            ],
          }),
        );

      await transact(1);
      const failed = transact(1);

      await expect(failed).rejects.toMatchObject({
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'ConditionalCheckFailed' }, { Code: 'None' }],
      });
      expect((await get(first.S ?? ''))?.['revision']).toEqual({ N: '2' });
      expect((await get(second.S ?? ''))?.['hits']).toEqual({ N: '1' });
    });

    it('cancels a transaction that adds to something that is not a number, and says so', async () => {
      const spoilt = text(newKey());
      await put({ pk: spoilt, hits: text('many') });

      const failed = client().send(
        new TransactWriteItemsCommand({
          TransactItems: [
            {
              Update: {
                TableName: TABLE,
                Key: { pk: spoilt },
                UpdateExpression: 'ADD hits :one',
                ExpressionAttributeValues: { ':one': number(1) },
              },
            },
          ],
        }),
      );

      await expect(failed).rejects.toMatchObject({
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'ValidationError' }],
      });
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html, "Attribute projections"
    it('lists a sparse index of keys in the order of its sort key, without other attributes', async () => {
      const shard = newKey();
      const write = (dueAt: string | undefined, pk = newKey()) =>
        put({
          pk: text(pk),
          body: text('b'),
          shard: text(shard),
          ...(dueAt === undefined ? {} : { dueAt: text(dueAt) }),
        });
      const moved = newKey();
      await write('2026-03', moved);
      for (const dueAt of ['2026-02', undefined, '2026-01', '2026-09']) await write(dueAt);
      await write('2026-08', moved);

      const due = async (until: string, limit: number) => {
        const { Items: items = [] } = await client().send(
          new QueryCommand({
            TableName: TABLE,
            IndexName: 'due',
            KeyConditionExpression: '#shard = :shard AND #dueAt <= :now',
            ExpressionAttributeNames: { '#shard': 'shard', '#dueAt': 'dueAt' },
            ExpressionAttributeValues: { ':shard': text(shard), ':now': text(until) },
            Limit: limit,
          }),
        );
        return items;
      };

      const found = await due('2026-08', 10);
      expect(found.map(({ dueAt }) => dueAt?.S)).toEqual(['2026-01', '2026-02', '2026-08']);
      expect(Object.keys(found[0] ?? {}).sort()).toEqual(['dueAt', 'pk', 'shard']);
      expect((await due('2026-08', 2)).map(({ dueAt }) => dueAt?.S)).toEqual(['2026-01', '2026-02']);
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
    it('queries a range of sort keys page by page, either way, with a filter and a projection', async () => {
      const pk = text(newKey());
      for (const sk of ['backfill-1', 'drift-1', 'incremental', 'sweep', '~'])
        await client().send(
          new PutItemCommand({
            TableName: SORTED,
            Item: { pk, sk: text(sk), name: text(sk), ...(sk === 'incremental' ? {} : { parts: number(1) }) },
          }),
        );
      const query = async (rest: Partial<QueryCommand['input']>) =>
        client().send(
          new QueryCommand({
            TableName: SORTED,
            ConsistentRead: true,
            KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to',
            ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
            ExpressionAttributeValues: { ':pk': pk, ':from': text('drift-~'), ':to': text('~') },
            ...rest,
          }),
        );
      const names = (items: Item[] = []) => items.map(({ sk }) => sk?.S);

      const all = await query({});
      const first = await query({
        Limit: 2,
        FilterExpression: 'attribute_exists(parts)',
        ProjectionExpression: '#sk, parts',
      });
      const rest = await query({ Limit: 2, ExclusiveStartKey: first.LastEvaluatedKey });

      expect(names(all.Items)).toEqual(['incremental', 'sweep', '~']);
      expect(all.LastEvaluatedKey).toBeUndefined();
      expect(names((await query({ ScanIndexForward: false })).Items)).toEqual(['~', 'sweep', 'incremental']);
      expect(first.Items).toEqual([{ sk: text('sweep'), parts: { N: '1' } }]);
      expect(first.LastEvaluatedKey).toEqual({ pk, sk: text('sweep') });
      expect(names(rest.Items)).toEqual(['~']);
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html
    it('scans with a filter', async () => {
      const [here, elsewhere] = [newKey(), newKey()];
      await put({ pk: text(here), modifiedDate: text('2026-01-02'), version: number(1) });
      await put({ pk: text(elsewhere), modifiedDate: text('2026-01-03'), version: number(1) });

      const { Items: items = [] } = await client().send(
        new ScanCommand({
          TableName: TABLE,
          ConsistentRead: true,
          FilterExpression: 'attribute_exists(version) AND modifiedDate >= :start AND modifiedDate < :end',
          ExpressionAttributeValues: { ':start': text('2026-01-02'), ':end': text('2026-01-03') },
        }),
      );

      expect(items.map(({ pk }) => pk?.S)).toEqual([here]);
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html, pagination
    it('scans a megabyte at a time, and continues after a key whose item is gone', async () => {
      const large = Array.from({ length: 4 }, newKey);
      for (const key of large) await put({ pk: text(key), bytes: { B: Buffer.alloc(300_000) } });
      const scan = async (startKey?: Item) =>
        client().send(
          new ScanCommand({ TableName: TABLE, ConsistentRead: true, ExclusiveStartKey: startKey }),
        );
      const first = await scan();
      const lastKey = first.LastEvaluatedKey ?? {};
      await client().send(new DeleteItemCommand({ TableName: TABLE, Key: lastKey }));

      const rest = await scan(lastKey);

      const keysOf = (items: Item[] = []) => items.flatMap(({ pk }) => pk?.S ?? []);
      const found = [...keysOf(first.Items), ...keysOf(rest.Items)];
      expect(large.filter((key) => !found.includes(key))).toEqual([]);
      expect(new Set(found).size).toBe(found.length);
      for (const key of large)
        await client().send(new DeleteItemCommand({ TableName: TABLE, Key: { pk: text(key) } }));
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
    it('gets many items at once, and leaves out missing ones', async () => {
      const [one, other, nobody] = [newKey(), newKey(), newKey()];
      await put({ pk: text(one), n: number(1) });
      await put({ pk: text(other), n: number(2) });
      const getMany = async (wanted: string[], shown = {}) => {
        const Keys = wanted.map((key) => ({ pk: text(key) }));
        const { Responses } = await client().send(
          new BatchGetItemCommand({ RequestItems: { [TABLE]: { Keys, ...shown } } }),
        );
        return Responses?.[TABLE] ?? [];
      };

      const found = await getMany([one, nobody, other]);

      expect(found.map(({ n }) => n?.N).sort()).toEqual(['1', '2']);
      expect(
        await getMany([one], { ProjectionExpression: '#0', ExpressionAttributeNames: { '#0': 'n' } }),
      ).toEqual([{ n: number(1) }]);
      await expect(getMany([one, one])).rejects.toMatchObject({ name: 'ValidationException' });
      await expect(getMany(Array.from({ length: 101 }, newKey))).rejects.toMatchObject({
        name: 'ValidationException',
      });
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
    it.each<[string, Item]>([
      ['without its key', { other: { S: 'a' } }],
      ['with an empty key', { pk: { S: '' } }],
      ['with a key of another type', { pk: { N: '1' } }],
      ['with an empty key of the index', { pk: { S: 'x' }, shard: { S: '' }, dueAt: { S: '2026' } }],
      ['over 400 KB', { pk: { S: 'x' }, bytes: { B: Buffer.alloc(410_000) } }],
    ])('refuses an item %s', async (_what, item) => {
      await expect(put(item)).rejects.toMatchObject({ name: 'ValidationException' });
    });

    it('refuses a table that does not exist', async () => {
      await expect(
        client().send(new GetItemCommand({ TableName: 'elsewhere', Key: { pk: text('a') } })),
      ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    });

    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
    it('streams every change of an item in order with both images, and no failed write', async () => {
      const pk = text(newKey());
      await put({ pk, revision: number(1) });
      await put({ pk, revision: number(2) }, atRevision(1));
      await put({ pk, revision: number(3) }, atRevision(1)).catch(() => undefined);
      await client().send(new DeleteItemCommand({ TableName: TABLE, Key: { pk } }));

      const reported = (await changes()).filter(({ before, after }) => (before ?? after)?.['pk']?.S === pk.S);

      expect(reported).toEqual([
        { before: undefined, after: { pk, revision: { N: '1' } } },
        { before: { pk, revision: { N: '1' } }, after: { pk, revision: { N: '2' } } },
        { before: { pk, revision: { N: '2' } }, after: undefined },
      ]);
    });
  });
}
