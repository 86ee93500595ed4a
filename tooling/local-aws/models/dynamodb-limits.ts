import { DynamoDBServiceException, type AttributeValue } from '@aws-sdk/client-dynamodb';

import type { Item } from './dynamodb-expression.ts';

const MAX_ITEM_BYTES = 400 * 1024;
const MAX_KEY_BYTES = { partition: 2048, sort: 1024 };
const MAX_ACTIONS = 100;
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;

/** The attributes that are keys: the table's own, and those of its index. */
type Keys = {
  partitionKey: string;
  sortKey?: string;
  index?: { partitionKey: string; sortKey?: string };
};

/**
 * Throws for an item that DynamoDB refuses to hold.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html (items and keys)
 */
export function checkItem({ partitionKey, sortKey, index }: Keys, item: Item): void {
  const keys = [
    [partitionKey, 'partition'],
    [sortKey, 'sort'],
    [index?.partitionKey, 'partition'],
    [index?.sortKey, 'sort'],
  ] as const;
  for (const [name, kind] of keys) {
    const value = name === undefined ? undefined : item[name];
    if (!value) continue;
    if (value.S === undefined) throw validation(`Type mismatch for key ${name ?? ''}`);
    if (value.S === '')
      throw validation(
        `The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name ?? ''}`,
      );
    checkKey(value.S, kind);
  }
  if (bytesOfItem(item) > MAX_ITEM_BYTES) throw validation('Item size has exceeded the maximum allowed size');
}

/** Throws for a key that is too long. Source: the same page. */
export function checkKey(text: string, kind: keyof typeof MAX_KEY_BYTES): void {
  const limit = MAX_KEY_BYTES[kind];
  if (Buffer.byteLength(text) > limit)
    throw validation(`The size of a ${kind} key has exceeded the maximum size limit of ${limit} bytes`);
}

/**
 * Throws for a transaction that has no, too many or too large items.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 */
export function checkTransaction(items: readonly Item[]): void {
  if (items.length === 0 || items.length > MAX_ACTIONS)
    throw validation(`A transaction has 1 to ${MAX_ACTIONS} actions, not ${items.length}`);
  if (items.reduce((sum, item) => sum + bytesOfItem(item), 0) > MAX_TRANSACTION_BYTES)
    throw validation('The items of the transaction are larger than 4 MB together');
}

/**
 * The size of an item.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function bytesOfItem(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + name.length + bytesOf(value), 0);
}

function bytesOf(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.B !== undefined) return value.B.length;
  if (value.M) return Object.entries(value.M).reduce((sum, [name, it]) => sum + name.length + bytesOf(it), 3);
  if (value.L) return value.L.reduce((sum, it) => sum + bytesOf(it), 3);
  return 1;
}

/** What DynamoDB throws for a request that it does not take. */
export function validation(message: string): DynamoDBServiceException {
  return new DynamoDBServiceException({
    name: 'ValidationException',
    message,
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
  });
}
