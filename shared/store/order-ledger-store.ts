import { createHash } from 'node:crypto';

import { GetItemCommand, QueryCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { LedgerEntry } from '../domain/order-ledger.ts';
import { OrderSchema } from '../domain/order.ts';
import { packJson, unpackJson } from './packed-json.ts';
import { DUE_SHARDS, ORDER_LEDGER_TABLE } from './table.ts';
import { putRevision, type DynamoDB, type Versioned, type WriteResult } from './versioned-item.ts';

/** The ledger of one brand: what Button was told of each order, and what it still has to be told. */
export type OrderLedger = {
  /** Strongly consistent: it decides what is asked of Button. */
  read(orderId: string): Promise<Versioned<LedgerEntry> | undefined>;
  /** Stores the entry if the ledger is still at that revision (0: if the order is not there yet). */
  write(entry: LedgerEntry, expectedRevision: number): Promise<WriteResult<LedgerEntry>>;
  /**
   * The orders whose next try was due at `now`, the longest due first, or the latest. Reads no more than
   * `limit` of each shard.
   */
  listDue(now: Date, limit: number, order?: { latestFirst: boolean }): Promise<DueOrder[]>;
};

/** An order that waits. Instants are ISO 8601 UTC. */
export type DueOrder = {
  orderId: string;
  /** Since when its next try has been due. */
  dueAt: string;
  /** See `NewestVersion`. */
  receivedAt?: string;
  /** Tries since the last success: 0 if it has not failed. */
  attempts: number;
};

const SCHEMA_VERSION = 1;

const InstantSchema = z.string();
const VersionSchema = z.discriminatedUnion('by', [
  z.object({ by: z.literal('sequence'), sequence: z.string() }),
  z.object({ by: z.literal('time'), time: InstantSchema }),
]);
const KindSchema = z.enum(['created', 'updated', 'cancelled']);

const DoubtSchema = z.object({ kind: z.enum(['unclear', 'confirming']), hash: z.string() });

const EntrySchema = z.object({
  brand: z.string(),
  orderId: z.string(),
  newest: z.object({
    version: VersionSchema,
    kind: KindSchema,
    hash: z.string(),
    eventId: z.string(),
    eventSource: z.string(),
    messageId: z.string(),
    time: InstantSchema,
    receivedAt: InstantSchema.exactOptional(),
    replayOf: z.string().exactOptional(),
    order: OrderSchema.exactOptional(),
  }),
  reported: z
    .object({
      version: VersionSchema,
      kind: KindSchema,
      hash: z.string(),
      at: InstantSchema,
      acceptedOnly: z.boolean(),
      buttonOrderId: z.string().exactOptional(),
      value: z.object({ amountMinor: z.number(), currency: z.string() }).exactOptional(),
    })
    .exactOptional(),
  progress: z.discriminatedUnion('state', [
    z.object({
      state: z.literal('claimed'),
      owner: z.string(),
      until: InstantSchema,
      hash: z.string(),
      doubt: DoubtSchema.exactOptional(),
      retryAt: InstantSchema.exactOptional(),
    }),
    z.object({ state: z.literal('waiting'), dueAt: InstantSchema, reason: z.string() }),
    z.object({ state: z.literal('in-doubt'), dueAt: InstantSchema, reason: z.string(), doubt: DoubtSchema }),
    z.object({ state: z.literal('settled') }),
    z.object({ state: z.literal('refused'), reason: z.string(), doubt: DoubtSchema.exactOptional() }),
  ]),
  attempts: z.number(),
  failedLookUps: z.number().exactOptional(),
  warnings: z.array(z.string()),
});

const ItemSchema = z.object({ revision: z.number(), body: z.instanceof(Uint8Array) });

/**
 * The ledger in DynamoDB. An order is one item under `<brand>#order#<order id>`, so that a function's rights can end at its brand.
 *
 * Every method throws if the table cannot be reached.
 */
export function createOrderLedger({
  client,
  table,
  brand,
}: {
  client: DynamoDB;
  table: string;
  brand: string;
}): OrderLedger {
  return {
    async read(orderId) {
      const { Item } = await client.send(
        new GetItemCommand({
          TableName: table,
          ConsistentRead: true,
          Key: { [ORDER_LEDGER_TABLE.partitionKey]: { S: keyOf(brand, orderId) } },
        }),
      );
      return Item && fromItem(Item);
    },

    async write(entry, expectedRevision) {
      const result = await putRevision(client, { table, item: toItem(entry), expectedRevision });
      return result.ok
        ? { ok: true, stored: { value: entry, revision: expectedRevision + 1 } }
        : { ok: false, current: fromItem(result.current) };
    },

    async listDue(now, limit, { latestFirst } = { latestFirst: false }) {
      const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => dueShard(brand, shard));
      const due = await Promise.all(
        shards.map((shard) => queryDue({ client, table, brand, shard, now, limit, latestFirst })),
      );
      return due
        .flat()
        .sort((one, other) => (one.dueAt < other.dueAt === latestFirst ? 1 : -1))
        .slice(0, limit);
    },
  };
}

