import { hash } from 'node:crypto';

import { GetItemCommand, QueryCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { hasFailed } from '../rules/order-evolution.ts';
import type { LedgerEntry, OrderState } from '../rules/order-ledger.ts';
import { packJson, unpackJson } from '../../dynamodb/packed-json.ts';
import { StoredOrderSchema } from './stored-order.ts';
import { DUE_SHARDS, ORDER_LEDGER_TABLE } from '../../dynamodb/table.ts';
import { readOrReport } from '../../dynamodb/unreadable-item.ts';
import type { DynamoDB, TableAccess } from '../../dynamodb/table-access.ts';
import { putRevision, type Versioned, type WriteResult } from '../../dynamodb/versioned-item.ts';

/** The ledger of one brand: what was reported of each order to Button, and what still has to be reported. */
export type OrderLedger = {
  /**
   * Strongly consistent, because it decides about the calls to Button. Throws `UnreadableItemError` if the
   * item is unreadable.
   */
  read(orderId: string): Promise<Versioned<OrderState> | undefined>;
  /**
   * Stores the state if the ledger is still at that revision (0: if the order is not there yet). Throws
   * `UnreadableItemError` if an unreadable item is stored there.
   */
  write(state: OrderState, expectedRevision: number): Promise<WriteResult<OrderState>>;
  /**
   * The orders whose next try was due at `now`, the longest due first, or the latest. Reads at most `limit`
   * of each shard. Attributes that are unreadable are omitted, but never the order.
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
  /**
   * Tries since the last success, or since an operator or a new version started afresh: 0 if it has not
   * failed.
   */
  attempts: number;
};

const SCHEMA_VERSION = 1;

const ItemSchema = z.object({ revision: z.number(), body: z.instanceof(Uint8Array) });

/**
 * The ledger in DynamoDB. An order is one item under `<brand>#order#<order id>`, so that a function's rights
 * can be limited to its brand.
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
      return Item && readOrderItem(Item);
    },

    write: (state, expectedRevision) => writeOrder({ client, table }, state, expectedRevision),

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

/** Stores an order of any brand, as `OrderLedger` does. */
export async function writeOrder(
  { client, table }: TableAccess,
  state: OrderState,
  expectedRevision: number,
): Promise<WriteResult<OrderState>> {
  const result = await putRevision(client, { table, item: toItem(state), expectedRevision });
  return result.ok
    ? { ok: true, stored: { value: state, revision: expectedRevision + 1 } }
    : { ok: false, current: readOrderItem(result.current) };
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
    const due = DueItemSchema.safeParse(attributesOf(item)).data;
    if (!due?.pk.startsWith(prefix)) return [];
    const { pk, dueAt, attempts, receivedAt } = due;
    const received = receivedAt === undefined ? {} : { receivedAt };
    return [{ orderId: pk.slice(prefix.length), dueAt, attempts, ...received }];
  });
}

const DueItemSchema = z.object({
  [ORDER_LEDGER_TABLE.partitionKey]: z.string(),
  [ORDER_LEDGER_TABLE.dueIndex.sortKey]: z.string(),
  receivedAt: z.iso.datetime().optional().catch(undefined),
  // Items from before the index had this attribute lack it.
  attempts: z.number().catch(0),
});

function attributesOf(item: Record<string, AttributeValue>): unknown {
  try {
    return unmarshall(item);
  } catch {
    return undefined;
  }
}

function keyOf(brand: string, orderId: string): string {
  return `${brand}#order#${orderId}`;
}

function dueShard(brand: string, shard: number): string {
  return `${brand}#${shard}`;
}

function shardOf(orderId: string): number {
  return hash('sha256', orderId, 'buffer').readUInt8(0) % DUE_SHARDS;
}

/** When the sweep has to retry the order; undefined if it does not. */
function retryAt(state: OrderState): string | undefined {
  if (!state.newest) return undefined;
  const { progress } = state;
  switch (progress.state) {
    case 'waiting':
    case 'in-doubt':
    case 'failing':
      return progress.dueAt;
    case 'claimed':
      return progress.retryAt;
    case 'settled':
    case 'refused':
      return undefined;
  }
}

/**
 * The most bytes that the packed state may have when a message is accepted. An item holds 400 KB (409,600
 * bytes) with its key and attributes; the rest is for what the ledger adds to the order later, such as
 * Button's answers.
 */
const MAX_ACCEPTED_BYTES = 390_000;

/**
 * Whether the ledger can hold the state, now and after everything that can still be added to the order. Pure.
 */
export function fitsLedger(state: OrderState): boolean {
  const unpacked = Buffer.byteLength(JSON.stringify(state));
  // Deflate lengthens a text by at most five bytes for each block that it cannot shorten.
  return unpacked <= MAX_ACCEPTED_BYTES - 1000 || packJson(state).length <= MAX_ACCEPTED_BYTES;
}

/** Deflated as a whole, an ordinary order stays below one kilobyte, which one write unit covers. */
function toItem(state: OrderState): Record<string, AttributeValue> {
  const dueAt = retryAt(state);
  const { dueIndex, partitionKey } = ORDER_LEDGER_TABLE;
  return marshall({
    [partitionKey]: keyOf(state.brand, state.orderId),
    schemaVersion: SCHEMA_VERSION,
    state: state.newest ? state.progress.state : 'unknown',
    body: packJson(state),
    ...(dueAt === undefined || !state.newest
      ? {}
      : {
          [dueIndex.partitionKey]: dueShard(state.brand, shardOf(state.orderId)),
          [dueIndex.sortKey]: dueAt,
          ...agesOf(state),
        }),
  });
}

/** What the sweep measures. An order that fails on its own is in quarantine: its age is not a delay. */
function agesOf(entry: LedgerEntry): Record<string, unknown> {
  const { failingSince, newest } = entry;
  const { receivedAt } = newest;
  const attempts = entry.attempts || Number(hasFailed(entry));
  return { attempts, ...(failingSince === undefined && receivedAt !== undefined && { receivedAt }) };
}

/**
 * Reads an order's item of the ledger. Throws `UnreadableItemError` for an item that this code did not write:
 * that is a bug or a manual edit, and the alarm has to find it.
 */
export function readOrderItem(item: Record<string, AttributeValue>): Versioned<OrderState> {
  return readOrReport(item[ORDER_LEDGER_TABLE.partitionKey]?.S ?? '', () => {
    const { revision, body } = ItemSchema.parse(unmarshall(item));
    return { value: StoredOrderSchema.parse(unpackJson(body)), revision };
  });
}
