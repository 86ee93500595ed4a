import * as z from 'zod';

import type { Order } from '@button-serverless/validation/orders';

// The ledger's own schema: what is stored must stay readable for ever. It only ever becomes more lenient. The
// rules for new messages (domain/order.ts) get stricter, and say nothing about what was stored before: a
// currency may be withdrawn, a text may be too long now. What a later release has added, before it was taken
// back, is kept.

const InstantSchema = z.string();
const VersionSchema = z.discriminatedUnion('by', [
  z.object({ by: z.literal('sequence'), sequence: z.string() }),
  z.object({ by: z.literal('time'), time: InstantSchema }),
]);
const KindSchema = z.enum(['created', 'updated', 'cancelled']);
const DoubtSchema = z.object({
  kind: z.enum(['unclear', 'confirming']),
  hash: z.string(),
  amongOthers: z.literal(true).exactOptional(),
});

/**
 * Any object with what the ledger itself looks at. What Button is sent goes on as it was accepted, other
 * fields included.
 */
const WorthSchema = z.looseObject({ total: z.number(), currency: z.string(), purchase_date: z.string() });
const ContentSchema = z.custom<Order>((content) => WorthSchema.safeParse(content).success);

const NewestSchema = z.looseObject({
  version: VersionSchema,
  latestKnown: VersionSchema.exactOptional(),
  kind: KindSchema,
  hash: z.string(),
  eventId: z.string(),
  eventSource: z.string(),
  messageId: z.string(),
  time: InstantSchema,
  receivedAt: InstantSchema.exactOptional(),
  replayOf: z.string().exactOptional(),
  order: ContentSchema.exactOptional(),
  customerChanges: z.number().exactOptional(),
  customerErased: z.literal(true).exactOptional(),
  cancels: z
    .object({
      purchase_date: z.string(),
      currency: z.string(),
      isIdTaken: z.literal(true).exactOptional(),
    })
    .exactOptional(),
});

const ReportedSchema = z.looseObject({
  version: VersionSchema,
  kind: KindSchema,
  hash: z.string(),
  at: InstantSchema,
  acceptedOnly: z.boolean(),
  buttonOrderId: z.string().exactOptional(),
  value: z.object({ amountMinor: z.number(), currency: z.string() }).exactOptional(),
  hasLines: z.literal(true).exactOptional(),
});

const ProgressSchema = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('claimed'),
    owner: z.string(),
    until: InstantSchema,
    hash: z.string(),
    doubt: DoubtSchema.exactOptional(),
    retryAt: InstantSchema.exactOptional(),
  }),
  z.object({ state: z.literal('waiting'), dueAt: InstantSchema, reason: z.string() }),
  z.object({ state: z.literal('in-doubt'), dueAt: InstantSchema, reason: z.string(), doubt: DoubtSchema }),
  z.object({ state: z.literal('settled') }),
  z.object({
    state: z.literal('failing'),
    dueAt: InstantSchema,
    reason: z.string(),
    doubt: DoubtSchema.exactOptional(),
  }),
  z.object({ state: z.literal('refused'), reason: z.string(), doubt: DoubtSchema.exactOptional() }),
]);

const FailuresSchema = z.object({
  count: z.number(),
  since: InstantSchema,
  last: z.array(
    z.object({
      at: InstantSchema,
      reason: z.string(),
      answer: z
        .object({
          status: z.number(),
          type: z.string().exactOptional(),
          message: z.string().exactOptional(),
        })
        .exactOptional(),
    }),
  ),
});

const ReportSchema = z.looseObject({
  brand: z.string(),
  orderId: z.string(),
  btnRef: z.string().exactOptional(),
  tokenDue: z.literal(true).exactOptional(),
  newest: NewestSchema,
  reported: ReportedSchema.exactOptional(),
  progress: ProgressSchema,
  attempts: z.number(),
  hasFailedBefore: z.literal(true).exactOptional(),
  failures: FailuresSchema.exactOptional(),
  failingSince: InstantSchema.exactOptional(),
  failedLookUps: z.number().exactOptional(),
  heldVersion: z.object({ newest: NewestSchema, warnings: z.array(z.string()) }).exactOptional(),
  warnings: z.array(z.string()),
});

/**
 * An item that says anything else of its order is a report, if perhaps one that a later release wrote: taken
 * for an unknown order, it would be reported anew and overwritten.
 */
const UnknownOrderSchema = z.strictObject({
  brand: z.string(),
  orderId: z.string(),
  btnRef: z.string().exactOptional(),
});

/** What the ledger holds of an order. */
export const StoredOrderSchema = z.union([ReportSchema, UnknownOrderSchema]);
