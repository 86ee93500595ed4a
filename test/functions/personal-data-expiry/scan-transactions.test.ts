import { describe, expect, it } from 'vitest';

import {
  scanTransactions,
  type ScanTransactionsPorts,
} from '../../../functions/personal-data-expiry/scan-transactions.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import type { Observation, Transaction } from '../../../shared/validation/webhooks/transaction.ts';
import type { ExpiryPass } from '../../../shared/transactions/store/expiry-pass-store.ts';
import type { Scanned } from '../../../shared/transactions/store/transaction-scan.ts';
import { createInMemoryExpiryPass } from '../../fakes/in-memory-expiry-pass.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';
import { giveWayTo } from '../../../shared/transactions/rules/merge-transaction.ts';
import { mergeTransaction } from '../../fakes/merge-first.ts';

const NOW = new Date('2026-06-01T00:00:00.000Z');
const DAY_MS = 86_400_000;
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
      commerceOrganizationName: null,
      linesDigest: null,
      purchaseDate: null,
      publisherCustomerId: 'user-1',
      pubRef: null,
      ...changes,
    },
    payload: {},
    source: { kind: 'webhook', eventId: `hook-${buttonOrderId}` },
    seenAt: changes.modifiedDate ?? LONG_AGO,
    delivery: 'live',
  };
}

/** A table in pages of this size, and a run's ports to it. */
async function createTable(
  observations: readonly Observation[],
  pageSize = 100,
  windows: ReadonlyMap<string, number> = new Map(),
) {
  const transactions = createInMemoryTransactions();
  for (const observed of observations) {
    const current = await transactions.read(`order#${observed.transaction.buttonOrderId ?? ''}`);
    const { record } = mergeTransaction(current?.value, observed);
    await transactions.write({ ...record, storedAt: observed.seenAt }, current?.revision ?? 0);
  }
  const measured: Measured[] = [];
  const passes = createInMemoryExpiryPass<ExpiryPass>();
  const clock = { now: NOW };
  const ports: ScanTransactionsPorts = {
    passes,
    windows: () => Promise.resolve(windows),
    scanPage(after) {
      const keys = transactions.all().map(({ key }) => key);
      const start = after === undefined ? 0 : keys.indexOf(after) + 1;
      const onPage = keys.slice(start, start + pageSize);
      const isLast = start + pageSize >= keys.length;
      return Promise.resolve({ scanned: readEach(onPage), next: isLast ? undefined : onPage.at(-1) });
    },
    timeLeft: () => true,
    transactions,
    readOwner: (key) => transactions.read(key),
    deletePart: () => Promise.resolve(),
    metrics: { add: (one) => void measured.push(one) },
    now: () => clock.now,
  };
  async function* readEach(keys: readonly string[]): AsyncGenerator<Scanned> {
    for (const key of keys) {
      const stored = await transactions.read(key);
      if (stored) yield { kind: 'record', stored };
    }
  }
  return { ports, measured, transactions, passes, clock };
}

const AGES = { personalDataDays: 400, finalizationDays: 90, graceDays: 30 };

