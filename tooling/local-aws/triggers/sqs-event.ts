import * as z from 'zod';

/** ReceiveMessage's answer. */
export const ReceivedMessagesSchema = z.object({
  Messages: z
    .array(
      z.object({
        MessageId: z.string(),
        ReceiptHandle: z.string(),
        Body: z.string(),
        MD5OfBody: z.string(),
        Attributes: z.record(z.string(), z.string()).default({}),
        MessageAttributes: z
          .record(
            z.string(),
            z.object({
              DataType: z.string(),
              StringValue: z.string().optional(),
              BinaryValue: z.string().optional(),
            }),
          )
          .default({}),
      }),
    )
    .default([]),
});

/** One received message. */
export type ReceivedMessage = z.infer<typeof ReceivedMessagesSchema>['Messages'][number];

/** Where messages come from. */
type Source = { queueArn: string; region: string };

/** The event that Lambda makes of messages: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export function sqsEvent(messages: ReceivedMessage[], source: Source) {
  return { Records: messages.map((message) => sqsRecord(message, source)) };
}

/** One message as it stands in the event. */
export function sqsRecord(message: ReceivedMessage, { queueArn, region }: Source) {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes).map(([name, attribute]) => [name, eventAttribute(attribute)]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

function eventAttribute(attribute: ReceivedMessage['MessageAttributes'][string]) {
  return {
    ...(attribute.StringValue !== undefined && { stringValue: attribute.StringValue }),
    ...(attribute.BinaryValue !== undefined && { binaryValue: attribute.BinaryValue }),
    stringListValues: [],
    binaryListValues: [],
    dataType: attribute.DataType,
  };
}
