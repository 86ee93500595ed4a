import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { expect, it, vi } from 'vitest';
import * as z from 'zod';
import { deployFixture } from '../fixture-assembly.ts';

const ReceivedSchema = z.object({ Messages: z.array(z.object({ Body: z.string() })).default([]) });

const queue = { Type: 'AWS::SQS::Queue', Properties: {} };
const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** Allows the rule to send, as the CDK writes it. */
const policyOf = (logicalId: string, rule: string) => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: {
    Queues: [{ Ref: logicalId }],
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: 'sqs:*',
          Resource: arnOf(logicalId),
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
          Resource: arnOf(logicalId),
          Condition: { ArnEquals: { 'aws:SourceArn': arnOf(rule) } },
        },
      ],
    },
  },
});

const ruleTo = (logicalId: string) => ({
  Type: 'AWS::Events::Rule',
  Properties: {
    EventBusName: { Ref: 'Bus' },
    EventPattern: { 'detail-type': [{ prefix: 'transaction.' }] },
    State: 'ENABLED',
    Targets: [
      {
        Id: 'Target0',
        Arn: arnOf(logicalId),
        DeadLetterConfig: { Arn: arnOf('DeadLetters') },
        RetryPolicy: {},
      },
    ],
  },
});

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
it('AWS::Events::Rule sends matching events to the queue if its policy allows it, and otherwise to the dead-letter queue', async () => {
  const deployment = await deployFixture({
    resources: {
      Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'transactions' } },
      Open: queue,
      Closed: queue,
      DeadLetters: queue,
      OpenRule: ruleTo('Open'),
      ClosedRule: ruleTo('Closed'),
      OpenPolicy: policyOf('Open', 'OpenRule'),
      ClosedPolicy: policyOf('Closed', 'OpenRule'),
      DeadLettersPolicy: policyOf('DeadLetters', 'ClosedRule'),
    },
    outputs: Object.fromEntries(
      ['Open', 'Closed', 'DeadLetters'].map((name) => [name, { Value: { Ref: name } }]),
    ),
  });
  const client = new EventBridgeClient({
    endpoint: deployment.endpoints.eventBridge,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const receive = async (name: string) => {
    const answer = await deployment.sqs('ReceiveMessage', { QueueUrl: deployment.output(name) });
    return ReceivedSchema.parse(answer).Messages.map(({ Body }): unknown => JSON.parse(Body));
  };
  const entry = { EventBusName: 'transactions', Source: 'button', Detail: '{"id":1}' };

  await client.send(
    new PutEventsCommand({
      Entries: [
        { ...entry, DetailType: 'checkout.received' },
        { ...entry, DetailType: 'transaction.created', Time: new Date('2026-01-02T03:04:05Z') },
      ],
    }),
  );
  client.destroy();

  const received: unknown[] = [];
  await vi.waitFor(async () => {
    received.push(...(await receive('Open')));
    expect(received).toHaveLength(1);
  });
  const event = {
    version: '0',
    id: expect.any(String) as string,
    'detail-type': 'transaction.created',
    source: 'button',
    account: '000000000000',
    time: '2026-01-02T03:04:05Z',
    region: 'us-east-1',
    resources: [],
    detail: { id: 1 },
  };
  expect(received).toEqual([event]);
  const deadLetters: unknown[] = [];
  await vi.waitFor(async () => {
    deadLetters.push(...(await receive('DeadLetters')));
    expect(deadLetters).toEqual([event]);
  });
  expect(await receive('Closed')).toEqual([]);
});
