import * as z from 'zod';

import { previewReplays, type ReplayPreview } from '../../shared/orders/preview-replay.ts';
import { replayOrderMessage } from '../../shared/orders/replay-order-message.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { createQuarantineReview, type QuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { brandOutput, openLedger, settingsOf } from '../brand-orders.ts';
import { chooseEntries, CHOICE_OPTIONS } from '../chosen-entries.ts';
import { brand, defineCommand, instant, limit, rate, type CommandContext } from '../command.ts';
import { readMessageFile } from '../message-file.ts';
import { countedPace, createPace } from '../pace.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { UsageError } from '../usage-error.ts';

/** Sends refused order messages to their queue again. */
export const ordersReplay = defineCommand({
  name: 'orders-replay',
  summary:
    'Replays order messages in quarantine, those of each order in version order: unchanged, or one with a corrected body from a file. Does not send what the reporter would refuse.',
  usage:
    '--brand ID (ENTRY... | --all [--reason CODE] [--since INSTANT] [--limit N]) [--body FILE] [--rate PER_SECOND]',
  options: { brand: { type: 'string' }, body: { type: 'string' }, ...CHOICE_OPTIONS },
  changes: 'orders',
  recorded: ['brand', 'arguments', 'all', 'reason', 'since', 'limit', 'body'],
  input: z.object({
    arguments: z.array(z.string().min(1)),
    brand,
    body: z.string().optional(),
    all: z.boolean().default(false),
    reason: z.string().optional(),
    since: instant.optional(),
    limit,
    rate: rate(20),
  }),
  async run({ brand: brandId, body, rate: perSecond, ...choice }, context) {
    const quarantine = createQuarantineReview({
      client: context.clients.dynamodb,
      table: quarantineTableOf(context.stage, 'orders'),
    });
    if (body !== undefined && choice.arguments.length !== 1)
      throw new UsageError('--body: needs exactly one entry');
    const correctedBody = body === undefined ? undefined : await readMessageFile(body);
    const { ids, missing, more } = await chooseEntries(quarantine, `order#${brandId}`, choice);
    const replay = { brandId, quarantine, correctedBody };
    const previews = await previewReplays(
      { entryIds: ids, correctedBody },
      {
        brand: brandId,
        quarantine,
        ledger: openLedger(brandId, context),
        settings: settingsOf(brandId, context),
      },
    );
    if (previews.some(({ would }) => would === 'be-rejected'))
      throw new UsageError('--body: is about another order than the entry');
    const refused = previews.filter(({ would }) => would === 'be-refused');
    const sendable = previews.filter(({ would }) => would !== 'be-refused');
    if (context.isDryRun) {
      const found = { wouldSend: sendable.length, wouldBeRefused: refused.length, missing, more };
      return {
        outcome: missing.length > 0 ? 'not-found' : 'done',
        found: { ...found, entries: [...sendable, ...refused] },
      };
    }
    const sent = await sendAll(sendable, { ...replay, perSecond }, context);
    missing.push(...sendable.map(({ id }) => id).filter((id) => !sent.includes(id)));
    return {
      outcome: missing.length > 0 ? 'not-found' : refused.length > 0 ? 'partial' : 'done',
      found: { sent: sent.length, refused, missing, more, ids: sent },
    };
  },
});

type Replay = { brandId: string; quarantine: QuarantineReview; correctedBody: string | undefined };

/** Sends one after the other; returns the ids of the sent entries. */
async function sendAll(
  previews: readonly ReplayPreview[],
  { brandId, quarantine, correctedBody, perSecond }: Replay & { perSecond: number },
  { stage, clients, now, progress }: CommandContext,
): Promise<string[]> {
  const queueUrl = brandOutput(stage, 'OrderQueueUrl', brandId);
  const ports = {
    brand: brandId,
    quarantine,
    send: createFifoSender({ client: clients.sqs, queueUrl }),
    now,
  };
  const pace = countedPace(createPace(perSecond), progress('messages', previews.length));
  const sent: string[] = [];
  for (const { id: entryId } of previews) {
    await pace(1);
    const corrected = correctedBody === undefined ? { entryId } : { entryId, correctedBody };
    if ((await replayOrderMessage(corrected, ports)) === 'replayed') sent.push(entryId);
  }
  return sent;
}
