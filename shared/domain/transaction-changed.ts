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
};

/** The event's name, by what the transaction is now. */
export type TransactionEventType =
  | 'transaction.created'
  | 'transaction.adjusted'
  | 'transaction.validated'
  | 'transaction.declined'
  | 'transaction.conflict';

/**
 * A transaction has changed. Consumers drop what they have seen by `transactionKey` and `version`, and act on nothing but `live`.
 *
 * Amounts are minor units of `currency`; instants ISO 8601 UTC.
 */
export type TransactionChanged = {
  type: TransactionEventType;
  detail: {
    schemaVersion: 1;
    transactionKey: string;
    version: number;
    transactionId: string;
    buttonOrderId: string | null;
    commerceOrganization: string | null;
    accountId: string | null;
    category: string;
    status: TransactionStatus | 'conflict';
    previousStatus: TransactionStatus | 'conflict' | null;
    amountMinor: number | null;
    previousAmountMinor: number | null;
    /** What the change is worth: declined and conflicting transactions count as zero. */
    deltaMinor: number;
    currency: string | null;
    /** Validated or declined: it will not change again. */
    final: boolean;
    /** Whether a user may be rewarded for it as it is now. */
    rewardable: boolean;
    createdDate: string;
    modifiedDate: string;
    /** `historical`: it was there before this system was deployed, and an older system may have rewarded it. */
    delivery: 'live' | 'historical';
    publisherCustomerId?: string;
    pubRef?: string;
  };
};

/** The event for a new version. Pure. */
export function transactionChanged(
  before: PublishedState | undefined,
  after: PublishedState,
  { includePersonalFields }: { includePersonalFields: boolean },
): TransactionChanged {
  return {
    type: typeOf(before, after),
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
      previousStatus: before?.status ?? null,
      amountMinor: after.amountMinor ?? null,
      previousAmountMinor: before?.amountMinor ?? null,
      deltaMinor: worth(after) - (before ? worth(before) : 0),
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

function typeOf(before: PublishedState | undefined, { status }: PublishedState): TransactionEventType {
  if (status === 'pending') return before ? 'transaction.adjusted' : 'transaction.created';
  return `transaction.${status}`;
}

function worth(state: PublishedState): number {
  return state.status === 'pending' || state.status === 'validated' ? (state.amountMinor ?? 0) : 0;
}

/** Users must not be rewarded for app installs (Transactions API guide, "Ingestion Logic"), nor while versions contradict each other. */
function isRewardable({ category, status }: PublishedState): boolean {
  return category !== 'app-install' && (status === 'pending' || status === 'validated');
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
