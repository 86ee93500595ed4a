import type { Breaker } from '../../shared/domain/breaker.ts';
import type { OrderReport } from '../../shared/domain/order-report.ts';
import type { BreakerStore } from '../../shared/store/breaker-store.ts';
import type { OrderReportStore } from '../../shared/store/order-report-store.ts';
import type { QuarantineEntry, QuarantineStore } from '../../shared/store/quarantine-store.ts';
import type { Stored, WriteResult } from '../../shared/store/versioned-item.ts';

/** A ledger that keeps the contract of the one in DynamoDB (test/shared/store/order-report-store.test.ts proves both). */
export type InMemoryLedger = OrderReportStore & { all: () => OrderReport[] };

export function createInMemoryLedger(): InMemoryLedger {
  const reports = new Map<string, Stored<OrderReport>>();
  const due = createSortedSet();
  return {
    all: () => [...reports.values()].map(({ thing }) => thing),
    read: (orderId) => Promise.resolve(structuredClone(reports.get(orderId))),
    write(report, expectedRevision) {
      const standing = reports.get(report.orderId);
      const result = putIfStill(standing, report, expectedRevision);
      if (result.written) {
        if (standing) due.remove(dueKey(standing.thing));
        due.add(dueKey(report));
        reports.set(report.orderId, structuredClone(result.stored));
      }
      return Promise.resolve(result);
    },
    listDue: (now, limit) =>
      Promise.resolve(
        due.upTo(`${now.toISOString()}\uFFFF`, limit).map((key) => {
          const [dueAt = '', orderId = ''] = key.split(/ (.*)/s);
          return { orderId, dueAt };
        }),
      ),
  };
}

export function createInMemoryBreakerStore(): BreakerStore & { current: () => Breaker | undefined } {
  let standing: Stored<Breaker> | undefined;
  return {
    current: () => standing?.thing,
    read: () => Promise.resolve(standing),
    write(breaker, expectedRevision) {
      const result = putIfStill(standing, breaker, expectedRevision);
      if (result.written) standing = result.stored;
      return Promise.resolve(result);
    },
  };
}

export function createInMemoryQuarantine(): QuarantineStore & { entries: Map<string, QuarantineEntry> } {
  const entries = new Map<string, QuarantineEntry>();
  return {
    entries,
    keep(entry) {
      if (!entries.has(entry.id)) entries.set(entry.id, entry);
      return Promise.resolve();
    },
  };
}

function putIfStill<Thing>(
  standing: Stored<Thing> | undefined,
  thing: Thing,
  expectedRevision: number,
): WriteResult<Thing> {
  if (standing && standing.revision !== expectedRevision)
    return { written: false, current: structuredClone(standing) };
  if (!standing && expectedRevision !== 0) throw new Error('There is nothing to write over');
  return { written: true, stored: { thing, revision: expectedRevision + 1 } };
}

/** Where an order stands in the sweep's index; undefined if it does not. */
function dueKey({ orderId, progress }: OrderReport): string | undefined {
  const dueAt =
    progress.state === 'claimed' ? progress.wakeAt : 'dueAt' in progress ? progress.dueAt : undefined;
  return dueAt === undefined ? undefined : `${dueAt} ${orderId}`;
}

/** Strings in order. */
function createSortedSet() {
  const keys: string[] = [];
  const placeOf = (key: string): number => {
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    add(key: string | undefined) {
      if (key !== undefined) keys.splice(placeOf(key), 0, key);
    },
    remove(key: string | undefined) {
      if (key !== undefined) keys.splice(placeOf(key), 1);
    },
    upTo: (key: string, limit: number) => keys.slice(0, Math.min(placeOf(key), limit)),
  };
}
