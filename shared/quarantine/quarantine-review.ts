import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { unpackText } from '../dynamodb/packed-json.ts';
import { quarantinePartId, type QuarantineReason } from './quarantine-store.ts';
import { QUARANTINE_TABLE } from '../dynamodb/table.ts';
import type { TableAccess } from '../dynamodb/table-access.ts';

/** A refused item without its bytes. Instants are ISO 8601 UTC. */
export type QuarantineSummary = {
  kind: string;
  id: string;
  reasons: readonly QuarantineReason[];
  refusedAt: string;
  origin: string;
  /** How often it was refused. */
  refusals: number;
  /** When it was last replayed; absent if it was refused since. */
  replayedAt?: string;
  /** How often it was replayed. */
  replays: number;
  /** The order that it is about, if that could be read. */
  orderId?: string | undefined;
  /** The id of the entry whose replay was refused here. */
  replayOf?: string | undefined;
  /** The id of the entry that its last replay became, if that was refused too. */
  refusedAgainAs?: string;
};

/** A refused item with its bytes, as they came. */
export type QuarantinedItem = QuarantineSummary & { bytes: Uint8Array };

/** One page of a kind's entries; `nextPage` requests the following page and is missing on the last. */
export type QuarantinePage = { entries: QuarantineSummary[]; nextPage?: string };

/**
 * What people do with a quarantine. Its methods throw if the table cannot be reached, or contains an
 * incomplete entry.
 */
export type QuarantineReview = {
  /** The entry with all its bytes; undefined if it is not there (any more). */
  read(kind: string, id: string): Promise<QuarantinedItem | undefined>;
  /**
   * The entries of a kind in the order of their ids, at most `pageSize`; a page may hold fewer and not be the
   * last.
   */
  list(kind: string, page: { pageSize: number; nextPage?: string }): Promise<QuarantinePage>;
  /** The ids of the entries of a kind that are about an order, at most 1000. Eventually consistent. */
  listOfOrder(kind: string, orderId: string): Promise<string[]>;
  /**
   * Records that the entry, as it was read, was replayed at that instant; false if it was refused again
   * since, or does not exist.
   */
  markReplayed(entry: Pick<QuarantineSummary, 'kind' | 'id' | 'refusals'>, at: Date): Promise<boolean>;
  /** Deletes the entry for good; false if it does not exist (any more). */
  remove(kind: string, id: string): Promise<boolean>;
};

const MOST_OF_AN_ORDER = 1000;

const ReasonSchema = z.object({
  code: z.string(),
  path: z.string().exactOptional(),
  problem: z.string(),
  fix: z.string().exactOptional(),
  source: z.string().exactOptional(),
});
const SummarySchema = z.object({
  kind: z.string(),
  id: z.string(),
  reasons: z.array(ReasonSchema),
  refusedAt: z.string(),
  origin: z.string(),
  // Entries from before refusals were counted have none.
  refusals: z.number().default(0),
  replayedAt: z.string().exactOptional(),
  replays: z.number().default(0),
  orderId: z.string().exactOptional(),
  replayOf: z.string().exactOptional(),
  refusedAgainAs: z.string().exactOptional(),
});
const SUMMARY_ATTRIBUTES =
  'reasons, refusedAt, origin, refusals, replayedAt, replays, orderId, replayOf, refusedAgainAs';
const PartSchema = z.object({ bytes: z.instanceof(Uint8Array) });
const HeadSchema = SummarySchema.extend({ ...PartSchema.shape, parts: z.number() });

/** The review of a quarantine in DynamoDB, as `createQuarantineStore` fills it. */
export function createQuarantineReview(quarantine: TableAccess): QuarantineReview {
  return {
    async read(kind, id) {
      const item = await readItem(quarantine, keyOf(kind, id));
      if (!item) return undefined;
      const { bytes: first, parts, ...summary } = HeadSchema.parse(item);
      const packed = [first];
      for (let part = 2; part <= parts; part += 1) {
        const partItem = await readItem(quarantine, keyOf(kind, quarantinePartId(id, part)));
        packed.push(PartSchema.parse(partItem).bytes);
      }
      return { ...summary, bytes: unpackText(Buffer.concat(packed)) };
    },
    remove: (kind, id) => removeEntry(quarantine, kind, id),
    list: (kind, page) => listEntries(quarantine, kind, page),
    listOfOrder: (kind, orderId) => listOfOrder(quarantine, kind, orderId),
    markReplayed: (entry, at) => markReplayed(quarantine, entry, at),
  };
}

