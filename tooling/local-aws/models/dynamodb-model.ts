import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
  ScanCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type AttributeValue,
  type BatchGetItemCommandInput,
  type BatchGetItemCommandOutput,
  type CancellationReason,
  type QueryCommandInput,
  type ScanCommandInput,
  type TransactWriteItemsCommandInput,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';

import { bytesOfItem, checkItem, checkKey, checkTransaction, validation } from './dynamodb-limits.ts';
import {
  IncorrectOperandError,
  compareValues,
  meets,
  projected,
  updated,
  type Item,
  type Placeholders,
} from './dynamodb-expression.ts';

/** A table's keys, its index if it has one, and whether it has a stream. */
export type TableSettings = {
  name: string;
  partitionKey: string;
  sortKey?: string;
  index?: IndexSettings;
  hasStream?: boolean;
};

type IndexSettings = {
  name: string;
  partitionKey: string;
  sortKey?: string;
  /** What it holds besides keys; nothing unless given. */
  nonKeyAttributes?: readonly string[] | 'all';
};

/** One change of an item, as the stream of new and old images shows it. */
export type StreamRecord = {
  sequenceNumber: string;
  atMs: number;
  /** The item's key, as text. */
  key: string;
  before: Item | undefined;
  after: Item | undefined;
  /** Whether DynamoDB has deleted the item, because its time to live was over. */
  isExpiry?: true;
};

/** What decides about one request besides its input. */
export type RequestWeather = {
  /** An eventually consistent read, also one of an index, does not see changes that are younger than this. */
  staleForMs?: number;
};

type Slot = { item: Item | undefined; before: Item | undefined; changedAtMs: number };
type Table = {
  settings: TableSettings;
  items: Map<string, Slot>;
  /** Which items stand under which partition of the table, and of its index. */
  partitions: Map<string, Set<string>>;
  indexPartitions: Map<string, Set<string>>;
  /** All items, until one of them changes. */
  list: readonly Item[] | undefined;
};

const MAX_PAGE_BYTES = 1024 * 1024;
const MAX_BATCH_KEYS = 100;
const METADATA = { httpStatusCode: 400 };

/**
 * DynamoDB in memory, as far as our stores use it: conditional writes that bring the current item back,
 * transactions, an index with its projection, and a stream. What it does not know it refuses, loudly.
 *
 * It throws the SDK's own exceptions, and keeps the contract of the emulator (dynamodb.test.ts proves both).
 */
export class DynamoDBModel {
  readonly #tables: Map<string, Table>;
  readonly #now: () => number;
  readonly #onChange: (table: string, record: StreamRecord) => void;
  #changes = 0;

  constructor(
    tables: readonly TableSettings[],
    {
      now,
      onChange = () => undefined,
    }: { now: () => number; onChange?: (table: string, record: StreamRecord) => void },
  ) {
    this.#tables = new Map(tables.map((settings) => [settings.name, emptyTable(settings)]));
    this.#now = now;
    this.#onChange = onChange;
  }

  /** Does what a command asks, at once. Throws as the SDK's client would reject. */
  execute(command: unknown, { staleForMs = 0 }: RequestWeather = {}): object {
    if (command instanceof GetItemCommand) {
      const { TableName: table, Key: key, ConsistentRead: isConsistent, ...rest } = command.input;
      refuseUnknown('GetItem', rest);
      const item = this.#read(this.#table(table), key, isConsistent === true ? 0 : staleForMs);
      return item ? { Item: item } : {};
    }
    if (command instanceof PutItemCommand) return this.#put(command.input);
    if (command instanceof UpdateItemCommand) return this.#update(command.input);
    if (command instanceof DeleteItemCommand) {
      const { TableName: name, Key: key, ConditionExpression: condition, ...rest } = command.input;
      const { ExpressionAttributeNames: _names, ExpressionAttributeValues: _values, ...unknown } = rest;
      refuseUnknown('DeleteItem', unknown);
      const table = this.#table(name);
      const id = keyOf(table.settings, key);
      checkCondition(table.items.get(id)?.item, { condition, placeholders: rest, bringsItem: false });
      this.#store(table, id, undefined);
      return {};
    }
    if (command instanceof QueryCommand) return this.#query(command.input, staleForMs);
    if (command instanceof ScanCommand) return this.#scan(command.input, staleForMs);
    if (command instanceof BatchGetItemCommand) return this.#batchGet(command.input, staleForMs);
    if (command instanceof TransactWriteItemsCommand) return this.#transact(command.input);
    throw new Error('The model of DynamoDB does not know this command');
  }

