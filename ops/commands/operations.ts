import * as z from 'zod';

import { defineCommand, limit } from '../command.ts';
import { createOperationLog } from '../operation-log.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';

/** Lists what was done by hand. */
export const operationsList = defineCommand({
  name: 'operations-list',
  summary: 'Lists who ran which of these commands, with the results, the latest first.',
  usage: '(orders | transactions) [--limit N]',
  options: { limit: { type: 'string' } },
  input: z.object({
    arguments: z.tuple([z.enum(['orders', 'transactions'], { error: 'is orders or transactions' })]),
    limit,
  }),
  async run({ arguments: [flow], limit: most }, { stage, clients }) {
    const table = quarantineTableOf(stage, flow);
    const operations = await createOperationLog({ client: clients.dynamodb, table }).list(most);
    // What a narrow terminal must show comes first.
    const shown = operations.map(({ id, at, command, outcome, ...operation }) => ({
      ...{ at, command, outcome },
      ...operation,
      id,
    }));
    return { outcome: 'done', found: { count: shown.length, operations: shown } };
  },
});
