import { asJsonObject, type JsonObject } from '../json/json-object.ts';
import type { OrderViolationCode } from './order-violation.ts';

/** What a message is wrapped in, and its content as far as it could be read; `text` if that is JSON text. */
export type Wrapping = { code: OrderViolationCode; inner?: JsonObject; text?: string };

const SQS_EXTENDED_CLIENT_POINTERS: readonly unknown[] = [
  'software.amazon.payloadoffloading.PayloadS3Pointer',
  'com.amazon.sqs.javamessaging.MessageS3Pointer',
];

/**
 * Recognises messages that are not CloudEvents because something wrapped them on their way, or because the
 * envelope was omitted; undefined if `message` is an object of another form, to be checked as a CloudEvent.
 *
 * Sources: the forms of an Amazon SNS notification, an EventBridge event, and a pointer of the SQS Extended
 * Client Library, in AWS's documentation; CloudEvents JSON Event Format, section 4 (batches).
 */
export function findWrapping(message: unknown): Wrapping | undefined {
  if (typeof message === 'string') return ofText(message);
  if (Array.isArray(message)) {
    const isPointer = SQS_EXTENDED_CLIENT_POINTERS.includes(message[0]);
    return { code: isPointer ? 'wrapped_by_sqs_extended_client' : 'wrapped_in_list' };
  }
  const fields = asJsonObject(message);
  return fields ? ofObject(fields) : { code: 'message_not_object' };
}

function ofText(text: string): Wrapping {
  const inner = parseObject(text);
  return inner ? { code: 'json_encoded_twice', inner, text } : { code: 'message_not_object' };
}

function ofObject(fields: JsonObject): Wrapping | undefined {
  if ('specversion' in fields) return undefined;
  const { Type, TopicArn, Message: notified } = fields;
  if (typeof Type === 'string' && typeof TopicArn === 'string') {
    if (typeof notified !== 'string') return { code: 'wrapped_by_sns' };
    return { ...withInner('wrapped_by_sns', parseObject(notified)), text: notified };
  }
  if ('detail-type' in fields && 'detail' in fields) {
    return withInner('wrapped_by_eventbridge', asJsonObject(fields['detail']));
  }
  const isOrder = 'order_id' in fields && !('data' in fields);
  return isOrder ? { code: 'order_without_envelope', inner: { data: fields } } : undefined;
}

function withInner(code: OrderViolationCode, inner: JsonObject | undefined): Wrapping {
  return inner ? { code, inner } : { code };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    return asJsonObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}