  /** Adds a table, or replaces one by an empty one. */
  addTable(settings: TableSettings): void {
    this.#tables.set(settings.name, emptyTable(settings));
  }

  removeTable(name: string): void {
    this.#table(name);
    this.#tables.delete(name);
  }

  /** The names of all tables. */
  names(): string[] {
    return [...this.#tables.keys()];
  }

  /** How the table was made. Throws ResourceNotFoundException, as any request does. */
  settings(name: string): TableSettings {
    return this.#table(name).settings;
  }

  /**
   * Deletes the items whose time to live is over: those that hold a number of seconds in the past there.
   * DynamoDB does so within a few days, and shows each deletion in the stream.
   *
   * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
   */
  expire(name: string, attribute: string): void {
    const table = this.#table(name);
    const nowSeconds = Math.floor(this.#now() / 1000);
    for (const [id, { item }] of table.items) {
      const expiry = item?.[attribute]?.N;
      if (expiry === undefined || Number(expiry) >= nowSeconds || isTooOld(Number(expiry), nowSeconds))
        continue;
      this.#change(table, { id, item: undefined, isExpiry: true });
    }
  }

  /** Every item of a table, for tests. */
  items(name: string): readonly Item[] {
    const table = this.#table(name);
    table.list ??= [...table.items.values()].map(({ item }) => item).filter((item) => item !== undefined);
    return table.list;
  }

  /** The item with that key, for tests. */
  item(table: string, key: string): Item | undefined {
    return this.#table(table).items.get(key)?.item;
  }

  /** The table as it is now, to be restored later. */
  backUp(table: string): ReadonlyMap<string, Item> {
    const items = [...this.#table(table).items].flatMap(([key, { item }]): [string, Item][] =>
      item ? [[key, item]] : [],
    );
    return new Map(items);
  }

  /** Puts the table back to what it was. A restore is a table of its own: it has no stream records. */
  restore(name: string, backup: ReadonlyMap<string, Item>): void {
    const table = emptyTable(this.#table(name).settings);
    this.#tables.set(name, table);
    for (const [key, item] of backup) place(table, { id: key, item, changedAtMs: 0 });
  }

  #put(input: PutItemCommand['input']): object {
    const { TableName: name, Item: item, ConditionExpression: condition, ...rest } = input;
    const {
      ReturnValuesOnConditionCheckFailure: onFailure,
      ExpressionAttributeNames: _names,
      ExpressionAttributeValues: _values,
      ...unknown
    } = rest;
    refuseUnknown('PutItem', unknown);
    const table = this.#table(name);
    const id = keyOf(table.settings, item, 'item');
    checkItem(table.settings, item ?? {});
    checkCondition(table.items.get(id)?.item, {
      condition,
      placeholders: rest,
      bringsItem: onFailure === 'ALL_OLD',
    });
    this.#store(table, id, item);
    return {};
  }

  #update(input: UpdateItemCommandInput): object {
    const { ReturnValues: returned, ...rest } = input;
    const { table, id, item } = this.#updateOf(rest);
    this.#store(table, id, item);
    if (returned !== undefined && returned !== 'NONE' && returned !== 'ALL_NEW')
      throw new Error(`The model of DynamoDB does not return ${returned}`);
    return returned === 'ALL_NEW' ? { Attributes: item } : {};
  }

  /** What an update makes of its item. Throws if its condition fails. */
  #updateOf(input: Omit<UpdateItemCommandInput, 'ReturnValues'>): { table: Table; id: string; item: Item } {
    const {
      TableName: name,
      Key: key,
      UpdateExpression: update,
      ConditionExpression: condition,
      ...rest
    } = input;
    const { ExpressionAttributeNames: _names, ExpressionAttributeValues: _values, ...unknown } = rest;
    refuseUnknown('UpdateItem', unknown);
    const table = this.#table(name);
    const id = keyOf(table.settings, key);
    const slot = table.items.get(id)?.item;
    checkCondition(slot, { condition, placeholders: rest, bringsItem: false });
    const item = update === undefined ? (slot ?? key ?? {}) : updated(slot ?? key ?? {}, update, rest);
    checkItem(table.settings, item);
    if (keyOf(table.settings, item, 'item') !== id)
      throw validation('Cannot update attributes that are part of the key');
    return { table, id, item };
  }

