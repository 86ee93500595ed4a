import {
  DeleteItemCommand,
  GetItemCommand,
  ScanCommand,
  type AttributeValue,
  type ScanCommandInput,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';

import type { StoredCheckout, TransactionRecord } from '@button-serverless/validation/webhooks';
import type { TableAccess } from '../../dynamodb/table-access.ts';
import { TRANSACTIONS_TABLE } from '../../dynamodb/table.ts';
import { readCheckoutItem } from './checkout-item.ts';
import { readHead, type TransactionHead } from './transaction-head.ts';
import { fromItem } from './transaction-item.ts';
import { UnreadableItemError, type OnUnreadable } from '../../dynamodb/unreadable-item.ts';
import type { Versioned } from '../../dynamodb/versioned-item.ts';

// Reading the whole table is for repairs that somebody starts by hand, and for the expiry of personal data.

/** A range of `modifiedDate`, `start` inclusive, `end` exclusive: instants in ISO 8601 UTC. */
export type ModifiedRange = { start: string; end: string };

/** Something that events are about. */
export type Published =
  | { kind: 'transaction'; head: TransactionHead }
  | { kind: 'checkout'; checkout: StoredCheckout };

/**
 * The current state of every transaction that was modified in the range, and every checkout that was stored
 * in it, without unreadable ones. Throws if the table cannot be reached.
 */
export async function* scanPublished(
  access: TableAccess,
  { start, end }: ModifiedRange,
  onUnreadable?: OnUnreadable,
): AsyncGenerator<Published> {
  const { checkoutOf } = TRANSACTIONS_TABLE;
  const items = scan(access, {
    FilterExpression:
      '(attribute_exists(version) AND modifiedDate >= :start AND modifiedDate < :end) OR ' +
      '(attribute_exists(#checkoutOf) AND storedAt >= :start AND storedAt < :end)',
    ExpressionAttributeNames: { '#checkoutOf': checkoutOf },
    ExpressionAttributeValues: { ':start': { S: upToSecond(start) }, ':end': { S: upToSecond(end) } },
  });
  for await (const item of items) {
    const published = checkoutOf in item ? publishedCheckout(item) : publishedTransaction(item);
    if (published) yield published;
    else onUnreadable?.(keyOf(item));
  }
}

function publishedCheckout(item: Item): Published | undefined {
  const checkout = readCheckoutItem(item);
  return checkout && { kind: 'checkout', checkout };
}

function publishedTransaction(item: Item): Published | undefined {
  const head = headOrUndefined(item);
  return head && { kind: 'transaction', head };
}

async function* readHeads(
  items: AsyncIterable<Item>,
  onUnreadable: OnUnreadable | undefined,
): AsyncGenerator<TransactionHead> {
  for await (const item of items) {
    const head = headOrUndefined(item);
    if (head) yield head;
    else onUnreadable?.(keyOf(item));
  }
}

function headOrUndefined(item: Item): TransactionHead | undefined {
  try {
    return readHead(unmarshall(item));
  } catch {
    return undefined;
  }
}

function keyOf(item: Item): string {
  return item[TRANSACTIONS_TABLE.partitionKey]?.S ?? '';
}

/** Sorts before the instants of its second, with or without milliseconds, and after all earlier ones. */
function upToSecond(instant: string): string {
  return instant.replace(/(?:\.000)?Z$/, '');
}

/**
 * Every purchase with a status that was created before an instant (ISO 8601 UTC), without unreadable items
 * and records that have given way. Throws if the table cannot be reached.
 */
export async function* scanStatus(
  access: TableAccess,
  { status, createdBefore }: { status: TransactionHead['status']; createdBefore: string },
  onUnreadable?: OnUnreadable,
): AsyncGenerator<TransactionHead> {
  const items = scan(access, {
    FilterExpression: '#status = :status AND createdDate < :before AND attribute_not_exists(mergedInto)',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':status': { S: status }, ':before': { S: createdBefore } },
  });
  yield* readHeads(items, onUnreadable);
}

/**
 * What a scan of the whole table finds: a transaction, a part of a large one, a checkout, or an unreadable
 * item.
 */
export type Scanned =
  | { kind: 'record'; stored: Versioned<TransactionRecord> }
  | { kind: 'unreadable'; key: string }
  | ScannedCheckout
  | { kind: 'part'; partKey: string; partOf: string };

/** A checkout, by its attributes. */
export type ScannedCheckout = { kind: 'checkout'; item: Item };

/** Everything in the table. Throws if it cannot be reached. */
export async function* scanAll(access: TableAccess): AsyncGenerator<Scanned> {
  let after: string | undefined;
  do {
    const page = await scanPage(access, after);
    yield* page.scanned;
    after = page.next;
  } while (after !== undefined);
}

/**
 * A page of the table, at most a megabyte: its items, and the key behind which the next one begins; undefined
 * on the last.
 */
export type ScannedPage = { scanned: AsyncIterable<Scanned>; next: string | undefined };

/**
 * The page behind a key, or the first. The key need not exist any more. Throws, as reading the items of the
 * page does, if the table cannot be reached.
 */
export async function scanPage(access: TableAccess, after: string | undefined): Promise<ScannedPage> {
  const { partitionKey } = TRANSACTIONS_TABLE;
  const startKey = after === undefined ? undefined : { [partitionKey]: { S: after } };
  const { items, lastKey } = await readPage(access, {}, startKey);
  return { scanned: readItems(access, items), next: lastKey?.[partitionKey]?.S };
}

async function* readItems(access: TableAccess, items: readonly Item[]): AsyncGenerator<Scanned> {
  for (const item of items) {
    if (TRANSACTIONS_TABLE.partOf in item) yield readPart(item);
    else if (TRANSACTIONS_TABLE.checkoutOf in item) yield { kind: 'checkout', item };
    else if (!(TRANSACTIONS_TABLE.aliasOf in item)) yield await readRecord(access, item);
  }
}

/** A part has no version: `deletePart` refuses an item that has one. */
function readPart(item: Item): Scanned {
  const partOf = item[TRANSACTIONS_TABLE.partOf]?.S;
  const isPart = partOf !== undefined && partOf !== '' && !('version' in item);
  return isPart ? { kind: 'part', partKey: keyOf(item), partOf } : { kind: 'unreadable', key: keyOf(item) };
}

async function readRecord(access: TableAccess, item: Item): Promise<Scanned> {
  try {
    return { kind: 'record', stored: await fromItem(access, item) };
  } catch (error) {
    if (error instanceof UnreadableItemError) return { kind: 'unreadable', key: error.key };
    throw error;
  }
}

/**
 * The transaction that a part belongs to, strongly consistent; undefined if it was never written. Throws
 * `UnreadableItemError`, and if the table cannot be reached.
 */
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
