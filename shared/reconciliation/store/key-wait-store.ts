import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

import { POSITIONS_TABLE } from '../../dynamodb/table.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';

/**
 * The instant (ISO 8601 UTC) before which Button wants no request with the publisher's key, for every stream.
 * Both methods throw if the table cannot be reached.
 */
export function createKeyWaitStore(positions: TableAccess) {
  return createWaitStore(positions, 'retry-after');
}

/** The instant before which Button wants no request for the list of accounts. As `createKeyWaitStore`. */
export function createListWaitStore(positions: TableAccess) {
  return createWaitStore(positions, 'retry-after-accounts');
}

/** In the positions table, under `*`, which is not an account. */
function createWaitStore({ client, table }: TableAccess, name: string) {
  const key = marshall({ [POSITIONS_TABLE.partitionKey]: '*', [POSITIONS_TABLE.sortKey]: name });
  return {
    /** Half a read unit. */
    async read(): Promise<string | undefined> {
      const { Item: item } = await client.send(new GetItemCommand({ TableName: table, Key: key }));
      return item?.['until']?.S;
    },
    /** Never makes the wait shorter. */
    async extend(until: string): Promise<void> {
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: key,
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
