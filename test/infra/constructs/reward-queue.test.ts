import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { describe, expect, it } from 'vitest';

import { RewardQueue, type RewardQueueProps } from '../../../infra/constructs/reward-queue.ts';
import { StageConfigSchema } from '../../../infra/config.ts';
import { synthesizeStage } from '../synthesized-stage.ts';

/** In a user's own CDK app, on a bus that is found by its ARN. */
function synthesize(props: Partial<RewardQueueProps> = {}): Template {
  const stack = new Stack(new App({ analyticsReporting: false }), 'Mine', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
  const arn = 'arn:aws:events:eu-west-1:111122223333:event-bus/ButtonTransactions-production';
  const bus = EventBus.fromEventBusArn(stack, 'Bus', arn);
  new RewardQueue(stack, 'Rewards', { bus, ...props });
  return Template.fromStack(stack);
}

describe('RewardQueue', () => {
  it('sends every event about a transaction to its queue, or to its dead-letter queue if that fails', () => {
    const template = synthesize();

    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: 'ButtonTransactions-production',
      EventPattern: {
        source: ['button.transactions'],
        'detail-type': [
          'transaction.created',
          'transaction.adjusted',
          'transaction.validated',
          'transaction.declined',
          'transaction.conflict',
        ],
      },
      Targets: [
        {
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^RewardsQueue'), 'Arn'] },
          DeadLetterConfig: {
            Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^RewardsDeadLetterQueue'), 'Arn'] },
          },
        },
      ],
    });
  });

  it('keeps messages for 14 days, encrypted, and gives one up after fifty tries', () => {
    const template = synthesize();

    template.allResourcesProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 1_209_600,
      SqsManagedSseEnabled: true,
    });
    template.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 300,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('DeadLetterQueue'), 'Arn'] },
        maxReceiveCount: 50,
      },
    });
  });

  it('lets only the rule send to its queues, and nobody without TLS', () => {
    const template = synthesize();

    const policies = Object.values(template.findResources('AWS::SQS::QueuePolicy'));
    expect(policies).toHaveLength(2);
    for (const policy of policies)
      expect(policy).toMatchObject({
        Properties: {
          PolicyDocument: {
            Statement: expect.arrayContaining([
              expect.objectContaining({
                Effect: 'Deny',
                Condition: { Bool: { 'aws:SecureTransport': 'false' } },
              }),
              expect.objectContaining({
                Effect: 'Allow',
                Principal: { Service: 'events.amazonaws.com' },
                Condition: { ArnEquals: { 'aws:SourceArn': expect.anything() as unknown } },
              }),
            ]) as unknown,
          },
        },
      });
  });

  it('accepts fewer events, a filter of their content, and other limits', () => {
    const template = synthesize({
      eventTypes: ['transaction.validated', 'checkout.received'],
      detail: { delivery: ['live'] },
      visibilityTimeout: Duration.minutes(1),
      maxReceiveCount: 3,
      removalPolicy: RemovalPolicy.RETAIN,
    });

    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        'detail-type': ['transaction.validated', 'checkout.received'],
        detail: { delivery: ['live'] },
      },
    });
    template.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 60,
      RedrivePolicy: { maxReceiveCount: 3 },
    });
    template.allResources('AWS::SQS::Queue', { DeletionPolicy: 'Retain' });
  });
});

