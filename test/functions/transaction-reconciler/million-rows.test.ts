// @module-tag volume
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from 'vitest';

import { reconcile } from '../../../shared/reconciliation/reconcile.ts';
import { readTransaction } from '../../../shared/validation/webhooks/transaction-wire.ts';
import type { TransactionsApi } from '../../../shared/button/transactions-api.ts';
import type { TransactionRecord } from '../../../shared/validation/webhooks/transaction.ts';
import type { TransactionStore } from '../../../shared/transactions/store/transaction-store.ts';
import { createInMemoryPositions } from '../../fakes/in-memory-positions.ts';
import { createInMemoryQuarantine } from '../../fakes/in-memory-stores.ts';
import { volume } from '../../volume.ts';
import { mergeTransaction } from '../../fakes/merge-first.ts';

setFlagsFromString('--expose-gc');
/** Leaves only live objects on the heap, so that its size does not depend on chance. */
const collectGarbage = runInNewContext('gc') as () => void;

const ACCOUNT = 'acc-1';
const PAGE_SIZE = 100;
const PAGES_IN_SLICE = 250;
/** Compared with 10,000 rows. */
const ROWS = volume({ short: 25_000, long: 1_000_000 });
/** How much more the heap may hold: about 80 bytes a row in the short run, 8 in the long one. */
const MOST_GROWTH_BYTES = volume({ short: 3, long: 8 }) * 1024 * 1024;
const NOW = new Date('2026-06-14T23:59:59Z');

function rowAt(index: number, amount = 100) {
  return {
    id: `tx-${index}`,
    button_order_id: `btnorder-${index}`,
    account_id: ACCOUNT,
    status: 'pending',
    category: 'new-user-order',
    created_date: '2026-06-14T00:00:00Z',
    modified_date: '2026-06-14T12:00:00Z',
    amount,
    currency: 'USD',
  };
}

/** A list of this many rows, created page by page as it is read. */
function lazyApi(rows: number) {
  const counts = { requests: 0 };
  const api: TransactionsApi = {
    listAccounts: () =>
      Promise.resolve({ ok: true, value: { accounts: [{ id: ACCOUNT, currency: 'USD' }], malformed: 0 } }),
    listTransactions({ page, pageSize }) {
      counts.requests += 1;
      const first = Number(page?.next.cursor ?? 0);
      const length = Math.min(pageSize, rows - first);
      const next = first + length;
      return Promise.resolve({
        ok: true,
        value: {
          rows: Array.from({ length }, (_, index) => rowAt(first + index)),
          next: next < rows ? { cursor: String(next), printed: null } : null,
        },
      });
    },
  };
  return { api, counts };
}

/**
 * A table that already holds every row, one in a thousand with another amount. Rows are created on request.
 */
function lazyTransactions() {
  const counts = { keysRead: 0, reads: 0, writes: 0 };
  const store: TransactionStore = {
    read: () => Promise.reject(new Error('Rows are looked up in batches')),
    find: () => Promise.reject(new Error('Rows are looked up in batches')),
    putAlias: () => Promise.reject(new Error('Every row is known')),
    readMany(keys) {
      counts.reads += 1;
      counts.keysRead += keys.length;
      return Promise.resolve(new Map(keys.map((key) => [key, { value: recordOf(key), revision: 1 }])));
    },
    write(record, expectedRevision) {
      counts.writes += 1;
      return Promise.resolve({ ok: true, stored: { value: record, revision: expectedRevision + 1 } });
    },
  };
  return { store, counts };
}

function recordOf(key: string): TransactionRecord {
  const index = Number(key.slice('order#btnorder-'.length));
  const record = index % 1000 === 0 ? STALE : KNOWN;
  const seen = record.seen.map((version) => ({
    ...version,
    payload: rowAt(index),
    transaction: { ...version.transaction, id: `tx-${index}`, buttonOrderId: `btnorder-${index}` },
  }));
  const [{ transaction, payload } = record.candidates[0]] = seen;
  return { ...record, key, buttonIds: [`tx-${index}`], seen, candidates: [{ transaction, payload }] };
}

function knownRecord(row: object): TransactionRecord {
  const reading = readTransaction(row);
  if (!reading.ok) throw new Error('not a row');
  return mergeTransaction(undefined, {
    transaction: reading.transaction,
    payload: row,
    source: { kind: 'webhook', eventId: 'hook-1' },
    seenAt: '2026-06-14T12:00:01.000Z',
    delivery: 'live',
  }).record;
}

const KNOWN = knownRecord(rowAt(0));
const STALE = knownRecord({ ...rowAt(0, 90), modified_date: '2026-06-14T00:00:00Z' });

/** Reads this many rows in slices of some hundred pages. Returns the cost. */
async function readAll(rows: number) {
  const { api, counts: apiCounts } = lazyApi(rows);
  const { store, counts: storeCounts } = lazyTransactions();
  const positions = createInMemoryPositions();
  await positions.create({
    account: ACCOUNT,
    stream: 'incremental',
    fence: 0,
    readThrough: '2026-06-14T00:00:00Z',
    historicalBefore: null,
  });
  let pagesInSlice = 0;
  let slices = 0;
  let peakHeapBytes = 0;
  for (let outcome = 'handed-on'; outcome === 'handed-on'; slices += 1) {
    pagesInSlice = 0;
    ({ outcome } = await reconcile(
      { account: ACCOUNT, stream: 'incremental' },
      {
        api,
        positions,
        transactions: store,
        quarantine: createInMemoryQuarantine(),
        send: () => Promise.resolve(),
        metrics: { add: () => undefined },
        windows: { overlapMs: 0, lagMs: 0 },
        pageSize: PAGE_SIZE,
        driftRetentionDays: 400,
        timeLeft: () => (pagesInSlice += 1) <= PAGES_IN_SLICE,
        now: () => NOW,
      },
    ));
    collectGarbage();
    peakHeapBytes = Math.max(peakHeapBytes, process.memoryUsage().heapUsed);
  }
  const report = await positions.readReport({ account: ACCOUNT, day: '2026-06-14' });
  return { ...apiCounts, ...storeCounts, slices, peakHeapBytes, report };
}

describe(`an account with ${ROWS} transactions`, () => {
  it('is read with one request and one batch read per page, writes only for changes, and a flat heap (E7)', async () => {
    const small = await readAll(10_000);
    const large = await readAll(ROWS);

    expect(large).toMatchObject({
      requests: ROWS / PAGE_SIZE,
      reads: ROWS / PAGE_SIZE,
      keysRead: ROWS,
      writes: ROWS / 1000,
      slices: ROWS / PAGE_SIZE / PAGES_IN_SLICE,
      report: {
        rows: ROWS,
        webhookRows: ROWS - ROWS / 1000,
        stale: ROWS / 1000,
        'staleAmountMinor#USD': ROWS / 100,
      },
    });
    expect(large.peakHeapBytes - small.peakHeapBytes).toBeLessThan(MOST_GROWTH_BYTES);
  });
});
