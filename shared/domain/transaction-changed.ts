import * as z from 'zod';

import type { TransactionStatus } from './transaction.ts';

/** What of a transaction is published. */
export type PublishedState = {
  pk: string;
  version: number;
  status: TransactionStatus | 'conflict';
  category: string;
  amountMinor?: number;
  currency?: string;
  transactionId: string;
  buttonOrderId?: string;
  commerceOrganization?: string;
  accountId?: string;
  publisherCustomerId?: string;
  pubRef?: string;
  createdDate: string;
  modifiedDate: string;
  delivery: 'live' | 'historical';
  erasedAt?: string;
};

/** The event's name, by what the transaction is now. */
export const TRANSACTION_EVENT_TYPES = [
  'transaction.created',
  'transaction.adjusted',
  'transaction.validated',
  'transaction.declined',
  'transaction.conflict',
] as const;

/** One of the names of events. */
export type TransactionEventType = (typeof TRANSACTION_EVENT_TYPES)[number];

/** The `source` of every event on the bus. */
export const TRANSACTION_EVENT_SOURCE = 'button.transactions';

const status = z.enum(['pending', 'validated', 'declined', 'conflict']);
const amount = z.int().nullable();
const instant = z.iso.datetime();

const DetailSchema = z.object({
  schemaVersion: z.literal(1),
  transactionKey: z.string().min(1).describe('The same for every version of one transaction.'),
  version: z
    .int()
    .min(1)
    .describe(
      'Rises with every change of one transaction; drop what is not higher than the last one handled.',
    ),
  transactionId: z.string().min(1).describe("Button's id of the transaction, tx-..."),
  buttonOrderId: z.string().nullable(),
  commerceOrganization: z.string().nullable().describe('The Brand, org-...'),
  accountId: z.string().nullable(),
  category: z.string().describe('An open set, such as new-user-order; nobody is rewarded for app-install.'),
  status,
  previousStatus: status.nullable().describe('Null if there was none, or if the event was published again.'),
  amountMinor: amount.describe("The commission, in the currency's smallest unit; it can be negative."),
  previousAmountMinor: amount,
  deltaMinor: amount.describe(
    'What the change is worth: declined and conflict count as zero. Null if the event was published again, because what came before it is not kept.',
  ),
  currency: z.string().nullable().describe('ISO 4217.'),
  final: z.boolean().describe('Validated or declined: only the settlement of a conflict changes it again.'),
  rewardable: z.boolean().describe('Whether a user may be rewarded for it as it is now.'),
  createdDate: instant,
  modifiedDate: instant,
  delivery: z
    .enum(['live', 'historical'])
    .describe(
      'historical: it was created before this system took over, and an older system may have rewarded it. Act on live only.',
    ),
  publisherCustomerId: z.string().optional().describe('Only if the setting includePersonalFields is on.'),
  pubRef: z.string().optional().describe('Only if the setting includePersonalFields is on.'),
});

/**
 * A transaction has changed. Consumers drop what they have seen by `transactionKey` and `version`, and act on nothing but `live`.
 *
 * Amounts are minor units of `currency`; instants ISO 8601 UTC.
 */
export type TransactionChanged = { type: TransactionEventType; detail: TransactionChangedDetail };

/** What an event says. */
export type TransactionChangedDetail = z.infer<typeof DetailSchema>;

/** The event for a new version. `before` is undefined for the first version, and `unknown` where it is not kept. Pure. */
export function transactionChanged(
  before: PublishedState | undefined | 'unknown',
  after: PublishedState,
  { includePersonalFields }: { includePersonalFields: boolean },
): TransactionChanged {
  const previous = before === 'unknown' ? undefined : before;
  return {
    type: typeOf(after),
    detail: {
      schemaVersion: 1,
      transactionKey: after.pk,
      version: after.version,
      transactionId: after.transactionId,
      buttonOrderId: after.buttonOrderId ?? null,
      commerceOrganization: after.commerceOrganization ?? null,
      accountId: after.accountId ?? null,
      category: after.category,
      status: after.status,
      previousStatus: previous?.status ?? null,
      amountMinor: after.amountMinor ?? null,
      previousAmountMinor: previous?.amountMinor ?? null,
      deltaMinor: before === 'unknown' ? null : worth(after) - (before ? worth(before) : 0),
      currency: after.currency ?? null,
      final: after.status === 'validated' || after.status === 'declined',
      rewardable: isRewardable(after),
      createdDate: after.createdDate,
      modifiedDate: after.modifiedDate,
      delivery: after.delivery,
      ...(includePersonalFields ? personalFields(after) : {}),
    },
  };
}

/**
 * The JSON Schema (draft 2020-12) of each event as EventBridge delivers it, for consumers in any language; docs/schemas holds the
 * same. New fields may be added to `detail`.
 */
export function buildEventSchemas(): Record<TransactionEventType, unknown> {
  return {
    'transaction.created': describeEvent('transaction.created', 'pending'),
    'transaction.adjusted': describeEvent('transaction.adjusted', 'pending'),
    'transaction.validated': describeEvent('transaction.validated', 'validated'),
    'transaction.declined': describeEvent('transaction.declined', 'declined'),
    'transaction.conflict': describeEvent('transaction.conflict', 'conflict'),
  };
}

function describeEvent(type: TransactionEventType, now: z.infer<typeof status>): unknown {
  const EventSchema = z.object({
    source: z.literal(TRANSACTION_EVENT_SOURCE),
    'detail-type': z.literal(type),
    detail: DetailSchema.extend({ status: z.literal(now) }),
  });
  const { $schema, ...rules } = z.toJSONSchema(EventSchema, { target: 'draft-2020-12', io: 'input' });
  return {
    $schema,
    title: type,
    description: 'One event on the bus. See functions/event-publisher/README.md.',
    ...rules,
  };
}

function typeOf({ status: now, version }: PublishedState): TransactionEventType {
  if (now === 'pending') return version === 1 ? 'transaction.created' : 'transaction.adjusted';
  return `transaction.${now}`;
}

function worth(state: PublishedState): number {
  const counts = state.status === 'pending' || state.status === 'validated';
  return counts && state.erasedAt === undefined ? (state.amountMinor ?? 0) : 0;
}

/** Nobody is rewarded for app installs (Transactions API guide, "Ingestion Logic"), contradictions, or whose data has been erased. */
function isRewardable({ category, status: now, erasedAt }: PublishedState): boolean {
  return category !== 'app-install' && (now === 'pending' || now === 'validated') && erasedAt === undefined;
}

function personalFields({ publisherCustomerId, pubRef }: PublishedState): {
  publisherCustomerId?: string;
  pubRef?: string;
} {
  return {
    ...(publisherCustomerId === undefined ? {} : { publisherCustomerId }),
    ...(pubRef === undefined ? {} : { pubRef }),
  };
}
