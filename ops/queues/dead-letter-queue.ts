import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';

/** A queue's dead-letter queue, and about how many messages it holds: visible ones and those in flight. */
export type DeadLetterQueue = { url: string; arn: string; visible: number; inFlight: number };

const RedrivePolicySchema = z.object({ deadLetterTargetArn: z.string() });

/** Finds the dead-letter queue in the queue's own redrive policy. Throws if either cannot be read. */
export async function findDeadLetterQueue(sqs: SQSClient, queueUrl: string): Promise<DeadLetterQueue> {
  const { Attributes: attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['RedrivePolicy'] }),
  );
  const { deadLetterTargetArn: arn } = RedrivePolicySchema.parse(
    JSON.parse(attributes.RedrivePolicy ?? 'null'),
  );
  const { QueueUrl: url = '' } = await sqs.send(
    new GetQueueUrlCommand({ QueueName: arn.slice(arn.lastIndexOf(':') + 1) }),
  );
  return { url, arn, ...(await queueDepth(sqs, url)) };
}

/** About how many messages a queue holds. Throws if that cannot be read. */
export async function queueDepth(
  sqs: SQSClient,
  queueUrl: string,
): Promise<{ visible: number; inFlight: number }> {
  const { Attributes: attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    visible: Number(attributes.ApproximateNumberOfMessages ?? 0),
    inFlight: Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}
