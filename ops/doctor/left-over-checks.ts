import { createQuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import type { CommandContext, Flow } from '../command.ts';
import { countWaiting } from '../quarantine-entries.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { findDeadLetterQueue, queueDepth } from '../queues/dead-letter-queue.ts';
import { opsLine } from '../timeline/words.ts';
import { check, ok, problem, type CheckLine, type Verdict } from './check.ts';

/** The most entries that are counted: more are no worse. */
const MOST_COUNTED = 1000;

/** The entries of a kind that wait in quarantine to be fixed. */
export function quarantineCheck(
  { name, flow, kind }: { name: string; flow: Flow; kind: string },
  { stage, clients }: CommandContext,
): Promise<CheckLine> {
  return check({ name, right: 'dynamodb:Query on the quarantine table' }, async () => {
    const table = quarantineTableOf(stage, flow);
    const review = createQuarantineReview({ client: clients.dynamodb, table });
    const { count, more } = await countWaiting(review, kind, MOST_COUNTED);
    if (count === 0) return ok('Empty.');
    const entries = count === 1 ? '1 entry waits' : `${more ? 'More than ' : ''}${count} entries wait`;
    return problem(`${entries} to be fixed.`, opsLine('quarantine-reasons'));
  });
}

/** The messages in a queue's dead-letter queue. */
export function deadLetterCheck(
  { name, queueUrl }: { name: string; queueUrl: () => string },
  { clients }: CommandContext,
): Promise<CheckLine> {
  return check({ name, right: 'sqs:GetQueueAttributes and sqs:GetQueueUrl' }, async () =>
    judgeDepth(await findDeadLetterQueue(clients.sqs, queueUrl()), opsLine('dead-letters-list')),
  );
}

/**
 * Changes of transactions that were never published: the failure queue says where they are in the table's
 * stream.
 */
export function eventFailureCheck({ stage, clients }: CommandContext): Promise<CheckLine> {
  return check({ name: 'events: failures', right: 'sqs:GetQueueAttributes' }, async () =>
    judgeDepth(
      await queueDepth(clients.sqs, stage.output('EventFailuresQueueUrl')),
      'Publish again what was modified at that time (npm run ops -- events-republish), then purge the queue.',
    ),
  );
}

function judgeDepth({ visible, inFlight }: { visible: number; inFlight: number }, remedy: string): Verdict {
  const count = visible + inFlight;
  return count === 0 ? ok('None.') : problem(`${count} ${count === 1 ? 'message' : 'messages'}.`, remedy);
}
