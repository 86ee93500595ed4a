import { ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';

import { ORDER_LEDGER_TABLE } from './table.ts';
import type { DynamoDB } from './versioned-item.ts';

type BrandTable = { client: DynamoDB; table: string; brand: string };

/**
 * The ids of a brand's orders that Button holds, as far as the ledger knows, from somewhere in the table on
 * and then from its beginning: each once, in the order of `settledOrders`, so that the first of them are a
 * fair sample. `random` is from 0 up to but not including 1.
 *
 * Reads the whole table if nobody stops it, with every brand's orders. Throws if the table can't be reached.
 */
export async function* sampleSettledOrders(
  brandTable: BrandTable,
  random: () => number,
): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (const start of [String(random()), undefined]) {
    for await (const orderId of settledOrders(brandTable, start)) {
      if (seen.has(orderId)) continue;
      seen.add(orderId);
      yield orderId;
    }
  }
}

/**
 * The ids of a brand's orders that Button holds, as far as the ledger knows, in the order of DynamoDB's
 * hashes: all of them, or those that come after the place of an order, whether or not there is one.
 *
 * Reads the table from there to its end, with every brand's orders. Throws if the table can't be reached.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
 */
export async function* settledOrders(
  { client, table, brand }: BrandTable,
  afterOrderId: string | undefined,
): AsyncGenerator<string> {
  const { partitionKey } = ORDER_LEDGER_TABLE;
  const prefix = `${brand}#order#`;
  let after: Record<string, AttributeValue> | undefined =
    afterOrderId === undefined ? undefined : { [partitionKey]: { S: `${prefix}${afterOrderId}` } };
  do {
    const { Items: items = [], LastEvaluatedKey: lastKey } = await client.send(
      new ScanCommand({
        TableName: table,
        FilterExpression: '#state = :settled',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':settled': { S: 'settled' } },
        ...(after && { ExclusiveStartKey: after }),
      }),
    );
    for (const item of items) {
      const key = item[partitionKey]?.S;
      if (key?.startsWith(prefix)) yield key.slice(prefix.length);
    }
    after = lastKey;
  } while (after);
}
