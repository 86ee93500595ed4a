import * as z from 'zod';

const TableNameSchema = z
  .string()
  .regex(
    /^[\w.-]{3,255}$/,
    'must be the name of a table: 3 to 255 letters, digits, underscores, dots and hyphens',
  );

const StreamArnSchema = z
  .string()
  .regex(
    /^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]{3,255}\/stream\/[\w.:-]+$/,
    "must be the ARN of a table's stream, as LatestStreamArn of aws dynamodb describe-table has it",
  );

const StreamedTableSchema = z
  .strictObject({
    name: TableNameSchema.describe('The name of the table.').meta({ examples: ['transactions-restored'] }),
    streamArn: StreamArnSchema.describe(
      "The ARN of the table's stream of new and old images: `LatestStreamArn` of `aws dynamodb describe-table`.",
    ).meta({
      examples: [
        'arn:aws:dynamodb:eu-west-1:111122223333:table/transactions-restored/stream/2026-06-01T12:00:00.000',
      ],
    }),
  })
  .check(({ value: { name, streamArn }, issues }) => {
    const [, streamed = ''] = streamArn.split('/');
    if (streamed === name) return;
    issues.push({
      code: 'custom',
      input: streamArn,
      path: ['streamArn'],
      message: `must be of a stream of the table ${name}; it is of ${streamed}`,
    });
  });

/** Existing tables that the stage uses instead of those that its stacks would create. */
export const ExistingTablesSchema = z.strictObject({
  orderLedger: TableNameSchema.optional()
    .describe('The name of the order ledger.')
    .meta({ examples: ['Button-production-OrderLedger'] }),
  orderQuarantine: TableNameSchema.optional()
    .describe('The name of the quarantine of order messages.')
    .meta({ examples: ['Button-production-OrderQuarantine'] }),
  transactions: StreamedTableSchema.optional().describe('The table of transactions.'),
  positions: TableNameSchema.optional()
    .describe('The name of the table of positions.')
    .meta({ examples: ['positions-restored'] }),
  webhookQuarantine: TableNameSchema.optional()
    .describe('The name of the quarantine of webhooks.')
    .meta({ examples: ['webhook-quarantine-restored'] }),
});

/** The validated names of existing tables. */
export type ExistingTables = z.output<typeof ExistingTablesSchema>;

/**
 * A table of a stage: a setting of `existingTables` and, with a capital letter, the logical id of the table
 * that a stack creates.
 */
export type StageTable = keyof ExistingTables;

/** The flow that uses each table. */
const FLOWS = {
  orderLedger: 'orderReporting',
  orderQuarantine: 'orderReporting',
  transactions: 'transactions',
  positions: 'transactions',
  webhookQuarantine: 'transactions',
} as const satisfies Record<StageTable, string>;

const STAGE_TABLES = [
  'orderLedger',
  'orderQuarantine',
  'transactions',
  'positions',
  'webhookQuarantine',
] as const satisfies readonly StageTable[];

/** What a configuration says of tables, and which flows it deploys. */
export type TableSettings = {
  stage: string;
  isRetained: boolean;
  existingTables: ExistingTables;
  flows: ReadonlySet<string>;
};

/** The fixed name of a table that all brands share and that a stack creates. */
export function ownOrderTableName(table: 'orderLedger' | 'orderQuarantine', stage: string): string {
  return `Button-${stage}-${logicalIdOf(table)}`;
}

/** The fixed name of a table that a stack creates; undefined if CloudFormation chooses one. */
export function ownTableName(table: StageTable, stage: string): string | undefined {
  return table === 'orderLedger' || table === 'orderQuarantine' ? ownOrderTableName(table, stage) : undefined;
}

/** The name of the existing table; undefined if the stack creates its own. */
export function existingTableName(existing: ExistingTables, table: StageTable): string | undefined {
  return table === 'transactions' ? existing.transactions?.name : existing[table];
}

/**
 * The name of each existing table, by the logical id of the table that a stack would create instead:
 * `OrderLedger`.
 */
export function existingTablesByLogicalId(existing: ExistingTables): ReadonlyMap<string, string> {
  return new Map(namedTables(existing).map(({ table, name }) => [logicalIdOf(table), name]));
}

/** What is wrong with the tables that a configuration names: which table, and what it should be. */
export function existingTableProblems(settings: TableSettings): { table: StageTable; message: string }[] {
  return namedTables(settings.existingTables).flatMap(({ table, name }) => {
    const message = problemWith(table, name, settings);
    return message === undefined ? [] : [{ table, message }];
  });
}

function problemWith(
  table: StageTable,
  name: string,
  { stage, isRetained, existingTables, flows }: TableSettings,
): string | undefined {
  if (!flows.has(FLOWS[table])) return `must be left out: ${FLOWS[table]}, which uses it, isn't deployed`;
  const other = STAGE_TABLES.find(
    (one) => one !== table && (existingTableName(existingTables, one) ?? ownTableName(one, stage)) === name,
  );
  if (other !== undefined) return `must be a table of its own: ${name} is that of ${other}`;
  if (!isRetained && name === ownTableName(table, stage)) {
    return `must not be ${name} in a stage without keepData: CloudFormation deletes that table as it leaves the stack`;
  }
  return undefined;
}

function namedTables(existing: ExistingTables): { table: StageTable; name: string }[] {
  return STAGE_TABLES.flatMap((table) => {
    const name = existingTableName(existing, table);
    return name === undefined ? [] : [{ table, name }];
  });
}

function logicalIdOf(table: StageTable): string {
  return `${table.charAt(0).toUpperCase()}${table.slice(1)}`;
}