async function queryDue({
  client,
  table,
  brand,
  shard,
  now,
  limit,
  latestFirst,
}: {
  client: DynamoDB;
  table: string;
  brand: string;
  shard: string;
  now: Date;
  limit: number;
  latestFirst: boolean;
}): Promise<DueOrder[]> {
  const { name, partitionKey, sortKey } = ORDER_LEDGER_TABLE.dueIndex;
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: name,
      KeyConditionExpression: '#shard = :shard AND #dueAt <= :now',
      ExpressionAttributeNames: { '#shard': partitionKey, '#dueAt': sortKey },
      ExpressionAttributeValues: { ':shard': { S: shard }, ':now': { S: now.toISOString() } },
      ScanIndexForward: !latestFirst,
      Limit: limit,
    }),
  );
  const prefix = keyOf(brand, '');
  return Items.flatMap((item) => {
    const { pk, dueAt, attempts, ...received } = DueItemSchema.parse(unmarshall(item));
    return pk.startsWith(prefix) ? [{ orderId: pk.slice(prefix.length), dueAt, attempts, ...received }] : [];
  });
}

const DueItemSchema = z.object({
  [ORDER_LEDGER_TABLE.partitionKey]: z.string(),
  [ORDER_LEDGER_TABLE.dueIndex.sortKey]: InstantSchema,
  receivedAt: InstantSchema.exactOptional(),
  // What was stored before the index showed them has none.
  attempts: z.number().default(0),
});

function keyOf(brand: string, orderId: string): string {
  return `${brand}#order#${orderId}`;
}

function dueShard(brand: string, shard: number): string {
  return `${brand}#${shard}`;
}

function shardOf(orderId: string): number {
  return createHash('sha256').update(orderId).digest().readUInt8(0) % DUE_SHARDS;
}

/** When the sweep has to retry the order, if it has to. */
function retryAt({ progress }: LedgerEntry): string | undefined {
  switch (progress.state) {
    case 'waiting':
    case 'in-doubt':
      return progress.dueAt;
    case 'claimed':
      return progress.retryAt;
    case 'settled':
    case 'refused':
      return undefined;
  }
}

/** Deflated as a whole, an ordinary order stays below the kilobyte that one write unit covers. */
function toItem(entry: LedgerEntry): Record<string, AttributeValue> {
  const dueAt = retryAt(entry);
  const { receivedAt } = entry.newest;
  const { dueIndex, partitionKey } = ORDER_LEDGER_TABLE;
  return marshall({
    [partitionKey]: keyOf(entry.brand, entry.orderId),
    schemaVersion: SCHEMA_VERSION,
    state: entry.progress.state,
    body: packJson(entry),
    ...(dueAt === undefined
      ? {}
      : {
          [dueIndex.partitionKey]: dueShard(entry.brand, shardOf(entry.orderId)),
          [dueIndex.sortKey]: dueAt,
          attempts: entry.attempts,
          ...(receivedAt === undefined ? {} : { receivedAt }),
        }),
  });
}

/** Throws on an item that this code did not write: that is a bug or a manual edit, and the alarm has to find it. */
function fromItem(item: Record<string, AttributeValue>): Versioned<LedgerEntry> {
  const { revision, body } = ItemSchema.parse(unmarshall(item));
  return { value: EntrySchema.parse(unpackJson(body)), revision };
}
