import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { itemBytes, readUnits, writeUnits, type ItemJson } from '../billing.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../../test/emulators/dynamodb.ts';

describe('itemBytes', () => {
  it.each([
    ['names and texts in UTF-8', { pk: { S: 'ü' } }, 4],
    ['bytes as they are, not their base64', { b: { B: Buffer.alloc(300).toString('base64') } }, 301],
    ['numbers by their significant digits', { n: { N: '1234500' } }, 5],
    ['a negative number with one more', { n: { N: '-12' } }, 4],
    ['a zero', { n: { N: '0' } }, 3],
    ['booleans and null', { t: { BOOL: true }, n: { NULL: true } }, 4],
    ['a list with its own bytes and one for each element', { l: { L: [{ S: 'ab' }, { S: 'c' }] } }, 9],
    ['a map likewise', { m: { M: { key: { S: 'v' } } } }, 9],
    ['sets', { s: { SS: ['ab', 'c'] }, n: { NS: ['12'] } }, 7],
  ])('counts %s', (_, item: ItemJson, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });

  it('refuses a type that it does not know', () => {
    expect(() => itemBytes({ x: { Z: 1 } })).toThrow('Z');
  });
});

describe('writeUnits', () => {
  it.each([
    [0, 1],
    [1024, 1],
    [1025, 2],
    [10_240, 10],
  ])('of %i bytes are %i', (bytes, units) => {
    expect(writeUnits(bytes)).toBe(units);
  });
});

describe('readUnits', () => {
  it.each([
    [0, false, 0.5],
    [4096, false, 0.5],
    [4097, false, 1],
    [4097, true, 2],
  ])('of %i bytes, consistently: %s, are %d', (bytes, consistent, units) => {
    expect(readUnits(bytes, { consistent })).toBe(units);
  });
});

describe('the emulator that benchmarks count with', () => {
  let db: TestDynamoDB;
  beforeAll(async () => (db = await startTestDynamoDB()));
  afterAll(() => db.close());

  it.each([10, 1000, 1025, 5000])('bills an item with %i bytes as these rules do', async (size) => {
    const item = marshall({
      kind: 'a',
      id: String(size),
      bytes: Buffer.alloc(size),
      count: 12345,
      nested: [{ a: 'b' }],
    });
    const bytes = itemBytes({
      kind: { S: 'a' },
      id: { S: String(size) },
      bytes: { B: Buffer.alloc(size).toString('base64') },
      count: { N: '12345' },
      nested: { L: [{ M: { a: { S: 'b' } } }] },
    });
    const table = { TableName: db.tables.quarantine, ReturnConsumedCapacity: 'TOTAL' } as const;

    const written = await db.client.send(new PutItemCommand({ ...table, Item: item }));
    const key = { kind: { S: 'a' }, id: { S: String(size) } };
    const read = await db.client.send(new GetItemCommand({ ...table, Key: key }));

    expect(written.ConsumedCapacity?.CapacityUnits).toBe(writeUnits(bytes));
    expect(read.ConsumedCapacity?.CapacityUnits).toBe(readUnits(bytes, { consistent: false }));
  });
});
