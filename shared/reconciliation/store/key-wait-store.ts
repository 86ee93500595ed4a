import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

import { POSITIONS_TABLE } from '../../dynamodb/table.ts';
import type { DynamoDB } from '../../dynamodb/versioned-item.ts';

/** In the positions table; not an account. */
const KEY = marshall({ [POSITIONS_TABLE.partitionKey]: '*', [POSITIONS_TABLE.sortKey]: 'retry-after' });

/**
 * The instant (ISO 8601 UTC) before which Button wants no request with the publisher's key, for every stream.
 * Both methods throw if the table cannot be reached.
 */
export function createKeyWaitStore({ client, table }: { client: DynamoDB; table: string }) {
  return {
    /** Half a read unit. */
    async read(): Promise<string | undefined> {
      const { Item: item } = await client.send(new GetItemCommand({ TableName: table, Key: KEY }));
      return item?.['until']?.S;
    },
    /** Never makes the wait shorter. */
    async extend(until: string): Promise<void> {
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: KEY,
            UpdateExpression: 'SET #until = :until',
            ConditionExpression: 'attribute_not_exists(#until) OR #until < :until',
            ExpressionAttributeNames: { '#until': 'until' },
            ExpressionAttributeValues: { ':until': { S: until } },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
  };
}
