import type { WebhookOutcome } from '../shared/transactions/apply-webhook.ts';
import { replayWebhook, type ReplayWebhookPorts } from '../shared/transactions/replay-webhook.ts';
import { dryTransactions } from './dry-transactions.ts';
import type { Pace } from './pace.ts';

/** The number of webhooks by result. */
export type ReplayCounts = Record<WebhookOutcome | 'unknown', number>;

/**
 * Applies webhooks in quarantine one after the other, at a rate that leaves room for incoming ones. A dry run
 * reads and merges as the real run would, and writes nothing; `checkouts` is then a dry store.
 *
 * Throws if a table cannot be reached; it is safe to run it again.
 */
export async function replayWebhooks(
  ids: readonly string[],
  { isDryRun, pace, ...ports }: Omit<ReplayWebhookPorts, 'metrics'> & { isDryRun: boolean; pace: Pace },
): Promise<ReplayCounts> {
  const counts: ReplayCounts = { applied: 0, unchanged: 0, ping: 0, quarantined: 0, unknown: 0 };
  // An operator's actions are recorded, not counted as incoming traffic.
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
