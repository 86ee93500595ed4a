import * as z from 'zod';

import { decide, type DecisionContext } from '../../shared/orders/rules/order-decision.ts';
import { messageDeduplicationId, messageGroupId } from '@button-serverless/validation/orders';
import { evolveAll } from '../../shared/orders/rules/order-evolution.ts';
import { orderMessage, type LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { previewMessage } from '../../shared/orders/preview-replay.ts';
import { REPLAY_ATTRIBUTE, replayOrderMessage } from '../../shared/orders/replay-order-message.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { createQuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { createQuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import { brandOutput, openLedger, settingsOf } from '../brand-orders.ts';
import { brand, defineCommand, reason, type CommandContext, type CommandResult } from '../command.ts';
import { readMessageFile } from '../message-file.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { UsageError } from '../usage-error.ts';

const oneOrder = z.tuple([z.string().min(1)]);

/** Tries an order at once. */
export const orderRetry = defineCommand({
  name: 'order-retry',
  summary: 'Tries an order that waits, fails or was refused within a minute, unchanged.',
  usage: 'ORDER --brand ID',
  options: { brand: { type: 'string' } },
  changes: 'orders',
  recorded: ['arguments', 'brand'],
  input: z.object({ arguments: oneOrder, brand }),
  run: ({ arguments: [orderId], brand: brandId }, context) =>
    changeOrder({ orderId, brandId, command: 'retry' }, context),
});

/** Gives up an order. */
export const orderAbandon = defineCommand({
  name: 'order-abandon',
  summary:
    'Gives up the newest version of an order. It stays in quarantine and is not tried any more, unless a newer version arrives or somebody replays it.',
  usage: 'ORDER --brand ID --reason TEXT',
  options: { brand: { type: 'string' }, reason: { type: 'string' } },
  changes: 'orders',
  recorded: ['arguments', 'brand', 'reason'],
  input: z.object({ arguments: oneOrder, brand, reason }),
  run: ({ arguments: [orderId], brand: brandId, reason: why }, context) =>
    changeOrder(
      {
        orderId,
        brandId,
        command: 'abandon',
        first: (entry) => keepAbandoned(entry, why, { brandId, context }),
      },
      context,
    ),
});

/** Sends a corrected version of an order. */
export const orderEdit = defineCommand({
  name: 'order-edit',
  summary:
    'Sends a corrected message of an order from a file: in place of the refused version, or as a newer version.',
  usage: 'ORDER --brand ID --body FILE',
  options: { brand: { type: 'string' }, body: { type: 'string' } },
  changes: 'orders',
  recorded: ['arguments', 'brand', 'body'],
  input: z.object({ arguments: oneOrder, brand, body: z.string({ error: 'names the file' }).min(1) }),
  async run({ arguments: [orderId], brand: brandId, body: file }, context) {
    const body = await readMessageFile(file);
    const ledger = openLedger(brandId, context);
    const known = await ledger.read(orderId);
    if (!known?.value.newest) return { outcome: 'not-found', found: {} };
    const preview = await previewMessage(body, { ledger, settings: settingsOf(brandId, context) });
    if (preview.orderId !== orderId) throw new UsageError(`--body: is not about the order ${orderId}`);
    if (context.isDryRun || preview.would === 'be-refused')
      return { outcome: context.isDryRun ? 'done' : 'partial', found: { sent: 0, ...preview } };
    await sendEdited(
      { body, entryId: known.value.newest.messageId },
      { orderId, revision: known.revision },
      { brandId, context },
    );
    return { outcome: 'done', found: { sent: 1, orderId } };
  },
});

type Where = { brandId: string; context: CommandContext };

/** Longer than any quiet time: by then Button has carried out an unclear call, or never will. */
const LONGEST_QUIET_MS = 900_000;

/**
 * Reads an order, lets the ledger decide on the operator's command and writes the outcome, unless somebody
 * else wrote meanwhile: then the command has to be run again.
 */
async function changeOrder(
  {
    orderId,
    brandId,
    command,
    first = () => Promise.resolve(),
  }: {
    orderId: string;
    brandId: string;
    command: 'retry' | 'abandon';
    first?: (entry: LedgerEntry) => Promise<void>;
  },
  context: CommandContext,
): Promise<CommandResult> {
  const ledger = openLedger(brandId, context);
  const stored = await ledger.read(orderId);
  if (!stored?.value.newest) return { outcome: 'not-found', found: {} };
  const before = stored.value;
  const { events } = decide(before, { command }, operatorContext(context.now()));
  const after = evolveAll(before, events);
  const found = { orderId, was: before.progress, changed: events.length > 0 };
  if (events.length === 0 || context.isDryRun)
    return { outcome: 'done', found: events.length > 0 ? { ...found, wouldBe: after.progress } : found };
  await first(before);
  const { ok: written } = await ledger.write(after, stored.revision);
  return written
    ? { outcome: 'done', found: { ...found, is: after.progress } }
    : { outcome: 'partial', found: { ...found, changed: false } };
}

/** An operator's command claims nothing and needs no waits; a version in doubt keeps its quiet time. */
function operatorContext(now: Date): DecisionContext {
  return {
    claimant: { owner: 'operator', now, leaseMs: 0 },
    policy: { quietTimeMs: LONGEST_QUIET_MS, retryBaseMs: 0, retryMaxMs: 0, jitter: () => 0 },
    isPaused: false,
    verifyBefore: undefined,
  };
}

/** Kept before the ledger says so: a version that is given up must be found in the quarantine. */
async function keepAbandoned(
  entry: LedgerEntry,
  reason: string,
  { brandId, context: { stage, clients, now }, context }: Where,
): Promise<void> {
  const { messageId } = entry.newest;
  const quarantine = createQuarantineStore({
    client: clients.dynamodb,
    table: quarantineTableOf(stage, 'orders'),
    retentionDays: settingsOf(brandId, context).quarantineRetentionDays,
  });
  await quarantine.put({
    kind: `order#${brandId}`,
    id: messageId,
    bytes: orderMessage(entry),
    reasons: [{ code: 'abandoned', problem: `An operator abandoned the order: ${reason}` }],
    refusedAt: now().toISOString(),
    origin: `sqs:${messageId}`,
    orderId: entry.orderId,
  });
}

/** As the replay of the entry for the newest version, also if there is none (any more). */
async function sendEdited(
  { body, entryId }: { body: string; entryId: string },
  { orderId, revision }: { orderId: string; revision: number },
  { brandId, context: { stage, clients, now } }: Where,
): Promise<void> {
  const queueUrl = brandOutput(stage, 'OrderQueueUrl', brandId);
  const send = createFifoSender({ client: clients.sqs, queueUrl });
  const quarantine = createQuarantineReview({
    client: clients.dynamodb,
    table: quarantineTableOf(stage, 'orders'),
  });
  const replay = { entryId, correctedBody: body };
  const outcome = await replayOrderMessage(replay, { brand: brandId, quarantine, send, now });
  if (outcome !== 'unknown') return;
  await send([
    {
      body,
      groupId: messageGroupId(orderId),
      // Another correction is another message, even before the reporter has handled this one.
      deduplicationId: messageDeduplicationId({ source: 'order-edit', id: `${orderId} ${revision} ${body}` }),
      attributes: { [REPLAY_ATTRIBUTE]: entryId },
    },
  ]);
}
