import { describe, expect, it } from 'vitest';
import { deployFixture } from '../fixture-assembly.ts';

const TABLE = {
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: ['pk', 'sk', 'shopper'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S',
  })),
  BillingMode: 'PAY_PER_REQUEST',
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byShopper',
      KeySchema: [{ AttributeName: 'shopper', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
  TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  DeletionProtectionEnabled: true,
  PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  SSESpecification: { SSEEnabled: true },
};

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
describe('AWS::DynamoDB::Table', () => {
  it('has the keys, index, stream, expiry and protection of the template', async () => {
    const deployment = await deployFixture({
      resources: { Table: { Type: 'AWS::DynamoDB::Table', Properties: TABLE } },
      outputs: { Name: { Value: { Ref: 'Table' } }, Arn: { Value: { 'Fn::GetAtt': ['Table', 'Arn'] } } },
    });
    const name = { TableName: deployment.output('Name') };

    const table = await deployment.dynamodb('DescribeTable', name);
    const expiry = await deployment.dynamodb('DescribeTimeToLive', name);

    expect(table).toMatchObject({
      Table: {
        KeySchema: TABLE.KeySchema,
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
        GlobalSecondaryIndexes: [{ IndexName: 'byShopper', Projection: { ProjectionType: 'KEYS_ONLY' } }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
        DeletionProtectionEnabled: true,
      },
    });
    expect(expiry).toMatchObject({
      TimeToLiveDescription: { AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' },
    });
    expect(deployment.output('Arn')).toBe(
      `arn:aws:dynamodb:us-east-1:000000000000:table/${deployment.output('Name')}`,
    );
  });

  it('is refused with provisioned throughput, which the emulator would not limit', async () => {
    const resources = {
      Table: { Type: 'AWS::DynamoDB::Table', Properties: { ...TABLE, BillingMode: 'PROVISIONED' } },
    };

    await expect(deployFixture({ resources })).rejects.toThrow('property BillingMode');
  });
});
