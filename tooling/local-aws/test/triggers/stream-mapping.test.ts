// @module-tag long
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { deployFixture, functionOf, seeing } from '../fixture-assembly.ts';
import type { FixtureDeployment } from '../fixture-assembly.ts';
import { textLike } from '../match.ts';

const SEE_KEYS = `see(event.Records.map((record) => record.dynamodb.Keys.id.S));`;

// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
describe('a stream’s mapping', () => {
  it('passes changes on in AWS’s format', async () => {
    const deployment = await deployTable(seeing('see(event.Records[0]);'));

    await put(deployment, 'a');
    await vi.waitFor(() => {
      expect(deployment.seen()).toHaveLength(1);
    }, 120_000);

    expect(deployment.seen()[0]).toMatchObject({
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-east-1',
      eventSourceARN: textLike(
        /^arn:aws:dynamodb:us-east-1:000000000000:table\/Stack-Table-[0-9A-F]+\/stream\/.+$/,
      ),
      dynamodb: {
        Keys: { id: { S: 'a' } },
        NewImage: { id: { S: 'a' }, bytes: { B: 'aGVsbG8=' } },
        SequenceNumber: textLike(/^\d+$/),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    });
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html, "IteratorAge"
  it('reports the age of the last change of each batch', async () => {
    const deployment = await deployTable(seeing(SEE_KEYS), { batch: ['a', 'b'] });

    await vi.waitFor(() => {
      expect(deployment.seen()).not.toEqual([]);
    }, 120_000);

    const { metrics } = deployment.cloudWatch;
    const ages = metrics
      .metrics()
      .filter(({ name, dimensions }) => name === 'IteratorAge' && 'FunctionName' in dimensions)
      .flatMap((metric) => metrics.samples(metric, { fromMs: 0, untilMs: Infinity }));
    expect(ages.length).toBeGreaterThan(0);
    for (const { value } of ages) expect(value).toBeLessThan(60_000);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
  it('continues from the lowest sequence number that is reported', async () => {
    const deployment = await deployTable(
      seeing(`const keys = event.Records.map((record) => record.dynamodb.Keys.id.S); see(keys);
        if (keys[0] === 'a') return { batchItemFailures: [2, 1].map((index) => ({ itemIdentifier: event.Records[index].dynamodb.SequenceNumber })) };`),
      { batch: ['a', 'b', 'c'] },
    );

    await vi.waitFor(() => {
      expect(deployment.seen()).toHaveLength(2);
    }, 120_000);

    expect(deployment.seen()).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-errors.html
  it('splits a failing batch, gives the bad record up after its retries, and sends it to the failure queue', async () => {
    const deployment = await deployTable(
      seeing(
        `${SEE_KEYS} if (event.Records.some((record) => record.dynamodb.Keys.id.S === 'c')) throw new Error('bad');`,
      ),
      {
        batch: ['a', 'b', 'c', 'd'],
        mapping: { BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1 },
      },
    );

    await vi.waitFor(() => {
      expect(deployment.seen().at(-1)).toEqual(['d']);
    }, 120_000);

    expect(deployment.seen()).toEqual([['a', 'b', 'c', 'd'], ['a', 'b'], ['c', 'd'], ['c'], ['c'], ['d']]);
    expect(await receiveFailure(deployment)).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
      DDBStreamBatchInfo: { batchSize: 1, startSequenceNumber: '3', endSequenceNumber: '3' },
    });
  });

  it('delays later changes behind a batch that fails', async () => {
    const deployment = await deployTable(
      seeing(
        `${SEE_KEYS} globalThis.calls = (globalThis.calls ?? 0) + 1; if (globalThis.calls < 3) throw new Error('not yet');`,
      ),
      { batch: ['a', 'b'], mapping: { BatchSize: 1 } },
    );

    await vi.waitFor(() => {
      expect(deployment.seen()).toHaveLength(4);
    }, 120_000);

    expect(deployment.seen()).toEqual([['a'], ['a'], ['a'], ['b']]);
  });
});

const KEY = {
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
};

/** `batch`: changes that arrive as one batch, which waits until they are all there. */
async function deployTable(
  code: string,
  { batch = [], mapping = {} }: { batch?: string[]; mapping?: Record<string, unknown> } = {},
): Promise<FixtureDeployment> {
  // The emulator's stream has one shard, so changes that arrive together are one batch.
  const gate = batch.length > 0 ? { MaximumBatchingWindowInSeconds: 20, BatchSize: batch.length } : {};
  const deployment = await deployFixture(
    {
      code: { reader: code },
      resources: {
        Table: {
          Type: 'AWS::DynamoDB::Table',
          Properties: {
            ...KEY,
            BillingMode: 'PAY_PER_REQUEST',
            StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
          },
        },
        Failures: { Type: 'AWS::SQS::Queue' },
        Reader: functionOf('reader'),
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            FunctionName: { 'Fn::GetAtt': ['Reader', 'Arn'] },
            EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
            StartingPosition: 'TRIM_HORIZON',
            FunctionResponseTypes: ['ReportBatchItemFailures'],
            DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Failures', 'Arn'] } } },
            ...gate,
            ...mapping,
          },
        },
      },
      outputs: { Table: { Value: { Ref: 'Table' } }, Failures: { Value: { Ref: 'Failures' } } },
    },
    { services: 'emulators' },
  );
  for (const id of batch) await put(deployment, id);
  return deployment;
}

async function put(deployment: FixtureDeployment, id: string): Promise<void> {
  await deployment.dynamodb('PutItem', {
    TableName: deployment.output('Table'),
    Item: { id: { S: id }, bytes: { B: 'aGVsbG8=' } },
  });
}

async function receiveFailure(deployment: FixtureDeployment): Promise<unknown> {
  const answer = await deployment.sqs('ReceiveMessage', { QueueUrl: deployment.output('Failures') });
  const { Messages: messages } = z
    .object({ Messages: z.array(z.object({ Body: z.string() })).length(1) })
    .parse(answer);
  return JSON.parse(messages[0]?.Body ?? '');
}
