import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { deleteUnlessGone } from '../emulators/aws-json-client.ts';
import { TagsSchema } from '../iam/tags.ts';
import { defineResource, physicalName } from '../resource-definition.ts';
import { sendMessages } from '../stored-state.ts';

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
    Tags: TagsSchema,
  },
  nameProperty: 'QueueName',
  withoutLocalEffect: {
    KmsMasterKeyId: 'nothing leaves the memory of this machine',
    KmsDataKeyReusePeriodSeconds: 'nothing leaves the memory of this machine',
    SqsManagedSseEnabled: 'nothing leaves the memory of this machine',
  },
  async create(properties, site) {
    const { QueueName: givenName, Tags: tags, ...described } = properties;
    const suffix = properties.FifoQueue === true ? '.fifo' : '';
    const queueName = givenName ?? physicalName(site, { maxLength: 80, suffix });
    const { sqs } = site.cloud;

    await sqs.call('CreateQueue', { QueueName: queueName, Attributes: attributesOf(described) });
    const queueUrl = sqs.queueUrl(queueName);
    await sendMessages(site.cloud, queueUrl, site.cloud.stored.queues.get(queueName) ?? []);
    site.cloud.stored.queues.delete(queueName);
    const arn = arnOf(site.cloud, 'sqs', queueName);
    site.cloud.access.tag(arn, tags);
    return {
      physicalId: queueUrl,
      attributes: { Arn: arn, QueueName: queueName, QueueUrl: queueUrl },
      remove: () => deleteUnlessGone(sqs.call('DeleteQueue', { QueueUrl: queueUrl }), 'QueueDoesNotExist'),
    };
  },
  /** Its messages stay. */
  async update({ QueueName: _name, FifoQueue: _fifo, Tags: tags, ...described }, { before, resource, site }) {
    const defaults = Object.entries(DEFAULT_ATTRIBUTES).filter(([name]) => Object.hasOwn(before, name));
    const attributes = { ...Object.fromEntries(defaults), ...attributesOf(described) };
    await site.cloud.sqs.call('SetQueueAttributes', {
      QueueUrl: resource.physicalId,
      Attributes: attributes,
    });
    site.cloud.access.tag(resource.attributes['Arn'] ?? '', tags);
    return resource;
  },
});

/**
 * The value to which an attribute returns once the template no longer sets it.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
const DEFAULT_ATTRIBUTES = {
  DelaySeconds: '0',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  VisibilityTimeout: '30',
  RedrivePolicy: '',
  RedriveAllowPolicy: '',
};

/** SQS takes attribute values only as strings; a policy is sent as JSON. */
function attributesOf(
  described: Record<string, string | number | boolean | object | undefined>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(described).flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [[name, typeof value === 'object' ? JSON.stringify(value) : String(value)]];
    }),
  );
}
