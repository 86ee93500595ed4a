import * as z from 'zod';

import type { Order } from '@button-serverless/validation/orders';

// The ledger has its own schema, because stored orders must stay readable forever: it only ever becomes more
// lenient. The rules for new messages (shared/validation/orders/order.ts) get stricter and do not apply to
// stored orders: a currency may have been withdrawn since, or a text may be too long now. Fields that a later
// release added before it was rolled back are kept.

// Each kind of field is made once: every bundle that reads the ledger holds these.
const TextSchema = z.string();
const NumberSchema = z.number();
const OptionalText = TextSchema.exactOptional();
const OptionalFlag = z.literal(true).exactOptional();
const InstantSchema = TextSchema;
const VersionSchema = z.discriminatedUnion('by', [
  z.object({ by: z.literal('sequence'), sequence: TextSchema }),
  z.object({ by: z.literal('time'), time: InstantSchema }),
]);
const KindSchema = z.enum(['created', 'updated', 'cancelled']);
const DoubtSchema = z.object({
  kind: z.enum(['unclear', 'confirming']),
  hash: TextSchema,
  amongOthers: OptionalFlag,
  sentAt: InstantSchema.exactOptional(),
  shownId: OptionalText,
});
const OptionalDoubt = DoubtSchema.exactOptional();

/**
 * Any object with the fields that the ledger itself reads. Button gets the order as it was accepted,
 * including other fields.
 */
const WorthSchema = z.looseObject({ total: NumberSchema, currency: TextSchema, purchase_date: TextSchema });
const ContentSchema = z.custom<Order>((content) => WorthSchema.safeParse(content).success);

const VERSION = { version: VersionSchema, kind: KindSchema, hash: TextSchema };
const NewestSchema = z.looseObject({
  ...VERSION,
  latestKnown: VersionSchema.exactOptional(),
  eventId: TextSchema,
  eventSource: TextSchema,
  messageId: TextSchema,
  time: InstantSchema,
  receivedAt: OptionalText,
  replayOf: OptionalText,
  order: ContentSchema.exactOptional(),
  customerChanges: NumberSchema.exactOptional(),
  customerErased: OptionalFlag,
  cancels: z
    .object({
      purchase_date: OptionalText,
      currency: OptionalText,
      isIdTaken: OptionalFlag,
    })
    .exactOptional(),
});

const ReportedSchema = z.looseObject({
  ...VERSION,
  at: InstantSchema,
  acceptedOnly: z.boolean(),
  buttonOrderId: OptionalText,
  value: z.object({ amountMinor: NumberSchema, currency: TextSchema }).exactOptional(),
  hasLines: OptionalFlag,
});

const WAIT = { dueAt: InstantSchema, reason: TextSchema };
const ProgressSchema = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('claimed'),
    owner: TextSchema,
    until: InstantSchema,
    hash: TextSchema,
    doubt: OptionalDoubt,
    retryAt: OptionalText,
  }),
  z.object({ state: z.literal('waiting'), ...WAIT }),
  z.object({ state: z.literal('in-doubt'), ...WAIT, doubt: DoubtSchema }),
  z.object({ state: z.literal('settled') }),
  z.object({
    state: z.literal('failing'),
    ...WAIT,
    doubt: OptionalDoubt,
  }),
  z.object({ state: z.literal('refused'), reason: TextSchema, doubt: OptionalDoubt }),
]);

const FailuresSchema = z.object({
  count: NumberSchema,
  since: InstantSchema,
  last: z.array(
    z.object({
      at: InstantSchema,
      reason: TextSchema,
      answer: z
        .object({
          status: NumberSchema,
          type: OptionalText,
          message: OptionalText,
        })
        .exactOptional(),
    }),
  ),
});

const ORDER = { brand: TextSchema, orderId: TextSchema, btnRef: OptionalText };
const ReportSchema = z.looseObject({
  ...ORDER,
  tokenDue: OptionalFlag,
  newest: NewestSchema,
  reported: ReportedSchema.exactOptional(),
  progress: ProgressSchema,
  sent: z.object({ purchase_date: TextSchema, currency: TextSchema }).exactOptional(),
  attempts: NumberSchema,
  isIdTaken: OptionalFlag,
  hasFailedBefore: OptionalFlag,
  failures: FailuresSchema.exactOptional(),
  failingSince: OptionalText,
  failedLookUps: NumberSchema.exactOptional(),
  heldVersion: z.object({ newest: NewestSchema, warnings: z.array(TextSchema) }).exactOptional(),
  warnings: z.array(TextSchema),
});

/**
 * An item that says anything else about its order is an error, perhaps written by a later release. Taken for
 * an unknown order, it would be reported anew and overwritten.
 */
const UnknownOrderSchema = z.strictObject({
  ...ORDER,
});

/** What the ledger holds of an order. */
export const StoredOrderSchema = z.union([ReportSchema, UnknownOrderSchema]);