describe('transactions, requirement 15: the reward queue of a stage', () => {
  const transactions = { rewardQueue: {} };

  it('exists if the configuration asks for it, with outputs for the consumer', () => {
    const stage = synthesizeStage({ stage: 'production', transactions });

    expect(stage.outputs('Transactions')).toEqual(
      expect.arrayContaining(['RewardQueueUrl', 'RewardQueueArn', 'RewardDeadLettersUrl']),
    );
    const queues = stage.resources('AWS::SQS::Queue').map(({ logicalId }) => logicalId);
    expect(queues).toEqual(expect.arrayContaining(['RewardQueue', 'RewardQueueDeadLetters']));
    expect(synthesizeStage({ stage: 'production', transactions: {} }).resources('AWS::Events::Rule')).toEqual(
      stage.resources('AWS::Events::Rule').filter(({ Properties }) => !('EventBusName' in Properties)),
    );
  });

  it('has the visibility timeout, the receives and the events of the configuration', () => {
    const rewardQueue = {
      visibilityTimeoutSeconds: 900,
      maxReceiveCount: 7,
      eventTypes: ['transaction.validated'] as 'transaction.validated'[],
    };
    const stage = synthesizeStage({ stage: 'production', transactions: { rewardQueue } });
    const [queue] = stage.resources('AWS::SQS::Queue').filter(({ logicalId }) => logicalId === 'RewardQueue');
    const [rule] = stage
      .resources('AWS::Events::Rule')
      .filter(({ Properties }) => 'EventBusName' in Properties);

    expect(queue?.Properties).toMatchObject({
      VisibilityTimeout: 900,
      RedrivePolicy: { maxReceiveCount: 7 },
    });
    expect(rule?.Properties['EventPattern']).toMatchObject({ 'detail-type': ['transaction.validated'] });
  });

  it('is delivered by a function that may read its queue and its secret, and nothing else, if it names a URL', () => {
    const deliverTo = { url: 'https://rewards.example.com/button', maxConcurrency: 7 };
    const stage = synthesizeStage({ stage: 'production', transactions: { rewardQueue: { deliverTo } } });

    const named = (type: string, start: string) =>
      stage.resources(type).filter(({ logicalId }) => logicalId.startsWith(start));
    const [mapping] = named('AWS::Lambda::EventSourceMapping', 'RewardsMapping');
    const [role] = named('AWS::IAM::Role', 'RewardsDeliveryRole');
    const [lambda] = named('AWS::Lambda::Function', 'RewardsDelivery');
    expect(mapping?.Properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': ['RewardQueue', 'Arn'] },
      ScalingConfig: { MaximumConcurrency: 7 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(lambda?.Properties).toMatchObject({
      Environment: {
        Variables: { DELIVERY_URL: deliverTo.url, DELIVERY_SECRETS_ID: { Ref: 'EventDeliverySecrets' } },
      },
      Timeout: 45,
    });
    const policies = role?.Properties['Policies'] as
      | { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } }[]
      | undefined;
    const statements = policies?.flatMap(({ PolicyDocument: policy }) => policy.Statement) ?? [];
    const rights = statements.filter(({ Action: action }) => !/logs:|xray:/.test(JSON.stringify(action)));
    expect(rights.map(({ Action: action, Resource: resource }) => [action, resource])).toEqual([
      [
        ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
        { 'Fn::GetAtt': ['RewardQueue', 'Arn'] },
      ],
      ['secretsmanager:GetSecretValue', { Ref: 'EventDeliverySecrets' }],
    ]);
    expect(stage.outputs('Transactions')).toContain('EventDeliverySecretsArn');
  });

  it('lets the people who run the stage see whether its secret is set', () => {
    const deliverTo = { url: 'https://rewards.example.com/button' };
    const stage = synthesizeStage({ stage: 'production', transactions: { rewardQueue: { deliverTo } } });

    const policies = stage
      .resources('AWS::IAM::ManagedPolicy')
      .map(({ Properties }) => JSON.stringify(Properties['PolicyDocument']));
    expect(policies).toHaveLength(2);
    for (const policy of policies)
      expect(policy).toContain(
        '"Action":"secretsmanager:GetSecretValue","Effect":"Allow","Resource":{"Ref":"EventDeliverySecrets"}',
      );
  });

  it.each([
    [{ deliverTo: { url: 'http://rewards.example.com' } }, 'must be an https URL'],
    [
      { deliverTo: { url: 'https://rewards.example.com' }, visibilityTimeoutSeconds: 200 },
      'must be at least 270 with deliverTo',
    ],
    [{ eventTypes: [] }, 'Too small'],
  ])('is refused with %j', (rewardQueue, problem) => {
    const parsed = StageConfigSchema.safeParse({ stage: 'production', transactions: { rewardQueue } });

    expect(parsed.error?.issues.map(({ message }) => message).join()).toContain(problem);
  });

  it('has an alarm for what the consumer could not handle, and for what it does not receive', () => {
    const stage = synthesizeStage({ stage: 'production', transactions });

    const alarms = stage
      .resources('AWS::CloudWatch::Alarm')
      .filter(({ logicalId }) => logicalId.startsWith('Rewards'))
      .map(({ logicalId, Properties }) => [logicalId, Properties['MetricName'], Properties['Threshold']]);
    expect(alarms).toEqual([
      ['RewardsDeadLettersAlarm', 'ApproximateNumberOfMessagesVisible', 0],
      // Of its 14 days a dead letter has spent up to 50 times 5 minutes on the queue.
      ['RewardsDeadLettersExpiringAlarm', 'ApproximateAgeOfOldestMessage', 11 * 86_400 - 50 * 300],
      ['RewardsAgeAlarm', 'ApproximateAgeOfOldestMessage', 3600],
    ]);
  });

  it('gives three days notice of the end of a dead letter that was tried every 15 minutes at a URL', () => {
    const deliverTo = { url: 'https://rewards.example.com/button' };
    const stage = synthesizeStage({ stage: 'production', transactions: { rewardQueue: { deliverTo } } });

    const [alarm] = stage
      .resources('AWS::CloudWatch::Alarm')
      .filter(({ logicalId }) => logicalId === 'RewardsDeadLettersExpiringAlarm');
    expect(alarm?.Properties['Threshold']).toBe(11 * 86_400 - 50 * 900);
  });
});
