import { ScanCommand, type AttributeValue, type ScanCommandInput } from '@aws-sdk/client-dynamodb';

import type { OrderState } from '../rules/order-ledger.ts';
import { readOrderItem } from './order-ledger-store.ts';
import { ORDER_LEDGER_TABLE } from '../../dynamodb/table.ts';
import { UnreadableItemError } from '../../dynamodb/unreadable-item.ts';
import type { DynamoDB } from '../../dynamodb/table-access.ts';
import type { Versioned } from '../../dynamodb/versioned-item.ts';

/** The ledger of a brand, and until when it may be read: without `timeLeft`, to the end. */
type BrandTable = { client: DynamoDB; table: string; brand: string; timeLeft?: () => boolean };

/** An order as the scan saw it: its recent state, unless its item is unreadable. */
export type ScannedOrder = { orderId: string; state?: OrderState };

/**
 * A brand's orders that Button holds, according to the ledger, from a random place in the table to its end
 * and then from its beginning: each once, in the order of `settledOrders`, so that the first of them are a
 * fair sample. `random` is from 0 up to but not including 1.
 *
 * Reads the whole table, with every brand's orders, if there is time and nobody stops it. Throws if the table
 * cannot be reached.
 */
export async function* sampleSettledOrders(
  brandTable: BrandTable,
  random: () => number,
): AsyncGenerator<ScannedOrder> {
  const seen = new Set<string>();
  for (const start of [String(random()), undefined]) {
    for await (const order of settledOrders(brandTable, start)) {
      if (seen.has(order.orderId)) continue;
      seen.add(order.orderId);
      yield order;
    }
  }
}

/**
 * A brand's orders that Button holds, according to the ledger, in the order of DynamoDB's hashes: all of
 * them, or those behind the place of an order, which need not exist.
 *
 * Reads the table from there to its end, with every brand's orders, if there is time. Throws if the table
 * cannot be reached. Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
 */
export function settledOrders(
  brandTable: BrandTable,
  afterOrderId: string | undefined,
): AsyncGenerator<ScannedOrder> {
  return scanOrders(brandTable, {
    afterOrderId,
    filter: {
      FilterExpression: '#state = :settled',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':settled': { S: 'settled' } },
    },
  });
}

/**
 * All of a brand's orders. Reads the whole table, with every brand's orders. Throws if the table cannot be
 * reached.
 */
export function allOrders(brandTable: BrandTable): AsyncGenerator<ScannedOrder> {
  return scanOrders(brandTable, { afterOrderId: undefined, filter: {} });
}

type Filter = Pick<
  ScanCommandInput,
  'FilterExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/**
 * A page of the ledger: the settled and refused orders, the keys of the unreadable items, and the key behind
 * which the next page begins.
 */
export type LedgerPage = { orders: Versioned<OrderState>[]; unreadable: string[]; next?: string };

/**
 * The orders of every brand that are settled or refused, on one page of the ledger (a megabyte, 128 read
 * units) behind a key, or on the first. Throws if the table cannot be reached.
 */
export async function scanOrdersThatAreOver(
  { client, table }: Pick<BrandTable, 'client' | 'table'>,
  after: string | undefined,
): Promise<LedgerPage> {
  const { partitionKey } = ORDER_LEDGER_TABLE;
  const { Items: items = [], LastEvaluatedKey: lastKey } = await client.send(
    new ScanCommand({
      TableName: table,
      FilterExpression: '#state = :settled OR #state = :refused',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':settled': { S: 'settled' }, ':refused': { S: 'refused' } },
      ...(after !== undefined && { ExclusiveStartKey: { [partitionKey]: { S: after } } }),
    }),
  );
  const page: LedgerPage = { orders: [], unreadable: [] };
  for (const item of items) {
    try {
      page.orders.push(readOrderItem(item));
    } catch (error) {
      if (!(error instanceof UnreadableItemError)) throw error;
      page.unreadable.push(error.key);
    }
  }
  const next = lastKey?.[partitionKey]?.S;
  return next === undefined ? page : { ...page, next };
}

async function* scanOrders(
  { client, table, brand, timeLeft = () => true }: BrandTable,
  { afterOrderId, filter }: { afterOrderId: string | undefined; filter: Filter },
): AsyncGenerator<ScannedOrder> {
  const { partitionKey } = ORDER_LEDGER_TABLE;
  const prefix = `${brand}#order#`;
  let after: Record<string, AttributeValue> | undefined =
    afterOrderId === undefined ? undefined : { [partitionKey]: { S: `${prefix}${afterOrderId}` } };
  do {
    const { Items: items = [], LastEvaluatedKey: lastKey } = await client.send(
      new ScanCommand({
        TableName: table,
        ...filter,
        ...(after && { ExclusiveStartKey: after }),
      }),
    );
    for (const item of items) {
      const key = item[partitionKey]?.S;
      if (key?.startsWith(prefix)) yield { orderId: key.slice(prefix.length), ...stateOf(item) };
    }
    after = lastKey;
  } while (after && timeLeft());
}

/** Nothing of an unreadable item: the function that reads the order itself will report it. */
function stateOf(item: Record<string, AttributeValue>): Pick<ScannedOrder, 'state'> {
  try {
    return { state: readOrderItem(item).value };
  } catch (error) {
    if (!(error instanceof UnreadableItemError)) throw error;
    return {};
  }
}

/**
 * Every brand's orders in the ledger, without the unreadable ones. Reads the whole table; throws if it cannot
 * be reached.
 */
export async function* ordersOfEveryBrand({
  client,
  table,
}: Pick<BrandTable, 'client' | 'table'>): AsyncGenerator<OrderState> {
  let after: Record<string, AttributeValue> | undefined;
  do {
    const { Items: items = [], LastEvaluatedKey: lastKey } = await client.send(
      new ScanCommand({
        TableName: table,
        // The table also contains breakers, which have no state of an order.
        FilterExpression: 'attribute_exists(#state) AND contains(#key, :order)',
        ExpressionAttributeNames: { '#state': 'state', '#key': ORDER_LEDGER_TABLE.partitionKey },
        ExpressionAttributeValues: { ':order': { S: '#order#' } },
        ...(after && { ExclusiveStartKey: after }),
      }),
    );
    for (const item of items) {
      const { state } = stateOf(item);
      if (state) yield state;
    }
    after = lastKey;
  } while (after);
}