describe('scanTransactions', () => {
  it('counts transactions that are pending long after their creation, with their commission by currency (E16)', async () => {
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

    expect(found).toEqual({ outcome: 'finished', expired: 0 });
    expect(measured).toEqual([
      { name: 'StalePendingTransactions', value: 4 },
      { name: 'StalePendingAmountMinor', value: 750, dimensions: { Currency: 'USD' } },
      { name: 'StalePendingAmountMinor', value: 70, dimensions: { Currency: 'EUR' } },
      { name: 'StalePendingAmountMinor', value: 0, dimensions: { Currency: 'unknown' } },
      { name: 'PersonalDataExpired', value: 0 },
    ]);
  });

  it('counts a transaction from the very second on in which its time is over (E16)', async () => {
    const { ports, measured } = await createTable([
      observation('just-over', { createdDate: '2026-01-31T23:59:59Z' }),
      observation('just-not', { createdDate: '2026-02-01T00:00:00Z' }),
    ]);

    await scanTransactions(AGES, ports);

    expect(measured).toContainEqual({ name: 'StalePendingTransactions', value: 1 });
  });

  it('reports 0 if nothing is overdue, so that silence does not look like 0', async () => {
    const { ports, measured } = await createTable([]);

    await scanTransactions(AGES, ports);

    expect(measured).toContainEqual({ name: 'StalePendingTransactions', value: 0 });
  });

  it('leaves versions in conflict to the reconciler, and counts a commission whose shopper is erased', async () => {
    const erased = observation('erased', {});
    const { ports, transactions, measured } = await createTable([
      observation('conflict', {}),
      observation('conflict', { amountMinor: 900 }),
      erased,
    ]);
    const current = await transactions.read('order#erased');
    await transactions.write(
      { ...mergeTransaction(undefined, erased).record, erasedAt: '2026-02-01T00:00:00.000Z' },
      current?.revision ?? 0,
    );

    await scanTransactions(AGES, ports);

    expect(measured).toContainEqual({ name: 'StalePendingTransactions', value: 1 });
  });

  it('counts a purchase once, not the record that gave way to it as well', async () => {
    const { ports, transactions, measured } = await createTable([observation('gone', {})]);
    const current = await transactions.read('order#gone');
    if (!current) throw new Error('not stored');
    const { value, revision } = current;
    await transactions.write(giveWayTo('order#other', value, { storedAt: value.storedAt }), revision);

    await scanTransactions(AGES, ports);

    expect(measured).toContainEqual({ name: 'StalePendingTransactions', value: 0 });
  });

  it('removes the personal data of final, old transactions on the way', async () => {
    const { ports, transactions } = await createTable([
      observation('final', { status: 'validated', modifiedDate: '2025-01-01T00:00:00Z' }),
    ]);

    const found = await scanTransactions(AGES, ports);

    expect(found).toEqual({ outcome: 'finished', expired: 1 });
    expect(transactions.all()[0]).toMatchObject({ erasedAt: NOW.toISOString() });
  });

  it('transactions, requirement 13: keeps what is pending and old until its brand’s own window and the grace are over', async () => {
    const old = { createdDate: '2025-01-01T10:00:00Z', modifiedDate: '2025-01-01T10:00:00Z' };
    const pending = [
      observation('long-window', { ...old, commerceOrganization: 'org-long' }),
      observation('short-window', { ...old, commerceOrganization: 'org-short' }),
      observation('without-brand', { ...old, commerceOrganization: null }),
    ];
    const windows = new Map([
      ['org-long', 540 * 1440],
      ['org-short', 60 * 1440],
    ]);
    const { ports, transactions, clock } = await createTable(pending, 100, windows);
    const kept = () =>
      transactions.all().flatMap(({ key, erasedAt }) => (erasedAt === undefined ? [key] : []));

    await scanTransactions(AGES, ports);
    const keptAtFirst = kept();
    clock.now = new Date(clock.now.getTime() + 60 * DAY_MS);
    await scanTransactions(AGES, ports);

    expect([keptAtFirst, kept()]).toEqual([['order#long-window'], []]);
  });

  it('counts nothing as overdue if the scan breaks off, because a partial count would be wrong', async () => {
    const { ports, measured } = await createTable([observation('old', {})]);
    const { scanPage } = ports;
    async function* breakingOff(all: AsyncIterable<Scanned>): AsyncGenerator<Scanned> {
      yield* all;
      throw new Error('The table is down');
    }

    const scanning = scanTransactions(AGES, {
      ...ports,
      scanPage: async (after) => {
        const page = await scanPage(after);
        return { ...page, scanned: breakingOff(page.scanned) };
      },
    });

    await expect(scanning).rejects.toThrow('The table is down');
    expect(measured).toEqual([{ name: 'PersonalDataExpired', value: 0 }]);
  });
});

/**
 * Transactions of every kind. Personal data of the old and final ones expires; the old and pending ones are
 * overdue.
 */
function everyKind(): Observation[] {
  return Array.from({ length: 23 }, (_, n) => [
    observation(`old-${n}`, { amountMinor: n, currency: n % 2 === 0 ? 'USD' : 'EUR' }),
    observation(`final-${n}`, { status: 'validated', modifiedDate: '2025-01-01T00:00:00Z' }),
    observation(`young-${n}`, { createdDate: '2026-05-05T00:00:00Z' }),
  ]).flat();
}

const erasedKeys = ({ transactions }: Awaited<ReturnType<typeof createTable>>): string[] =>
  transactions.all().flatMap(({ key, erasedAt }) => (erasedAt === undefined ? [] : [key]));

const sumOf = (measured: readonly Measured[], name: string): number =>
  measured.filter((one) => one.name === name).reduce((sum, { value }) => sum + value, 0);

const stalePendingOf = (measured: readonly Measured[]): Measured[] =>
  measured.filter(({ name }) => name.startsWith('StalePending'));

