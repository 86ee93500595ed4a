// @module-tag volume
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  recordStatus,
  type Observation,
  type Transaction,
} from '../../../../shared/validation/webhooks/transaction.ts';
import { eraseTransaction } from '../../../../shared/transactions/rules/erase-transaction.ts';
import { applyTransaction } from '../../../../shared/transactions/apply-transaction.ts';
import { CLOCKS_APART_MS } from '../../../../shared/transactions/rules/clocks.ts';
import type { TransactionStore } from '../../../../shared/transactions/store/transaction-store.ts';
import {
  createInMemoryTransactions,
  type InMemoryTransactions,
} from '../../../fakes/in-memory-transactions.ts';
import { webhook } from '../../../fakes/observation.ts';
import { volume } from '../../../volume.ts';

let clockMs = Date.parse('2026-01-02T00:00:00Z');

function version(changes: Partial<Transaction>): Observation {
  return webhook(0, { buttonOrderId: 'O', ...changes }, { seenAt: new Date(clockMs).toISOString() });
}

/** The writer's clock may be ahead of the others'. */
function apply(transactions: TransactionStore, observation: Observation, aheadMs = 0) {
  clockMs += 1000;
  return applyTransaction({ transactions, now: () => new Date(clockMs + aheadMs) }, observation);
}

/** The records that count, and the value of each. */
function counting(transactions: InMemoryTransactions) {
  return transactions
    .all()
    .filter(({ mergedInto }) => mergedInto === undefined)
    .map((record) => ({
      key: record.key,
      status: recordStatus(record),
      amount: record.candidates[0].transaction.amountMinor,
    }));
}

/** The records that have given way, under a version that is not lower than that of the one that counts. */
function aboveTheOneThatCounts(transactions: InMemoryTransactions): string[] {
  const all = transactions.all();
  return all.flatMap(({ key, mergedInto, version }) => {
    const home = all.find((one) => one.key === mergedInto);
    return home && home.version <= version ? [key] : [];
  });
}

const withoutOrder = { buttonOrderId: null };
const validated = { status: 'validated', modifiedDate: '2026-01-03T00:00:00Z', amountMinor: 500 } as const;

describe('one purchase is one record under one key', () => {
  it('if the order id comes later: it keeps the key under which it was stored first', async () => {
    const store = createInMemoryTransactions();

    await apply(store, version(withoutOrder));
    await apply(store, version(validated));
    await apply(store, version({ ...validated, ...withoutOrder }));

    expect(counting(store)).toEqual([{ key: 'tx#tx-1', status: 'validated', amount: 500 }]);
    expect((await store.read('order#O'))?.value.key).toBe('tx#tx-1');
    const [{ transaction } = { transaction: undefined }] = store.all()[0]?.candidates ?? [];
    expect(transaction?.buttonOrderId).toBe('O');
  });

  it('if the order id is missing later', async () => {
    const store = createInMemoryTransactions();

    await apply(store, version({}));
    await apply(store, version({ ...validated, ...withoutOrder }));

    expect(counting(store)).toEqual([{ key: 'order#O', status: 'validated', amount: 500 }]);
  });

  it('if Button changes its id with the state', async () => {
    const store = createInMemoryTransactions();

    await apply(store, version({}));
    await apply(store, version({ ...validated, id: 'tx-2' }));
    await apply(store, version({ ...validated, ...withoutOrder, id: 'tx-2' }));

    expect(counting(store)).toEqual([{ key: 'order#O', status: 'validated', amount: 500 }]);
  });

  it('if two records turn out to be one purchase: the younger one is merged and has no value', async () => {
    const store = createInMemoryTransactions();
    await apply(store, version(withoutOrder));
    await apply(store, version({ ...validated, ...withoutOrder, id: 'tx-2' }));

    await apply(store, version({}));
    await apply(store, version({ ...validated, id: 'tx-2' }));

    expect(counting(store)).toEqual([{ key: 'tx#tx-1', status: 'validated', amount: 500 }]);
    expect((await store.read('tx#tx-2'))?.value.mergedInto).toBe('tx#tx-1');
    const changes = store.changes().length;
    await apply(store, version({ ...validated, ...withoutOrder, id: 'tx-2' }));
    expect(store.changes()).toHaveLength(changes);
  });

  it('but two orders under one of Button’s ids are two purchases', async () => {
    const store = createInMemoryTransactions();

    await apply(store, version({}));
    await apply(store, version({ buttonOrderId: 'P', amountMinor: 100 }));

    expect(counting(store)).toMatchObject([
      { key: 'order#O', amount: 600 },
      { key: 'order#P', amount: 100 },
    ]);
  });

  it('reads only its order if the purchase is known', async () => {
    const store = createInMemoryTransactions();
    await apply(store, version({}));
    const asked: string[] = [];
    const watched: TransactionStore = {
      ...store,
      find: (key, options) => {
        asked.push(key);
        return store.find(key, options);
      },
    };

    await apply(watched, version({}));

    expect(asked).toEqual(['order#O']);
  });
});

/** A store that fails at this call, before or after it is carried out. */
function dying(store: InMemoryTransactions, at: { call: number; isDone: boolean }): TransactionStore {
  let calls = 0;
  const step = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    calls += 1;
    const isLast = calls === at.call;
    if (isLast && !at.isDone) throw new Error('died');
    const result = await act();
    if (isLast) throw new Error('died');
    return result;
  };
  return {
    ...store,
    find: (key, options) => step(() => store.find(key, options)),
    putAlias: (alias, key) => step(() => store.putAlias(alias, key)),
    write: (record, revision) => step(() => store.write(record, revision)),
  };
}

