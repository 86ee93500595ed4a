import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { Position } from '../domain/position.ts';
import { POSITIONS_TABLE } from './table.ts';
import type { DynamoDB } from './versioned-item.ts';

/** How far the reconciler has got, by account and stream. Every method throws if the table cannot be reached. */
export type PositionStore = {
  /** Strongly consistent: a position decides what is read. */
  read(account: string, stream: string): Promise<Position | undefined>;
  /** Creates the position unless there is one already. */
  create(position: Position): Promise<void>;
  /** Takes the position for a new worker by raising its fence; undefined if another worker was faster. */
  take(position: Position): Promise<Position | undefined>;
  /** Saves the position if its fence is still standing; false if another worker has taken it since. */
  save(position: Position): Promise<boolean>;
  /** The deployment's mark: when it began and which accounts Button listed then. Written once. */
  markDeployment(mark: DeploymentMark): Promise<DeploymentMark>;
};

/** When this system began to work, and the accounts that existed by then: an older system may have paid for what they hold. */
export type DeploymentMark = { startedAt: string; accounts: readonly string[] };

const SCHEMA_VERSION = 1;

/** Not an account: Button's account ids begin with `acc-`. */
const DEPLOYMENT_KEY = { account: '*', stream: 'deployment' };

const PositionSchema = z.object({
  account: z.string(),
  stream: z.string(),
  fence: z.number(),
  doneUntil: z.string(),
  historicalBefore: z.string().nullable(),
  window: z
    .object({
      start: z.string(),
      end: z.string(),
      cursor: z.string().nullable(),
      pages: z.number(),
      rows: z.number(),
      repaired: z.number(),
    })
    .exactOptional(),
  completedAt: z.string().exactOptional(),
});

const DeploymentMarkSchema = z.object({ startedAt: z.string(), accounts: z.array(z.string()) });

/** Positions in DynamoDB. */
export function createPositionStore({ client, table }: { client: DynamoDB; table: string }): PositionStore {
  const get = async (account: string, stream: string): Promise<unknown> => {
    const { partitionKey, sortKey } = POSITIONS_TABLE;
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: table,
        Key: { [partitionKey]: { S: account }, [sortKey]: { S: stream } },
        ConsistentRead: true,
      }),
    );
    return Item && unmarshall(Item);
  };

  const put = async (
    item: Record<string, unknown>,
    condition: { expression: string; fence?: number },
  ): Promise<boolean> => {
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: marshall({ ...item, schemaVersion: SCHEMA_VERSION }, { removeUndefinedValues: true }),
          ConditionExpression: condition.expression,
          ...(condition.fence === undefined
            ? {}
            : { ExpressionAttributeValues: { ':fence': { N: String(condition.fence) } } }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };

  const isAbsent = { expression: 'attribute_not_exists(schemaVersion)' };
  const fenceStands = (fence: number) => ({ expression: 'fence = :fence', fence });

  return {
    async read(account, stream) {
      const item = await get(account, stream);
      return item === undefined ? undefined : PositionSchema.parse(item);
    },
    async create(position) {
      await put(position, isAbsent);
    },
    async take(position) {
      const taken = { ...position, fence: position.fence + 1 };
      return (await put(taken, fenceStands(position.fence))) ? taken : undefined;
    },
    async save(position) {
      return put(position, fenceStands(position.fence));
    },
    async markDeployment(mark) {
      const { account, stream } = DEPLOYMENT_KEY;
      const standing = await get(account, stream);
      if (standing !== undefined) return DeploymentMarkSchema.parse(standing);
      if (await put({ ...DEPLOYMENT_KEY, ...mark }, isAbsent)) return mark;
      return DeploymentMarkSchema.parse(await get(account, stream));
    },
  };
}
