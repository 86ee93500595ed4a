import { expect, it } from 'vitest';
import { deployFixture } from '../fixture-assembly.ts';

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
it('AWS::SQS::Queue has the attributes of the template, under a FIFO name and a URL of this machine', async () => {
  const deployment = await deployFixture({
    resources: {
      DeadLetters: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
      Queue: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          FifoQueue: true,
          ContentBasedDeduplication: false,
          DeduplicationScope: 'messageGroup',
          FifoThroughputLimit: 'perMessageGroupId',
          MessageRetentionPeriod: 1_209_600,
          VisibilityTimeout: 90,
          SqsManagedSseEnabled: true,
          RedrivePolicy: {
            deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] },
            maxReceiveCount: 3,
          },
        },
      },
    },
    outputs: {
      Url: { Value: { Ref: 'Queue' } },
      Arn: { Value: { 'Fn::GetAtt': ['Queue', 'Arn'] } },
      Name: { Value: { 'Fn::GetAtt': ['Queue', 'QueueName'] } },
      DeadLetterArn: { Value: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
    },
  });

  const answer = await deployment.sqs('GetQueueAttributes', {
    QueueUrl: deployment.output('Url'),
    AttributeNames: ['All'],
  });

  expect(deployment.output('Url')).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+\/000000000000\/Stack-Queue-[0-9A-F]{12}\.fifo$/,
  );
  expect(deployment.output('Arn')).toBe(`arn:aws:sqs:us-east-1:000000000000:${deployment.output('Name')}`);
  expect(answer).toMatchObject({
    Attributes: {
      QueueArn: deployment.output('Arn'),
      FifoQueue: 'true',
      ContentBasedDeduplication: 'false',
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      MessageRetentionPeriod: '1209600',
      VisibilityTimeout: '90',
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: deployment.output('DeadLetterArn'),
        maxReceiveCount: 3,
      }),
    },
  });
});
