import type { AwsJsonClient } from '@button-serverless/local-aws/emulators';
import {
  ORDER_LEDGER_TABLE,
  POSITIONS_TABLE,
  QUARANTINE_TABLE,
  TRANSACTIONS_TABLE,
} from '../../../shared/dynamodb/table.ts';

/** Tables by name: the project's own, and those of the designs that it is compared with. */
export const TABLES = {
  transactions: 'transactions',
  orderLedger: 'order-ledger',
  positions: 'positions',
  quarantine: 'quarantine',
  /** The state of a straightforward design: one item for each transaction or order, under `pk`. */
  plain: 'plain',
  /** Powertools' idempotency records. */
  idempotency: 'idempotency',
} as const;

type Index = { name: string; partitionKey: string; sortKey: string; nonKeyAttributes?: readonly string[] };
type Table = { name: string; partitionKey: string; sortKey?: string; index?: Index };

const DEFINITIONS: Table[] = [
  { ...TRANSACTIONS_TABLE, name: TABLES.transactions, index: TRANSACTIONS_TABLE.shopperIndex },
  { ...ORDER_LEDGER_TABLE, name: TABLES.orderLedger, index: ORDER_LEDGER_TABLE.dueIndex },
  { ...POSITIONS_TABLE, name: TABLES.positions },
  { ...QUARANTINE_TABLE, name: TABLES.quarantine },
  { partitionKey: 'pk', name: TABLES.plain },
  { partitionKey: 'id', name: TABLES.idempotency },
];

/** Deletes all tables and creates them empty. */
export async function createTables(dynamodb: AwsJsonClient): Promise<void> {
  for (const table of DEFINITIONS) {
    await dynamodb('DeleteTable', { TableName: table.name }).catch(() => undefined);
    await dynamodb('CreateTable', tableInput(table));
  }
}

function tableInput({ name: TableName, partitionKey, sortKey, index }: Table) {
  const keys = (partition: string, sort?: string) => [
    { AttributeName: partition, KeyType: 'HASH' },
    ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: 'RANGE' }]),
  ];
  const names = [partitionKey, sortKey, index?.partitionKey, index?.sortKey].filter(
    (name) => name !== undefined,
  );
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys(partitionKey, sortKey),
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
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
