import * as z from 'zod';

import { NOT_REWARDABLE_REASONS, type NotRewardableReason } from './rewardable.ts';
import type { ConflictCause, TransactionStatus } from './transaction.ts';

/** The fields of a transaction that are published. */
export type PublishedState = {
  pk: string;
  version: number;
  /** How many versions the purchase has had. */
  changes: number;
  /** When this version was stored: ISO 8601 UTC. */
  storedAt: string;
  /** The other keys that lead to the purchase. */
  otherKeys: readonly string[];
  mergedInto?: string;
  status: TransactionStatus | 'conflict';
  category: string;
  amountMinor?: number;
  currency?: string;
  orderTotalMinor?: number;
  orderCurrency?: string;
  transactionId: string;
  buttonOrderId?: string;
  commerceOrganization?: string;
  commerceOrganizationName?: string;
  accountId?: string;
  publisherCustomerId?: string;
  pubRef?: string;
  createdDate: string;
  modifiedDate: string;
  purchaseDate?: string;
  attributionDate?: string;
  validatedDate?: string;
  delivery: 'live' | 'historical';
  conflictCause?: ConflictCause;
  /** The Brand's finalization window, if it is known. */
  finalizationMinutes?: number;
  /** Why nobody may be rewarded for this version; absent if somebody may. */
  notRewardableReason?: NotRewardableReason;
  erasedAt?: string;
  /** In Button's own fields; `omitted` if they are too large. */
  lineItems?: readonly unknown[] | 'omitted';
};

/** The event's name, by the current state of the transaction. */
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
  purchaseKeys: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'Every key by which this purchase may have been published, transactionKey among them. An event counts as long as no event with a higher version names one of them: after a restore or a move of the table, a purchase may come under another transactionKey.',
    ),
  version: z
    .int()
    .min(1)
    .describe(
      'Rises with every change of one transaction, through restores and moves of the table too; drop what is not higher than the last one handled. A number, milliseconds since 1970 or more: compare it as one.',
    ),
  transactionId: z.string().min(1).describe("Button's id of the transaction, tx-..."),
  buttonOrderId: z.string().nullable(),
  commerceOrganization: z.string().nullable().describe('The Brand, org-...'),
  commerceOrganizationName: z.string().nullable(),
  accountId: z.string().nullable(),
  category: z.string().describe('An open set, such as new-user-order; nobody is rewarded for app-install.'),
  status,
  previousStatus: status.nullable().describe('Null if there was none, or if the event was published again.'),
  amountMinor: amount.describe("The commission, in the currency's smallest unit; it can be negative."),
  previousAmountMinor: amount,
  previousCurrency: z.string().nullable(),
  deltaMinor: amount.describe(
    'What the change is worth: declined and conflict count as zero. Null if the currency has changed, or if the event was published again, because what came before it is not kept.',
  ),
  currency: z.string().nullable().describe('ISO 4217.'),
  orderTotalMinor: amount.describe('What the user has spent.'),
  orderCurrency: z.string().nullable().describe('ISO 4217.'),
  final: z.boolean().describe('Validated or declined: only the settlement of a conflict changes it again.'),
  rewardable: z
    .boolean()
    .describe('Whether a user may be rewarded for it as it is now; never while it is historical.'),
  notRewardableReason: z.enum(NOT_REWARDABLE_REASONS).nullable().describe('Why not; null if rewardable.'),
  conflictCause: z
    .enum(['contradiction', 'several_transactions'])
    .nullable()
    .describe(
      'contradiction: the next read from Button settles it. several_transactions: only an operator does.',
    ),
  mergedInto: z
    .string()
    .nullable()
    .describe(
      'The key of the purchase that this one turned out to be part of: it counts there, and is worth nothing here.',
    ),
  createdDate: instant,
  modifiedDate: instant,
  purchaseDate: instant.nullable(),
  attributionDate: instant.nullable(),
  validatedDate: instant.nullable(),
  expectedValidationDate: instant
    .nullable()
    .describe(
      "When it should be validated if nothing changes: createdDate and the Brand's finalization window, or the setting finalizationDays where Button does not give one. Null once it is final, and in a conflict.",
    ),
  storedAt: instant.describe('When this version was stored; also the time of the event.'),
  lineItems: z
    .array(z.unknown())
    .nullable()
    .describe(
      "In Button's own fields, as docs/button/webhooks.md lists them. Null if there are none, or if they are omitted.",
    ),
  lineItemsOmitted: z
    .boolean()
    .describe(
      'They are too large for an event: read the transaction by its key (docs/transactions-table.md).',
    ),
  delivery: z
    .enum(['live', 'historical'])
    .describe(
      'historical: it was created before this system took over, and an older system may have rewarded it. Act on live only.',
    ),
  publisherCustomerId: z
    .string()
    .optional()
    .describe('The id that the publisher gave; left out if the setting includePersonalFields is off.'),
  pubRef: z
    .string()
    .optional()
    .describe('The id that the publisher gave; left out if the setting includePersonalFields is off.'),
});

/**
 * A transaction has changed. Consumers drop what they have seen by `transactionKey` and `version`, and reward
 * only `live` transactions.
 *
 * Amounts are minor units of `currency`; instants ISO 8601 UTC.
 */
export type TransactionChanged = { type: TransactionEventType; detail: TransactionChangedDetail };

/** What an event says. */
export type TransactionChangedDetail = z.infer<typeof DetailSchema>;

