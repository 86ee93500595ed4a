import { rowDigestOf, type RowSummary } from '../../shared/transactions/rules/unchanged-row.ts';
import type { TransactionRecord } from '../../shared/validation/webhooks/transaction.ts';
import type { TransactionHead } from '../../shared/transactions/store/transaction-head.ts';
import type { TransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import type { Versioned } from '../../shared/dynamodb/versioned-item.ts';

/**
 * A store with the same contract as the one in DynamoDB
 * (test/shared/transactions/store/transaction-store.test.ts tests both).
 */
export type InMemoryTransactions = TransactionStore & {
  all: () => TransactionRecord[];
  aliases: () => ReadonlyMap<string, string>;
  /** Every write, oldest first, as in the table's stream. */
  changes: () => { before: TransactionRecord | undefined; after: TransactionRecord }[];
  /** Another store with the same content, without the earlier writes. */
  copy: () => InMemoryTransactions;
};

export function createInMemoryTransactions(
  initial: ReadonlyMap<string, Versioned<TransactionRecord>> = new Map(),
  knownAliases: ReadonlyMap<string, string> = new Map(),
): InMemoryTransactions {
  const records = new Map(structuredClone(initial));
  const changes: { before: TransactionRecord | undefined; after: TransactionRecord }[] = [];
  const aliases = new Map(knownAliases);
  const leadsTo = (key: string): string => {
    const target = aliases.get(key);
    return target === undefined ? key : leadsTo(target);
  };
  return {
    aliases: () => aliases,
    copy: () => createInMemoryTransactions(records, aliases),
    find(asked) {
      const key = leadsTo(asked);
      return Promise.resolve({ key, stored: structuredClone(records.get(key)) });
    },
    putAlias(alias, key) {
      if (records.has(alias) || aliases.has(alias)) return Promise.resolve(false);
      aliases.set(alias, key);
      return Promise.resolve(true);
    },
    all: () => [...records.values()].map(({ value }) => value),
    changes: () => changes,
    read: (key) => Promise.resolve(structuredClone(records.get(leadsTo(key)))),
    readMany: (keys, asUnchanged) =>
      Promise.resolve(
        new Map(
          keys.flatMap((key) => {
            const stored = records.get(leadsTo(key));
            const summary = stored && leadsTo(key) === key ? rowSummary(stored.value) : undefined;
            const unchanged = summary && asUnchanged?.(key, summary);
            return stored ? [[key, unchanged ?? structuredClone(stored)] as const] : [];
          }),
        ),
      ),
    write(record, expectedRevision) {
      const current = records.get(leadsTo(record.key));
      if (aliases.has(record.key)) return Promise.resolve({ ok: false, current: structuredClone(current) });
      if ((current?.revision ?? 0) !== expectedRevision) {
        if (!current) return Promise.reject(new Error('There is nothing at that revision'));
        return Promise.resolve({ ok: false, current: structuredClone(current) });
      }
      // The table, too, keeps the row only in `rowDigest`.
      const value = { ...structuredClone(record), shownRow: rowDigestOf(record) && record.shownRow };
      const stored = { value, revision: expectedRevision + 1 };
      changes.push({ before: current?.value, after: stored.value });
      records.set(record.key, stored);
      return Promise.resolve({ ok: true, stored });
    },
  };
}

/** The summary in a record's item of the row that would change nothing. */
export function rowSummary(record: TransactionRecord): RowSummary | undefined {
  const rowDigest = rowDigestOf(record);
  if (rowDigest === undefined) return undefined;
  const { category } = record.candidates[0].transaction;
  return { rowDigest, category, notRewardableReason: record.notRewardableReason };
}

/** A record as the table's stream shows it. */
export function publishedState(record: TransactionRecord): TransactionHead {
  const [{ transaction }, ...others] = record.candidates;
  return {
    pk: record.key,
    version: record.version,
    changes: record.changes,
    storedAt: record.storedAt,
    status: others.length > 0 ? 'conflict' : transaction.status,
    category: transaction.category,
    ...(transaction.amountMinor === null ? {} : { amountMinor: transaction.amountMinor }),
    ...(transaction.currency === null ? {} : { currency: transaction.currency }),
    transactionId: transaction.id,
    createdDate: transaction.createdDate,
    modifiedDate: transaction.modifiedDate,
    delivery: record.delivery,
    otherKeys: record.otherKeys,
    ...(record.cause === undefined ? {} : { conflictCause: record.cause }),
    ...(record.notRewardableReason === undefined ? {} : { notRewardableReason: record.notRewardableReason }),
    ...(record.mergedInto === undefined ? {} : { mergedInto: record.mergedInto }),
    ...(record.erasedAt === undefined ? {} : { erasedAt: record.erasedAt }),
  };
}
