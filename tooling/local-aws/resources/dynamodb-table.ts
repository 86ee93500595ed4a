import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import type { LocalCloud } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

const KeySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const IndexSchema = z.strictObject({
  IndexName: z.string(),
  KeySchema,
  Projection: z.strictObject({
    ProjectionType: z.string(),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});

/** A table, its indexes and its stream, made from the template's own words in the DynamoDB emulator. */
export const dynamodbTable = defineResource({
  type: 'AWS::DynamoDB::Table',
  properties: {
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
  },
  withoutLocalEffect: {
    PointInTimeRecoverySpecification: 'the emulator has no backups',
    SSESpecification: 'nothing leaves the memory of this machine',
    OnDemandThroughput: 'the emulator does not throttle',
    ContributorInsightsSpecification: 'there is no CloudWatch here',
    TableClass: 'a matter of price',
    Tags: 'nothing reads them',
  },
  async create(properties, site) {
    const { TimeToLiveSpecification: timeToLive, StreamSpecification: stream, ...description } = properties;
    const tableName = properties.TableName ?? physicalName(site, { maxLength: 255 });
    const { tables } = site.cloud.dynamodb;

    const created = await tables('CreateTable', {
      ...description,
      TableName: tableName,
      ...(stream && { StreamSpecification: { ...stream, StreamEnabled: true } }),
    });
    if (timeToLive !== undefined) {
      await tables('UpdateTimeToLive', { TableName: tableName, TimeToLiveSpecification: timeToLive });
    }

    const tableArn = arnOf(site.cloud, 'dynamodb', `table/${tableName}`);
    site.cloud.tableKeys.set(tableName, {
      arn: tableArn,
      partitionKey: partitionKeyOf(properties.KeySchema),
      indexKeys: Object.fromEntries(
        [...(properties.GlobalSecondaryIndexes ?? []), ...(properties.LocalSecondaryIndexes ?? [])].map(
          (index) => [index.IndexName, partitionKeyOf(index.KeySchema)],
        ),
      ),
    });
    const streamArn = publishStream(site.cloud, tableArn, created);
    return {
      physicalId: tableName,
      attributes: { Arn: tableArn, ...(streamArn === undefined ? {} : { StreamArn: streamArn }) },
    };
  },
});

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
