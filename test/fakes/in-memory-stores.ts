import type { Breaker } from '../../shared/orders/rules/breaker.ts';
import type { LedgerEntry, OrderState } from '../../shared/orders/rules/order-ledger.ts';
import type { BreakerStore } from '../../shared/orders/store/breaker-store.ts';
import type { OrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import type { QuarantineEntry, QuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import type { Versioned, WriteResult } from '../../shared/dynamodb/versioned-item.ts';

/**
 * A ledger with the same contract as the one in DynamoDB (test/shared/orders/store/order-ledger-store.test.ts
 * tests both).
 */
export type InMemoryLedger = OrderLedger & { all: () => LedgerEntry[] };

export function createInMemoryLedger(): InMemoryLedger {
  const byOrderId = new Map<string, Versioned<OrderState>>();
  const due = createSortedSet();
  return {
    all: () => [...byOrderId.values()].flatMap(({ value }) => (value.newest ? [value] : [])),
    read: (orderId) => Promise.resolve(structuredClone(byOrderId.get(orderId))),
    write(entry, expectedRevision) {
      const current = byOrderId.get(entry.orderId);
      const result = putIfStill(current, entry, expectedRevision);
      if (result.ok) {
        if (current) due.remove(dueKey(current.value));
        due.add(dueKey(entry));
        byOrderId.set(entry.orderId, structuredClone(result.stored));
      }
      return Promise.resolve(result);
    },
    listDue: (now, limit, { latestFirst } = { latestFirst: false }) =>
      Promise.resolve(
        due[latestFirst ? 'lastUpTo' : 'upTo'](`${now.toISOString()}\uFFFF`, limit).map((key) => {
          const [dueAt = '', orderId = ''] = key.split(/ (.*)/s);
          const state = byOrderId.get(orderId)?.value;
          const { newest, attempts = 0, failingSince } = state?.newest ? state : {};
          const receivedAt = failingSince === undefined ? newest?.receivedAt : undefined;
          return { orderId, dueAt, attempts, ...(receivedAt === undefined ? {} : { receivedAt }) };
        }),
      ),
  };
}

export function createInMemoryBreakerStore(): BreakerStore & { current: () => Breaker | undefined } {
  let current: Versioned<Breaker> | undefined;
  return {
    current: () => current?.value,
    read: () => Promise.resolve(current),
    write(breaker, expectedRevision) {
      const result = putIfStill(current, breaker, expectedRevision);
      if (result.ok) current = result.stored;
      return Promise.resolve(result);
    },
  };
}

/** `puts`: the ids of what was put into it, with repetitions. */
export type InMemoryQuarantine = QuarantineStore & {
  entries: Map<string, QuarantineEntry>;
  puts: readonly string[];
};

export function createInMemoryQuarantine(): InMemoryQuarantine {
  const entries = new Map<string, QuarantineEntry>();
  const puts: string[] = [];
  return {
    entries,
    puts,
    put(entry) {
      puts.push(entry.id);
      const known = entries.get(entry.id);
      const isNew = known === undefined;
      const { reasons, refusedAt } = entry;
      entries.set(entry.id, known ? { ...known, reasons, refusedAt } : entry);
      return Promise.resolve({ isNew });
    },
  };
}

function putIfStill<Value>(
  current: Versioned<Value> | undefined,
  value: Value,
  expectedRevision: number,
): WriteResult<Value> {
  if (current && current.revision !== expectedRevision)
    return { ok: false, current: structuredClone(current) };
  if (!current && expectedRevision !== 0) throw new Error('There is nothing to write over');
  return { ok: true, stored: { value, revision: expectedRevision + 1 } };
}

/** The sort key of an order in the sweep's index; undefined if it is not in the index. */
function dueKey({ orderId, progress }: OrderState): string | undefined {
  if (!progress) return undefined;
  const dueAt =
    progress.state === 'claimed' ? progress.retryAt : 'dueAt' in progress ? progress.dueAt : undefined;
  return dueAt === undefined ? undefined : `${dueAt} ${orderId}`;
}

/** A sorted set of strings. */
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
    lastUpTo: (key: string, limit: number) => {
      const end = placeOf(key);
      return keys.slice(Math.max(0, end - limit), end).reverse();
    },
  };
}
