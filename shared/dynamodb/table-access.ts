import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** The part of the DynamoDB client that the stores use. */
export type DynamoDB = Pick<DynamoDBClient, 'send'>;

/** A table by its client and name. */
export type TableAccess = { client: DynamoDB; table: string };
