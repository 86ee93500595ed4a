import { randomUUID } from 'node:crypto';

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';

import type { ConflictNote } from '../rules/conflict-note.ts';
import type { DriftTally } from '../rules/drift.ts';
import type { Position } from '../rules/position.ts';
import { RetryableError } from '../../runtime/errors.ts';
import { listConflictNotes } from './conflict-note-store.ts';
import { markDeployment } from './deployment-mark.ts';
import { addToReport, beginReport, countersOf, reportKey, type DriftReportKey } from './drift-report.ts';
import { fromItem, toItem } from './position-item.ts';
import { POSITIONS_TABLE } from '../../dynamodb/table.ts';
import type { OnUnreadable } from '../../dynamodb/unreadable-item.ts';
import type { DynamoDB } from '../../dynamodb/versioned-item.ts';

/** A stream, and how far it is read; `unreadable` where the stored position makes no sense. */
export type StoredStream = { stream: string; position: Position | 'unreadable' };

/**
 * How far the reconciler has got, by account and stream. Every method throws if the table cannot be reached.
 */
export type PositionStore = {
  /** Strongly consistent: a position decides what is read. */
  read(account: string, stream: string): Promise<Position | 'unreadable' | undefined>;
  /** Every stream of the account, strongly consistent. */
  list(account: string): Promise<StoredStream[]>;
  /** Creates the position unless there is one already; false if there is. */
  create(position: Position): Promise<boolean>;
  /**
   * Takes the position for a new worker by raising its fence, and returns it as it stands by then: whoever
   * held it may have saved since it was read. Undefined if another worker was faster.
   */
  take(position: Position): Promise<Position | undefined>;
  /** Saves the position if its fence is still the current one; false if another worker has taken it since. */
  save(position: Position): Promise<boolean>;
  /**
   * Saves the position without its drift and adds that to the day's report, or begins it anew where it is
   * unreadable: both or, if the fence has moved (false), neither.
   */
  saveAndReport(position: Position, report: { day: string; retentionDays: number }): Promise<boolean>;
  /** Puts the position in the place of one that is unreadable; false if that has been done already. */
  replaceUnreadable(position: Position): Promise<boolean>;
  /** What was found for the account on that day; undefined if nothing was read. */
  readReport(report: DriftReportKey): Promise<DriftTally | undefined>;
  /**
   * The deployment's mark: when this system began to work (ISO 8601 UTC). Written once; returns what was
   * written first.
   */
  markDeployment(startedAt: string): Promise<string>;
  /** The conflicts that are to be read again on purpose, also those that are too old by now. */
  conflictNotes(onUnreadable?: OnUnreadable): Promise<ConflictNote[]>;
  /**
   * Remembers the accounts that Button has listed; returns every account that it ever has. One write for each
   * that is new.
   */
  rememberAccounts(listed: readonly string[]): Promise<string[]>;
};

/** An item for each account that was ever listed: so they need no common item, which could grow too large. */
const REMEMBERED = { account: '*', prefix: 'account-' };

/** Where an account's streams stand among its items: before and behind its reports, `drift-<day>`. */
const STREAM_RANGES = [
  ['backfill-', 'drift-'],
  ['drift-~', '~'],
] as const;

type Item = Record<string, AttributeValue>;
type Condition = {
  ConditionExpression: string;
  ExpressionAttributeValues?: Item;
};

const IS_ABSENT: Condition = { ConditionExpression: 'attribute_not_exists(schemaVersion)' };

