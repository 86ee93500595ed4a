import {
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { QUARANTINE_TABLE } from '../shared/dynamodb/table.ts';
import type { TableAccess } from '../shared/dynamodb/table-access.ts';

/** A command that somebody ran. It contains no personal data; instants are ISO 8601 UTC. */
export type Operation = {
  /** The time of its beginning, and its command. */
  id: string;
  command: string;
  by: string;
  at: string;
  /** The command's options as they were given, as JSON. */
  settings: string;
  /** `started` if it never ended. */
  outcome: string;
  /** Its result, as JSON. */
  result?: string;
};

/** The record of operations. Its methods throw if the table cannot be reached. */
export type OperationLog = {
  /** Called before the first change, so that there is no change without a record. */
  begin(operation: Omit<Operation, 'id' | 'outcome' | 'result'>): Promise<{ id: string }>;
  end(id: string, result: { outcome: string; result: string }): Promise<void>;
  /** The latest first. */
  list(limit: number): Promise<Operation[]>;
};

/** A kind beside the quarantine's own kinds. */
const KIND = 'operation';

const RETENTION_DAYS = 400;

const OperationSchema = z.object({
  id: z.string(),
  command: z.string(),
  by: z.string(),
  at: z.string(),
  settings: z.string(),
  outcome: z.string(),
  result: z.string().exactOptional(),
});

/** The record of operations in a quarantine table. A record expires after 400 days. */
export function createOperationLog({ client, table }: TableAccess): OperationLog {
  const { partitionKey, sortKey, timeToLive } = QUARANTINE_TABLE;
  const keyOf = (id: string): Record<string, AttributeValue> => ({
    [partitionKey]: { S: KIND },
    [sortKey]: { S: id },
  });
  return {
    async begin(operation) {
      const id = `${operation.at} ${operation.command}`;
      const expiresAt = Math.ceil(Date.parse(operation.at) / 1000) + RETENTION_DAYS * 86_400;
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: { ...marshall({ ...operation, outcome: 'started', [timeToLive]: expiresAt }), ...keyOf(id) },
        }),
      );
      return { id };
    },
    async end(id, { outcome, result }) {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(id),
          UpdateExpression: 'SET outcome = :outcome, #result = :result',
          ExpressionAttributeNames: { '#result': 'result' },
          ExpressionAttributeValues: { ':outcome': { S: outcome }, ':result': { S: result } },
        }),
      );
    },
    async list(limit) {
      const { Items: items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: '#kind = :kind',
          ExpressionAttributeNames: { '#kind': partitionKey },
          ExpressionAttributeValues: { ':kind': { S: KIND } },
          ScanIndexForward: false,
          Limit: limit,
        }),
      );
      return items.map((item) => OperationSchema.parse(unmarshall(item)));
    },
  };
}
