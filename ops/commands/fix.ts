import { setTimeout as delay } from 'node:timers/promises';

import * as z from 'zod';

import { previewReplays, type ReplayPreview } from '../../shared/orders/preview-replay.ts';
import { replayOrderMessage } from '../../shared/orders/replay-order-message.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import {
  createQuarantineReview,
  type QuarantinedItem,
  type QuarantineReview,
} from '../../shared/quarantine/quarantine-review.ts';
import { brandOutput, openLedger, settingsOf } from '../brand-orders.ts';
import { defineCommand, positiveLimit, type CommandContext, type CommandResult } from '../command.ts';
import { awaitReplay } from '../fix/await-replay.ts';
import { discardEdited, editMessage } from '../fix/edit-message.ts';
import { jsonDifferences } from '../fix/json-difference.ts';
import type { Stored } from '../fix/replay-result.ts';
import { readMessageFile } from '../message-file.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { opsLine } from '../timeline/words.ts';
import { UsageError } from '../usage-error.ts';

/** Fixes a refused order message and replays it, in one step. */
export const fix = defineCommand({
  name: 'fix',
  summary:
    'Checks a corrected body for an order message in quarantine, shows where it differs, sends it, waits, and reports the result. Without --body it opens the message in your editor. --show-bytes prints the values that differ.',
  usage: 'ENTRY [--body FILE] [--brand ID] [--wait SECONDS] [--show-bytes]',
  options: {
    body: { type: 'string' },
    brand: { type: 'string' },
    wait: { type: 'string' },
    'show-bytes': { type: 'boolean' },
  },
  changes: 'orders',
  recorded: ['arguments', 'body', 'brand'],
  input: z.object({
    arguments: z.tuple([z.string({ error: 'is the entry' }).min(1)]),
    body: z.string().min(1).optional(),
    brand: z.string().min(1).optional(),
    wait: positiveLimit(120),
    'show-bytes': z.boolean().default(false),
  }),
  async run({ arguments: [entryId], body: given, brand, wait, 'show-bytes': showBytes }, context) {
    const quarantine = createQuarantineReview({
      client: context.clients.dynamodb,
      table: quarantineTableOf(context.stage, 'orders'),
    });
    const found = await findEntry(entryId, { brand, quarantine, context });
    if (!found) return { outcome: 'not-found', found: { entry: entryId } };
    if (given !== undefined)
      return fixWith(given, { entryId, ...found, wait, showBytes, quarantine }, context);
    const edited = await edit(found.entry);
    try {
      return await fixWith(edited, { entryId, ...found, wait, showBytes, quarantine }, context);
    } catch (error) {
      // Nobody would find the message again.
      if (error instanceof Error && !error.message.includes(edited))
        error.message += ` (the message as you edited it is in ${edited})`;
      throw error;
    }
  },
});

type Fixing = FoundEntry & {
  entryId: string;
  wait: number;
  showBytes: boolean;
  quarantine: QuarantineReview;
};

/** Checks the message in a file in place of an entry, and sends it unless this is a dry run. */
async function fixWith(
  file: string,
  { entryId, brand, entry, wait, showBytes, quarantine }: Fixing,
  context: CommandContext,
): Promise<CommandResult> {
  const body = await readMessageFile(file);
  const [preview] = await previewReplays(
    { entryIds: [entryId], correctedBody: body },
    {
      brand,
      quarantine,
      ledger: openLedger(brand, context),
      settings: settingsOf(brand, context),
    },
  );
  if (!preview) return { outcome: 'not-found', found: { entry: entryId, body: file } };
  if (preview.would === 'be-rejected') throw new UsageError('--body: is about another order than the entry');
  const differs = differencesOf(entry, body, showBytes);
  const judged = { brand, ...preview, differs, body: file };
  const again = opsLine('fix', entryId, '--brand', brand, '--body', file);
  if (preview.would === 'be-refused')
    return { outcome: 'refused', found: { ...judged, sent: 0, next: `Correct ${file}, then: ${again}` } };
  if (context.isDryRun)
    return { outcome: 'done', found: { ...judged, wouldSend: 1, next: `${again} --yes` } };
  const result = await send(
    { brand, entry, body, preview, waitSeconds: wait },
    { judged, quarantine, context },
  );
  if (result.outcome === 'done') await discardEdited(file);
  return result;
}

/** The file with the message as somebody has edited it on this terminal. */
async function edit({ bytes }: QuarantinedItem): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError('--body: names the file with the corrected message');
  return editMessage(Buffer.from(bytes).toString('utf8'));
}

type FoundEntry = { brand: string; entry: QuarantinedItem };

/** The entry, of the named brand or of the brand that has it. */
async function findEntry(
  id: string,
  {
    brand,
    quarantine,
    context,
  }: { brand: string | undefined; quarantine: QuarantineReview; context: CommandContext },
): Promise<FoundEntry | undefined> {
  if (brand !== undefined) brandOutput(context.stage, 'OrderQueueUrl', brand);
  const brands = brand === undefined ? context.stage.brands : [brand];
  const entries = await Promise.all(
    brands.map(async (each) => ({ brand: each, entry: await quarantine.read(`order#${each}`, id) })),
  );
  const found = entries.flatMap(({ brand: each, entry }) => (entry ? [{ brand: each, entry }] : []));
  if (found.length > 1) throw new UsageError('--brand: several brands have an entry with this id');
  return found[0];
}

/** Where the corrected body differs; its values may be personal data. */
function differencesOf(entry: QuarantinedItem, body: string, showBytes: boolean): object[] {
  const original = Buffer.from(entry.bytes).toString('utf8');
  const differences = jsonDifferences(parsed(original), parsed(body));
  return showBytes ? differences : differences.map(({ path }) => ({ path }));
}

/** A body that is not JSON is compared as a text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function send(
  {
    brand,
    entry,
    body,
    preview,
    waitSeconds,
  }: FoundEntry & { body: string; preview: ReplayPreview; waitSeconds: number },
  { judged, quarantine, context }: { judged: object; quarantine: QuarantineReview; context: CommandContext },
): Promise<CommandResult> {
  const { stage, clients, now } = context;
  const ledger = openLedger(brand, context);
  const { orderId } = preview;
  const read = async (): Promise<Stored> => ({
    entry: await quarantine.read(entry.kind, entry.id),
    order: orderId === undefined ? undefined : await ledger.read(orderId),
  });
  const before = await read();
  const queueUrl = brandOutput(stage, 'OrderQueueUrl', brand);
  const sending = createFifoSender({ client: clients.sqs, queueUrl });
  const replay = { entryId: entry.id, correctedBody: body };
  const outcome = await replayOrderMessage(replay, { brand, quarantine, send: sending, now });
  if (outcome !== 'replayed') return { outcome: 'not-found', found: { ...judged, sent: 0 } };
  // The ledger has handled this version: nothing will be written, so there is nothing to wait for.
  if (preview.would === 'change-nothing')
    return { outcome: 'done', found: { ...judged, sent: 1, result: 'changes-nothing' } };
  const result = await awaitReplay(before, { read, wait: delay, forMs: waitSeconds * 1000 });
  const outcomes = { reported: 'done', refused: 'refused', waits: 'partial' } as const;
  const again = result.result === 'refused' ? await quarantine.read(entry.kind, result.entry) : undefined;
  return {
    outcome: outcomes[result.result],
    found: { ...judged, sent: 1, ...result, ...(again && { reasons: again.reasons }) },
  };
}
