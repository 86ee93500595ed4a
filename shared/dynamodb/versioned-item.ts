import { randomBytes } from 'node:crypto';

import {
  ConditionalCheckFailedException,
  PutItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';

import type { DynamoDB } from './table-access.ts';

/** A stored value and the revision at which it was read. */
export type Versioned<Value> = { value: Value; revision: number };

/** The outcome of a conditional write: stored, or another writer was faster and `current` is stored. */
export type WriteResult<Value> =
  | { ok: true; stored: Versioned<Value> }
  | { ok: false; current: Versioned<Value> };

/**
 * Puts an item if the stored one is still at `expectedRevision` (0: if there is none). If the condition
 * fails, DynamoDB returns the current item, so losing a race costs no second read.
 *
 * The client repeats a write whose answer was lost, and then meets its own item. Each write has its own id,
 * by which this is recognised as a success.
 *
 * Throws on anything but a lost race. Source:
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html,
 * ReturnValuesOnConditionCheckFailure
 */
export async function putRevision(
  client: DynamoDB,
  {
    table,
    item,
    expectedRevision,
  }: { table: string; item: Record<string, AttributeValue>; expectedRevision: number },
): Promise<{ ok: true } | { ok: false; current: Record<string, AttributeValue> }> {
  const writeId = randomBytes(8);
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: { ...item, revision: { N: String(expectedRevision + 1) }, writeId: { B: writeId } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        ...(expectedRevision === 0
          ? { ConditionExpression: 'attribute_not_exists(revision)' }
          : {
              ConditionExpression: 'revision = :expected',
              ExpressionAttributeValues: { ':expected': { N: String(expectedRevision) } },
            }),
      }),
    );
    return { ok: true };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error;
    const { writeId: current } = error.Item;
    const isOwn = current?.B !== undefined && writeId.equals(current.B);
    return isOwn ? { ok: true } : { ok: false, current: error.Item };
  }
}