  #query(input: QueryCommandInput, staleForMs: number): object {
    const { TableName: name, IndexName: indexName, KeyConditionExpression: keys = '', ...rest } = input;
    const { ConsistentRead: isConsistent, ScanIndexForward: isForward = true, ...paging } = rest;
    const table = this.#table(name);
    const index = indexName === undefined ? undefined : indexOf(table.settings, indexName);
    if (index && isConsistent === true)
      throw validation('Consistent reads are not supported on global secondary indexes');
    const { partitionKey, sortKey } = index ?? table.settings;
    const unseenSinceMs = this.#now() - (isConsistent === true ? 0 : staleForMs);
    const candidates =
      index && staleForMs > 0
        ? [...table.items.keys()]
        : idsOf(table, index, partitionIn(keys, rest, partitionKey));
    const found = candidates
      .map((id) => seen(table.items.get(id), unseenSinceMs))
      .filter((item) => item !== undefined)
      .filter((item) => (!index || isInIndex(item, index)) && meets(item, keys, rest))
      .map((item) => (index ? projection(table.settings, index, item) : item))
      .sort(sortKey === undefined ? () => 0 : (one, other) => compareValues(one[sortKey], other[sortKey]));
    const { Select: _select, ...known } = paging;
    const keyNames = [
      ...new Set([partitionKey, sortKey, table.settings.partitionKey, table.settings.sortKey]),
    ];
    return page(
      isForward ? found : found.reverse(),
      known,
      keyNames.filter((it) => it !== undefined),
    );
  }

  #scan(input: ScanCommandInput, staleForMs: number): object {
    const { TableName: name, ConsistentRead: isConsistent, ExclusiveStartKey: startKey, ...paging } = input;
    const table = this.#table(name);
    const unseenSinceMs = this.#now() - (isConsistent === true ? 0 : staleForMs);
    // In the order of their keys, so that a scan goes on behind a key whose item is gone.
    const after = startKey && keyOf(table.settings, startKey);
    const found = [...table.items]
      .filter(([id]) => after === undefined || id > after)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, it]) => seen(it, unseenSinceMs))
      .filter((item) => item !== undefined);
    const { partitionKey, sortKey } = table.settings;
    return page(found, paging, sortKey === undefined ? [partitionKey] : [partitionKey, sortKey]);
  }

  #batchGet(
    { RequestItems: requests = {}, ...unknown }: BatchGetItemCommandInput,
    staleForMs: number,
  ): object {
    refuseUnknown('BatchGetItem', unknown);
    const responses: NonNullable<BatchGetItemCommandOutput['Responses']> = {};
    let keyCount = 0;
    for (const [name, { Keys: keys = [], ConsistentRead: isConsistent, ...rest }] of Object.entries(
      requests,
    )) {
      const { ProjectionExpression: shown, ExpressionAttributeNames, ...others } = rest;
      refuseUnknown('BatchGetItem', others);
      const table = this.#table(name);
      keyCount += keys.length;
      const ids = keys.map((key) => keyOf(table.settings, key));
      if (new Set(ids).size < ids.length) throw validation('Provided list of item keys contains duplicates');
      responses[name] = keys
        .map((key) => this.#read(table, key, isConsistent === true ? 0 : staleForMs))
        .filter((item) => item !== undefined)
        .map((item) => (shown === undefined ? item : projected(item, shown, { ExpressionAttributeNames })));
    }
    if (keyCount === 0 || keyCount > MAX_BATCH_KEYS)
      throw validation(`Too many items requested for the BatchGetItem call: ${keyCount}`);
    return { Responses: responses, UnprocessedKeys: {} };
  }

  /** All or nothing: every condition is judged before anything is written. */
  #transact({ TransactItems: actions = [], ...unknown }: TransactWriteItemsCommandInput): object {
    refuseUnknown('TransactWriteItems', unknown);
    const writes: { table: Table; id: string; item: Item }[] = [];
    const reasons = actions.map(({ Put: put, Update: update, ...others }): CancellationReason => {
      refuseUnknown('TransactWriteItems', others);
      try {
        if (put) {
          const { TableName: name, Item: item, ConditionExpression: condition, ...rest } = put;
          const table = this.#table(name);
          const id = keyOf(table.settings, item, 'item');
          checkItem(table.settings, item ?? {});
          writes.push({ table, id, item: item ?? {} });
          checkCondition(table.items.get(id)?.item, { condition, placeholders: rest, bringsItem: false });
        }
        if (update) writes.push(this.#updateOf(update));
        return { Code: 'None' };
      } catch (error) {
        if (error instanceof IncorrectOperandError)
          return { Code: 'ValidationError', Message: error.message };
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { Code: 'ConditionalCheckFailed', Message: error.message };
      }
    });
    if (reasons.some(({ Code: code }) => code !== 'None')) {
      throw new TransactionCanceledException({
        message: 'Transaction cancelled, please refer cancellation reasons for specific reasons',
        CancellationReasons: reasons,
        $metadata: METADATA,
      });
    }
    const targets = new Set(writes.map(({ table, id }) => `${table.settings.name} ${id}`));
    if (targets.size < writes.length)
      throw validation('Transaction request cannot include multiple operations on one item');
    checkTransaction(writes.map(({ item }) => item));
    for (const { table, id, item } of writes) this.#store(table, id, item);
    return {};
  }

  #read(table: Table, key: Item | undefined, staleForMs: number): Item | undefined {
    return seen(table.items.get(keyOf(table.settings, key)), this.#now() - staleForMs);
  }

  #store(table: Table, id: string, item: Item | undefined): void {
    this.#change(table, { id, item });
  }

  #change(
    table: Table,
    { id, item, ...about }: { id: string; item: Item | undefined } & Pick<StreamRecord, 'isExpiry'>,
  ): void {
    const before = table.items.get(id)?.item;
    place(table, { id, item, changedAtMs: this.#now() });
    if (table.settings.hasStream !== true || (before === undefined && item === undefined)) return;
    this.#changes += 1;
    this.#onChange(table.settings.name, {
      sequenceNumber: String(this.#changes).padStart(21, '0'),
      atMs: this.#now(),
      key: id,
      before,
      after: item,
      ...about,
    });
  }

  #table(name: string | undefined): Table {
    const table = this.#tables.get(name ?? '');
    if (table) return table;
    throw new ResourceNotFoundException({ message: 'Requested resource not found', $metadata: METADATA });
  }
}

