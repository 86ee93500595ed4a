import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';

import {
  ORDER_LEDGER_TABLE,
  POSITIONS_TABLE,
  QUARANTINE_TABLE,
  TRANSACTIONS_TABLE,
} from '../../../shared/dynamodb/table.ts';
import { retainsData, type StageConfig } from '../../config.ts';
import { existingTableName, type StageTable } from '../../existing-tables.ts';
import {
  notChecked,
  ok,
  problem,
  unlessMissing,
  type Check,
  type Finding,
  type PreflightContext,
} from '../check.ts';

/** What a table must have: the same as a table that a stack creates. */
type Needed = { keys: string[]; index?: string; timeToLive?: string };

/** Whether the tables of `existingTables` exist and have what CloudFormation does not add to them. */
export const existingTables: Check = {
  name: 'existing tables',
  explains:
    'CloudFormation uses the tables of existingTables unchanged. A table without its index, stream or expiry would fail only once it is used (docs/restore.md).',
  async run(context) {
    const { existingTables: existing } = context.config;
    const tables = neededIn(context.config).flatMap(({ table, ...needed }) => {
      const name = existingTableName(existing, table);
      return name === undefined ? [] : [{ name, needed }];
    });
    if (tables.length === 0) return [ok('the configuration names none')];
    const found = await Promise.all(tables.map(({ name, needed }) => judge(name, needed, context)));
    return found.flat();
  },
};

function neededIn({ transactions }: StageConfig): (Needed & { table: StageTable })[] {
  const { timeToLive } = QUARANTINE_TABLE;
  const quarantineKeys = [QUARANTINE_TABLE.partitionKey, QUARANTINE_TABLE.sortKey];
  return [
    {
      table: 'orderLedger',
      keys: [ORDER_LEDGER_TABLE.partitionKey],
      index: ORDER_LEDGER_TABLE.dueIndex.name,
    },
    { table: 'orderQuarantine', keys: quarantineKeys, index: QUARANTINE_TABLE.orderIndex.name, timeToLive },
    {
      table: 'transactions',
      keys: [TRANSACTIONS_TABLE.partitionKey],
      ...(transactions?.shopperField !== 'none' && { index: TRANSACTIONS_TABLE.shopperIndex.name }),
      timeToLive: TRANSACTIONS_TABLE.timeToLive,
    },
    {
      table: 'positions',
      keys: [POSITIONS_TABLE.partitionKey, POSITIONS_TABLE.sortKey],
      timeToLive: POSITIONS_TABLE.timeToLive,
    },
    { table: 'webhookQuarantine', keys: quarantineKeys, timeToLive },
  ];
}

async function judge(name: string, needed: Needed, context: PreflightContext): Promise<Finding[]> {
  const { dynamodb } = context.clients;
  const request = { TableName: name };
  const answer = await unlessMissing(dynamodb.send(new DescribeTableCommand(request)), [
    'ResourceNotFoundException',
  ]);
  if (!answer?.Table)
    return [problem(`there is no table ${name}`, 'aws dynamodb list-tables; name one that exists.')];
  const [expiry, backups] = await Promise.all([
    dynamodb.send(new DescribeTimeToLiveCommand(request)),
    dynamodb.send(new DescribeContinuousBackupsCommand(request)),
  ]);
  const faults = [
    ...faultsOf(answer.Table, needed),
    ...streamFaults(answer.Table, context.config),
    ...expiryFaults(name, needed, expiry.TimeToLiveDescription?.AttributeName),
    ...protectionFaults(answer.Table, {
      config: context.config,
      recovery:
        backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus,
    }),
  ];
  return faults.length > 0 ? faults : [ok(`the table ${name} has what it needs`)];
}

function faultsOf(table: TableDescription, { keys, index }: Needed): Finding[] {
  const { TableName: name = '', TableStatus: status, KeySchema: schema = [] } = table;
  const own = schema.map(({ AttributeName: key }) => key);
  const faults: Finding[] = [];
  if (own.join() !== keys.join())
    faults.push(
      problem(
        `the table ${name} has the keys ${own.join(', ')}; it needs ${keys.join(', ')}`,
        'Name the table that was restored from the right one.',
      ),
    );
  const indexes = (table.GlobalSecondaryIndexes ?? []).map(({ IndexName: indexName }) => indexName);
  if (index !== undefined && !indexes.includes(index))
    faults.push(
      problem(
        `the table ${name} has no index ${index}`,
        'Restore it with its indexes, or add it (docs/restore.md).',
      ),
    );
  if (status !== 'ACTIVE' && status !== 'UPDATING')
    faults.push(notChecked(`the table ${name} is ${status ?? '?'}`, 'It can be used once it is ACTIVE.'));
  return faults;
}

function streamFaults(table: TableDescription, { existingTables: { transactions } }: StageConfig): Finding[] {
  const { TableName: name = '', LatestStreamArn: streamArn, StreamSpecification: stream } = table;
  if (transactions?.name !== name) return [];
  if (stream?.StreamEnabled !== true || stream.StreamViewType !== 'NEW_AND_OLD_IMAGES')
    return [
      problem(
        `the table ${name} has no stream of new and old images`,
        `aws dynamodb update-table --table-name ${name} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`,
      ),
    ];
  return streamArn === transactions.streamArn
    ? []
    : [
        problem(
          `existingTables.transactions.streamArn is not the current stream of ${name}`,
          `Set it to ${streamArn ?? '?'}.`,
        ),
      ];
}

function expiryFaults(name: string, { timeToLive }: Needed, own: string | undefined): Finding[] {
  return timeToLive === own
    ? []
    : [
        timeToLive === undefined
          ? problem(
              `items of the table ${name} expire by ${own ?? '?'}, and must not expire`,
              `aws dynamodb update-time-to-live --table-name ${name} --time-to-live-specification Enabled=false,AttributeName=${own ?? '?'}`,
            )
          : problem(
              `items of the table ${name} do not expire by ${timeToLive}`,
              `aws dynamodb update-time-to-live --table-name ${name} --time-to-live-specification Enabled=true,AttributeName=${timeToLive}`,
            ),
      ];
}

function protectionFaults(
  { TableName: name = '', DeletionProtectionEnabled: isProtected }: TableDescription,
  { config, recovery }: { config: StageConfig; recovery: string | undefined },
): Finding[] {
  if (!retainsData(config)) return [];
  return [
    ...(recovery === 'ENABLED'
      ? []
      : [
          problem(
            `the table ${name} cannot be restored to a point in time`,
            `aws dynamodb update-continuous-backups --table-name ${name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
          ),
        ]),
    ...(isProtected === true
      ? []
      : [
          problem(
            `the table ${name} is not protected from deletion`,
            `aws dynamodb update-table --table-name ${name} --deletion-protection-enabled`,
          ),
        ]),
  ];
}
