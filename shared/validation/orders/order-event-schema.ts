import * as z from 'zod';

import { asJsonObject } from '../json/json-object.ts';
import { describeInput } from '../json/json-schema-input.ts';
import { ORDER_DATE_PATTERN, readOrderDate } from './order-date.ts';
import type { OrderViolationCode } from './order-violation.ts';
import { OrderIdSchema, OrderSchema } from './order.ts';

// As in order.ts, the message of a zod issue is the code of the violation.

/** The `type` of every message on an order queue. */
export const ORDER_EVENT_TYPES = ['order.created.v1', 'order.updated.v1', 'order.cancelled.v1'] as const;

type OrderEventType = (typeof ORDER_EVENT_TYPES)[number];

const OTHER_MAJOR_VERSION = /^order\.(?:created|updated|cancelled)\.v\d{1,9}$/;

function typeCode({ input }: { readonly input?: unknown }): OrderViolationCode {
  if (input === undefined) return 'event_attribute_missing';
  return typeof input === 'string' && OTHER_MAJOR_VERSION.test(input)
    ? 'event_version_unsupported'
    : 'event_type_unknown';
}

function attributeCode({ input }: { readonly input?: unknown }): OrderViolationCode {
  return input === undefined ? 'event_attribute_missing' : 'event_attribute_malformed';
}

/**
 * A date and time as in orders; written as `toISOString` does. Without an offset the order of versions would
 * depend on summer time.
 */
const TimeSchema = z
  .string({ error: 'time_malformed' })
  .transform((text, context) => {
    const date = readOrderDate(text);
    if (date?.hasOffset) return new Date(date.epochMs).toISOString();
    context.addIssue({ code: 'custom', message: 'time_malformed' satisfies OrderViolationCode });
    return z.NEVER;
  })
  .meta({ pattern: ORDER_DATE_PATTERN });

/** The attributes of a CloudEvent that we read; other extensions are allowed. */
const attributes = {
  specversion: z
    .literal('1.0', {
      error: ({ input }) => (input === undefined ? 'event_attribute_missing' : 'specversion_unsupported'),
    })
    .describe('The version of CloudEvents.'),
  id: z
    .string({ error: attributeCode })
    .min(1, { error: 'event_attribute_malformed' })
    .max(1024, { error: 'event_attribute_malformed' })
    .refine((id) => !/[\p{Cc}\p{Cs}]/u.test(id), { error: 'event_attribute_malformed' })
    .meta({ pattern: '^[^\\u0000-\\u001F\\u007F-\\u009F]*$' })
    .describe('Names the event among those of its source: the id of the order and its version.'),
  source: z
    .string({ error: attributeCode })
    .regex(/^[!-~]{1,1024}$/, { error: 'event_attribute_malformed' })
    .describe('Names the system that sends the events: a URI reference.'),
  subject: OrderIdSchema.describe('The id of the order, equal to data.order_id.'),
  time: TimeSchema.describe('When it happened: a date and time with an offset from UTC.').optional(),
  sequence: z
    .string({ error: 'sequence_malformed' })
    .regex(/^[0-9]{1,1000}$/, { error: 'sequence_malformed' })
    .describe('Decimal digits that rise with every version of an order.')
    .optional(),
  datacontenttype: z
    .string({ error: 'data_content_type_unsupported' })
    .regex(/^application\/(?:[A-Za-z0-9.-]{1,100}\+)?json(?:;.{0,200})?$/i, {
      error: 'data_content_type_unsupported',
    })
    .optional(),
};

/**
 * The envelope of a message: CloudEvents 1.0 in JSON, structured mode. `data` is checked separately, because
 * its rules depend on the type. `data_base64` is refused: an order is JSON.
 */
export const OrderEnvelopeSchema = z.object({
  ...attributes,
  type: z.enum(ORDER_EVENT_TYPES, { error: typeCode }),
  data: z.unknown().optional(),
  data_base64: z.never({ error: 'data_base64_unsupported' }).optional(),
});

const CreatedMessageSchema = z.object({
  ...attributes,
  type: z.literal('order.created.v1'),
  data: OrderSchema,
});
const UpdatedMessageSchema = z.object({
  ...attributes,
  type: z.literal('order.updated.v1'),
  data: OrderSchema,
});
const CancelledMessageSchema = z.object({
  ...attributes,
  type: z.literal('order.cancelled.v1'),
  data: z.union([z.strictObject({}), z.null()]).optional(),
});

/**
 * The JSON Schema (draft 2020-12) of each message, for producers in other languages; docs/schemas has the
 * same.
 *
 * A schema cannot express everything: only `parseOrderEvent` checks sums, unique identifiers, the length of a
 * month, when a currency was withdrawn, numbers written with a decimal point (7000.0) and the rules of a
 * brand.
 */
export function buildMessageSchemas(): Record<OrderEventType, unknown> {
  return {
    'order.created.v1': describeMessage(CreatedMessageSchema, 'A new order'),
    'order.updated.v1': describeMessage(UpdatedMessageSchema, 'The whole current version of an order'),
    'order.cancelled.v1': describeMessage(CancelledMessageSchema, 'The cancellation of a whole order'),
  };
}

function describeMessage(schema: z.ZodType, title: string): unknown {
  const { $schema, ...rules } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  const hasText = (name: string): unknown => ({
    required: [name],
    properties: { [name]: { type: 'string', minLength: 1 } },
  });
  return {
    $schema,
    title,
    description:
      'One message on the order queue of a brand: a CloudEvent 1.0 in JSON. See docs/order-messages.md.',
    ...asJsonObject(describeInput(rules)),
    // The brand's configuration (orderBy) says which of the two orders the versions.
    anyOf: [hasText('sequence'), hasText('time')],
  };
}
