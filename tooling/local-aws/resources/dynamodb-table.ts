import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import type { LocalCloud } from '../cloud.ts';
import { deleteUnlessGone } from '../emulators/aws-json-client.ts';
import { defineResource, physicalName } from '../resource-definition.ts';
import type { DeployedResource } from '../resource-definition.ts';
import { putItems } from '../stored-state.ts';
import { indexUpdate } from '../stacks/index-update.ts';
import type { IndexUpdate } from '../stacks/index-update.ts';

const KeySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const IndexSchema = z.strictObject({
  IndexName: z.string(),
  KeySchema,
  Projection: z.strictObject({
    ProjectionType: z.string(),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});

const properties = {
  TableName: z.string().optional(),
  AttributeDefinitions: z.array(
    z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema,
  // Only on demand: a provisioned table would throttle, and the emulator never does.
  BillingMode: z.literal('PAY_PER_REQUEST'),
  DeletionProtectionEnabled: z.boolean().optional(),
  GlobalSecondaryIndexes: z.array(IndexSchema).optional(),
  LocalSecondaryIndexes: z.array(IndexSchema).optional(),
  StreamSpecification: z.strictObject({ StreamViewType: z.string() }).optional(),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.boolean() }).optional(),
};
type TableProperties = z.infer<z.ZodObject<typeof properties>>;

/** A table, its indexes and its stream, made from the template's own words in the DynamoDB emulator. */
export const dynamodbTable = defineResource({
  type: 'AWS::DynamoDB::Table',
  properties,
  nameProperty: 'TableName',
  withoutLocalEffect: {
    PointInTimeRecoverySpecification: 'the emulator has no backups',
    SSESpecification: 'nothing leaves the memory of this machine',
    OnDemandThroughput: 'the emulator does not throttle',
    ContributorInsightsSpecification: 'there is no CloudWatch here',
    TableClass: 'a matter of price',
    Tags: 'nothing reads them',
  },
  async create(described, { cloud, ...site }) {
    const { TimeToLiveSpecification: timeToLive, StreamSpecification: stream, ...description } = described;
    const tableName = described.TableName ?? physicalName({ ...site, cloud }, { maxLength: 255 });
    const { tables } = cloud.dynamodb;

    const enabled = stream && { StreamSpecification: { ...stream, StreamEnabled: true } };
    const stored = cloud.stored.tables.get(tableName);
    const created = await tables('CreateTable', {
      ...description,
      TableName: tableName,
      ...(stored ? {} : enabled),
    });
    if (stored) {
      // The stream begins after these items, because the stream of the earlier deployment has shown them.
      await putItems(cloud, tableName, stored);
      cloud.stored.tables.delete(tableName);
      if (stream) await setStream(tableName, { ...stream, StreamEnabled: true }, cloud);
    }
    if (timeToLive !== undefined) {
      await tables('UpdateTimeToLive', { TableName: tableName, TimeToLiveSpecification: timeToLive });
    }
    const answer = stored ? await describe(tableName, cloud) : created;
    return tableOf(tableName, { described, answer, cloud });
  },
  /** Its items stay. */
  async update(described, { before, resource: { physicalId: tableName }, site: { cloud } }) {
    const { tables } = cloud.dynamodb;
    const { TimeToLiveSpecification: timeToLive, StreamSpecification: stream } = described;
    const indexes = unlessDone(indexUpdate(before, described), await describe(tableName, cloud));
    const wasProtected = before.DeletionProtectionEnabled ?? false;
    const isProtected = described.DeletionProtectionEnabled ?? false;
    const changes = {
      ...(isProtected !== wasProtected && { DeletionProtectionEnabled: isProtected }),
      ...(indexes && {
        AttributeDefinitions: described.AttributeDefinitions,
        GlobalSecondaryIndexUpdates: [indexes],
      }),
    };
    if (Object.keys(changes).length > 0) await tables('UpdateTable', { TableName: tableName, ...changes });
    if (stream?.StreamViewType !== before.StreamSpecification?.StreamViewType) {
      if (before.StreamSpecification) await setStream(tableName, { StreamEnabled: false }, cloud);
      if (stream) await setStream(tableName, { ...stream, StreamEnabled: true }, cloud);
    }
    const setting =
      timeToLive ?? (before.TimeToLiveSpecification && { ...before.TimeToLiveSpecification, Enabled: false });
    if (JSON.stringify(timeToLive) !== JSON.stringify(before.TimeToLiveSpecification))
      await tables('UpdateTimeToLive', { TableName: tableName, TimeToLiveSpecification: setting });
    return tableOf(tableName, { described, answer: await describe(tableName, cloud), cloud });
  },
});

const IndexNamesSchema = z.object({
  TableDescription: z.object({
    GlobalSecondaryIndexes: z.array(z.object({ IndexName: z.string() })).default([]),
  }),
});

/** The way back from an update that failed may find the index as it should be. */
function unlessDone(update: IndexUpdate | undefined, answer: unknown): IndexUpdate | undefined {
  if (update === undefined) return undefined;
  const { GlobalSecondaryIndexes: indexes } = IndexNamesSchema.parse(answer).TableDescription;
  const { IndexName: name } = 'Create' in update ? update.Create : update.Delete;
  const exists = indexes.some(({ IndexName }) => IndexName === name);
  return exists === 'Create' in update ? undefined : update;
}

async function setStream(tableName: string, specification: object, cloud: LocalCloud): Promise<void> {
  await cloud.dynamodb.tables('UpdateTable', { TableName: tableName, StreamSpecification: specification });
}

async function describe(tableName: string, cloud: LocalCloud): Promise<unknown> {
  const { Table } = DescribedTableSchema.parse(
    await cloud.dynamodb.tables('DescribeTable', { TableName: tableName }),
  );
  return { TableDescription: Table };
}

const DescribedTableSchema = z.object({ Table: z.unknown() });

/** What the table is to its template, and to the rights of those who call it. */
function tableOf(
  tableName: string,
  { described, answer, cloud }: { described: TableProperties; answer: unknown; cloud: LocalCloud },
): DeployedResource {
  const tableArn = arnOf(cloud, 'dynamodb', `table/${tableName}`);
  const indexes = [...(described.GlobalSecondaryIndexes ?? []), ...(described.LocalSecondaryIndexes ?? [])];
  cloud.tableKeys.set(tableName, {
    arn: tableArn,
    partitionKey: partitionKeyOf(described.KeySchema),
    indexKeys: Object.fromEntries(indexes.map((index) => [index.IndexName, partitionKeyOf(index.KeySchema)])),
  });
  const streamArn = publishStream(cloud, tableArn, answer);
  return {
    physicalId: tableName,
    attributes: { Arn: tableArn, ...(streamArn === undefined ? {} : { StreamArn: streamArn }) },
    async remove() {
      const deletion = cloud.dynamodb.tables('DeleteTable', { TableName: tableName });
      await deleteUnlessGone(deletion, 'ResourceNotFoundException');
      cloud.tableKeys.delete(tableName);
    },
  };
}

function partitionKeyOf(keys: z.infer<typeof KeySchema>): string {
  return keys.find(({ KeyType: type }) => type === 'HASH')?.AttributeName ?? '';
}

const CreatedTableSchema = z.object({
  TableDescription: z.object({
    LatestStreamArn: z.string().optional(),
    LatestStreamLabel: z.string().optional(),
  }),
});

/** The emulator's own ARNs carry a region of its own; the template and the functions see the deployment's. */
function publishStream(cloud: LocalCloud, tableArn: string, created: unknown): string | undefined {
  const { LatestStreamArn: emulatorArn, LatestStreamLabel: label } =
    CreatedTableSchema.parse(created).TableDescription;
  if (emulatorArn === undefined || label === undefined) return undefined;
  const streamArn = `${tableArn}/stream/${label}`;
  cloud.streamArns.set(streamArn, emulatorArn);
  return streamArn;
}
