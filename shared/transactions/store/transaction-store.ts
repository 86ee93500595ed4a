import { GetItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';

import type { TransactionRecord } from '@button-serverless/validation/webhooks';
import { batchGet } from '../../dynamodb/batch-get.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';
import { TRANSACTIONS_TABLE } from '../../dynamodb/table.ts';
import type { RowSummary, UnchangedRow } from '../rules/unchanged-row.ts';
import {
  aliasTarget,
  fromItem,
  ROW_SUMMARY_ATTRIBUTES,
  rowSummaryOf,
  toAliasItem,
  toItem,
  type WritingOptions,
} from './transaction-item.ts';
import { UnreadableItemError } from '../../dynamodb/unreadable-item.ts';
import { putRevision, type Versioned } from '../../dynamodb/versioned-item.ts';

/** Where a key leads: the key behind its aliases (itself, without any), and what is stored there. */
export type Found = { key: string; stored: Versioned<TransactionRecord> | undefined };

/** What `readMany` finds under a key. */
export type FoundRow = Versioned<TransactionRecord> | UnchangedRow | 'unreadable';

/**
 * The row with that key, if the summary of the item under that very key shows that the row changes nothing.
 * Must be pure.
 */
export type AsUnchanged = (key: string, summary: RowSummary) => UnchangedRow | undefined;

/**
 * The store of transactions. Every method throws if the table cannot be reached, and all but `readMany` throw
 * `UnreadableItemError` if the key leads to an unreadable item.
 */
export type TransactionStore = {
  /** The record under a key or behind its aliases. Eventually consistent. */
  read(key: string): Promise<Versioned<TransactionRecord> | undefined>;
  /**
   * Where a key leads. Eventually consistent unless asked for: a stale read can only lead to a write that is
   * refused.
   */
  find(key: string, options?: { consistent: boolean }): Promise<Found>;
  /**
   * Where at most 100 keys lead; a key that leads nowhere is missing from the map. Eventually consistent. Of
   * an item that `asUnchanged` recognises, only the summary is read; any other one is read twice.
   */
  readMany(keys: readonly string[], asUnchanged?: AsUnchanged): Promise<Map<string, FoundRow>>;
  /** Makes `alias` lead to the purchase under `key` for good; false if something is stored there already. */
  putAlias(alias: string, key: string): Promise<boolean>;
  /** Stores the record if the table is still at that revision (0: if it is not there yet). */
  write(record: TransactionRecord, expectedRevision: number): Promise<TransactionWriteResult>;
};

/**
 * Stored; or another writer was faster, and `current` is where the key leads by now; undefined behind an
 * alias whose record is not stored yet.
 */
export type TransactionWriteResult =
  | { ok: true; stored: Versioned<TransactionRecord> }
  | { ok: false; current: Versioned<TransactionRecord> | undefined };

/**
 * An alias of an alias is possible if an order's first transaction arrived without the order; longer chains
 * are not.
 */
const MAX_ALIASES = 5;

const { partitionKey } = TRANSACTIONS_TABLE;

/** Transactions in DynamoDB: one item each, and more for one that exceeds an item. */
export function createTransactionStore({
  client,
  table,
  ...writing
}: TableAccess & WritingOptions): TransactionStore {
  const access = { client, table };
  const find: TransactionStore['find'] = async (asked, { consistent } = { consistent: false }) => {
    let key = asked;
    for (let hop = 0; hop <= MAX_ALIASES; hop += 1) {
      const { Item: item } = await client.send(
        new GetItemCommand({
          TableName: table,
          Key: { [TRANSACTIONS_TABLE.partitionKey]: { S: key } },
          ...(consistent ? { ConsistentRead: true } : {}),
        }),
      );
      const target = item && aliasTarget(item);
      if (target === undefined) return { key, stored: item && (await fromItem(access, item)) };
      key = target;
    }
    throw new UnreadableItemError(asked);
  };
  return {
    find,
    read: async (key) => (await find(key)).stored,

    async readMany(keys, asUnchanged) {
      const found = new Map<string, FoundRow>();
      let others: readonly string[] = keys;
      if (asUnchanged) {
        const summaries = await batchGet(
          { ...access, attributes: ROW_SUMMARY_ATTRIBUTES },
          partitionKey,
          keys,
        );
        for (const item of summaries) {
          const summary = rowSummaryOf(item);
          const unchanged = summary && asUnchanged(keyIn(item), summary);
          if (unchanged) found.set(keyIn(item), unchanged);
        }
        others = summaries.map(keyIn).filter((key) => !found.has(key));
      }
      for (const item of await batchGet(access, partitionKey, others)) {
        const stored = await orUnreadable(async () => {
          const target = aliasTarget(item);
          return target === undefined ? await fromItem(access, item) : (await find(target)).stored;
        });
        if (stored) found.set(keyIn(item), stored);
      }
      return found;
    },

    async putAlias(alias, key) {
      const item = toAliasItem(alias, key);
      return (await putRevision(client, { table, item, expectedRevision: 0 })).ok;
    },

    async write(record, expectedRevision) {
      const item = await toItem(access, record, writing);
      const result = await putRevision(client, { table, item, expectedRevision });
      if (result.ok) return { ok: true, stored: { value: record, revision: expectedRevision + 1 } };
      const target = aliasTarget(result.current);
      if (target === undefined) return { ok: false, current: await fromItem(access, result.current) };
      return { ok: false, current: (await find(target, { consistent: true })).stored };
    },
  };
}

function keyIn(item: Record<string, AttributeValue>): string {
  return item[partitionKey]?.S ?? '';
}

async function orUnreadable<Stored>(read: () => Promise<Stored>): Promise<Stored | 'unreadable'> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UnreadableItemError) return 'unreadable';
    throw error;
  }
}
