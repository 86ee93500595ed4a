import { QueryCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { TableAccess } from '../../dynamodb/table-access.ts';
import { PERSONAL_DATA_DAYS, TRANSACTIONS_TABLE } from '../../dynamodb/table.ts';
import { shopperKey } from '../rules/shopper-key.ts';
import { rewardGroup } from '../rules/shopper-rewards.ts';

const ShopperItemSchema = z.object({
  pk: z.string(),
  createdDate: z.string(),
  modifiedDate: z.string(),
  status: z.enum(['pending', 'validated', 'declined', 'conflict']),
  amountMinor: z.number().exactOptional(),
  currency: z.string().exactOptional(),
  category: z.string(),
  orderTotalMinor: z.number().exactOptional(),
  orderCurrency: z.string().exactOptional(),
  commerceOrganization: z.string().exactOptional(),
  commerceOrganizationName: z.string().exactOptional(),
  validatedDate: z.string().exactOptional(),
  delivery: z.enum(['live', 'historical']),
  rewardable: z.boolean(),
  notRewardableReason: z.string().exactOptional(),
  version: z.number(),
});

/** One of a shopper's transactions, from the index by shopper. */
export type ShopperTransaction = z.infer<typeof ShopperItemSchema>;

/** Which of a shopper's transactions; all of them by default. */
export type ShopperFilter = {
  status?: ShopperTransaction['status'] | undefined;
  /** Created in this second or later; ISO 8601 UTC. */
  from?: string | undefined;
  /** Created before this second; ISO 8601 UTC. */
  before?: string | undefined;
};

/** The end of a page of a shopper's transactions: the next page begins behind it. */
export type ShopperCursor = Pick<ShopperTransaction, 'pk' | 'createdDate'>;

/** A page of a shopper's transactions; without `next` it is the last one. */
export type ShopperPage = { transactions: ShopperTransaction[]; next?: ShopperCursor };

/**
 * One page of a shopper's transactions, the latest first, in one query. A page may hold fewer than `limit`,
 * or none, and not be the last: DynamoDB reads up to `limit` items and drops those with another status.
 * `shopper` is the value of the field of the index. Eventually consistent; an erased shopper has none. Throws
 * if the table cannot be reached.
 */
export async function shopperPage(
  { client, table }: TableAccess,
  shopper: string,
  {
    limit,
    after,
    ...filter
  }: ShopperFilter & { limit?: number | undefined; after?: ShopperCursor | undefined },
): Promise<ShopperPage> {
  const key = shopperKey(shopper);
  if (key === undefined) return { transactions: [] };
  const { name, partitionKey, sortKey } = TRANSACTIONS_TABLE.shopperIndex;
  const { status, from = '0', before = '~' } = filter;
  const { Items = [], LastEvaluatedKey: last } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: name,
      KeyConditionExpression: '#shopper = :shopper AND #created BETWEEN :from AND :before',
      ...(status !== undefined && { FilterExpression: '#status = :status' }),
      ExpressionAttributeNames: {
        '#shopper': partitionKey,
        '#created': sortKey,
        ...(status !== undefined && { '#status': 'status' }),
      },
      ExpressionAttributeValues: {
        ':shopper': { S: key },
        // Without its end, a second sorts before every instant in it, with or without milliseconds.
        ':from': { S: from.slice(0, SECOND_LENGTH) },
        ':before': { S: before.slice(0, SECOND_LENGTH) },
        ...(status !== undefined && { ':status': { S: status } }),
      },
      ScanIndexForward: false,
      Limit: limit,
      ...(after && { ExclusiveStartKey: cursorKey(key, after) }),
    }),
  );
  const transactions = Items.map((item) => ShopperItemSchema.parse(unmarshall(item)));
  const next = last && ShopperCursorSchema.parse(unmarshall(last));
  return { transactions, ...(next && { next }) };
}

const SECOND_LENGTH = '2026-01-01T00:00:00'.length;

const ShopperCursorSchema = ShopperItemSchema.pick({ pk: true, createdDate: true });

function cursorKey(key: string, { pk, createdDate }: ShopperCursor): Record<string, AttributeValue> {
  const { partitionKey, sortKey } = TRANSACTIONS_TABLE.shopperIndex;
  return {
    [TRANSACTIONS_TABLE.partitionKey]: { S: pk },
    [partitionKey]: { S: key },
    [sortKey]: { S: createdDate },
  };
}

/** All of a shopper's transactions, the latest first, page by page. Throws as `shopperPage` does. */
export async function* shopperTransactions(
  access: TableAccess,
  shopper: string,
  { pageSize }: { pageSize?: number } = {},
): AsyncGenerator<ShopperTransaction> {
  let after: ShopperCursor | undefined;
  do {
    const page: ShopperPage = await shopperPage(access, shopper, { limit: pageSize, after });
    yield* page.transactions;
    after = page.next;
  } while (after);
}

/** What one shopper has earned in one currency and status. */
export type ShopperTotal = { status: string; currency: string; amountMinor: number; transactions: number };

/**
 * A shopper's rewards, and the instant (ISO 8601 UTC) since which they are complete: the shopper of older
 * ones may have been erased.
 */
export type ShopperBalance = { completeSince: string; totals: ShopperTotal[] };

const DAY_MS = 86_400_000;

/**
 * A shopper's rewards, summed from the transactions on each read, because counters would drift. Transactions
 * that nobody may be rewarded for (historical, an app install, in conflict or of an unknown category) are
 * left out, and declined ones have a total of their own.
 *
 * `personalDataDays` is the setting of that name. Throws if the table cannot be reached.
 */
export async function shopperTotals(
  access: TableAccess,
  shopper: string,
  { personalDataDays = PERSONAL_DATA_DAYS, now }: { personalDataDays?: number; now: () => Date },
): Promise<ShopperBalance> {
  const totals = new Map<string, ShopperTotal>();
  for await (const transaction of shopperTransactions(access, shopper)) addToTotals(totals, transaction);
  const completeSince = new Date(now().getTime() - personalDataDays * DAY_MS).toISOString();
  return { completeSince, totals: [...totals.values()] };
}

function addToTotals(totals: Map<string, ShopperTotal>, transaction: ShopperTransaction): void {
  const { status, amountMinor = 0, currency = 'unknown' } = transaction;
  const group = rewardGroup(transaction);
  if (group === 'none' || group === 'historical') return;
  const key = `${status} ${currency}`;
  const total = totals.get(key) ?? { status, currency, amountMinor: 0, transactions: 0 };
  totals.set(key, {
    ...total,
    amountMinor: total.amountMinor + amountMinor,
    transactions: total.transactions + 1,
  });
}
