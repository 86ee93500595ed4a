import {
  BatchGetItemCommand,
  GetItemCommand,
  QueryCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { recordStatus, type Transaction, type TransactionRecord } from '../domain/transaction.ts';
import { RetryableError } from '../runtime/errors.ts';
import { packJson, unpackJson } from './packed-json.ts';
import { TRANSACTIONS_TABLE } from './table.ts';
import { putRevision, type DynamoDB, type Stored, type WriteResult } from './versioned-item.ts';

/** Which field says whose transaction it is; `none` switches the shopper index off. */
export type ShopperField = 'publisher_customer_id' | 'pub_ref' | 'none';

/** Where transactions are kept. Every method throws if the table cannot be reached. */
export type TransactionStore = {
  /** Eventually consistent: records only grow, so a stale read can only lead to a write that is refused. */
  read(key: string): Promise<Stored<TransactionRecord> | undefined>;
  /** The records of at most 100 keys; a key that is not there is missing from the map. Eventually consistent. */
  readMany(keys: readonly string[]): Promise<Map<string, Stored<TransactionRecord>>>;
  /** Stores the record if the table is still at that revision (0: if it is not there yet). */
  write(record: TransactionRecord, expectedRevision: number): Promise<WriteResult<TransactionRecord>>;
};

const SCHEMA_VERSION = 1;
const MAX_BATCH_ROUNDS = 6;

const TransactionSchema: z.ZodType<Transaction> = z.object({
  id: z.string(),
  buttonOrderId: z.string().nullable(),
  status: z.enum(['pending', 'validated', 'declined']),
  category: z.string(),
  amountMinor: z.number().nullable(),
  currency: z.string().nullable(),
  orderTotalMinor: z.number().nullable(),
  orderCurrency: z.string().nullable(),
  createdDate: z.string(),
  modifiedDate: z.string(),
  validatedDate: z.string().nullable(),
  attributionDate: z.string().nullable(),
  accountId: z.string().nullable(),
  commerceOrganization: z.string().nullable(),
  publisherCustomerId: z.string().nullable(),
  pubRef: z.string().nullable(),
});

const CandidateSchema = z.object({ transaction: TransactionSchema, payload: z.unknown() });

const BodySchema = z.object({
  candidates: z.tuple([CandidateSchema], CandidateSchema),
  conflictSince: z.string().exactOptional(),
  overruled: z.array(z.string()),
  buttonIds: z.array(z.string()),
  seen: z.array(
    z.object({
      content: z.string(),
      status: z.enum(['pending', 'validated', 'declined']),
      amountMinor: z.number().nullable(),
      modifiedDate: z.string(),
      source: z.string(),
      seenAt: z.string(),
    }),
  ),
});

const ItemSchema = z.object({
  pk: z.string(),
  revision: z.number(),
  version: z.number(),
  delivery: z.enum(['live', 'historical']),
  body: z.instanceof(Uint8Array),
});

/** Transactions in DynamoDB, one item each: what is looked up or published stands in attributes, the rest is deflated. */
export function createTransactionStore({
  client,
  table,
  shopperField,
}: {
  client: DynamoDB;
  table: string;
  shopperField: ShopperField;
}): TransactionStore {
  return {
    async read(key) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: { [TRANSACTIONS_TABLE.partitionKey]: { S: key } } }),
      );
      return Item && fromItem(Item);
    },

    async readMany(keys) {
      const found = new Map<string, Stored<TransactionRecord>>();
      let wanted = [...new Set(keys)].map((key) => ({ [TRANSACTIONS_TABLE.partitionKey]: { S: key } }));
      for (let round = 0; wanted.length > 0; round += 1) {
        if (round === MAX_BATCH_ROUNDS) throw new RetryableError('BatchGetItem leaves keys unprocessed');
        const { Responses, UnprocessedKeys } = await client.send(
          new BatchGetItemCommand({ RequestItems: { [table]: { Keys: wanted } } }),
        );
        for (const item of Responses?.[table] ?? []) {
          const stored = fromItem(item);
          found.set(stored.thing.key, stored);
        }
        wanted = (UnprocessedKeys?.[table]?.Keys ?? []).flatMap(
          ({ [TRANSACTIONS_TABLE.partitionKey]: key }) =>
            key?.S === undefined ? [] : [{ [TRANSACTIONS_TABLE.partitionKey]: { S: key.S } }],
        );
      }
      return found;
    },

    async write(record, expectedRevision) {
      const item = toItem(record, shopperField);
      const result = await putRevision(client, { table, item, expectedRevision });
      return result.written
        ? { written: true, stored: { thing: record, revision: expectedRevision + 1 } }
        : { written: false, current: fromItem(result.standing) };
    },
  };
}

