import * as z from 'zod';

import { NOT_REWARDABLE_REASONS, type PublishedState } from '@button-serverless/validation/webhooks';
import { OtherKeysSchema, payloadIn } from './transaction-item.ts';

const optionalText = z.string().exactOptional();
const optionalNumber = z.number().exactOptional();

/**
 * The attributes with the current state of a transaction. The event publisher reads them from the table's
 * stream.
 */
export const TransactionHeadSchema = z.object({
  pk: z.string(),
  version: z.number(),
  changes: z.number(),
  storedAt: z.string(),
  status: z.enum(['pending', 'validated', 'declined', 'conflict']),
  category: z.string(),
  amountMinor: optionalNumber,
  currency: optionalText,
  transactionId: z.string(),
  buttonOrderId: optionalText,
  commerceOrganization: optionalText,
  accountId: optionalText,
  publisherCustomerId: optionalText,
  pubRef: optionalText,
  orderTotalMinor: optionalNumber,
  orderCurrency: optionalText,
  commerceOrganizationName: optionalText,
  createdDate: z.string(),
  modifiedDate: z.string(),
  purchaseDate: optionalText,
  attributionDate: optionalText,
  validatedDate: optionalText,
  delivery: z.enum(['live', 'historical']),
  conflictCause: z.enum(['contradiction', 'several_transactions']).exactOptional(),
  notRewardableReason: z.enum(NOT_REWARDABLE_REASONS).exactOptional(),
  finalizationMinutes: z.int().positive().exactOptional(),
  otherKeys: OtherKeysSchema,
  mergedInto: optionalText,
  erasedAt: optionalText,
});

/**
 * The current state of a transaction, and its line items in Button's own fields; `omitted` if they are too
 * large for the item, which then shows no token either.
 */
export type TransactionHead = z.infer<typeof TransactionHeadSchema> & {
  lineItems?: readonly unknown[] | 'omitted';
  /** The attribution token. */
  btnRef?: string;
};

/**
 * Reads the current state of a transaction from the attributes of its item, without unpacking its payload.
 * Throws on an item that this code did not write.
 */
export function readState(attributes: Readonly<Record<string, unknown>>): PublishedState {
  return TransactionHeadSchema.parse(attributes);
}

/**
 * Reads the current state, and the line items and the token from the packed payload. Throws on an item that
 * this code did not write.
 */
export function readHead(attributes: Readonly<Record<string, unknown>>): TransactionHead {
  const head = TransactionHeadSchema.parse(attributes);
  if ('bodyDigest' in attributes) return { ...head, lineItems: 'omitted' };
  const { body } = attributes;
  const payload = body instanceof Uint8Array ? payloadIn(body) : undefined;
  const { order_line_items: lineItems, btn_ref: btnRef } = payload ?? {};
  return {
    ...head,
    ...(Array.isArray(lineItems) && lineItems.length > 0 ? { lineItems } : {}),
    ...(typeof btnRef === 'string' ? { btnRef } : {}),
  };
}
