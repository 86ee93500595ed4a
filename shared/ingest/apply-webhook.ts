import { createHash } from 'node:crypto';

import { readWebhook } from '../button/transaction-wire.ts';
import type { QuarantineStore } from '../store/quarantine-store.ts';
import type { TransactionStore } from '../store/transaction-store.ts';
import { applyTransaction } from './apply-transaction.ts';

/** What became of an authentic webhook. */
export type WebhookOutcome =
  /** It told something new, and the table holds it. */
  | 'applied'
  /** The table held it already, or something newer. */
  | 'unchanged'
  /** It could not be understood; its bytes are kept to be replayed. */
  | 'quarantined';

/** What applying a webhook needs. */
export type ApplyWebhookPorts = {
  transactions: TransactionStore;
  quarantine: QuarantineStore;
  now: () => Date;
};

/**
 * Applies an authentic webhook: for the receiver, and for the fallback queue once the table is back.
 *
 * Throws if the table cannot be reached; nothing is lost by calling it again.
 */
export async function applyWebhook(
  { body, receivedAt }: { body: Uint8Array; receivedAt: string },
  { transactions, quarantine, now }: ApplyWebhookPorts,
): Promise<WebhookOutcome> {
  const reading = readWebhook(body);
  if (!reading.understood) {
    const digest = createHash('sha256').update(body).digest('hex');
    await quarantine.keep({
      kind: 'webhook',
      id: reading.eventId ?? digest,
      bytes: body,
      reasons: reading.faults.map(({ path, code }) => ({
        code,
        path,
        problem: 'The webhook was not understood here',
      })),
      refusedAt: now().toISOString(),
      origin: 'webhook',
    });
    return 'quarantined';
  }

  const { eventId, transaction, payload } = reading;
  const { outcome } = await applyTransaction(transactions, {
    transaction,
    payload,
    source: { kind: 'webhook', eventId },
    seenAt: receivedAt,
    delivery: 'live',
  });
  return outcome === 'duplicate' || outcome === 'stale' ? 'unchanged' : 'applied';
}
