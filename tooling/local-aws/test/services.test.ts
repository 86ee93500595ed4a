import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { chooseServices } from '../services.ts';
import { deployFixture, functionOf, seeing } from './fixture-assembly.ts';

describe('the implementation of SQS and DynamoDB', () => {
  it.each(['emulators', 'models'] as const)('is what LOCAL_AWS says: %s', (services) => {
    vi.stubEnv('LOCAL_AWS', services);

    expect(chooseServices()).toBe(services);
    vi.unstubAllEnvs();
  });

  it('can be nothing else', () => {
    vi.stubEnv('LOCAL_AWS', 'real');

    expect(chooseServices).toThrow();
    vi.unstubAllEnvs();
  });
});

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
it('passes several messages of one group on in one batch, in order, if models are deployed', async () => {
  const deployment = await deployFixture(
    {
      code: { worker: seeing(`see(event.Records.map(({ body }) => body));`) },
      resources: {
        Queue: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true, VisibilityTimeout: 300 } },
        Worker: functionOf('worker', { Timeout: 300 }),
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            FunctionName: { Ref: 'Worker' },
            EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
            BatchSize: 10,
            FunctionResponseTypes: ['ReportBatchItemFailures'],
          },
        },
      },
      outputs: { Url: { Value: { Ref: 'Queue' } } },
    },
    { services: 'models' },
  );
  const bodies = ['a1', 'a2', 'b1', 'a3'];

  await deployment.sqs('SendMessageBatch', {
    QueueUrl: deployment.output('Url'),
    Entries: bodies.map((body) => ({
      Id: body,
      MessageBody: body,
      MessageGroupId: body.slice(0, 1),
      MessageDeduplicationId: body,
    })),
  });
  await deployment.untilQueueIdle(deployment.output('Url'));

  // One batch: the messages were sent in one request.
  expect(deployment.seen()).toEqual([bodies]);
});

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
it(
  'reads shards that split, each after the one that it continues: the changes of an item stay in order',
  { tags: ['long'] },
  async () => {
    const deployment = await deployFixture(
      {
        code: {
          reader: seeing(
            `see(event.Records.map(({ dynamodb: { NewImage: { id, n } } }) => [id.S, Number(n.N)]));`,
          ),
        },
        resources: {
          Table: {
            Type: 'AWS::DynamoDB::Table',
            Properties: {
              KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
              AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
              BillingMode: 'PAY_PER_REQUEST',
              StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
            },
          },
          Reader: functionOf('reader'),
          Mapping: {
            Type: 'AWS::Lambda::EventSourceMapping',
            Properties: {
              FunctionName: { Ref: 'Reader' },
              EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
              StartingPosition: 'TRIM_HORIZON',
              BatchSize: 7,
              FunctionResponseTypes: ['ReportBatchItemFailures'],
            },
          },
        },
        outputs: { Table: { Value: { Ref: 'Table' } } },
      },
      { services: 'models' },
    );
    const ids = ['a', 'b'];
    const changes = Array.from({ length: 64 }, (_, n): [string, number] => [ids[n % ids.length] ?? '', n]);

    for (const [id, n] of changes)
      await deployment.dynamodb('PutItem', {
        TableName: deployment.output('Table'),
        Item: { id: { S: id }, n: { N: String(n) } },
      });
    const batches = z.array(z.array(z.tuple([z.string(), z.number()])));
    await vi.waitFor(() => {
      expect(batches.parse(deployment.seen()).flat()).toHaveLength(changes.length);
    }, 120_000);

    const seen = batches.parse(deployment.seen()).flat();
    for (const id of ids)
      expect(seen.filter(([seenId]) => seenId === id)).toEqual(changes.filter(([key]) => key === id));
  },
);
