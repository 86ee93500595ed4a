import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A queue in the SQS emulator. Its URL is one that this machine can reach. */
export const sqsQueue = defineResource({
  type: 'AWS::SQS::Queue',
  properties: {
    QueueName: z.string().optional(),
    FifoQueue: z.literal(true).optional(),
    ContentBasedDeduplication: z.boolean().optional(),
    DeduplicationScope: z.enum(['queue', 'messageGroup']).optional(),
    FifoThroughputLimit: z.enum(['perQueue', 'perMessageGroupId']).optional(),
    DelaySeconds: z.int().optional(),
    MaximumMessageSize: z.int().optional(),
    MessageRetentionPeriod: z.int().optional(),
    ReceiveMessageWaitTimeSeconds: z.int().optional(),
    VisibilityTimeout: z.int().optional(),
    RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.int() }).optional(),
    RedriveAllowPolicy: z.looseObject({}).optional(),
  },
  withoutLocalEffect: {
    KmsMasterKeyId: 'nothing leaves the memory of this machine',
    KmsDataKeyReusePeriodSeconds: 'nothing leaves the memory of this machine',
    SqsManagedSseEnabled: 'nothing leaves the memory of this machine',
    Tags: 'nothing reads them',
  },
  async create(properties, site) {
    const { QueueName: givenName, ...described } = properties;
    const suffix = properties.FifoQueue === true ? '.fifo' : '';
    const queueName = givenName ?? physicalName(site, { maxLength: 80, suffix });
    const attributes = Object.entries(described).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, attributeText(value)] as const],
    );

    await site.cloud.sqs.call('CreateQueue', {
      QueueName: queueName,
      Attributes: Object.fromEntries(attributes),
    });
    const queueUrl = site.cloud.sqs.queueUrl(queueName);
    return {
      physicalId: queueUrl,
      attributes: { Arn: arnOf(site.cloud, 'sqs', queueName), QueueName: queueName, QueueUrl: queueUrl },
    };
  },
});

/** CreateQueue takes texts only; policies are JSON. */
function attributeText(value: string | number | boolean | object): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
