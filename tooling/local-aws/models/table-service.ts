import * as z from 'zod';
import { AwsServiceError } from '../emulators/aws-json-client.ts';
import type { AwsOperation } from '../emulators/aws-json-server.ts';
import { DynamoDBModel } from './dynamodb-model.ts';
import type { StreamRecord, TableSettings } from './dynamodb-model.ts';
import { ITEM_OPERATIONS, textFromBytes, toCommand, toRefusal } from './dynamodb-wire.ts';
import { createIdempotentRequests } from './idempotent-requests.ts';
import { StreamModel } from './stream-model.ts';
import type { StreamDivision } from './stream-model.ts';
import { streamOperations } from './stream-operations.ts';

const Keys = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const Index = z.strictObject({
  IndexName: z.string(),
  KeySchema: Keys,
  Projection: z.object({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});
const CreateTable = z.strictObject({
  TableName: z.string(),
  // The model knows texts as keys only.
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.literal('S') })),
  KeySchema: Keys,
  BillingMode: z.literal('PAY_PER_REQUEST'),
  DeletionProtectionEnabled: z.boolean().default(false),
  GlobalSecondaryIndexes: z.array(Index).max(1).optional(),
  StreamSpecification: z.object({ StreamEnabled: z.boolean(), StreamViewType: z.string() }).optional(),
});
const OfTable = z.object({ TableName: z.string() });
const TimeToLive = OfTable.extend({
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }),
});
type Created = z.infer<typeof CreateTable> & { timeToLive?: string | undefined };

/** The tables and streams of one region, with every operation that is known here. */
export type TableService = {
  tables: Record<string, AwsOperation>;
  streams: Record<string, AwsOperation>;
  /** Deletes what has expired by its time to live. */
  expire(): void;
};

/** Starts with no tables. */
export function createTableService(region: string, division: StreamDivision): TableService {
  const created = new Map<string, Created>();
  const streams = new Map<string, StreamModel<StreamRecord>>();
  const model = new DynamoDBModel([], {
    now: () => Date.now(),
    onChange: (table, record) => streams.get(table)?.add(record.key, record),
  });
  const tableOf = (input: unknown): Created => {
    const { TableName: name } = OfTable.parse(input);
    const table = created.get(model.settings(name).name);
    if (!table) throw new Error(`There is no table ${name}.`);
    return table;
  };
  const tables: Record<string, AwsOperation> = {
    CreateTable(input) {
      const table = CreateTable.parse(input);
      if (created.has(table.TableName))
        throw new AwsServiceError('ResourceInUseException', `Table already exists: ${table.TableName}`);
      model.addTable(settingsOf(table));
      created.set(table.TableName, table);
      if (table.StreamSpecification) streams.set(table.TableName, new StreamModel(division));
      return { TableDescription: describeTable(table, model) };
    },
    DescribeTable: (input) => ({ Table: describeTable(tableOf(input), model) }),
    ListTables: () => ({ TableNames: model.names() }),
    DeleteTable(input) {
      const table = tableOf(input);
      if (table.DeletionProtectionEnabled)
        throw new AwsServiceError('ValidationException', 'Resource cannot be deleted as it is protected.');
      model.removeTable(table.TableName);
      created.delete(table.TableName);
      streams.delete(table.TableName);
      return { TableDescription: { TableName: table.TableName, TableStatus: 'DELETING' } };
    },
    UpdateTimeToLive(input) {
      const { TimeToLiveSpecification: setting } = TimeToLive.parse(input);
      tableOf(input).timeToLive = setting.Enabled ? setting.AttributeName : undefined;
      return { TimeToLiveSpecification: setting };
    },
    DescribeTimeToLive(input) {
      const { timeToLive } = tableOf(input);
      return {
        TimeToLiveDescription:
          timeToLive === undefined
            ? { TimeToLiveStatus: 'DISABLED' }
            : { TimeToLiveStatus: 'ENABLED', AttributeName: timeToLive },
      };
    },
  };
  for (const operation of ITEM_OPERATIONS)
    tables[operation] = (input) => answerOf(() => model.execute(toCommand(operation, input)));
  const once = createIdempotentRequests(() => Date.now());
  tables['TransactWriteItems'] = (input) =>
    once(input, (request) => answerOf(() => model.execute(toCommand('TransactWriteItems', request))));

  return {
    tables: refusing(tables),
    streams: streamOperations({ model, streams, region }),
    expire() {
      for (const { TableName, timeToLive } of created.values())
        if (timeToLive !== undefined) model.expire(TableName, timeToLive);
    },
  };
}

function settingsOf({ TableName: name, KeySchema: keys, ...table }: Created): TableSettings {
  const [index] = table.GlobalSecondaryIndexes ?? [];
  return {
    name,
    ...keysOf(keys),
    ...(index && { index: { name: index.IndexName, ...keysOf(index.KeySchema), ...projected(index) } }),
    hasStream: table.StreamSpecification !== undefined,
  };
}

function projected({
  Projection: { ProjectionType: type, NonKeyAttributes: names },
}: z.infer<typeof Index>): Pick<NonNullable<TableSettings['index']>, 'nonKeyAttributes'> {
  if (type === 'ALL') return { nonKeyAttributes: 'all' };
  return names === undefined ? {} : { nonKeyAttributes: names };
}

function keysOf(keys: z.infer<typeof Keys>): { partitionKey: string; sortKey?: string } {
  const nameOf = (type: string) => keys.find(({ KeyType }) => KeyType === type)?.AttributeName;
  const sortKey = nameOf('RANGE');
  return { partitionKey: nameOf('HASH') ?? '', ...(sortKey !== undefined && { sortKey }) };
}

function describeTable({ timeToLive: _attribute, ...table }: Created, model: DynamoDBModel): object {
  const { TableName: name, BillingMode, ...described } = table;
  return {
    ...described,
    TableName: name,
    TableStatus: 'ACTIVE',
    TableArn: `arn:aws:dynamodb:model:000000000000:table/${name}`,
    BillingModeSummary: { BillingMode },
    ItemCount: model.items(name).length,
    ...(table.StreamSpecification && {
      LatestStreamArn: `arn:aws:dynamodb:model:000000000000:table/${name}/stream/${STREAM_LABEL}`,
      LatestStreamLabel: STREAM_LABEL,
    }),
  };
}

const STREAM_LABEL = '2026-01-01T00:00:00.000';

function answerOf(perform: () => object): object {
  return z.looseObject({}).parse(textFromBytes(perform()));
}

function refusing(operations: Record<string, AwsOperation>): Record<string, AwsOperation> {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [
      name,
      async (input: unknown, signal: AbortSignal) => {
        try {
          return await operation(input, signal);
        } catch (error) {
          throw toRefusal(error) ?? error;
        }
      },
    ]),
  );
}
