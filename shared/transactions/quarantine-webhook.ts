import { hash } from 'node:crypto';

import type { QuarantineReason, QuarantineStore } from '../quarantine/quarantine-store.ts';
import type { ErasedWebhook } from './erase-webhook.ts';

/** The exact bytes of an authentic webhook, and when it arrived, in ISO 8601 UTC. */
export type ReceivedWebhook = {
  body: Uint8Array;
  receivedAt: string;
  /**
   * Since when its shopper is erased, if that is known already: its bytes do not name the shopper any more.
   */
  erasedAt?: string;
};

/** What keeping a webhook needs. */
export type QuarantineWebhookPorts = {
  quarantine: Pick<QuarantineStore, 'put'>;
  /**
   * A webhook that is not understood, without a shopper who was erased after it arrived: only for webhooks
   * that waited meanwhile. Throws if the notes of erasures cannot be read.
   */
  withoutErased?: (webhook: ReceivedWebhook) => Promise<ErasedWebhook | undefined>;
  now: () => Date;
};

/** The additional reason that a webhook has in quarantine if its shopper was erased. */
export const SHOPPER_ERASED = 'shopper_erased';

/**
 * Keeps an authentic webhook unchanged, once however often it arrives; without its shopper if they were
 * erased after it arrived. Throws if the table cannot be reached, or if the notes of erasures cannot be read.
 */
export async function quarantineWebhook(
  webhook: ReceivedWebhook,
  { eventId, reasons }: { eventId?: string | undefined; reasons: readonly QuarantineReason[] },
  { quarantine, withoutErased, now }: QuarantineWebhookPorts,
): Promise<void> {
  const { body, erasedAt } = (await withoutErased?.(webhook)) ?? webhook;
  const problem = 'The shopper was erased: what named them is not kept';
  await quarantine.put({
    kind: 'webhook',
    id: eventId ?? hash('sha256', body),
    bytes: body,
    reasons: erasedAt === undefined ? reasons : [...reasons, { code: SHOPPER_ERASED, problem }],
    refusedAt: now().toISOString(),
    origin: 'webhook',
  });
}
