import type { WebhookOutcome } from '../shared/transactions/apply-webhook.ts';
import { replayWebhook, type ReplayWebhookPorts } from '../shared/transactions/replay-webhook.ts';
import { dryTransactions } from './dry-transactions.ts';
import type { Pace } from './pace.ts';

/** What became of the webhooks. */
export type ReplayCounts = Record<WebhookOutcome | 'unknown', number>;

/**
 * Applies quarantined webhooks one after the other, at a pace that leaves room for the live ones. A dry run
 * reads and merges as the run would, and writes nothing; `checkouts` is a dry store then.
 *
 * Throws if a table cannot be reached; running it again does no harm.
 */
export async function replayWebhooks(
  ids: readonly string[],
  { isDryRun, pace, ...ports }: Omit<ReplayWebhookPorts, 'metrics'> & { isDryRun: boolean; pace: Pace },
): Promise<ReplayCounts> {
  const counts: ReplayCounts = { applied: 0, unchanged: 0, ping: 0, quarantined: 0, unknown: 0 };
  // What a person does by hand is recorded, not counted among what came in.
  const metrics = { add: () => undefined };
  const used: ReplayWebhookPorts = isDryRun
    ? {
        ...ports,
        metrics,
        transactions: dryTransactions(ports.transactions),
        quarantine: { put: () => Promise.resolve({ isNew: true }) },
        review: { ...ports.review, markReplayed: () => Promise.resolve(true) },
      }
    : { ...ports, metrics };
  for (const id of ids) {
    await pace(1);
    counts[await replayWebhook(id, used)] += 1;
  }
  return counts;
}
