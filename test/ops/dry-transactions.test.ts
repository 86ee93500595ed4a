import { expect, it } from 'vitest';

import { everythingIsLive } from '../fakes/cut-over.ts';
import { createInMemoryCheckouts } from '../fakes/in-memory-checkouts.ts';
import { dryTransactions } from '../../ops/dry-transactions.ts';
import { createInMemoryTransactions } from '../fakes/in-memory-transactions.ts';
import { applyWebhook } from '../../shared/transactions/apply-webhook.ts';
import { createInMemoryQuarantine } from '../fakes/in-memory-stores.ts';
import pending from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };

it('a dry run builds on what it would have written, and writes nothing', async () => {
  const store = createInMemoryTransactions();
  const apply = (transactions: typeof store | ReturnType<typeof dryTransactions>, changes: object) => {
    const body = Buffer.from(JSON.stringify({ ...pending, data: { ...pending.data, ...changes } }));
    const [now, metrics] = [() => new Date('2026-06-01T12:00:00.000Z'), { add: () => undefined }];
    const stores = { checkouts: createInMemoryCheckouts(), quarantine: createInMemoryQuarantine() };
    const ports = { transactions, ...stores, cutOver: everythingIsLive, metrics, now };
    return applyWebhook({ body, receivedAt: '2026-06-01T12:00:00.000Z' }, ports);
  };
  await apply(store, {});
  const current = store.all();
  const dry = dryTransactions(store);
  const later = { amount: 1, modified_date: '2026-06-01T11:00:00Z' };

  const outcomes = [await apply(dry, later), await apply(dry, later)];

  expect(outcomes).toEqual(['applied', 'unchanged']);
  expect(store.all()).toEqual(current);
});
