import * as z from 'zod';

import { defineCommand, limit, rate, type CommandContext } from '../command.ts';
import { countedPace, createPace } from '../pace.ts';
import { findDeadLetterQueue } from '../queues/dead-letter-queue.ts';
import { listDeadLetters, redriveDeadLetters } from '../queues/dead-letters.ts';
import { stageQueues, type StageQueue } from '../queues/stage-queues.ts';
import { opsLine } from '../timeline/words.ts';
import { UsageError } from '../usage-error.ts';

/** Lists what ended in dead-letter queues. */
export const deadLettersList = defineCommand({
  name: 'dead-letters-list',
  summary:
    'Lists the messages in all dead-letter queues, or in one: the order, webhook or read that each is about. Hides each message for a moment.',
  usage: '[orders:BRAND | deferred-webhooks | reads | rewards] [--limit N]',
  options: { limit: { type: 'string' } },
  input: z.object({ arguments: z.array(z.string().min(1)).max(1), limit }),
  async run({ arguments: [named], limit: most }, context) {
    const queues: object[] = [];
    for (const queue of named === undefined ? stageQueues(context.stage) : [queueOf(named, context)]) {
      const { sqs } = context.clients;
      const { url, visible, inFlight } = await findDeadLetterQueue(sqs, queue.url);
      const count = visible + inFlight;
      const messages = await listDeadLetters(sqs, { url, limit: most, about: queue.about });
      const next =
        messages.length === 0 ? {} : { redrive: opsLine('dead-letters-redrive', queue.name, '--yes') };
      queues.push({ queue: queue.name, count: Math.max(count, messages.length), messages, ...next });
    }
    return { outcome: 'done', found: { queues } };
  },
});

/** Sends dead letters to their queue again. */
export const deadLettersRedrive = defineCommand({
  name: 'dead-letters-redrive',
  summary: 'Sends the dead letters of a queue back to that queue, with their groups and attributes.',
  usage: '(orders:BRAND | deferred-webhooks | reads | rewards) [--limit N] [--rate PER_SECOND]',
  options: { limit: { type: 'string' }, rate: { type: 'string' } },
  changes: ({ arguments: [named] }) => (named.startsWith('orders:') ? 'orders' : 'transactions'),
  recorded: ['arguments', 'limit'],
  input: z.object({
    arguments: z.tuple([z.string({ error: 'is orders:BRAND, deferred-webhooks, reads or rewards' }).min(1)]),
    limit,
    rate: rate(20),
  }),
  async run({ arguments: [named], limit: most, rate: perSecond }, context) {
    const queue = queueOf(named, context);
    const { sqs } = context.clients;
    const { url, visible, inFlight } = await findDeadLetterQueue(sqs, queue.url);
    if (context.isDryRun) {
      const messages = await listDeadLetters(sqs, { url, limit: most, about: queue.about });
      const more = visible + inFlight > messages.length;
      return { outcome: 'done', found: { queue: queue.name, wouldSend: messages.length, more, messages } };
    }
    const count = visible + inFlight;
    const advance = context.progress('messages', Math.min(most, count));
    const pace = countedPace(createPace(perSecond), advance);
    const sent = await redriveDeadLetters(sqs, { from: url, to: queue.url, limit: most, pace });
    return { outcome: 'done', found: { queue: queue.name, sent, more: count > sent } };
  },
});

function queueOf(named: string, { stage }: CommandContext): StageQueue {
  const queues = stageQueues(stage);
  const queue = queues.find(({ name }) => name === named);
  if (queue) return queue;
  const names = queues.map(({ name }) => name).join(', ');
  throw new UsageError(`The stage ${stage.name} has no queue ${named}; it has ${names}.`);
}
