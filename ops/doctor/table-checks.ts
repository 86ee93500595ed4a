import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';

import type { CommandContext } from '../command.ts';
import { check, ok, problem, type CheckLine } from './check.ts';

/** Whether every table of the stage exists and can be used. */
export function tableChecks({ stage, clients }: CommandContext): Promise<CheckLine>[] {
  return stage.outputNames
    .filter((name) => name.endsWith('TableName'))
    .map((name) =>
      check(
        { name: `table ${name.slice(0, -'TableName'.length)}`, right: 'dynamodb:DescribeTable' },
        async () => {
          const described = await clients.dynamodb.send(
            new DescribeTableCommand({ TableName: stage.output(name) }),
          );
          const status = described.Table?.TableStatus ?? 'UNKNOWN';
          return status === 'ACTIVE' || status === 'UPDATING'
            ? ok('It exists.')
            : problem(`It is ${status}.`, 'Wait until it is ACTIVE, or restore it (docs/operations.md).');
        },
      ),
    );
}
