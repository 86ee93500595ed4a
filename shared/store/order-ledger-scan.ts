import { ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';

import { ORDER_LEDGER_TABLE } from './table.ts';
import type { DynamoDB } from './versioned-item.ts';

/**
 * The ids of a brand's orders that Button holds, as far as the ledger knows, from somewhere in the table on
 * and then from its beginning: each once, in the order of DynamoDB's hashes, so that the first of them are a
 * fair sample. `random` is from 0 up to but not including 1.
 *
 * Reads the whole table if nobody stops it, with every brand's orders. Throws if the table can't be reached.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
 */
export async function* sampleSettledOrders(
  { client, table, brand }: { client: DynamoDB; table: string; brand: string },
  random: () => number,
): AsyncGenerator<string> {
  const { partitionKey } = ORDER_LEDGER_TABLE;
  const prefix = `${brand}#order#`;
  const seen = new Set<string>();
  const somewhere = { [partitionKey]: { S: `${prefix}${random()}` } };
  for (const start of [somewhere, undefined]) {
    let after: Record<string, AttributeValue> | undefined = start;
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
        if (!key?.startsWith(prefix) || seen.has(key)) continue;
        seen.add(key);
        yield key.slice(prefix.length);
      }
      after = lastKey;
    } while (after);
  }
}
