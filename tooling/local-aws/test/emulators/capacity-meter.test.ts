import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createMetricStore } from '../../cloudwatch/metric-store.ts';
import { summarize } from '../../cloudwatch/statistic.ts';
import { awsJsonClient } from '../../emulators/aws-json-client.ts';
import { startCapacityMeter } from '../../emulators/capacity-meter.ts';
import { createDynamoDbFaults } from '../../emulators/dynamodb-faults.ts';
import { startDynamoDb, type DynamoDbEmulator } from '../../emulators/dynamodb-emulator.ts';
import { createAccessControl } from '../../iam/access-control.ts';
import { startProcesses } from '../../processes.ts';

const REGION = 'us-east-1';
const processes = startProcesses();
const store = createMetricStore();
const faults = createDynamoDbFaults();
let dynamodb: DynamoDbEmulator;
let measured: ReturnType<typeof awsJsonClient>;
const started: (() => Promise<void>)[] = [() => processes.close()];

beforeAll(async () => {
  dynamodb = await startDynamoDb(processes, REGION);
  started.push(() => dynamodb.close());
  const meter = await startCapacityMeter(dynamodb.endpoint, {
    store,
    access: createAccessControl(),
    tableKeys: new Map(),
    faults,
  });
  started.push(() => meter.close());
  measured = awsJsonClient({ endpoint: meter.url, service: 'DynamoDB_20120810', region: REGION });
  await measured('CreateTable', {
    TableName: 'Orders',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'shopper'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byShopper',
        KeySchema: [{ AttributeName: 'shopper', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  });
});

afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

function units(name: string, dimensions: Record<string, string> = {}): number | undefined {
  const metric = { namespace: 'AWS/DynamoDB', name, dimensions: { TableName: 'Orders', ...dimensions } };
  return summarize(store.samples(metric, { fromMs: 0, untilMs: Infinity }), 'Sum');
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
describe('the meter in front of DynamoDB', () => {
  it('emits the units of the table and of its index, and answers as the emulator does', async () => {
    const Item = { pk: { S: 'a' }, shopper: { S: 'me' }, text: { S: 'x'.repeat(1500) } };

    const written = await measured('PutItem', { TableName: 'Orders', Item });
    const read = await measured('GetItem', { TableName: 'Orders', Key: { pk: { S: 'a' } } });

    expect(written).toEqual({});
    expect(read).toEqual({ Item });
    expect(units('ConsumedWriteCapacityUnits')).toBe(2);
    expect(units('ConsumedWriteCapacityUnits', { GlobalSecondaryIndexName: 'byShopper' })).toBeGreaterThan(0);
    expect(units('ConsumedReadCapacityUnits')).toBe(0.5);
  });

  it('passes refusals on unchanged', async () => {
    const write = {
      TableName: 'Orders',
      Item: { pk: { S: 'a' } },
      ConditionExpression: 'attribute_not_exists(pk)',
    };

    await expect(measured('PutItem', write)).rejects.toThrow('ConditionalCheckFailedException');
    await expect(measured('GetItem', { TableName: 'Nobody', Key: { pk: { S: 'a' } } })).rejects.toThrow(
      'ResourceNotFoundException',
    );
  });
});

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
it('applies a fault to as many requests as configured, and then to none', async () => {
  const put = () => measured('PutItem', { TableName: 'Orders', Item: { pk: { S: 'fault' } } });
  faults.add({ kind: 'throttled', tableName: 'Orders', times: 1 });

  await expect(put()).rejects.toMatchObject({ code: 'ThrottlingException' });
  await put();
});
