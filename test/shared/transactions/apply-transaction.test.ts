import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  recordStatus,
  transactionContent,
  type TransactionRecord,
} from '../../../shared/validation/webhooks/transaction.ts';
import { applyTransaction } from '../../../shared/transactions/apply-transaction.ts';
import type { TransactionStore } from '../../../shared/transactions/store/transaction-store.ts';
import type { Versioned } from '../../../shared/dynamodb/versioned-item.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';
import { webhook } from '../../fakes/observation.ts';

const KEY = 'order#btnorder-1';
const now = () => new Date(1);

const observations = fc.array(
  fc
    .record({
      status: fc.constantFrom('pending', 'pending', 'validated', 'declined'),
      second: fc.integer({ min: 0, max: 4 }),
      amountMinor: fc.constantFrom(0, 100, 600),
    })
    .map(({ second, ...changes }) =>
      webhook(0, { ...changes, modifiedDate: `2026-01-01T10:00:0${second}Z` }),
    ),
  { minLength: 1, maxLength: 8 },
);

/** A store whose reads miss the latest writes: each entry of the list says how many for one read. */
function behind(store: TransactionStore, lags: readonly number[]): TransactionStore {
  const history: (Versioned<TransactionRecord> | undefined)[] = [undefined];
  let reads = 0;
  return {
    ...store,
    find(asked, options) {
      if (options?.consistent === true || asked !== KEY) return store.find(asked, options);
      const lag = lags[reads % Math.max(1, lags.length)] ?? 0;
      reads += 1;
      const stored = history.at(Math.max(0, history.length - 1 - lag));
      return Promise.resolve({ key: asked, stored: structuredClone(stored) });
    },
    async write(record, expectedRevision) {
      const result = await store.write(record, expectedRevision);
      if (result.ok) history.push(result.stored);
      return result;
    },
  };
}

function currentState(record: TransactionRecord | undefined): unknown {
  return (
    record && {
      status: recordStatus(record),
      version: record.version,
      contents: record.candidates.map(
        ({ transaction: it }) => `${transactionContent(it)} ${it.modifiedDate}`,
      ),
    }
  );
}

describe('applyTransaction', () => {
  it('has the same result however stale reads are: the condition of the write decides (F3)', async () => {
    await fc.assert(
      fc.asyncProperty(observations, fc.array(fc.nat(5), { maxLength: 8 }), async (all, lags) => {
        const fresh = createInMemoryTransactions();
        const late = createInMemoryTransactions();
        const store = behind(late, lags);

        for (const one of all) await applyTransaction({ transactions: fresh, now }, one);
        for (const one of all) await applyTransaction({ transactions: store, now }, one);

        expect(currentState((await late.read(KEY))?.value)).toEqual(
          currentState((await fresh.read(KEY))?.value),
        );
        expect(late.changes().map(({ after }) => after.version)).toEqual(
          fresh.changes().map(({ after }) => after.version),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('gives up after five lost races, and says that another try can help (D10)', async () => {
    const store = createInMemoryTransactions();
    const first = webhook(0);
    const second = webhook(0, { amountMinor: 400, modifiedDate: '2026-01-01T10:00:01Z' });
    await applyTransaction({ transactions: store, now }, first);
    const current = (await store.read(KEY)) as Versioned<TransactionRecord>;
    let writes = 0;
    const contested: TransactionStore = {
      ...store,
      write: () => {
        writes += 1;
        return Promise.resolve({ ok: false, current });
      },
    };

    await expect(applyTransaction({ transactions: contested, now }, second)).rejects.toThrow(
      'Too many writers',
    );
    expect(writes).toBe(5);
  });
});

it('a conflict is noted again whenever a version adds to it: only a read after the last one settles it', async () => {
  const transactions = createInMemoryTransactions();
  const noted: string[] = [];
  const apply = (amountMinor: number, minute: number) =>
    applyTransaction(
      {
        transactions,
        noteConflicts: (notes) => {
          noted.push(...notes.map(({ since }) => since));
          return Promise.resolve();
        },
        now: () => new Date(minute * 60_000),
      },
      webhook(0, { status: 'validated', amountMinor }, { seenAt: new Date(minute * 60_000).toISOString() }),
    );

  for (const [amountMinor, minute] of [
    [100, 1],
    [200, 2],
    [200, 3],
    [250, 9],
  ] as const)
    await apply(amountMinor, minute);

  expect([...new Set(noted)]).toEqual(['1970-01-01T00:02:00.000Z', '1970-01-01T00:09:00.000Z']);
});
