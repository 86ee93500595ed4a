import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Message } from '@aws-sdk/client-sqs';
import { AwsServiceError } from '../emulators/aws-json-client.ts';
import type { QueueSettings } from './sqs-model.ts';

const Attribute = z.strictObject({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .optional(),
});

const Outgoing = z.strictObject({
  MessageBody: z.string().default(''),
  MessageGroupId: z.string().optional(),
  MessageDeduplicationId: z.string().optional(),
  MessageAttributes: z.record(z.string(), Attribute).optional(),
});
const OfQueue = z.strictObject({ QueueUrl: z.string() });
const Handle = z.strictObject({ ReceiptHandle: z.string() });
const Hiding = Handle.extend({ VisibilityTimeout: z.int() });
const Id = z.strictObject({ Id: z.string() });

/**
 * What each operation takes. Anything else is refused, so that nothing is ignored that AWS would do.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html
 */
export const SqsInput = {
  CreateQueue: z.strictObject({
    QueueName: z.string(),
    Attributes: z.record(z.string(), z.string()).default({}),
  }),
  GetQueueUrl: z.strictObject({ QueueName: z.string() }),
  ListQueues: z.strictObject({ QueueNamePrefix: z.string().default('') }),
  OfQueue,
  SetQueueAttributes: OfQueue.extend({ Attributes: z.record(z.string(), z.string()) }),
  GetQueueAttributes: OfQueue.extend({ AttributeNames: z.array(z.string()).default([]) }),
  SendMessage: OfQueue.extend(Outgoing.shape),
  SendMessageBatch: OfQueue.extend({ Entries: z.array(Outgoing.extend(Id.shape)) }),
  ReceiveMessage: OfQueue.extend({
    MaxNumberOfMessages: z.int().optional(),
    VisibilityTimeout: z.int().optional(),
    WaitTimeSeconds: z.int().min(0).max(20).optional(),
    AttributeNames: z.array(z.string()).optional(),
    MessageSystemAttributeNames: z.array(z.string()).optional(),
    MessageAttributeNames: z.array(z.string()).optional(),
  }),
  /** What SendMessageBatch answers. */
  SentBatch: z.object({
    Successful: z.array(z.looseObject({ Id: z.string() })),
    Failed: z.array(z.unknown()).default([]),
  }),
  DeleteMessage: OfQueue.extend(Handle.shape),
  DeleteMessageBatch: OfQueue.extend({ Entries: z.array(Handle.extend(Id.shape)) }),
  ChangeMessageVisibility: OfQueue.extend(Hiding.shape),
  ChangeMessageVisibilityBatch: OfQueue.extend({ Entries: z.array(Hiding.extend(Id.shape)) }),
  StartMessageMoveTask: z.strictObject({ SourceArn: z.string(), DestinationArn: z.string().optional() }),
  ListMessageMoveTasks: z.strictObject({ SourceArn: z.string(), MaxResults: z.int().optional() }),
};

/** Reads the input of an operation. Throws `AwsServiceError` for what it does not take. */
export function readInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const read = schema.safeParse(input);
  if (!read.success) throw new AwsServiceError('InvalidParameterValue', z.prettifyError(read.error));
  return read.data;
}

const Seconds = z.coerce.number().int();
const Yes = z.enum(['true', 'false']).transform((text) => text === 'true');

/**
 * The attributes that a queue can be made with.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
 */
const QueueAttributes = z.strictObject({
  FifoQueue: Yes.default(false),
  ContentBasedDeduplication: Yes.default(false),
  DeduplicationScope: z.enum(['queue', 'messageGroup']).default('queue'),
  FifoThroughputLimit: z.enum(['perQueue', 'perMessageGroupId']).default('perQueue'),
  DelaySeconds: Seconds.min(0).max(900).default(0),
  MaximumMessageSize: Seconds.min(1024).max(1_048_576).default(1_048_576),
  MessageRetentionPeriod: Seconds.min(60).max(1_209_600).default(345_600),
  ReceiveMessageWaitTimeSeconds: Seconds.min(0).max(20).default(0),
  VisibilityTimeout: Seconds.min(0).max(43_200).default(30),
  RedrivePolicy: z.string().optional(),
  RedriveAllowPolicy: z.string().optional(),
  Policy: z.string().optional(),
});

const RedrivePolicy = z.object({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number().int().min(1).max(1000),
});

/** A queue as CreateQueue describes it. Throws `AwsServiceError` for what AWS refuses. */
export function readQueue(
  name: string,
  given: Record<string, string>,
): { settings: QueueSettings; waitSeconds: number } {
  const attributes = readInput(QueueAttributes, given);
  if (attributes.FifoQueue !== name.endsWith('.fifo'))
    throw new AwsServiceError(
      'InvalidParameterValue',
      'The name of a FIFO queue, and no other, ends in .fifo.',
    );
  const redrive =
    attributes.RedrivePolicy === undefined
      ? undefined
      : readInput(RedrivePolicy, JSON.parse(attributes.RedrivePolicy));
  return {
    waitSeconds: attributes.ReceiveMessageWaitTimeSeconds,
    settings: {
      name,
      kind: attributes.FifoQueue ? 'fifo' : 'standard',
      visibilityTimeoutSeconds: attributes.VisibilityTimeout,
      maxMessageBytes: attributes.MaximumMessageSize,
      deduplicationScope: attributes.DeduplicationScope,
      deduplicatesByContent: attributes.ContentBasedDeduplication,
      delaySeconds: attributes.DelaySeconds,
      retentionSeconds: attributes.MessageRetentionPeriod,
      ...(redrive && {
        redrive: {
          deadLetterQueue: redrive.deadLetterTargetArn.split(':').at(-1) ?? '',
          maxReceiveCount: redrive.maxReceiveCount,
        },
      }),
    },
  };
}

export const MessageIdSchema = z.object({ MessageId: z.string() });

/** What the model answers to ReceiveMessage. */
export const ReceivedSchema = z.object({
  Messages: z.array(z.custom<Message>((message) => typeof message === 'object')).default([]),
});

/** Of a message or a body, what clients compare with what they have sent. */
export function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** A received message as JSON has it. */
export function toWire({
  MessageAttributes: attributes,
  Attributes: about,
  Body: body = '',
  ...message
}: Message): object {
  return {
    ...message,
    Attributes: { ...about, SenderId: 'AIDALOCAL' },
    Body: body,
    MD5OfBody: md5Of(body),
    ...(attributes && {
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, { BinaryValue: bytes, ...attribute }]) => [
          name,
          { ...attribute, ...(bytes && { BinaryValue: Buffer.from(bytes).toString('base64') }) },
        ]),
      ),
    }),
  };
}