async function readItem(
  { client, table }: TableAccess,
  key: Key,
): Promise<Record<string, unknown> | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, ConsistentRead: true, Key: key }),
  );
  return Item && unmarshall(Item);
}

async function removeEntry(quarantine: TableAccess, kind: string, id: string): Promise<boolean> {
  const { client, table } = quarantine;
  const item = await readItem(quarantine, keyOf(kind, id));
  if (!item) return false;
  const { parts } = HeadSchema.parse(item);
  // The first part goes last: while it exists, an interrupted delete can be repeated.
  for (let part = parts; part >= 1; part -= 1) {
    const itemId = part === 1 ? id : quarantinePartId(id, part);
    await client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(kind, itemId) }));
  }
  return true;
}

async function listEntries(
  { client, table }: TableAccess,
  kind: string,
  { pageSize, nextPage }: { pageSize: number; nextPage?: string },
): Promise<QuarantinePage> {
  const { Items = [], LastEvaluatedKey: last } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: '#kind = :kind',
      // The first part alone has the number of parts.
      FilterExpression: 'attribute_exists(parts)',
      ProjectionExpression: `#kind, #id, ${SUMMARY_ATTRIBUTES}`,
      ExpressionAttributeNames: {
        '#kind': QUARANTINE_TABLE.partitionKey,
        '#id': QUARANTINE_TABLE.sortKey,
      },
      ExpressionAttributeValues: { ':kind': { S: kind } },
      Limit: pageSize,
      ...(nextPage === undefined ? {} : { ExclusiveStartKey: keyOf(kind, nextPage) }),
    }),
  );
  const entries = Items.map((item) => SummarySchema.parse(unmarshall(item)));
  const lastId = last?.[QUARANTINE_TABLE.sortKey]?.S;
  return lastId === undefined ? { entries } : { entries, nextPage: lastId };
}

async function listOfOrder({ client, table }: TableAccess, kind: string, orderId: string): Promise<string[]> {
  const { name, partitionKey, sortKey } = QUARANTINE_TABLE.orderIndex;
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: name,
      KeyConditionExpression: '#order = :order AND #kind = :kind',
      ExpressionAttributeNames: { '#order': partitionKey, '#kind': sortKey },
      ExpressionAttributeValues: { ':order': { S: orderId }, ':kind': { S: kind } },
      // One page: an index of keys holds thousands of them on it.
      Limit: MOST_OF_AN_ORDER,
    }),
  );
  return Items.flatMap(({ [QUARANTINE_TABLE.sortKey]: id }) => (id?.S === undefined ? [] : [id.S]));
}

async function markReplayed(
  { client, table }: TableAccess,
  { kind, id, refusals }: Pick<QuarantineSummary, 'kind' | 'id' | 'refusals'>,
  at: Date,
): Promise<boolean> {
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: keyOf(kind, id),
        ConditionExpression:
          'refusals = :refusals OR (attribute_exists(parts) AND attribute_not_exists(refusals))',
        UpdateExpression: 'SET replayed = :yes, replayedAt = :at ADD replays :one',
        ExpressionAttributeValues: {
          ':yes': { BOOL: true },
          ':one': { N: '1' },
          ':at': { S: at.toISOString() },
          ':refusals': { N: String(refusals) },
        },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

type Key = Record<string, AttributeValue>;

function keyOf(kind: string, id: string): Key {
  return { [QUARANTINE_TABLE.partitionKey]: { S: kind }, [QUARANTINE_TABLE.sortKey]: { S: id } };
}
