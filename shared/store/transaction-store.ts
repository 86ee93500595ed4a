import {
  BatchGetItemCommand,
  GetItemCommand,
  QueryCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { TransactionRecord } from '../domain/transaction.ts';
import { RetryableError } from '../runtime/errors.ts';
import type { TableAccess } from './split-body.ts';
import { TRANSACTIONS_TABLE } from './table.ts';
import { fromItem, toItem, type ShopperField } from './transaction-item.ts';
import { putRevision, type Versioned, type WriteResult } from './versioned-item.ts';

/** Where transactions are kept. Every method throws if the table cannot be reached. */
export type TransactionStore = {
  /** Eventually consistent: records only grow, so a stale read can only lead to a write that is refused. */
  read(key: string): Promise<Versioned<TransactionRecord> | undefined>;
  /** The records of at most 100 keys; a key that is not there is missing from the map. Eventually consistent. */
  readMany(keys: readonly string[]): Promise<Map<string, Versioned<TransactionRecord>>>;
  /** Stores the record if the table is still at that revision (0: if it is not there yet). */
  write(record: TransactionRecord, expectedRevision: number): Promise<WriteResult<TransactionRecord>>;
};

const MAX_BATCH_ROUNDS = 6;

/** Transactions in DynamoDB, one item each, and more for one that exceeds an item. */
export function createTransactionStore({
  shopperField,
  ...access
}: TableAccess & { shopperField: ShopperField }): TransactionStore {
  const { client, table } = access;
  return {
    async read(key) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: { [TRANSACTIONS_TABLE.partitionKey]: { S: key } } }),
      );
      return Item && fromItem(access, Item);
    },

    async readMany(keys) {
      const found = new Map<string, Versioned<TransactionRecord>>();
      let wanted = [...new Set(keys)].map((key) => ({ [TRANSACTIONS_TABLE.partitionKey]: { S: key } }));
      for (let round = 0; wanted.length > 0; round += 1) {
        if (round === MAX_BATCH_ROUNDS) throw new RetryableError('BatchGetItem leaves keys unprocessed');
        const { Responses, UnprocessedKeys } = await client.send(
          new BatchGetItemCommand({ RequestItems: { [table]: { Keys: wanted } } }),
        );
        for (const item of Responses?.[table] ?? []) {
          const stored = await fromItem(access, item);
          found.set(stored.value.key, stored);
        }
        wanted = (UnprocessedKeys?.[table]?.Keys ?? []).flatMap(
          ({ [TRANSACTIONS_TABLE.partitionKey]: key }) =>
            key?.S === undefined ? [] : [{ [TRANSACTIONS_TABLE.partitionKey]: { S: key.S } }],
        );
      }
      return found;
    },

    async write(record, expectedRevision) {
      const item = await toItem(access, record, shopperField);
      const result = await putRevision(client, { table, item, expectedRevision });
      return result.ok
        ? { ok: true, stored: { value: record, revision: expectedRevision + 1 } }
        : { ok: false, current: await fromItem(access, result.current) };
    },
  };
}

const ShopperItemSchema = z.object({
  pk: z.string(),
  createdDate: z.string(),
  modifiedDate: z.string(),
  status: z.enum(['pending', 'validated', 'declined', 'conflict']),
  amountMinor: z.number().exactOptional(),
  currency: z.string().exactOptional(),
  category: z.string(),
  commerceOrganization: z.string().exactOptional(),
});

/** One of a shopper's transactions, as the index by shopper holds it. */
export type ShopperTransaction = z.infer<typeof ShopperItemSchema>;

/**
 * A shopper's transactions, the latest first. `shopper` is the value of the field that the index was set up by. Eventually consistent;
 * whose data has been erased has none. Throws if the table cannot be reached.
 */
export async function* shopperTransactions(
  { client, table }: TableAccess,
  shopper: string,
  { pageSize }: { pageSize?: number } = {},
): AsyncGenerator<ShopperTransaction> {
  let startKey: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: TRANSACTIONS_TABLE.shopperIndex.name,
        KeyConditionExpression: '#shopper = :shopper',
        ExpressionAttributeNames: { '#shopper': TRANSACTIONS_TABLE.shopperIndex.partitionKey },
        ExpressionAttributeValues: { ':shopper': { S: shopper } },
        ScanIndexForward: false,
        Limit: pageSize,
        ExclusiveStartKey: startKey,
      }),
    );
    for (const item of page.Items ?? []) yield ShopperItemSchema.parse(unmarshall(item));
    startKey = page.LastEvaluatedKey;
  } while (startKey);
}

/** What one shopper has earned in one currency and status. */
export type ShopperTotal = { status: string; currency: string; amountMinor: number; transactions: number };

/**
 * A shopper's rewards, summed from the transactions on read: counters would drift. App installs and contradictory transactions are
 * left out, because nobody may be rewarded for them.
 *
 * Throws if the table cannot be reached.
 */
export async function shopperTotals(access: TableAccess, shopper: string): Promise<ShopperTotal[]> {
  const totals = new Map<string, ShopperTotal>();
  for await (const transaction of shopperTransactions(access, shopper)) addToTotals(totals, transaction);
  return [...totals.values()];
}

function addToTotals(
  totals: Map<string, ShopperTotal>,
  { status, amountMinor = 0, currency = 'unknown', category }: ShopperTransaction,
): void {
  if (category === 'app-install' || status === 'conflict') return;
  const key = `${status} ${currency}`;
  const total = totals.get(key) ?? { status, currency, amountMinor: 0, transactions: 0 };
  totals.set(key, {
    ...total,
    amountMinor: total.amountMinor + amountMinor,
    transactions: total.transactions + 1,
  });
}
