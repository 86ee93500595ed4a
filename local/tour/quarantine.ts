import { GetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { QUARANTINE_TABLE } from '../../shared/dynamodb/table.ts';

const EntrySchema = z.object({ reasons: z.array(z.object({ code: z.string(), problem: z.string() })) });

/** The reasons for which something is in quarantine. */
export type QuarantinedReasons = z.infer<typeof EntrySchema>['reasons'];

/** Looks up one entry; undefined if it is not there. Throws if the table cannot be reached. */
export async function readQuarantine({
  client,
  table,
  kind,
  id,
}: {
  client: DynamoDBClient;
  table: string;
  kind: string;
  id: string;
}): Promise<QuarantinedReasons | undefined> {
  const { partitionKey, sortKey } = QUARANTINE_TABLE;
  const key = { [partitionKey]: { S: kind }, [sortKey]: { S: id } };
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: key }));
  return Item && EntrySchema.parse(unmarshall(Item)).reasons;
}
