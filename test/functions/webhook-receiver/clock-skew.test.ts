// @module-tag volume
import { createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { everythingIsLive } from '../../fakes/cut-over.ts';
import { createInMemoryCheckouts } from '../../fakes/in-memory-checkouts.ts';
import { receiveEvent } from '../../../functions/webhook-receiver/receive-event.ts';
import { readTransaction } from '../../../shared/validation/webhooks/transaction-wire.ts';
import { applyTransaction } from '../../../shared/transactions/apply-transaction.ts';
import { createSampler } from '../../../shared/runtime/sampler.ts';
import { createInMemoryQuarantine } from '../../fakes/in-memory-stores.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';
import pending from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { volume } from '../../volume.ts';

const SECRETS = [{ name: 'main', secret: 'whsec-1' }];
const START_MS = Date.parse('2026-06-01T12:00:00.000Z');
const MINUTE_MS = 60_000;

/** Button's reports on one order, by webhook or in a page of its API, a minute apart. */
const history = fc.array(
  fc.record({
    by: fc.constantFrom('webhook', 'webhook', 'forgery', 'api'),
    status: fc.constantFrom('pending', 'pending', 'validated', 'declined'),
    amount: fc.constantFrom(0, 100, 368),
    second: fc.integer({ min: 0, max: 3 }),
  }),
  { minLength: 1, maxLength: 10 },
);
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

/**
 * Runs a history while this system's clock is off by `skewMs`. Returns the answers, and what is stored except
 * when it was seen.
 */
async function live(all: History, skewMs: number): Promise<unknown> {
  const transactions = createInMemoryTransactions();
  const reading = { status: 'set', value: SECRETS } as const;
  const secrets = { read: () => Promise.resolve(reading), refresh: () => Promise.resolve(reading) };
  const outcomes: string[] = [];
  for (const [minute, { by, second, ...changes }] of all.entries()) {
    const now = (): Date => new Date(START_MS + minute * MINUTE_MS + skewMs);
    const data = { ...pending.data, ...changes, modified_date: `2026-06-01T11:00:0${second}Z` };
    if (by === 'api') {
      const row = readTransaction(data);
      if (!row.ok) throw new Error('not a row');
      const { outcome } = await applyTransaction(
        { transactions, now: () => new Date() },
        {
          transaction: row.transaction,
          payload: data,
          source: { kind: 'api', readStartedAt: now().toISOString() },
          seenAt: now().toISOString(),
          delivery: 'live',
        },
      );
      outcomes.push(outcome);
      continue;
    }
    const body = Buffer.from(JSON.stringify({ ...pending, id: `hook-${minute}`, data }));
    const secret = by === 'forgery' ? 'guessed' : 'whsec-1';
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    outcomes.push(
      await receiveEvent(
        { body, signature },
        {
          ...{ secrets, transactions, now, quarantine: createInMemoryQuarantine() },
          checkouts: createInMemoryCheckouts(),
          cutOver: everythingIsLive,
          defer: () => Promise.reject(new Error('nothing is down')),
          forgeries: createSampler(1000, () => 0),
          metrics: { add: () => undefined },
        },
      ),
    );
  }
  const current = JSON.stringify(transactions.all(), (name, value: unknown) =>
    ['seenAt', 'shownAt', 'storedAt', 'version', 'source'].includes(name) ? undefined : value,
  );
  return { outcomes, current };
}

describe('a clock of ours that is', () => {
  it.each([
    ['an hour ahead', 60 * MINUTE_MS],
    ['an hour behind', -60 * MINUTE_MS],
    ['years behind', -3000 * 24 * 60 * MINUTE_MS],
  ])(
    '%s changes neither which signatures are valid nor which version is current (C16)',
    async (_name, skewMs) => {
      await fc.assert(
        fc.asyncProperty(history, async (all) => {
          expect(await live(all, skewMs)).toEqual(await live(all, 0));
        }),
        { numRuns: volume({ short: 50, long: 200 }) },
      );
    },
  );
});
