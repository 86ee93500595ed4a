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
import type { DynamoDB, TableAccess } from '../../dynamodb/table-access.ts';

/** A stream and its position; `unreadable` if the stored position is not valid. */
export type StoredStream = { stream: string; position: Position | 'unreadable' };

/** The reconciler's positions, by account and stream. Every method throws if the table cannot be reached. */
export type PositionStore = {
  /** Strongly consistent: a position decides what is read. */
  read(account: string, stream: string): Promise<Position | 'unreadable' | undefined>;
  /** Every stream of the account, strongly consistent. */
  list(account: string): Promise<StoredStream[]>;
  /** Creates the position unless there is one already; false if there is. */
  create(position: Position): Promise<boolean>;
  /**
   * Takes the position for a new worker by raising its fence, and returns it as it is then: the previous
   * worker may have saved since it was read. Undefined if another worker was faster.
   */
  take(position: Position): Promise<Position | undefined>;
  /** Saves the position if its fence is still the current one; false if another worker has taken it since. */
  save(position: Position): Promise<boolean>;
  /**
   * Saves the position without its drift and adds the drift to the day's report (a new report if that one is
   * unreadable): both or, if the fence has moved (false), neither.
   */
  saveAndReport(position: Position, report: { day: string; retentionDays: number }): Promise<boolean>;
  /** Replaces an unreadable position; false if that has been done already. */
  replaceUnreadable(position: Position): Promise<boolean>;
  /** What was found for the account on that day; undefined if nothing was read. */
  readReport(report: DriftReportKey): Promise<DriftTally | undefined>;
  /**
   * The deployment's mark: when this system started (ISO 8601 UTC). Written once; returns what was written
   * first.
   */
  markDeployment(startedAt: string): Promise<string>;
  /** The conflicts to read again, including those that are too old by now. */
  conflictNotes(onUnreadable?: OnUnreadable): Promise<ConflictNote[]>;
  /**
   * Remembers the accounts that Button has listed; returns every account that it has ever listed. One write
   * for each new account.
   */
  rememberAccounts(listed: readonly string[]): Promise<string[]>;
};

/** One item for each account that was ever listed, so that no common item can grow too large. */
const REMEMBERED = { account: '*', prefix: 'account-' };

/** The key range of an account's streams: before and behind its reports, `drift-<day>`. */
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
export function createPositionStore(positions: TableAccess): PositionStore {
  return {
    async read(account, stream) {
      const item = await get(positions, keyOf(account, stream));
      return item && fromItem(item);
    },

    async list(account) {
      const items = await Promise.all(STREAM_RANGES.map((range) => between(positions, account, range)));
      return items
        .flat()
        .map((item) => ({ stream: item[POSITIONS_TABLE.sortKey]?.S ?? '', position: fromItem(item) }));
    },

    create: (position) => put(positions, toItem(position), IS_ABSENT),
    take: (position) => take(positions, position),
    save: (position) => put(positions, toItem(position), isAtFence(position.fence)),
    saveAndReport: (position, report) => saveAndReport(positions, position, report),
    replaceUnreadable: (position) => replaceUnreadable(positions, position),

    async readReport(report) {
      const item = await get(positions, reportKey(report));
      return item && countersOf(item);
    },

    markDeployment: (startedAt) => markDeployment(positions, startedAt),
    conflictNotes: (onUnreadable) => listConflictNotes(positions, onUnreadable),

    async rememberAccounts(listed) {
      const { account, prefix } = REMEMBERED;
      const items = await between(positions, account, [prefix, `${prefix}~`]);
      const known = items.map((item) => (item[POSITIONS_TABLE.sortKey]?.S ?? '').slice(prefix.length));
      const added = listed.filter((id) => !known.includes(id));
      const toAccount = (id: string): Item => toItem({ account, stream: `${prefix}${id}` });
      await Promise.all(added.map((id) => put(positions, toAccount(id), IS_ABSENT)));
      return [...known, ...added];
    },
  };
}

async function take(
  positions: TableAccess,
  { account, stream, fence }: Position,
): Promise<Position | undefined> {
  const { client, table } = positions;
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
  const item = taken?.Attributes ?? (await takenItem(positions, key, takenBy));
  const position = item && fromItem(item);
  return position === 'unreadable' ? undefined : position;
}

/** The client repeats a write whose answer was lost, and then finds the position taken: by itself. */
async function takenItem(positions: TableAccess, key: Item, takenBy: string): Promise<Item | undefined> {
  const item = await get(positions, key);
  return item?.['takenBy']?.S === takenBy ? item : undefined;
}

async function saveAndReport(
  positions: TableAccess,
  { drift, ...position }: Position,
  { day, retentionDays }: { day: string; retentionDays: number },
): Promise<boolean> {
  const { client, table } = positions;
  const atFence = isAtFence(position.fence);
  if (drift === undefined || Object.keys(drift).length === 0)
    return put(positions, toItem(position), atFence);
  const expiresAtEpochSeconds = Date.parse(`${day}T00:00:00Z`) / 1000 + retentionDays * 86_400;
  const addition = {
    ...{ table, report: { account: position.account, day }, drift, expiresAtEpochSeconds },
  };
  const move = { Put: { TableName: table, Item: toItem(position), ...atFence } };
  const result = await transact(client, [move, addToReport(addition)]);
  // If it cannot be added to, it is not a valid report.
  const done = result === 'invalid' ? await transact(client, [move, beginReport(addition)]) : result;
  return done === 'done';
}

async function replaceUnreadable(positions: TableAccess, position: Position): Promise<boolean> {
  const current = await get(positions, keyOf(position.account, position.stream));
  if (!current) return put(positions, toItem(position), IS_ABSENT);
  if (fromItem(current) !== 'unreadable') return false;
  const { fence } = current;
  // No worker can hold a fence that is not a number.
  if (fence && fence.N === undefined) return put(positions, toItem(position));
  const isUntouched = fence
    ? { ConditionExpression: 'fence = :fence', ExpressionAttributeValues: { ':fence': fence } }
    : { ConditionExpression: 'attribute_not_exists(fence)' };
  return put(positions, toItem(position), isUntouched);
}

async function get({ client, table }: TableAccess, key: Item): Promise<Item | undefined> {
  return (await client.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }))).Item;
}

async function put(
  { client, table }: TableAccess,
  item: Item,
  condition: Partial<Condition> = {},
): Promise<boolean> {
  const command = new PutItemCommand({ TableName: table, Item: item, ...condition });
  return (await orUndefined(client.send(command))) !== undefined;
}

function between(
  { client, table }: TableAccess,
  account: string,
  [from, to]: readonly [string, string],
): Promise<Item[]> {
  return queryAll(client, {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: '#account = :account AND #stream BETWEEN :from AND :to',
    ExpressionAttributeNames: {
      '#account': POSITIONS_TABLE.partitionKey,
      '#stream': POSITIONS_TABLE.sortKey,
    },
    ExpressionAttributeValues: { ':account': { S: account }, ':from': { S: from }, ':to': { S: to } },
  });
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
 * `refused` if a condition has failed, `invalid` if an item cannot be changed that way. Throws
 * `RetryableError` if another write was changing one of the items: a second try can help.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 * (cancellation reasons)
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
