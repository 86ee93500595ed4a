import * as z from 'zod';

import { CHECKOUT_EVENT_TYPE, type CheckoutReceived } from './checkout.ts';

// Separate from the event, because no function needs it.

const DetailSchema: z.ZodType<CheckoutReceived['detail']> = z.object({
  schemaVersion: z.literal(1),
  checkoutKey: z
    .string()
    .min(1)
    .describe('The same for every repeat of one checkout: drop what was handled.'),
  webhookId: z
    .string()
    .describe("Button's id of the webhook, hook-...; a digest of what it said if it has none."),
  btnRef: z.string().nullable().describe('The attribution token, by which a transaction may follow.'),
  commerceOrganization: z.string().nullable().describe('The brand, org-...'),
  eventDate: z.iso.datetime().nullable(),
  storedAt: z.iso.datetime().describe('When it was stored; also the time of the event.'),
  publisherCustomerId: z
    .string()
    .exactOptional()
    .describe('The id that the publisher gave; left out if the setting includePersonalFields is off.'),
});

/** The JSON Schema (draft 2020-12) of the event as EventBridge delivers it; docs/schemas has the same. */
export function buildCheckoutSchema(source: string): unknown {
  const EventSchema = z.object({
    source: z.literal(source),
    'detail-type': z.literal(CHECKOUT_EVENT_TYPE),
    detail: DetailSchema,
  });
  const { $schema, ...rules } = z.toJSONSchema(EventSchema, { target: 'draft-2020-12', io: 'input' });
  return {
    $schema,
    title: CHECKOUT_EVENT_TYPE,
    description: 'One event on the bus. See functions/event-publisher/README.md.',
    ...rules,
  };
}
