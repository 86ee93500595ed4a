import {
  BatchEntryIdsNotDistinct,
  EmptyBatchRequest,
  InvalidBatchEntryId,
  TooManyEntriesInBatchRequest,
  type MessageAttributeValue,
} from '@aws-sdk/client-sqs';

import { invalid, METADATA } from './sqs-error.ts';

const MAX_ENTRIES = 10;
const MAX_ATTRIBUTES = 10;
const MAX_VISIBILITY_SECONDS = 43_200;
const ENTRY_ID = /^[A-Za-z0-9_-]{1,80}$/;

/** Letters, digits and punctuation, for a message group as for a deduplication id. */
const MESSAGE_TOKEN = /^[!-~]{1,128}$/;

/**
 * Throws for a batch that SQS refuses as a whole.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html,
 * "Errors"; those of DeleteMessageBatch and ChangeMessageVisibilityBatch are the same
 */
export function checkBatch(entries: readonly { Id?: string | undefined }[]): void {
  const refused = { message: 'SQS refuses the entries of the batch.', $metadata: METADATA };
  if (entries.length === 0) throw new EmptyBatchRequest(refused);
  if (entries.length > MAX_ENTRIES) throw new TooManyEntriesInBatchRequest(refused);
  if (!entries.every(({ Id: id = '' }) => ENTRY_ID.test(id))) throw new InvalidBatchEntryId(refused);
  if (new Set(entries.map(({ Id: id }) => id)).size < entries.length)
    throw new BatchEntryIdsNotDistinct(refused);
}

/**
 * Throws for a message whose group, deduplication id or attributes SQS refuses.
 *
 * Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html,
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export function checkMessage({
  groupId,
  deduplicationId,
  attributes = {},
}: {
  groupId: string | undefined;
  deduplicationId: string | undefined;
  attributes: Record<string, MessageAttributeValue> | undefined;
}): void {
  const tokens = { MessageGroupId: groupId, MessageDeduplicationId: deduplicationId };
  for (const [name, token] of Object.entries(tokens))
    if (token !== undefined && !MESSAGE_TOKEN.test(token))
      throw invalid('InvalidParameterValue', `Value for parameter ${name} is invalid.`);
  if (Object.keys(attributes).length > MAX_ATTRIBUTES)
    throw invalid('InvalidParameterValue', `A message has at most ${MAX_ATTRIBUTES} attributes.`);
  for (const [name, { StringValue: text, BinaryValue: bytes }] of Object.entries(attributes))
    if ((text ?? bytes ?? '').length === 0)
      throw invalid('InvalidParameterValue', `The message attribute '${name}' must contain a value.`);
}

/**
 * What counts towards the largest size of a message: its body, and names, types and values of its attributes.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export function bytesOfMessage(
  body: string,
  attributes: Record<string, MessageAttributeValue> | undefined,
): number {
  const ofAttributes = Object.entries(attributes ?? {}).map(
    ([name, { DataType: type = '', StringValue: text = '', BinaryValue: bytes }]) =>
      Buffer.byteLength(name + type + text) + (bytes?.length ?? 0),
  );
  return ofAttributes.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(body));
}

/** Throws for a visibility timeout that SQS refuses. */
export function checkVisibility(seconds: number): void {
  if (!(seconds >= 0 && seconds <= MAX_VISIBILITY_SECONDS))
    throw invalid('InvalidParameterValue', `Value ${seconds} for parameter VisibilityTimeout is invalid.`);
}
