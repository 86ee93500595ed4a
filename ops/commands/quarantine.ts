import * as z from 'zod';

import { previewReplays } from '../../shared/orders/preview-replay.ts';
import { createQuarantineReview, type QuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { brandOutput, openLedger, settingsOf } from '../brand-orders.ts';
import { chooseEntries, CHOICE_OPTIONS } from '../chosen-entries.ts';
import { defineCommand, instant, limit, rate, type CommandContext } from '../command.ts';
import { countedPace, createPace } from '../pace.ts';
import { findEntries } from '../quarantine-entries.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { UsageError } from '../usage-error.ts';

const kind = z.enum(['orders', 'webhooks', 'rows'], { error: 'is orders, webhooks or rows' });

/** Lists what was refused. */
export const quarantineList = defineCommand({
  name: 'quarantine-list',
  summary:
    'Lists the entries that wait to be fixed, the newest first: which order, why, since when. With --replayed, also those that were replayed.',
  usage: '(orders --brand ID | webhooks | rows) [--reason CODE] [--since INSTANT] [--replayed] [--limit N]',
  options: {
    brand: { type: 'string' },
    reason: { type: 'string' },
    since: { type: 'string' },
    replayed: { type: 'boolean' },
    limit: { type: 'string' },
  },
  input: z.object({
    arguments: z.tuple([kind]),
    brand: z.string().optional(),
    reason: z.string().optional(),
    since: instant.optional(),
    replayed: z.boolean().default(false),
    limit,
  }),
  async run({ arguments: [kindGiven], brand, replayed, ...filter }, context) {
    const { review, kind: stored } = openQuarantine({ kind: kindGiven, brand }, context);
    const { entries, more } = await findEntries(review, stored, { ...filter, withReplayed: replayed });
    // What a narrow terminal must show comes first.
    const shown = entries.map(({ id, orderId, reasons, refusedAt, ...entry }) => ({
      ...{ id, orderId, reasons, refusedAt },
      ...entry,
    }));
    return { outcome: 'done', found: { count: shown.length, more, entries: shown } };
  },
});

/** Shows one entry. */
export const quarantineShow = defineCommand({
  name: 'quarantine-show',
  summary: 'Shows one entry. --show-bytes prints what was refused, unchanged; it may contain personal data.',
  usage: '(orders --brand ID | webhooks | rows) ENTRY [--show-bytes]',
  options: { brand: { type: 'string' }, 'show-bytes': { type: 'boolean' } },
  input: z.object({
    arguments: z.tuple([kind, z.string().min(1)]),
    brand: z.string().optional(),
    'show-bytes': z.boolean().default(false),
  }),
  async run({ arguments: [kindGiven, id], brand, 'show-bytes': showBytes }, context) {
    const { review, kind: stored } = openQuarantine({ kind: kindGiven, brand }, context);
    const entry = await review.read(stored, id);
    if (!entry) return { outcome: 'not-found', found: {} };
    const { bytes, ...summary } = entry;
    const shown = showBytes ? { bytes: Buffer.from(bytes).toString('utf8') } : {};
    return { outcome: 'done', found: { ...summary, ...shown } };
  },
});

/** Deletes entries. */
export const quarantineDelete = defineCommand({
  name: 'quarantine-delete',
  summary:
    'Deletes entries for good, or all entries with one reason: those that were handled, or must not be kept. A dry run says which orders a replay would report.',
  usage:
    '(orders --brand ID | webhooks | rows) (ENTRY... | --all [--reason CODE] [--since INSTANT] [--limit N])',
  options: { brand: { type: 'string' }, ...CHOICE_OPTIONS },
  changes: ({ arguments: [given] }) => (given === 'orders' ? 'orders' : 'transactions'),
  recorded: ['arguments', 'brand', 'all', 'reason', 'since', 'limit'],
  input: z.object({
    arguments: z.tuple([kind], z.string().min(1)),
    brand: z.string().optional(),
    all: z.boolean().default(false),
    reason: z.string().optional(),
    since: instant.optional(),
    limit,
    rate: rate(50),
  }),
  async run({ arguments: [kindGiven, ...named], brand, rate: perSecond, ...choice }, context) {
    const { review, kind: stored } = openQuarantine({ kind: kindGiven, brand }, context);
    const chosen = { ...choice, arguments: named };
    const { ids, missing, more } = await chooseEntries(review, stored, chosen);
    if (context.isDryRun) {
      const judged =
        kindGiven === 'orders' && brand !== undefined
          ? await judgeOrders(ids, { brand, review }, context)
          : {};
      const outcome = missing.length > 0 ? 'not-found' : 'done';
      return { outcome, found: { wouldDelete: ids.length, missing, more, ids, ...judged } };
    }
    const pace = countedPace(createPace(perSecond), context.progress('entries', ids.length));
    let deleted = 0;
    for (const id of ids) {
      await pace(1);
      if (await review.remove(stored, id)) deleted += 1;
      else missing.push(id);
    }
    return { outcome: missing.length > 0 ? 'not-found' : 'done', found: { deleted, missing, more } };
  },
});

/** The entries that the reporter would accept by now: deleting those loses what a replay would report. */
async function judgeOrders(
  entryIds: readonly string[],
  { brand, review }: { brand: string; review: QuarantineReview },
  context: CommandContext,
): Promise<{ wouldBeReported: string[] }> {
  const previews = await previewReplays(
    { entryIds },
    {
      brand,
      quarantine: review,
      ledger: openLedger(brand, context),
      settings: settingsOf(brand, context),
    },
  );
  return { wouldBeReported: previews.filter(({ would }) => would === 'be-reported').map(({ id }) => id) };
}

function openQuarantine(
  { kind: given, brand }: { kind: z.infer<typeof kind>; brand: string | undefined },
  { stage, clients: { dynamodb } }: CommandContext,
): { review: QuarantineReview; kind: string } {
  if (given === 'orders') {
    if (brand === undefined) throw new UsageError('--brand: names the brand');
    brandOutput(stage, 'OrderQueueUrl', brand);
  }
  const table = quarantineTableOf(stage, given === 'orders' ? 'orders' : 'transactions');
  const stored = { orders: `order#${brand ?? ''}`, webhooks: 'webhook', rows: 'transaction-row' }[given];
  return { review: createQuarantineReview({ client: dynamodb, table }), kind: stored };
}
