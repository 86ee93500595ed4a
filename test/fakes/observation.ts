import type { Observation, Transaction } from '../../shared/validation/webhooks/transaction.ts';

/** A pending purchase of the shopper `user-1`. */
export function transaction(changes: Partial<Transaction> = {}): Transaction {
  return {
    ...{ id: 'tx-1', buttonOrderId: 'btnorder-1', status: 'pending', category: 'new-user-order' },
    ...{ amountMinor: 600, currency: 'USD', orderTotalMinor: 6000, orderCurrency: 'USD' },
    ...{ createdDate: '2026-01-01T10:00:00Z', modifiedDate: '2026-01-01T10:00:00Z' },
    ...{ validatedDate: null, attributionDate: null, purchaseDate: null, accountId: 'acc-1' },
    ...{ commerceOrganization: 'org-1', commerceOrganizationName: null, linesDigest: null },
    ...{ publisherCustomerId: 'user-1', pubRef: null },
    ...changes,
  };
}

/** The instant so many minutes after the first webhook may have been seen. */
export function minute(count: number): string {
  return new Date(Date.parse('2026-01-02T00:00:00Z') + count * 60_000).toISOString();
}

/** A webhook that was seen at this minute. */
export function webhook(
  at: number,
  changes: Partial<Transaction> = {},
  more: Partial<Observation> = {},
): Observation {
  const source = { kind: 'webhook', eventId: 'hook-1' } as const;
  return {
    ...{ transaction: transaction(changes), payload: {}, source },
    ...{ seenAt: minute(at), delivery: 'live' as const },
    ...more,
  };
}
