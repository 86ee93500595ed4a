import type { QuarantineReview } from '../quarantine/quarantine-review.ts';
import { applyWebhook, type ApplyWebhookPorts, type WebhookOutcome } from './apply-webhook.ts';
import { SHOPPER_ERASED } from './quarantine-webhook.ts';

/** What a replay needs. */
export type ReplayWebhookPorts = ApplyWebhookPorts & {
  review: Pick<QuarantineReview, 'read' | 'markReplayed'>;
};

/**
 * Applies a webhook in quarantine with the current code, and marks the entry if it could be read this time.
 * Returns `unknown` if there is no such entry (any more). The webhook was authentic when it arrived: only
 * such webhooks get into quarantine.
 *
 * It is safe to call it again at any time: the merge recognises what it has seen, so no version and no event
 * results twice. Throws if a table cannot be reached.
 */
export async function replayWebhook(
  entryId: string,
  { review, ...ports }: ReplayWebhookPorts,
): Promise<WebhookOutcome | 'unknown'> {
  const entry = await review.read('webhook', entryId);
  if (!entry) return 'unknown';
  const isErased = entry.reasons.some(({ code }) => code === SHOPPER_ERASED);
  const erasedAt = isErased ? { erasedAt: entry.refusedAt } : {};
  const outcome = await applyWebhook({ body: entry.bytes, receivedAt: entry.refusedAt, ...erasedAt }, ports);
  if (outcome !== 'quarantined') await review.markReplayed(entry, ports.now());
  return outcome;
}