describe('a pass of several runs', () => {
  it.each([1, 2, 7])('of %i pages each finds what a single run finds (E16)', async (pagesInRun) => {
    const atOnce = await createTable(everyKind());
    const sliced = await createTable(everyKind(), 5);
    await scanTransactions(AGES, atOnce.ports);

    const outcomes: string[] = [];
    do {
      let pages = 1;
      const timeLeft = (): boolean => (pages += 1) <= pagesInRun;
      outcomes.push((await scanTransactions(AGES, { ...sliced.ports, timeLeft })).outcome);
      // What becomes old during the pass is for the next one.
      sliced.clock.now = new Date(sliced.clock.now.getTime() + 40 * DAY_MS);
    } while (outcomes.at(-1) === 'paused');

    expect(outcomes).toHaveLength(Math.ceil(14 / pagesInRun));
    expect(outcomes.at(-1)).toBe('finished');
    expect(erasedKeys(sliced)).toEqual(erasedKeys(atOnce));
    expect(erasedKeys(sliced)).toHaveLength(23);
    expect(sumOf(sliced.measured, 'PersonalDataExpired')).toBe(23);
    expect(stalePendingOf(sliced.measured)).toEqual(stalePendingOf(atOnce.measured));
    expect(sumOf(sliced.measured, 'StalePendingTransactions')).toBe(23);
  });

  it('reads a page again if the run died before it was saved, and counts it once (C5)', async () => {
    const calm = await createTable(everyKind(), 5);
    await scanTransactions(AGES, calm.ports);
    const table = await createTable(everyKind(), 5);
    let saves = 0;
    const dying = {
      ...table.passes,
      save: (...saving: Parameters<typeof table.passes.save>) => {
        saves += 1;
        return saves === 4 ? Promise.reject(new Error('died')) : table.passes.save(...saving);
      },
    };

    await expect(scanTransactions(AGES, { ...table.ports, passes: dying })).rejects.toThrow('died');
    const saved = await table.passes.read();
    const { outcome } = await scanTransactions(AGES, table.ports);

    expect(saved).toMatchObject({ revision: 3 });
    expect(outcome).toBe('finished');
    expect(erasedKeys(table)).toEqual(erasedKeys(calm));
    expect(stalePendingOf(table.measured)).toEqual(stalePendingOf(calm.measured));
  });

  it('is not advanced twice by two runs at once: one goes on, the other stops', async () => {
    const calm = await createTable(everyKind(), 5);
    await scanTransactions(AGES, calm.ports);
    const table = await createTable(everyKind(), 5);

    const runs = await Promise.all([
      scanTransactions(AGES, table.ports),
      scanTransactions(AGES, table.ports),
    ]);

    expect(runs.map(({ outcome }) => outcome).sort()).toEqual(['finished', 'overtaken']);
    expect(await table.passes.read()).toMatchObject({ revision: 14 });
    expect(erasedKeys(table)).toEqual(erasedKeys(calm));
    expect(stalePendingOf(table.measured)).toEqual(stalePendingOf(calm.measured));
  });

  it('is not moved back by a run that resumes late', async () => {
    const table = await createTable(everyKind(), 5);
    const late = await table.passes.read();
    await scanTransactions(AGES, { ...table.ports, timeLeft: () => false });
    await scanTransactions(AGES, { ...table.ports, timeLeft: () => false });
    const current = await table.passes.read();

    const run = await scanTransactions(AGES, {
      ...table.ports,
      passes: { ...table.passes, read: () => Promise.resolve(late) },
    });

    expect(run.outcome).toBe('overtaken');
    expect(await table.passes.read()).toEqual(current);
  });

  it('starts again a week after it started, and until then a run is a single read', async () => {
    const { ports, passes, clock, measured } = await createTable([observation('old', {})]);
    await scanTransactions(AGES, ports);
    measured.length = 0;
    const nothingElse = (): never => {
      throw new Error('Nothing was due');
    };
    let reads = 0;
    const reading = {
      ...ports,
      passes: { read: () => ((reads += 1), passes.read()), save: nothingElse },
      scanPage: nothingElse,
    };

    clock.now = new Date(NOW.getTime() + 7 * DAY_MS - 1);
    const early = await scanTransactions(AGES, reading);
    const saidEarly = [...measured];
    clock.now = new Date(NOW.getTime() + 7 * DAY_MS);
    const due = await scanTransactions(AGES, ports);

    expect(early).toEqual({ outcome: 'nothing-due', expired: 0 });
    expect(reads).toBe(1);
    expect(saidEarly).toEqual([]);
    expect(due.outcome).toBe('finished');
    expect(await passes.read()).toMatchObject({
      value: {
        startedAt: clock.now.toISOString(),
        finishedAt: clock.now.toISOString(),
        stalePending: { transactions: 1, amountsMinor: { USD: 600 } },
      },
    });
  });

  it('that takes more than a week is finished before the next one starts', async () => {
    const { ports, passes, clock } = await createTable(everyKind(), 50);
    await scanTransactions(AGES, { ...ports, timeLeft: () => false });
    clock.now = new Date(NOW.getTime() + 30 * DAY_MS);

    const [second, third] = [await scanTransactions(AGES, ports), await scanTransactions(AGES, ports)];

    expect([second.outcome, third.outcome]).toEqual(['finished', 'finished']);
    expect(await passes.read()).toMatchObject({ value: { startedAt: clock.now.toISOString() } });
  });
});
