import {
  DeleteItemCommand,
  GetItemCommand,
  ScanCommand,
  type AttributeValue,
  type ScanCommandInput,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { TransactionRecord } from '../domain/transaction.ts';
import type { TableAccess } from './split-body.ts';
import { TRANSACTIONS_TABLE } from './table.ts';
import { fromItem, readHead, type TransactionHead } from './transaction-item.ts';
import type { Versioned } from './versioned-item.ts';

// Reading the whole table is for repairs that somebody starts by hand, and for the expiry of personal data.

/** A range of `modifiedDate`, `start` inclusive, `end` exclusive: instants in ISO 8601 UTC. */
export type ModifiedRange = { start: string; end: string };

/** What every transaction modified in the range is now. Throws if the table cannot be reached. */
export async function* scanHeads(
  access: TableAccess,
  { start, end }: ModifiedRange,
): AsyncGenerator<TransactionHead> {
  const items = scan(access, {
    FilterExpression: 'attribute_exists(version) AND modifiedDate >= :start AND modifiedDate < :end',
    ExpressionAttributeValues: { ':start': { S: upToSecond(start) }, ':end': { S: upToSecond(end) } },
  });
  for await (const item of items) yield readHead(unmarshall(item));
}

/** Sorts before the instants of its second, with milliseconds or without, and behind all that are earlier. */
function upToSecond(instant: string): string {
  return instant.replace(/(?:\.000)?Z$/, '');
}

/** Everything with a status that was created before an instant (ISO 8601 UTC). Throws if the table cannot be reached. */
export async function* scanStatus(
  access: TableAccess,
  { status, createdBefore }: { status: TransactionHead['status']; createdBefore: string },
): AsyncGenerator<TransactionHead> {
  const items = scan(access, {
    FilterExpression: '#status = :status AND createdDate < :before',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':status': { S: status }, ':before': { S: createdBefore } },
  });
  for await (const item of items) yield readHead(unmarshall(item));
}

/** Something that a scan of the whole table finds: a transaction, or an item with a part of a large one. */
export type Scanned =
  | { kind: 'record'; stored: Versioned<TransactionRecord> }
  | { kind: 'part'; partKey: string; partOf: string };

/** Everything in the table. Throws if it cannot be reached. */
export async function* scanAll(access: TableAccess): AsyncGenerator<Scanned> {
  let after: string | undefined;
  do {
    const page = await scanPage(access, after);
    yield* page.scanned;
    after = page.next;
  } while (after !== undefined);
}

/** A page of the table, at most a megabyte: what is on it, and the key behind which the next one begins; undefined on the last. */
export type ScannedPage = { scanned: AsyncIterable<Scanned>; next: string | undefined };

/**
 * The page behind a key, or the first. The key need not be there any more. Throws, as reading what is on the page does, if the table
 * cannot be reached.
 */
export async function scanPage(access: TableAccess, after: string | undefined): Promise<ScannedPage> {
  const { partitionKey } = TRANSACTIONS_TABLE;
  const startKey = after === undefined ? undefined : { [partitionKey]: { S: after } };
  const { items, lastKey } = await readPage(access, {}, startKey);
  return { scanned: readItems(access, items), next: lastKey?.[partitionKey]?.S };
}

async function* readItems(access: TableAccess, items: readonly Item[]): AsyncGenerator<Scanned> {
  for (const item of items) {
    if (TRANSACTIONS_TABLE.partOf in item) {
      const { pk, partOf } = PartSchema.parse(unmarshall(item));
      yield { kind: 'part', partKey: pk, partOf };
    } else if (!(TRANSACTIONS_TABLE.aliasOf in item)) {
      yield { kind: 'record', stored: await fromItem(access, item) };
    }
  }
}

/** The transaction that a part belongs to, strongly consistent; undefined if it was never written. Throws if the table cannot be reached. */
export async function readOwner(
  access: TableAccess,
  partOf: string,
): Promise<Versioned<TransactionRecord> | undefined> {
  const { Item: item } = await access.client.send(
    new GetItemCommand({
      TableName: access.table,
      Key: { [TRANSACTIONS_TABLE.partitionKey]: { S: partOf } },
      ConsistentRead: true,
    }),
  );
  return item && fromItem(access, item);
}

/** Deletes a part of a large transaction, never a transaction. Throws if the table cannot be reached. */
export async function deletePart({ client, table }: TableAccess, partKey: string): Promise<void> {
  await client.send(
    new DeleteItemCommand({
      TableName: table,
      Key: { [TRANSACTIONS_TABLE.partitionKey]: { S: partKey } },
      ConditionExpression: 'attribute_not_exists(version)',
    }),
  );
}

const PartSchema = z.object({ pk: z.string(), partOf: z.string() });

type Filter = Pick<
  ScanCommandInput,
  'FilterExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

type Item = Record<string, AttributeValue>;

async function* scan(access: TableAccess, filter: Filter): AsyncGenerator<Item> {
  let startKey: Item | undefined;
  do {
    const { items, lastKey } = await readPage(access, filter, startKey);
    yield* items;
    startKey = lastKey;
  } while (startKey);
}

async function readPage(
  { client, table }: TableAccess,
  filter: Filter,
  startKey: Item | undefined,
): Promise<{ items: Item[]; lastKey: Item | undefined }> {
  const { Items: items = [], LastEvaluatedKey: lastKey } = await client.send(
    new ScanCommand({ TableName: table, ConsistentRead: true, ExclusiveStartKey: startKey, ...filter }),
  );
  return { items, lastKey };
}
