import { hash } from 'node:crypto';

import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { RetryableError } from '../runtime/errors.ts';
import { TRANSACTIONS_TABLE } from './table.ts';
import { readOrReport, UnreadableItemError } from './unreadable-item.ts';
import type { TableAccess } from './table-access.ts';

/** Where an item's body is: in the item, or in a number of parts under that digest. */
export type BodyReference = { body: Uint8Array } | { bodyDigest: string; bodyParts: number };

/** DynamoDB's limit is 400 KB for an item, including the attributes beside the body. */
const MAX_BODY_BYTES = 350_000;

const SCHEMA_VERSION = 1;

const PartSchema = z.object({ bytes: z.instanceof(Uint8Array) });

/**
 * Stores the body of an item: in the item itself or, if it is too large, in separate items that are stored
 * before this returns. Their keys contain the body's digest, so they never change. A reader of a head
 * therefore reads the body that belongs to it, and parts whose head was never written do no harm.
 */
export async function storeBody(access: TableAccess, key: string, body: Uint8Array): Promise<BodyReference> {
  if (body.length <= MAX_BODY_BYTES) return { body };
  const bodyDigest = hash('sha256', body, 'base64url').slice(0, 22);
  const bodyParts = Math.ceil(body.length / MAX_BODY_BYTES);
  for (let part = 0; part < bodyParts; part += 1) {
    const bytes = body.subarray(part * MAX_BODY_BYTES, (part + 1) * MAX_BODY_BYTES);
    const pk = partKey(key, bodyDigest, part);
    await access.client.send(
      new PutItemCommand({
        TableName: access.table,
        Item: marshall({
          [TRANSACTIONS_TABLE.partitionKey]: pk,
          [TRANSACTIONS_TABLE.partOf]: key,
          schemaVersion: SCHEMA_VERSION,
          bytes,
        }),
      }),
    );
  }
  return { bodyDigest, bodyParts };
}

/**
 * The body of the item with that key. Throws `RetryableError` if a part is missing because the item has
 * changed meanwhile, and `UnreadableItemError` if the item has not changed, or if a part is unreadable.
 */
export async function loadBody(
  access: TableAccess,
  key: string,
  reference: BodyReference,
): Promise<Uint8Array> {
  if ('body' in reference) return reference.body;
  const parts: Uint8Array[] = [];
  for (let part = 0; part < reference.bodyParts; part += 1) {
    const { Item } = await access.client.send(
      new GetItemCommand({
        TableName: access.table,
        Key: { [TRANSACTIONS_TABLE.partitionKey]: { S: partKey(key, reference.bodyDigest, part) } },
        // The head was written after its parts: an eventually consistent read may not show it yet.
        ConsistentRead: true,
      }),
    );
    if (!Item) throw await missingPart(access, key, reference);
    parts.push(readOrReport(key, () => PartSchema.parse(unmarshall(Item)).bytes));
  }
  return Buffer.concat(parts);
}

async function missingPart(
  { client, table }: TableAccess,
  key: string,
  { bodyDigest }: Extract<BodyReference, { bodyDigest: string }>,
): Promise<Error> {
  const { Item: current } = await client.send(
    new GetItemCommand({
      TableName: table,
      Key: { [TRANSACTIONS_TABLE.partitionKey]: { S: key } },
      ConsistentRead: true,
    }),
  );
  const isUnchanged = current?.['bodyDigest']?.S === bodyDigest;
  return isUnchanged
    ? new UnreadableItemError(key)
    : new RetryableError('A part of a transaction is not there');
}

function partKey(key: string, digest: string, part: number): string {
  return `${key}#part-${digest}-${part + 1}`;
}
