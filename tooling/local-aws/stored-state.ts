import * as z from 'zod';
import type { DynamoDbEmulator } from './emulators/dynamodb-emulator.ts';
import type { SqsEmulator } from './emulators/sqs-emulator.ts';

const ItemSchema = z.record(z.string(), z.unknown());

const MessageSchema = z.object({
  MessageBody: z.string(),
  MessageAttributes: z.record(z.string(), z.unknown()).optional(),
  MessageGroupId: z.string().optional(),
  MessageDeduplicationId: z.string().optional(),
});

/** The items of tables and the messages of queues, by name, in the words of DynamoDB and SQS: plain JSON. */
export const StoredStateSchema = z.object({
  tables: z.record(z.string(), z.array(ItemSchema)),
  queues: z.record(z.string(), z.array(MessageSchema)),
});
export type StoredState = z.infer<typeof StoredStateSchema>;

type Services = { dynamodb: DynamoDbEmulator; sqs: SqsEmulator };

/** Puts the items that an earlier deployment had in a table. */
export async function putItems(
  { dynamodb }: Services,
  table: string,
  items: StoredState['tables'][string],
): Promise<void> {
  for (const Item of items) await dynamodb.tables('PutItem', { TableName: table, Item });
}

/** Sends the messages that an earlier deployment had on a queue. */
export async function sendMessages(
  { sqs }: Services,
  queueUrl: string,
  messages: StoredState['queues'][string],
): Promise<void> {
  for (const message of messages) await sqs.call('SendMessage', { QueueUrl: queueUrl, ...message });
}

const PageSchema = z.object({ Items: z.array(ItemSchema), LastEvaluatedKey: ItemSchema.optional() });

/** Every item of a table. */
export async function itemsOf({ dynamodb }: Services, table: string): Promise<StoredState['tables'][string]> {
  const items: StoredState['tables'][string] = [];
  let from: object = {};
  for (;;) {
    const page = PageSchema.parse(await dynamodb.tables('Scan', { TableName: table, ...from }));
    items.push(...page.Items);
    if (page.LastEvaluatedKey === undefined) return items;
    from = { ExclusiveStartKey: page.LastEvaluatedKey };
  }
}

const ReceivedSchema = z.object({
  Messages: z
    .array(
      z.object({
        Body: z.string(),
        ReceiptHandle: z.string(),
        MessageAttributes: z.record(z.string(), z.unknown()).optional(),
        Attributes: z.object({
          MessageGroupId: z.string().optional(),
          MessageDeduplicationId: z.string().optional(),
        }),
      }),
    )
    .default([]),
});

/** Takes every message off a queue that nobody receives from any more. */
export async function takeMessages({ sqs }: Services, queue: string): Promise<StoredState['queues'][string]> {
  const QueueUrl = sqs.queueUrl(queue);
  for (const { receiptHandle: ReceiptHandle } of (await sqs.inspect(queue)).inflight)
    await sqs.call('ChangeMessageVisibility', { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
  const taken: StoredState['queues'][string] = [];
  for (;;) {
    const received = await sqs.call('ReceiveMessage', {
      QueueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 0,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const { Messages: messages } = ReceivedSchema.parse(received);
    if (messages.length === 0) return taken;
    for (const { Body: MessageBody, ReceiptHandle, MessageAttributes, Attributes } of messages) {
      const { MessageGroupId, MessageDeduplicationId } = Attributes;
      taken.push({
        MessageBody,
        ...(MessageAttributes && { MessageAttributes }),
        ...(MessageGroupId !== undefined && { MessageGroupId }),
        ...(MessageDeduplicationId !== undefined && { MessageDeduplicationId }),
      });
      await sqs.call('DeleteMessage', { QueueUrl, ReceiptHandle });
    }
  }
}