/** What one shopper has earned in one currency and status. */
export type ShopperTotal = { status: string; currency: string; amountMinor: number; transactions: number };

/**
 * A shopper's rewards, summed from the transactions on read: counters would drift. App installs and contradictory transactions are
 * left out, because nobody may be rewarded for them.
 *
 * Throws if the table cannot be reached.
 */
export async function shopperTotals(
  { client, table }: { client: DynamoDB; table: string },
  shopper: string,
): Promise<ShopperTotal[]> {
  const totals = new Map<string, ShopperTotal>();
  let startKey: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: TRANSACTIONS_TABLE.shopperIndex.name,
        KeyConditionExpression: '#shopper = :shopper',
        ExpressionAttributeNames: { '#shopper': TRANSACTIONS_TABLE.shopperIndex.partitionKey },
        ExpressionAttributeValues: { ':shopper': { S: shopper } },
        ExclusiveStartKey: startKey,
      }),
    );
    for (const item of page.Items ?? []) addToTotals(totals, ShopperItemSchema.parse(unmarshall(item)));
    startKey = page.LastEvaluatedKey;
  } while (startKey);
  return [...totals.values()];
}

const ShopperItemSchema = z.object({
  status: z.string(),
  amountMinor: z.number().exactOptional(),
  currency: z.string().exactOptional(),
  category: z.string(),
});

function addToTotals(
  totals: Map<string, ShopperTotal>,
  { status, amountMinor = 0, currency = 'unknown', category }: z.infer<typeof ShopperItemSchema>,
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

/** The attributes that say what a transaction is now. The event publisher reads them from the table's stream. */
export const TransactionHeadSchema = z.object({
  pk: z.string(),
  version: z.number(),
  status: z.enum(['pending', 'validated', 'declined', 'conflict']),
  category: z.string(),
  amountMinor: z.number().exactOptional(),
  currency: z.string().exactOptional(),
  transactionId: z.string(),
  buttonOrderId: z.string().exactOptional(),
  commerceOrganization: z.string().exactOptional(),
  accountId: z.string().exactOptional(),
  publisherCustomerId: z.string().exactOptional(),
  pubRef: z.string().exactOptional(),
  createdDate: z.string(),
  modifiedDate: z.string(),
  delivery: z.enum(['live', 'historical']),
});

/** What a transaction is now. */
export type TransactionHead = z.infer<typeof TransactionHeadSchema>;

function toItem(record: TransactionRecord, shopperField: ShopperField): Record<string, AttributeValue> {
  const { transaction } = record.candidates[0];
  const { candidates, overruled, buttonIds, seen } = record;
  const conflict = record.conflictSince === undefined ? {} : { conflictSince: record.conflictSince };
  return marshall(
    {
      ...headOf(record, transaction),
      [TRANSACTIONS_TABLE.shopperIndex.partitionKey]: shopperOf(transaction, shopperField),
      schemaVersion: SCHEMA_VERSION,
      body: packJson({ candidates, overruled, buttonIds, seen, ...conflict }),
    },
    { removeUndefinedValues: true },
  );
}

function headOf(record: TransactionRecord, transaction: Transaction): Record<string, unknown> {
  return {
    [TRANSACTIONS_TABLE.partitionKey]: record.key,
    version: record.version,
    status: recordStatus(record),
    category: transaction.category,
    amountMinor: transaction.amountMinor ?? undefined,
    currency: transaction.currency ?? undefined,
    transactionId: transaction.id,
    buttonOrderId: transaction.buttonOrderId ?? undefined,
    commerceOrganization: transaction.commerceOrganization ?? undefined,
    accountId: transaction.accountId ?? undefined,
    publisherCustomerId: transaction.publisherCustomerId ?? undefined,
    pubRef: transaction.pubRef ?? undefined,
    createdDate: transaction.createdDate,
    modifiedDate: transaction.modifiedDate,
    delivery: record.delivery,
  };
}

/** DynamoDB refuses an empty string as a key, so an empty id is no shopper. */
function shopperOf({ publisherCustomerId, pubRef }: Transaction, field: ShopperField): string | undefined {
  const shopper = { publisher_customer_id: publisherCustomerId, pub_ref: pubRef, none: null }[field];
  return shopper === null || shopper === '' ? undefined : shopper;
}

/** Throws on an item that this code did not write: that is a bug or a manual edit, and the alarm has to find it. */
function fromItem(item: Record<string, AttributeValue>): Stored<TransactionRecord> {
  const { pk, revision, version, delivery, body } = ItemSchema.parse(unmarshall(item));
  return { thing: { key: pk, version, delivery, ...BodySchema.parse(unpackJson(body)) }, revision };
}
