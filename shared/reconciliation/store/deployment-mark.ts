import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { RetryableError } from '../../runtime/errors.ts';
import { DEPLOYMENT_PARTITION, POSITIONS_TABLE } from '../../dynamodb/table.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';

const DeploymentMarkSchema = z.object({ startedAt: z.iso.datetime() });

const KEY = marshall({
  [POSITIONS_TABLE.partitionKey]: DEPLOYMENT_PARTITION,
  [POSITIONS_TABLE.sortKey]: 'deployment',
});

/**
 * When this system started (ISO 8601 UTC): the first webhook or scheduled run writes it once, into the
 * positions table. Returns what was written first. Throws if the table cannot be reached, and
 * `RetryableError` if the mark is unreadable: it cannot be guessed, so webhooks wait until it is fixed.
 */
export async function markDeployment(positions: TableAccess, startedAt: string): Promise<string> {
  const { client, table } = positions;
  const current = await readDeploymentMark(positions);
  if (current !== undefined) return current;
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: { ...KEY, ...marshall({ startedAt, schemaVersion: 1 }) },
        ConditionExpression: 'attribute_not_exists(schemaVersion)',
      }),
    );
    return startedAt;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const first = await readDeploymentMark(positions);
    if (first === undefined) throw new RetryableError('The time of deployment is unreadable');
    return first;
  }
}

/**
 * When this system started; undefined before the first webhook or scheduled run. Writes nothing; throws as
 * `markDeployment` does.
 */
export async function readDeploymentMark(
  { client, table }: TableAccess,
  abortSignal?: AbortSignal,
): Promise<string | undefined> {
  const request = new GetItemCommand({ TableName: table, Key: KEY, ConsistentRead: true });
  const { Item: item } = await client.send(request, abortSignal && { abortSignal });
  return item && readMark(item);
}

function readMark(item: Record<string, AttributeValue>): string {
  try {
    return DeploymentMarkSchema.parse(unmarshall(item)).startedAt;
  } catch (cause) {
    throw new RetryableError('The time of deployment is unreadable', { cause });
  }
}
