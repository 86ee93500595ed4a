import * as z from 'zod';

import { createQuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { brandOutput } from '../brand-orders.ts';
import { defineCommand, type CommandContext, type Flow } from '../command.ts';
import { groupByReason } from '../fix/reason-groups.ts';
import { findEntries } from '../quarantine-entries.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { opsLine } from '../timeline/words.ts';

/** Groups the entries in quarantine by reason. */
export const quarantineReasons = defineCommand({
  name: 'quarantine-reasons',
  summary:
    'Groups the entries in quarantine by reason, the most frequent first: how many, since when, an example, and the commands that replay or delete them all.',
  usage: '[--brand ID]',
  options: { brand: { type: 'string' } },
  input: z.object({ arguments: z.tuple([]), brand: z.string().min(1).optional() }),
  async run({ brand }, context) {
    const kinds = kindsOf(context, brand);
    const found = await Promise.all(
      kinds.map(async ({ flow, kind, ...commands }) => {
        const table = quarantineTableOf(context.stage, flow);
        const review = createQuarantineReview({ client: context.clients.dynamodb, table });
        const { entries } = await findEntries(review, kind, { limit: Infinity, withReplayed: false });
        return groupByReason(entries).map((group) => ({
          kind,
          ...group,
          next: nextFor(group.reason, commands),
        }));
      }),
    );
    const groups = found.flat();
    return { outcome: 'done', found: { groups } };
  },
});

/**
 * The commands to which `--all --reason CODE` is added: rows are not replayed, but read again from Button.
 */
type GroupCommands = { replay?: readonly string[]; remove: readonly string[] };

function nextFor(reason: string, { replay, remove }: GroupCommands): string[] {
  const all = ['--all', '--reason', reason];
  return [
    opsLine('explain', reason),
    ...(replay ? [opsLine(...replay, ...all)] : []),
    opsLine(...remove, ...all),
  ];
}

function kindsOf(
  { stage }: CommandContext,
  brand: string | undefined,
): ({ flow: Flow; kind: string } & GroupCommands)[] {
  if (brand !== undefined) brandOutput(stage, 'OrderQueueUrl', brand);
  const brands = brand === undefined ? stage.brands : [brand];
  const ofBrands = brands.map((id) => ({
    flow: 'orders' as const,
    kind: `order#${id}`,
    replay: ['orders-replay', '--brand', id],
    remove: ['quarantine-delete', 'orders', '--brand', id],
  }));
  if (brand !== undefined || !stage.outputNames.includes('WebhookQuarantineTableName')) return ofBrands;
  const webhooks = { replay: ['webhooks-replay'], remove: ['quarantine-delete', 'webhooks'] };
  return [
    ...ofBrands,
    { flow: 'transactions', kind: 'webhook', ...webhooks },
    { flow: 'transactions', kind: 'transaction-row', remove: ['quarantine-delete', 'rows'] },
  ];
}
