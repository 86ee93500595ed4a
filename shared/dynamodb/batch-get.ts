import { BatchGetItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';

import { RetryableError } from '../runtime/errors.ts';
import type { TableAccess } from './table-access.ts';

type Item = Record<string, AttributeValue>;

const MAX_ROUNDS = 6;

/** How to read: only some attributes of each item (a projection expression), and only while there is time. */
type ReadOptions = { attributes?: string; timeLeft?: () => boolean };

/**
 * Reads at most 100 items by their partition keys, eventually consistent, in any order. A key without an item
 * is skipped. Every item costs its whole size, whichever attributes are read.
 *
 * Throws `RetryableError` if DynamoDB leaves keys unprocessed six times, or until there is no `timeLeft`, and
 * whatever the client throws.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
export async function batchGet(
  { client, table, attributes, timeLeft = () => true }: TableAccess & ReadOptions,
  partitionKey: string,
  keys: readonly string[],
): Promise<Item[]> {
  const items: Item[] = [];
  let wanted: Item[] = [...new Set(keys)].map((key) => ({ [partitionKey]: { S: key } }));
  for (let round = 0; wanted.length > 0; round += 1) {
    if (round === MAX_ROUNDS || !timeLeft()) throw new RetryableError('BatchGetItem leaves keys unprocessed');
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetItemCommand({
        RequestItems: { [table]: { Keys: wanted, ProjectionExpression: attributes } },
      }),
    );
    items.push(...(Responses?.[table] ?? []));
    wanted = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return items;
}
