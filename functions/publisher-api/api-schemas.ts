import * as z from 'zod';

import { REWARD_GROUPS } from '../../shared/transactions/rules/shopper-rewards.ts';

// The requests and responses, defined once: they give the code its types, and
// docs/schemas/publisher-api.openapi.json is generated from them.

const shopper = z
  .string()
  .min(1)
  .max(2048)
  .describe('The shopper, as `publisher_customer_id` (or what the setting `shopperField` names) has them.');
const instant = z.iso.datetime({ offset: true });
const MAX_PAGE = 100;

/** The query of `GET /v1/rewards`. */
export const RewardsQuerySchema = z.strictObject({ shopper });

/** The query of `GET /v1/transactions`. */
export const TransactionsQuerySchema = z.strictObject({
  shopper,
  status: z
    .enum(['pending', 'validated', 'declined', 'conflict'])
    .optional()
    .describe('Only transactions of this status.'),
  from: instant.optional().describe('Only transactions that were created in this second or later.'),
  before: instant.optional().describe('Only transactions that were created before this second.'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE)
    .default(50)
    .describe('So many transactions are read for a page; with `status`, a page may hold fewer, or none.'),
  page: z
    .string()
    .max(4096)
    .optional()
    .describe('`nextPage` of the page before, with the same other parameters.'),
});

/** The query of `GET /v1/transaction`. */
export const TransactionQuerySchema = z.strictObject({
  id: z
    .string()
    .min(1)
    .max(1024)
    .describe("Button's id of the transaction, its `button_order_id`, or the `key` of an event."),
});

const minorUnits = z.int().nullable().describe('Minor units of the currency; null where Button names none.');
const currency = z.string().nullable().describe('ISO 4217; null where Button names none.');

const RewardTotalSchema = z.strictObject({
  currency,
  amountMinor: z.int().describe('The sum, in minor units of the currency.'),
  transactions: z.int().describe('Of how many transactions it is the sum.'),
});

/** A shopper's rewards. */
export const RewardsSchema = z.strictObject({
  completeSince: instant.describe(
    'Of transactions that are final since before, the shopper may have expired.',
  ),
  pending: z.array(RewardTotalSchema).describe('Expected: Button may still change or decline it.'),
  confirmed: z.array(RewardTotalSchema).describe('Validated by Button: it is final.'),
  declined: z.array(RewardTotalSchema).describe('Declined by Button: nothing is paid for it.'),
  historical: z
    .array(RewardTotalSchema)
    .describe('Created before this system took over: an older one may have paid it.'),
  notRewarded: z
    .int()
    .describe('How many transactions nobody is rewarded for: installs, conflicts, unknown categories.'),
});

const summary = {
  key: z.string().describe('What identifies the purchase in events and in the table.'),
  reward: z
    .enum(REWARD_GROUPS)
    .describe('The group of `GET /v1/rewards` that it counts in; `none`: in no group.'),
  notRewardableReason: z.string().nullable().describe('Why nobody is rewarded; null if the user is.'),
  status: z.enum(['pending', 'validated', 'declined', 'conflict']),
  amountMinor: minorUnits,
  currency,
  category: z.string(),
  brandId: z.string().nullable(),
  brandName: z.string().nullable(),
  orderTotalMinor: minorUnits,
  orderCurrency: currency,
  createdDate: instant,
  modifiedDate: instant,
  validatedDate: instant.nullable(),
  delivery: z.enum(['live', 'historical']),
  version: z.int().describe('Rises with each change; the number that events carry.'),
};

/** One of a shopper's transactions. */
export const TransactionSummarySchema = z.strictObject(summary);

/** A page of a shopper's transactions. */
export const TransactionsSchema = z.strictObject({
  transactions: z.array(TransactionSummarySchema).describe('The latest first.'),
  nextPage: z.string().nullable().describe('Asks for the next page; null on the last one.'),
});

const VersionSchema = z.strictObject({
  transactionId: z.string().describe("Button's id."),
  status: z.enum(['pending', 'validated', 'declined']),
  amountMinor: minorUnits,
  currency,
  modifiedDate: instant,
});

/** One complete transaction. */
export const TransactionSchema = z.strictObject({
  ...summary,
  transactionIds: z.array(z.string()).describe('Every id that Button has given it.'),
  buttonOrderId: z.string().nullable(),
  publisherCustomerId: z.string().nullable(),
  pubRef: z.string().nullable(),
  purchaseDate: instant.nullable(),
  attributionDate: instant.nullable(),
  lineItems: z.array(z.unknown()).describe("In Button's own fields, as it sent them."),
  conflictVersions: z.array(VersionSchema).describe('What contradicts each other; empty without a conflict.'),
  history: z
    .array(
      z.strictObject({
        ...VersionSchema.shape,
        seenAt: instant.describe('When this version was first seen.'),
        source: z.enum(['webhook', 'api']).describe('What brought it first.'),
      }),
    )
    .describe('Every version that was seen and is kept, in the order of `seenAt`.'),
});

/** A response that is not a 200. */
export const ErrorSchema = z.strictObject({
  error: z.enum(['bad_request', 'not_found']),
  problems: z.array(z.strictObject({ parameter: z.string(), problem: z.string() })),
});

/** The responses as the code returns them. */
export type Rewards = z.infer<typeof RewardsSchema>;
export type TransactionSummary = z.infer<typeof TransactionSummarySchema>;
export type Transactions = z.infer<typeof TransactionsSchema>;
export type Transaction = z.infer<typeof TransactionSchema>;
export type ApiError = z.infer<typeof ErrorSchema>;
