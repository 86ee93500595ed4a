import { readFile } from 'node:fs/promises';

import * as z from 'zod';

import { brandName } from '../../infra/order-reporting-config.ts';
import { replayOrderMessage } from '../../shared/ingest/replay-order-message.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { createOrderLedger, type OrderLedger } from '../../shared/store/order-ledger-store.ts';
import { createQuarantineReview } from '../../shared/store/quarantine-review.ts';
import { brand, defineCommand, instant, limit, rate, type CommandContext } from '../command.ts';
import { createPace } from '../pace.ts';
import { chooseEntries, CHOICE_OPTIONS } from '../chosen-entries.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { UsageError } from '../usage-error.ts';

/** Shows what the ledger holds of an order. */
export const orderShow = defineCommand({
  name: 'order-show',
  summary: 'What Button was told of an order, and where it stands. --show-bytes prints the order itself.',
  usage: 'ORDER --brand ID [--show-bytes]',
  options: { brand: { type: 'string' }, 'show-bytes': { type: 'boolean' } },
  input: z.object({
    arguments: z.tuple([z.string().min(1)]),
    brand,
    'show-bytes': z.boolean().default(false),
  }),
  async run({ arguments: [orderId], brand: brandId, 'show-bytes': showBytes }, context) {
    const stored = await openLedger(brandId, context).read(orderId);
    if (!stored) return { outcome: 'not-found', found: {} };
    const { newest, ...entry } = stored.value;
    const { order, ...version } = newest;
    return {
      outcome: 'done',
      found: { ...entry, newest: showBytes ? { ...version, order } : version, revision: stored.revision },
    };
  },
});

/** Later than any try. */
const THE_END = new Date('9999-12-31T23:59:59.000Z');

/** Lists the orders that Button does not hold yet. */
export const ordersWaiting = defineCommand({
  name: 'orders-waiting',
  summary: 'Orders that wait for their next try, the longest due first.',
  usage: '--brand ID [--limit N]',
  options: { brand: { type: 'string' }, limit: { type: 'string' } },
  input: z.object({ arguments: z.tuple([]), brand, limit }),
  async run({ brand: brandId, limit: most }, context) {
    const orders = await openLedger(brandId, context).listDue(THE_END, most);
    return { outcome: 'done', found: { count: orders.length, more: orders.length === most, orders } };
  },
});

/** Sends refused order messages to their queue again. */
export const ordersReplay = defineCommand({
  name: 'orders-replay',
  summary: 'Sends quarantined order messages again, as they came, or one with a corrected body from a file.',
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
  async run({ brand: brandId, body, rate: perSecond, ...choice }, { stage, clients, isDryRun, now }) {
    const queueUrl = stage.output(`OrderQueueUrl${brandName(brandId)}`);
    const quarantine = createQuarantineReview({
      client: clients.dynamodb,
      table: quarantineTableOf(stage, 'orders'),
    });
    if (body !== undefined && choice.arguments.length !== 1) {
      throw new UsageError('--body: goes with exactly one entry');
    }
    const correctedBody = body === undefined ? undefined : await readBody(body);
    const { ids, missing, more } = await chooseEntries(quarantine, `order#${brandId}`, choice);
    if (isDryRun) {
      return {
        outcome: missing.length > 0 ? 'not-found' : 'done',
        found: { wouldSend: ids.length, missing, more, ids },
      };
    }
    const send = createFifoSender({ client: clients.sqs, queueUrl });
    const pace = createPace(perSecond);
    const sent: string[] = [];
    for (const entryId of ids) {
      await pace(1);
      const corrected = correctedBody === undefined ? { entryId } : { entryId, correctedBody };
      const outcome = await replayOrderMessage(corrected, { brand: brandId, quarantine, send, now });
      if (outcome === 'unknown') missing.push(entryId);
      else sent.push(entryId);
    }
    return {
      outcome: missing.length > 0 ? 'not-found' : 'done',
      found: { sent: sent.length, missing, more, ids: sent },
    };
  },
});

async function readBody(file: string): Promise<string> {
  try {
    const body = await readFile(file, 'utf8');
    JSON.parse(body);
    return body;
  } catch (error) {
    throw new UsageError(`--body: ${file} can not be read as JSON`, { cause: error });
  }
}

function openLedger(brandId: string, { stage, clients }: CommandContext): OrderLedger {
  const table = stage.output('OrderLedgerTableName');
  stage.output(`OrderQueueUrl${brandName(brandId)}`);
  return createOrderLedger({ client: clients.dynamodb, table, brand: brandId });
}
