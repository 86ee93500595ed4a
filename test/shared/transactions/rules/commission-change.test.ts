import { describe, expect, it } from 'vitest';

import { commissionChanges } from '../../../../shared/transactions/rules/commission-change.ts';
import type { PublishedState } from '../../../../shared/validation/webhooks/transaction-changed.ts';

function state(changes: Partial<PublishedState> = {}): PublishedState {
  return {
    pk: 'order#btnorder-1',
    version: 1,
    changes: 1,
    storedAt: '2026-01-01T10:00:01.000Z',
    status: 'pending',
    category: 'new-user-order',
    amountMinor: 600,
    currency: 'USD',
    transactionId: 'tx-1',
    createdDate: '2026-01-01T10:00:00Z',
    modifiedDate: '2026-01-01T10:00:00Z',
    otherKeys: [],
    delivery: 'live',
    ...changes,
  };
}

/** The sum of the changes of all steps, by status and currency. */
function sums(states: readonly PublishedState[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const [index, after] of states.entries()) {
    for (const { status, currency, amountMinor } of commissionChanges(states[index - 1], after)) {
      totals[`${status} ${currency}`] = (totals[`${status} ${currency}`] ?? 0) + amountMinor;
    }
  }
  return totals;
}

describe('commissionChanges', () => {
  it('moves a pending amount to where it is confirmed, with the amount that it has there (D13)', () => {
    const changes = commissionChanges(state(), state({ status: 'validated', amountMinor: 450 }));

    expect(changes).toEqual([
      { status: 'pending', currency: 'USD', amountMinor: -600 },
      { status: 'validated', currency: 'USD', amountMinor: 450 },
    ]);
  });

  it('adds up to the current state, whatever the steps were', () => {
    const totals = sums([
      state(),
      state({ amountMinor: 400 }),
      state({ status: 'conflict' }),
      state({ status: 'validated', amountMinor: 450 }),
    ]);

    expect(totals).toEqual({ 'pending USD': 0, 'validated USD': 450 });
  });

  it('counts the amount expected before as declined, because Button may leave no amount', () => {
    const lost = sums([state(), state({ status: 'declined', amountMinor: 0 })]);
    const never = sums([state({ status: 'declined', amountMinor: 70 })]);

    expect(lost).toEqual({ 'pending USD': 0, 'declined USD': 600 });
    expect(never).toEqual({ 'declined USD': 70 });
  });

  it('changes nothing if nothing has a value', () => {
    const { amountMinor: _, ...withoutAmount } = state();

    expect(commissionChanges(undefined, withoutAmount)).toEqual([]);
    expect(commissionChanges(state(), state({ category: 'existing-user-order' }))).toEqual([]);
  });

  it('makes no dimension of an invalid currency', () => {
    expect(commissionChanges(undefined, state({ currency: 'user@example.com' }))).toEqual([
      { status: 'pending', currency: 'unknown', amountMinor: 600 },
    ]);
  });
});
