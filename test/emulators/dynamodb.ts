import { CreateTableCommand, DynamoDBClient, type CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

import { startDynamoDb } from '../../tooling/local-aws/emulators/dynamodb-emulator.ts';
import { startProcesses } from '../../tooling/local-aws/processes.ts';
import {
  ORDER_LEDGER_TABLE,
  POSITIONS_TABLE,
  QUARANTINE_TABLE,
  TRANSACTIONS_TABLE,
} from '../../shared/dynamodb/table.ts';

/** A test's own DynamoDB with the project's tables, and a client that counts the calls. */
export type TestDynamoDB = {
  client: DynamoDBClient;
  tables: typeof TABLE_NAMES;
  /** Operations since the last `resetCounts`, by name. */
  counts: () => Record<string, number>;
  /** Write units that the table consumed for those operations, as DynamoDB reports them. */
  writeUnits: () => number;
  resetCounts: () => void;
  close: () => Promise<void>;
};

const TABLE_NAMES = {
  orderLedger: 'order-ledger',
  transactions: 'transactions',
  positions: 'positions',
  quarantine: 'quarantine',
} as const;

const REGION = 'eu-west-1';

export async function startTestDynamoDB(): Promise<TestDynamoDB> {
  const processes = startProcesses();
  const emulator = await startDynamoDb(processes, REGION);
  const client = new DynamoDBClient({
    endpoint: emulator.endpoint,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await createTestTables(client);

  let counts: Record<string, number> = {};
  let writeUnits = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const name = context.commandName?.replace(/Command$/, '') ?? 'unknown';
      counts[name] = (counts[name] ?? 0) + 1;
      const withCapacity =
        name === 'PutItem' ? { ...args.input, ReturnConsumedCapacity: 'TOTAL' } : args.input;
      const result = await next({ ...args, input: withCapacity });
      const { ConsumedCapacity: capacity } = result.output as {
        ConsumedCapacity?: { CapacityUnits?: number };
      };
      writeUnits += capacity?.CapacityUnits ?? 0;
      return result;
    },
    { step: 'initialize' },
  );
  return {
    client,
    tables: TABLE_NAMES,
    counts: () => counts,
    writeUnits: () => writeUnits,
    resetCounts: () => {
      counts = {};
      writeUnits = 0;
    },
    close: async () => {
      client.destroy();
      await emulator.close();
      await processes.close();
    },
  };
}

/** Creates the project's tables under the names of `TestDynamoDB.tables`. */
export async function createTestTables(client: Pick<DynamoDBClient, 'send'>): Promise<typeof TABLE_NAMES> {
  await Promise.all(TABLES.map((table) => client.send(new CreateTableCommand(table))));
  return TABLE_NAMES;
}

function tableOf(
  name: string,
  { partitionKey, sortKey }: { partitionKey: string; sortKey?: string },
  index?: { name: string; partitionKey: string; sortKey: string; nonKeyAttributes?: readonly string[] },
): CreateTableCommandInput {
  const keys = (partition: string, sort?: string) => [
    { AttributeName: partition, KeyType: 'HASH' as const },
    ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: 'RANGE' as const }]),
  ];
  const names = [partitionKey, sortKey, index?.partitionKey, index?.sortKey].filter((it) => it !== undefined);
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys(partitionKey, sortKey),
    AttributeDefinitions: [...new Set(names)].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S' as const,
    })),
    ...(index && {
      GlobalSecondaryIndexes: [
        {
          IndexName: index.name,
          KeySchema: keys(index.partitionKey, index.sortKey),
          Projection: index.nonKeyAttributes
            ? { ProjectionType: 'INCLUDE', NonKeyAttributes: [...index.nonKeyAttributes] }
            : { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  };
}

const TABLES = [
  tableOf(TABLE_NAMES.orderLedger, ORDER_LEDGER_TABLE, ORDER_LEDGER_TABLE.dueIndex),
  tableOf(TABLE_NAMES.transactions, TRANSACTIONS_TABLE, TRANSACTIONS_TABLE.shopperIndex),
  tableOf(TABLE_NAMES.positions, POSITIONS_TABLE),
  tableOf(TABLE_NAMES.quarantine, QUARANTINE_TABLE, QUARANTINE_TABLE.orderIndex),
];
