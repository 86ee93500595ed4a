import {
  AttributeType,
  BillingMode,
  ProjectionType,
  Table,
  type Attribute,
  type ITable,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

import { retainsData } from '../config.ts';
import { dataRemovalPolicy, type Deployment } from '../deployment.ts';
import { ownTableName, type StageTable } from '../existing-tables.ts';
import { pinLogicalId } from './logical-id.ts';

/** An index over string attributes. Without `nonKeyAttributes` it holds keys only. */
export type DataIndex = {
  name: string;
  partitionKey: string;
  sortKey: string;
  nonKeyAttributes?: readonly string[];
};

/** A table that a stack creates, or one that exists already. */
export type DataTable = Table | ITable;

/** What distinguishes one table from another. */
export type DataTableProps = {
  deployment: Deployment;
  /** Its setting in `existingTables`. */
  table: StageTable;
  /** The names of string attributes, and the attribute by which items expire, if they do. */
  keys: { partitionKey: string; sortKey?: string; timeToLive?: string };
  index?: DataIndex;
  stream?: NonNullable<TableProps['stream']>;
};

/**
 * The existing table that the configuration names, or else an on-demand table that is created here with the
 * permanent logical id `id`. In production it can be restored, and cannot be deleted by accident.
 *
 * An existing table is used unchanged: CloudFormation adds no index, stream or protection to it, and never
 * deletes it.
 */
export function createDataTable(scope: Construct, id: string, props: DataTableProps): DataTable {
  const { existingTables } = props.deployment.config;
  const existing = existingTables[props.table];
  if (existing === undefined) return createOwnTable(scope, id, props);
  return typeof existing === 'string'
    ? Table.fromTableName(scope, id, existing)
    : Table.fromTableAttributes(scope, id, {
        tableName: existing.name,
        tableStreamArn: existing.streamArn,
      });
}

function createOwnTable(
  scope: Construct,
  id: string,
  { deployment, table: stageTable, keys, index, stream }: DataTableProps,
): Table {
  const isKept = retainsData(deployment.config);
  const tableName = ownTableName(stageTable, deployment.config.stage);
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
  if (index) addIndex(table, index);
  return pinLogicalId(table, id);
}

function addIndex(table: Table, { name, partitionKey, sortKey, nonKeyAttributes }: DataIndex): void {
  table.addGlobalSecondaryIndex({
    indexName: name,
    partitionKey: text(partitionKey),
    sortKey: text(sortKey),
    ...(nonKeyAttributes === undefined
      ? { projectionType: ProjectionType.KEYS_ONLY }
      : { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...nonKeyAttributes] }),
  });
}

/** A key attribute that holds text. */
function text(name: string): Attribute {
  return { name, type: AttributeType.STRING };
}