/** Positions in DynamoDB. */
export function createPositionStore({ client, table }: { client: DynamoDB; table: string }): PositionStore {
  const { partitionKey, sortKey } = POSITIONS_TABLE;
  const get = async (key: Item): Promise<Item | undefined> =>
    (await client.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }))).Item;

  const put = async (item: Item, condition: Partial<Condition> = {}): Promise<boolean> =>
    (await orUndefined(client.send(new PutItemCommand({ TableName: table, Item: item, ...condition })))) !==
    undefined;

  /** The client repeats a write whose answer was lost, and finds the position taken: by itself, then. */
  const takenItem = async (key: Item, takenBy: string): Promise<Item | undefined> => {
    const item = await get(key);
    return item?.['takenBy']?.S === takenBy ? item : undefined;
  };

  const between = (account: string, [from, to]: readonly [string, string]): Promise<Item[]> =>
    queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: '#account = :account AND #stream BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#account': partitionKey, '#stream': sortKey },
      ExpressionAttributeValues: { ':account': { S: account }, ':from': { S: from }, ':to': { S: to } },
    });

  return {
    async read(account, stream) {
      const item = await get(keyOf(account, stream));
      return item && fromItem(item);
    },

    async list(account) {
      const items = await Promise.all(STREAM_RANGES.map((range) => between(account, range)));
      return items.flat().map((item) => ({ stream: item[sortKey]?.S ?? '', position: fromItem(item) }));
    },

    create: (position) => put(toItem(position), IS_ABSENT),

    async take({ account, stream, fence }) {
      const atFence = isAtFence(fence);
      const key = keyOf(account, stream);
      const takenBy = randomUUID();
      const taken = await orUndefined(
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: key,
            UpdateExpression: 'SET fence = :next, takenBy = :takenBy REMOVE retryAt, handedOnAt',
            ConditionExpression: atFence.ConditionExpression,
            ExpressionAttributeValues: {
              ...atFence.ExpressionAttributeValues,
              ':next': { N: String(fence + 1) },
              ':takenBy': { S: takenBy },
            },
            ReturnValues: 'ALL_NEW',
          }),
        ),
      );
      const item = taken?.Attributes ?? (await takenItem(key, takenBy));
      const position = item && fromItem(item);
      return position === 'unreadable' ? undefined : position;
    },

    save: (position) => put(toItem(position), isAtFence(position.fence)),

    async saveAndReport({ drift, ...position }, { day, retentionDays }) {
      if (drift === undefined || Object.keys(drift).length === 0)
        return put(toItem(position), isAtFence(position.fence));
      const expiresAtEpochSeconds = Date.parse(`${day}T00:00:00Z`) / 1000 + retentionDays * 86_400;
      const addition = {
        ...{ table, report: { account: position.account, day }, drift, expiresAtEpochSeconds },
      };
      const move = { Put: { TableName: table, Item: toItem(position), ...isAtFence(position.fence) } };
      const result = await transact(client, [move, addToReport(addition)]);
      // What can't be added to is no report: somebody has spoilt it.
      const done = result === 'invalid' ? await transact(client, [move, beginReport(addition)]) : result;
      return done === 'done';
    },

    async replaceUnreadable(position) {
      const current = await get(keyOf(position.account, position.stream));
      if (!current) return put(toItem(position), IS_ABSENT);
      if (fromItem(current) !== 'unreadable') return false;
      const { fence } = current;
      // No worker can hold a fence that is no number.
      if (fence && fence.N === undefined) return put(toItem(position));
      const isUntouched = fence
        ? { ConditionExpression: 'fence = :fence', ExpressionAttributeValues: { ':fence': fence } }
        : { ConditionExpression: 'attribute_not_exists(fence)' };
      return put(toItem(position), isUntouched);
    },

    async readReport(report) {
      const item = await get(reportKey(report));
      return item && countersOf(item);
    },

    markDeployment: (startedAt) => markDeployment({ client, table }, startedAt),

    conflictNotes: (onUnreadable) => listConflictNotes({ client, table }, onUnreadable),

    async rememberAccounts(listed) {
      const { account, prefix } = REMEMBERED;
      const items = await between(account, [prefix, `${prefix}~`]);
      const known = items.map((item) => (item[sortKey]?.S ?? '').slice(prefix.length));
      const added = listed.filter((id) => !known.includes(id));
      await Promise.all(added.map((id) => put(toItem({ account, stream: `${prefix}${id}` }), IS_ABSENT)));
      return [...known, ...added];
    },
  };
}

function keyOf(account: string, stream: string): Item {
  return { [POSITIONS_TABLE.partitionKey]: { S: account }, [POSITIONS_TABLE.sortKey]: { S: stream } };
}

function isAtFence(fence: number): Required<Condition> {
  return {
    ConditionExpression: 'fence = :fence',
    ExpressionAttributeValues: { ':fence': { N: String(fence) } },
  };
}

/** Undefined if the write's condition has failed. */
async function orUndefined<Output>(write: Promise<Output>): Promise<Output | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

async function queryAll(
  client: DynamoDB,
  query: ConstructorParameters<typeof QueryCommand>[0],
): Promise<Item[]> {
  const items: Item[] = [];
  let startKey: Item | undefined;
  do {
    const page = await client.send(new QueryCommand({ ...query, ExclusiveStartKey: startKey }));
    items.push(...(page.Items ?? []));
    startKey = page.LastEvaluatedKey;
  } while (startKey);
  return items;
}

/**
 * `refused` if a condition has failed, `invalid` if an item does not let itself be changed so. Throws
 * `RetryableError` if another write was at work on one of the items: a second try can help.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html (cancellation reasons)
 */
async function transact(
  client: DynamoDB,
  items: NonNullable<ConstructorParameters<typeof TransactWriteItemsCommand>[0]['TransactItems']>,
): Promise<'done' | 'refused' | 'invalid'> {
  try {
    await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
    return 'done';
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    const codes = error.CancellationReasons?.map(({ Code: code }) => code) ?? [];
    if (codes.includes('ConditionalCheckFailed')) return 'refused';
    if (codes.includes('ValidationError')) return 'invalid';
    throw new RetryableError('The report could not be written', { cause: error });
  }
}
