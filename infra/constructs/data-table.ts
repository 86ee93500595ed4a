import { AttributeType, BillingMode, Table, type Attribute, type TableProps } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

import { retainsData } from '../config.ts';
import { dataRemovalPolicy, type Deployment } from '../deployment.ts';
import { pinLogicalId } from './logical-id.ts';

/** What tells one table from another. */
export type DataTableProps = {
  deployment: Deployment;
  /** Names of string attributes, and the attribute by which items expire, if they do. */
  keys: { partitionKey: string; sortKey?: string; timeToLive?: string };
  stream?: NonNullable<TableProps['stream']>;
  /** The table's name, for good; CloudFormation's choice unless given. */
  tableName?: string;
};

/** A table on demand whose logical id is `id`, for good. In production it can be restored and can't be deleted by accident. */
export function createDataTable(
  scope: Construct,
  id: string,
  { deployment, keys, stream, tableName }: DataTableProps,
): Table {
  const isKept = retainsData(deployment.config);
  const table = new Table(scope, id, {
    partitionKey: text(keys.partitionKey),
    ...(keys.sortKey !== undefined && { sortKey: text(keys.sortKey) }),
    ...(keys.timeToLive !== undefined && { timeToLiveAttribute: keys.timeToLive }),
    ...(stream !== undefined && { stream }),
    ...(tableName !== undefined && { tableName }),
    billingMode: BillingMode.PAY_PER_REQUEST,
    deletionProtection: isKept,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: isKept },
    removalPolicy: dataRemovalPolicy(deployment),
  });
  return pinLogicalId(table, id);
}

/** A key attribute that holds text. */
export function text(name: string): Attribute {
  return { name, type: AttributeType.STRING };
}