/** DynamoDB deletes nothing that expired more than five years ago: the same page. */
const OLDEST_EXPIRY_SECONDS = 5 * 365 * 86_400;

function isTooOld(expirySeconds: number, nowSeconds: number): boolean {
  return nowSeconds - expirySeconds > OLDEST_EXPIRY_SECONDS;
}

function emptyTable(settings: TableSettings): Table {
  return { settings, items: new Map(), partitions: new Map(), indexPartitions: new Map(), list: undefined };
}

/** Puts an item, or none, under its id, and keeps the partitions in step. */
function place(
  table: Table,
  { id, item, changedAtMs }: { id: string; item: Item | undefined; changedAtMs: number },
): void {
  const { partitionKey, index } = table.settings;
  const before = table.items.get(id)?.item;
  table.items.set(id, { item, before, changedAtMs });
  table.list = undefined;
  movePlace(table.partitions, id, { from: before?.[partitionKey]?.S, to: item?.[partitionKey]?.S });
  if (!index) return;
  const partitionOf = (it: Item | undefined): string | undefined =>
    it && isInIndex(it, index) ? it[index.partitionKey]?.S : undefined;
  movePlace(table.indexPartitions, id, { from: partitionOf(before), to: partitionOf(item) });
}

function movePlace(
  partitions: Map<string, Set<string>>,
  id: string,
  { from, to }: { from: string | undefined; to: string | undefined },
): void {
  if (from === to) return;
  if (from !== undefined) partitions.get(from)?.delete(id);
  if (to === undefined) return;
  const ids = partitions.get(to);
  if (ids) ids.add(id);
  else partitions.set(to, new Set([id]));
}

/**
 * What a read sees that has not seen changes made after an instant: at worst what stood there before the last
 * one.
 */
function seen(slot: Slot | undefined, unseenSinceMs: number): Item | undefined {
  return slot && slot.changedAtMs > unseenSinceMs ? slot.before : slot?.item;
}

function idsOf(table: Table, index: IndexSettings | undefined, partition: string): string[] {
  return [...((index ? table.indexPartitions : table.partitions).get(partition) ?? [])];
}

const equalities = new Map<string, readonly (readonly [name: string, value: string])[]>();