/** What events contain: whether they name the shopper. */
export type EventSettings = {
  includePersonalFields: boolean;
  /**
   * The finalization window of a Brand for which Button gives none, in days; `FINALIZATION_DAYS` unless
   * given.
   */
  finalizationDays?: number;
};

/** The window in Button's own sample, in days. Source: docs/button/transactions-api.md, "Brands". */
export const FINALIZATION_DAYS = 90;

/**
 * The event for a new version. `before` is undefined for the first version, and `unknown` if it is not
 * stored. Pure.
 */
export function transactionChanged(
  before: PublishedState | undefined | 'unknown',
  after: PublishedState,
  { includePersonalFields, finalizationDays = FINALIZATION_DAYS }: EventSettings,
): TransactionChanged {
  const lineItems = fittingLines(after.lineItems);
  const previous = before === 'unknown' ? undefined : before;
  return {
    type: typeOf(after),
    detail: {
      schemaVersion: 1,
      transactionKey: after.pk,
      purchaseKeys: purchaseKeysOf(after),
      version: after.version,
      transactionId: after.transactionId,
      buttonOrderId: after.buttonOrderId ?? null,
      commerceOrganization: after.commerceOrganization ?? null,
      commerceOrganizationName: after.commerceOrganizationName ?? null,
      accountId: after.accountId ?? null,
      category: after.category,
      status: after.status,
      previousStatus: previous?.status ?? null,
      amountMinor: after.amountMinor ?? null,
      previousAmountMinor: previous?.amountMinor ?? null,
      previousCurrency: previous?.currency ?? null,
      deltaMinor: before === 'unknown' ? null : deltaMinor(before, after),
      currency: after.currency ?? null,
      orderTotalMinor: after.orderTotalMinor ?? null,
      orderCurrency: after.orderCurrency ?? null,
      final: after.status === 'validated' || after.status === 'declined',
      rewardable: after.notRewardableReason === undefined,
      notRewardableReason: after.notRewardableReason ?? null,
      conflictCause: after.conflictCause ?? null,
      mergedInto: after.mergedInto ?? null,
      createdDate: after.createdDate,
      modifiedDate: after.modifiedDate,
      purchaseDate: after.purchaseDate ?? null,
      attributionDate: after.attributionDate ?? null,
      validatedDate: after.validatedDate ?? null,
      expectedValidationDate: after.status === 'pending' ? expectedValidation(after, finalizationDays) : null,
      storedAt: after.storedAt,
      lineItems,
      lineItemsOmitted: lineItems === null && after.lineItems !== undefined,
      delivery: after.delivery,
      ...(includePersonalFields ? personalFields(after) : {}),
    },
  };
}

/** A record that has given way has no value, and replaces only itself. */
function purchaseKeysOf({ pk, otherKeys, mergedInto }: PublishedState): string[] {
  return mergedInto === undefined ? [pk, ...otherKeys] : [pk];
}

/** An event may have 256 KB with its other fields. */
const MAX_DETAIL_BYTES = 250_000;

/**
 * Whether an event matches its published schema and fits: it does not if its item was changed by hand. Pure.
 */
export function isPublishable({ detail }: TransactionChanged): boolean {
  return DetailSchema.safeParse(detail).success && detailBytes(detail) <= MAX_DETAIL_BYTES;
}

/** The length of an event's detail on the wire. */
function detailBytes(detail: TransactionChangedDetail): number {
  return Buffer.byteLength(JSON.stringify(detail));
}

/**
 * The JSON Schema (draft 2020-12) of each event as EventBridge delivers it, for consumers in any language;
 * docs/schemas has the same. New fields may be added to `detail`.
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

function typeOf({ status: now, changes }: PublishedState): TransactionEventType {
  if (now === 'pending') return changes === 1 ? 'transaction.created' : 'transaction.adjusted';
  return `transaction.${now}`;
}

const MINUTE_MS = 60_000;

/** Counted from the report of the order, not from the purchase. Null for an invalid date. */
function expectedValidation(
  { createdDate, finalizationMinutes }: PublishedState,
  finalizationDays: number,
): string | null {
  const minutes = finalizationMinutes ?? finalizationDays * 1440;
  const expected = new Date(Date.parse(createdDate) + minutes * MINUTE_MS);
  const iso = Number.isNaN(expected.getTime()) ? '' : expected.toISOString();
  return /^\d{4}-/.test(iso) ? iso.replace('.000Z', 'Z') : null;
}

function worth(state: PublishedState): number {
  const counts = state.status === 'pending' || state.status === 'validated';
  const isNobodys = state.notRewardableReason === 'erased' || state.mergedInto !== undefined;
  return counts && !isNobodys ? (state.amountMinor ?? 0) : 0;
}

/** Only within one currency: amounts of different currencies cannot be subtracted. */
function deltaMinor(before: PublishedState | undefined, after: PublishedState): number | null {
  const [was, is] = [before ? worth(before) : 0, worth(after)];
  const isOneCurrency = before?.currency === after.currency || was === 0 || is === 0;
  return isOneCurrency ? is - was : null;
}

/** An event may have 256 KB, and has other fields too. */
const MAX_LINES_BYTES = 200_000;

function fittingLines(lineItems: PublishedState['lineItems']): unknown[] | null {
  if (lineItems === undefined || lineItems === 'omitted') return null;
  return Buffer.byteLength(JSON.stringify(lineItems)) > MAX_LINES_BYTES ? null : [...lineItems];
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
