import { describe, expect, it } from 'vitest';

import { scanTransactions } from '../../../functions/personal-data-expiry/scan-transactions.ts';
import { mergeTransaction } from '../../../shared/domain/merge-transaction.ts';
import type { Measured } from '../../../shared/domain/metrics.ts';
import type { Observation, Transaction } from '../../../shared/domain/transaction.ts';
import type { Scanned } from '../../../shared/store/transaction-scan.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';

const NOW = new Date('2026-06-01T00:00:00.000Z');
const LONG_AGO = '2026-01-01T10:00:00Z';

function observation(buttonOrderId: string, changes: Partial<Transaction>): Observation {
  return {
    transaction: {
      id: `tx-${buttonOrderId}`,
      buttonOrderId,
      status: 'pending',
      category: 'new-user-order',
      amountMinor: 600,
      currency: 'USD',
      orderTotalMinor: 6000,
      orderCurrency: 'USD',
      createdDate: LONG_AGO,
      modifiedDate: LONG_AGO,
      validatedDate: null,
      attributionDate: null,
      accountId: 'acc-1',
      commerceOrganization: 'org-1',
      publisherCustomerId: 'user-1',
      pubRef: null,
      ...changes,
    },
    payload: {},
    source: { kind: 'webhook', eventId: `hook-${buttonOrderId}` },
    seenAt: '2026-01-02T00:00:00.000Z',
    delivery: 'live',
  };
}

async function createTable(observations: readonly Observation[]) {
  const transactions = createInMemoryTransactions();
  for (const observed of observations) {
    const standing = await transactions.read(`order#${observed.transaction.buttonOrderId ?? ''}`);
    const { record } = mergeTransaction(standing?.thing, observed);
    await transactions.write(record, standing?.revision ?? 0);
  }
  const measured: Measured[] = [];
  async function* all(): AsyncGenerator<Scanned> {
    for (const { key } of transactions.all()) {
      const stored = await transactions.read(key);
      if (stored) yield { kind: 'record', stored };
    }
  }
  const ports = {
    transactions,
    deletePart: () => Promise.resolve(),
    metrics: { add: (one: Measured) => void measured.push(one) },
    now: () => NOW,
  };
  return { ports: { ...ports, all: all() }, all, measured, transactions };
}

const AGES = { personalDataDays: 400, stalePendingDays: 120 };

describe('scanTransactions', () => {
  it('counts what is pending long after it was created, with its commission by currency (E16)', async () => {
    const { ports, measured } = await createTable([
      observation('old-1', {}),
      observation('old-2', { modifiedDate: '2026-05-30T00:00:00Z', amountMinor: 150 }),
      observation('old-euro', { amountMinor: 70, currency: 'EUR' }),
      observation('old-without-amount', { amountMinor: null, currency: null }),
      observation('final', { status: 'validated' }),
      observation('declined', { status: 'declined' }),
      observation('young', { createdDate: '2026-02-02T00:00:00Z' }),
    ]);

    const found = await scanTransactions(AGES, ports);

    expect(found).toEqual({ expired: 0, stalePending: 4 });
    expect(measured).toEqual([
      { name: 'PersonalDataExpired', value: 0 },
      { name: 'StalePendingTransactions', value: 4 },
      { name: 'StalePendingAmountMinor', value: 750, dimensions: { Currency: 'USD' } },
      { name: 'StalePendingAmountMinor', value: 70, dimensions: { Currency: 'EUR' } },
      { name: 'StalePendingAmountMinor', value: 0, dimensions: { Currency: 'unknown' } },
    ]);
  });

  it('counts a transaction from the very second on in which its time is over (E16)', async () => {
    const { ports } = await createTable([
      observation('just-over', { createdDate: '2026-01-31T23:59:59Z' }),
      observation('just-not', { createdDate: '2026-02-01T00:00:00Z' }),
    ]);

    const { stalePending } = await scanTransactions(AGES, ports);

    expect(stalePending).toBe(1);
  });

  it('says 0 if nothing is overdue, so that silence is not taken for calm', async () => {
    const { ports, measured } = await createTable([]);

    await scanTransactions(AGES, ports);

    expect(measured).toContainEqual({ name: 'StalePendingTransactions', value: 0 });
  });

  it('leaves versions in conflict to the reconciler, and counts a commission whose shopper is erased', async () => {
    const erased = observation('erased', {});
    const { ports, transactions } = await createTable([
      observation('conflict', {}),
      observation('conflict', { amountMinor: 900 }),
      erased,
    ]);
    const standing = await transactions.read('order#erased');
    await transactions.write(
      { ...mergeTransaction(undefined, erased).record, erasedAt: '2026-02-01T00:00:00.000Z' },
      standing?.revision ?? 0,
    );

    const { stalePending } = await scanTransactions(AGES, ports);

    expect(stalePending).toBe(1);
  });

  it('lets the personal data of what is final and old expire on the way', async () => {
    const { ports, transactions } = await createTable([
      observation('final', { status: 'validated', modifiedDate: '2025-01-01T00:00:00Z' }),
    ]);

    const found = await scanTransactions(AGES, ports);

    expect(found).toEqual({ expired: 1, stalePending: 0 });
    expect(transactions.all()[0]).toMatchObject({ erasedAt: NOW.toISOString() });
  });

  it('emits nothing if the scan breaks off: half a count would be a wrong one', async () => {
    const { ports, all, measured } = await createTable([observation('old', {})]);
    async function* breakingOff(): AsyncGenerator<Scanned> {
      yield* all();
      throw new Error('The table is down');
    }

    const scanning = scanTransactions(AGES, { ...ports, all: breakingOff() });

    await expect(scanning).rejects.toThrow('The table is down');
    expect(measured).toEqual([]);
  });
});