function equalitiesIn(expression: string): readonly (readonly [name: string, value: string])[] {
  const known = equalities.get(expression);
  if (known) return known;
  const found = [...expression.matchAll(/(#?\w+)\s*=\s*(:\w+)/g)].map(
    ([, name = '', value = '']): readonly [string, string] => [name, value],
  );
  equalities.set(expression, found);
  return found;
}

/** The partition that a key condition names: there has to be one, and an equality. */
function partitionIn(expression: string, placeholders: Placeholders, partitionKey: string): string {
  for (const [name, value] of equalitiesIn(expression)) {
    const attribute = placeholders.ExpressionAttributeNames?.[name] ?? name;
    const { S: partition } = placeholders.ExpressionAttributeValues?.[value] ?? {};
    if (attribute === partitionKey && partition !== undefined) return partition;
  }
  throw validation(`Query condition missed key schema element: ${partitionKey}`);
}

/** An index is sparse: it holds the items that have its keys. */
function isInIndex(item: Item, { partitionKey, sortKey }: IndexSettings): boolean {
  return partitionKey in item && (sortKey === undefined || sortKey in item);
}

function indexOf({ index }: TableSettings, name: string): IndexSettings {
  if (index?.name === name) return index;
  throw validation(`The table does not have the specified index: ${name}`);
}

function projection(table: TableSettings, index: IndexSettings, item: Item): Item {
  if (index.nonKeyAttributes === 'all') return item;
  const names = [
    table.partitionKey,
    table.sortKey,
    index.partitionKey,
    index.sortKey,
    ...(index.nonKeyAttributes ?? []),
  ];
  const shown: Record<string, AttributeValue> = {};
  for (const name of names) {
    const value = name === undefined ? undefined : item[name];
    if (name !== undefined && value !== undefined) shown[name] = value;
  }
  return shown;
}

type Paging = Placeholders &
  Pick<QueryCommandInput, 'Limit' | 'ExclusiveStartKey' | 'FilterExpression' | 'ProjectionExpression'>;

/**
 * One page: it ends with the item that reaches the limit or a megabyte, both counted before the filter, and
 * says where it ended.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html (pagination)
 */
function page(items: readonly Item[], input: Paging, keyNames: readonly string[]): object {
  const { Limit: limit, ExclusiveStartKey: startKey, FilterExpression: filter, ...rest } = input;
  const {
    ProjectionExpression: shown,
    ExpressionAttributeNames,
    ExpressionAttributeValues,
    ...unknown
  } = rest;
  refuseUnknown('Query or Scan', unknown);
  const placeholders = { ExpressionAttributeNames, ExpressionAttributeValues };
  const start = startKey ? items.findIndex((item) => hasKey(item, startKey)) + 1 : 0;
  const read: Item[] = [];
  let last: Item | undefined;
  let bytes = 0;
  for (const item of items.slice(start)) {
    read.push(item);
    bytes += bytesOfItem(item);
    if (read.length !== limit && bytes < MAX_PAGE_BYTES) continue;
    last = item;
    break;
  }
  const kept = filter === undefined ? read : read.filter((item) => meets(item, filter, placeholders));
  const found = shown === undefined ? kept : kept.map((item) => projected(item, shown, placeholders));
  const lastKey =
    last && Object.fromEntries(Object.entries(last).filter(([name]) => keyNames.includes(name)));
  return {
    Items: found,
    Count: found.length,
    ScannedCount: read.length,
    ...(lastKey && { LastEvaluatedKey: lastKey }),
  };
}

function hasKey(item: Item, key: Item): boolean {
  return Object.entries(key).every(([name, { S: text }]) => item[name]?.S === text);
}

/** Throws the exception of a condition that has failed. */
function checkCondition(
  slot: Item | undefined,
  {
    condition,
    placeholders,
    bringsItem,
  }: { condition: string | undefined; placeholders: Placeholders; bringsItem: boolean },
): void {
  if (condition === undefined || meets(slot ?? {}, condition, placeholders)) return;
  throw new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: METADATA,
    ...(bringsItem && slot ? { Item: { ...slot } } : {}),
  });
}

function keyOf(
  { partitionKey, sortKey }: TableSettings,
  key: Item | undefined,
  given: 'key' | 'item' = 'key',
): string {
  const names = sortKey === undefined ? [partitionKey] : [partitionKey, sortKey];
  if (given === 'key' && Object.keys(key ?? {}).length !== names.length)
    throw validation('The provided key element does not match the schema');
  const parts = names.map((name) => {
    const { S: text } = key?.[name] ?? {};
    if (text === undefined)
      throw validation(`One or more parameter values were invalid: Missing the key ${name} in the item`);
    checkKey(text, name === partitionKey ? 'partition' : 'sort');
    return text;
  });
  return parts.join('\n');
}

function refuseUnknown(operation: string, unknown: object): void {
  const [name] = Object.entries(unknown).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (name !== undefined) throw new Error(`The model of DynamoDB does not know ${name} of ${operation}`);
}