const facts = [
  version({}),
  version(withoutOrder),
  version(validated),
  version({ ...validated, ...withoutOrder }),
  version({ ...validated, id: 'tx-2' }),
  version({ ...validated, ...withoutOrder, id: 'tx-2' }),
] as const;

describe('in any order of the facts', () => {
  it('and wherever a writer dies, one record counts, with the value that Button states', async () => {
    const aheadMs = fc.integer({ min: 0, max: CLOCKS_APART_MS });
    const deaths = fc.array(
      fc.record({ call: fc.integer({ min: 1, max: 9 }), isDone: fc.boolean(), aheadMs }),
      { minLength: facts.length, maxLength: facts.length },
    );
    const order = fc.shuffledSubarray([...facts], { minLength: facts.length, maxLength: facts.length });
    await fc.assert(
      fc.asyncProperty(order, deaths, async (all, at) => {
        const store = createInMemoryTransactions();
        for (const [index, one] of all.entries()) {
          const death = at[index] ?? { call: 99, isDone: false, aheadMs: 0 };
          await apply(dying(store, death), one, death.aheadMs).catch(() => undefined);
          await apply(store, one);
        }

        expect(counting(store)).toMatchObject([{ status: 'validated', amount: 500 }]);
        expect(aboveTheOneThatCounts(store)).toEqual([]);
        for (const key of ['order#O', 'tx#tx-1', 'tx#tx-2']) {
          const found = (await store.read(key))?.value;
          const home = found?.mergedInto === undefined ? found : (await store.read(found.mergedInto))?.value;
          expect(home?.key).toBe(counting(store)[0]?.key);
        }
      }),
      { numRuns: volume({ short: 100, long: 300 }) },
    );
  });

  it('and with any number of concurrent writers, one record counts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const store = createInMemoryTransactions();
        const slow: TransactionStore = {
          ...store,
          find: (key, options) => scheduler.schedule(Promise.resolve()).then(() => store.find(key, options)),
          putAlias: (alias, key) =>
            scheduler.schedule(Promise.resolve()).then(() => store.putAlias(alias, key)),
          write: (record, revision) =>
            scheduler.schedule(Promise.resolve()).then(() => store.write(record, revision)),
        };
        const racing = Promise.all(facts.map((one) => apply(slow, one).catch(() => undefined)));
        await scheduler.waitFor(racing);
        // A webhook that lost too many races is delivered again.
        for (const one of facts) await apply(store, one);

        expect(counting(store)).toMatchObject([{ status: 'validated', amount: 500 }]);
      }),
      { numRuns: volume({ short: 100, long: 300 }) },
    );
  });
});

describe('a purchase whose shopper was erased', () => {
  const sighting = fc.record({
    id: fc.constantFrom('tx-1', 'tx-2', 'tx-3'),
    buttonOrderId: fc.constantFrom('O', null),
    status: fc.constantFrom('pending', 'validated'),
    publisherCustomerId: fc.constantFrom('user-1', null),
  });

  it('is named by no record any more, whatever turns out to be part of it, and in any order', async () => {
    const erase = async (store: InMemoryTransactions) => {
      for (const { key } of store.all()) {
        const { stored } = await store.find(key);
        if (stored)
          await store.write(eraseTransaction(stored.value, '2026-01-02T00:00:00Z'), stored.revision);
      }
    };
    const some = fc.array(sighting, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(some, some, async (before, after) => {
        const store = createInMemoryTransactions();
        for (const one of before) await apply(store, version(one));
        await erase(store);
        for (const one of after) await apply(store, version(one));
        for (const { id } of [...before, ...after]) await apply(store, version({ id }));

        expect(JSON.stringify(store.all())).not.toContain('user-1');
      }),
      { numRuns: volume({ short: 500, long: 5000 }) },
    );
  });
});

describe('versions', () => {
  it('rise through a restore of the table to any earlier point, and if the table is recreated', async () => {
    const store = createInMemoryTransactions();
    for (const amountMinor of [600, 500, 400]) {
      const modifiedDate = `2026-01-01T1${7 - amountMinor / 100}:00:00Z`;
      await apply(store, version({ amountMinor, modifiedDate }));
    }
    const taken = store.changes().map(({ after }) => after.version);
    const restored = createInMemoryTransactions();
    const [first] = store.changes();
    if (first) await restored.write(first.after, 0);

    await apply(restored, version(validated));
    const anew = createInMemoryTransactions();
    await apply(anew, version(validated));

    for (const table of [restored, anew]) {
      expect(table.all()[0]?.version).toBeGreaterThan(Math.max(...taken));
    }
  });

  it('rise by at least one, even if the clock stops or goes back', async () => {
    const transactions = createInMemoryTransactions();
    const ports = (at: string) => ({ transactions, now: () => new Date(at) });

    await applyTransaction(ports('2026-01-02T00:00:00Z'), version({}));
    await applyTransaction(ports('2026-01-01T00:00:00Z'), version(validated));

    expect(transactions.all()[0]).toMatchObject({
      version: Date.parse('2026-01-02T00:00:00Z') + 1,
      changes: 2,
    });
  });
});
