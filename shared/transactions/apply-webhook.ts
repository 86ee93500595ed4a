import {
  type Checkout,
  type Observation,
  readWebhook,
  type Transaction,
  type WebhookResult,
} from '@button-serverless/validation/webhooks';
import { readCheckout } from '../button/checkout-webhook.ts';
import { readEnvelope } from '../button/webhook-envelope.ts';
import type { ConflictNote } from '../reconciliation/rules/conflict-note.ts';
import { deliveryOf } from './rules/delivery.ts';
import { erasedSince, type ErasureNote } from './rules/erasure-note.ts';
import { UNWRITTEN } from './rules/merge-transaction.ts';
import type { Metrics } from '../runtime/metric-definitions.ts';
import { log } from '../runtime/logger.ts';
import type { FinalizationMinutes } from './store/cached-finalization-windows.ts';
import type { CheckoutStore } from './store/checkout-store.ts';
import type { TransactionStore } from './store/transaction-store.ts';
import { applyTransaction } from './apply-transaction.ts';
import {
  quarantineWebhook,
  type QuarantineWebhookPorts,
  type ReceivedWebhook,
} from './quarantine-webhook.ts';

/** The result for an authentic webhook. */
export type WebhookOutcome =
  /** It brought something new, even if only an older version, and the table holds it. */
  | 'applied'
  /** The table held it already. */
  | 'unchanged'
  /** A test from Button's Dashboard: there is nothing to store. */
  | 'ping'
  /** It cannot be read; its bytes are kept to be replayed. */
  | 'quarantined';

/** What applying a webhook needs. */
export type ApplyWebhookPorts = QuarantineWebhookPorts & {
  transactions: TransactionStore;
  /**
   * When this system took over (ISO 8601 UTC): transactions created before are historical. If nothing else
   * says when, it is the time of the first webhook. Throws if it cannot be read.
   */
  cutOver: (receivedAt: string) => Promise<string>;
  /** The categories for which users are rewarded; `REWARDABLE_CATEGORIES` unless given. */
  rewardableCategories?: readonly string[];
  /** Has a conflict read again; unless given, the next sweep finds it. */
  noteConflicts?: (notes: readonly ConflictNote[]) => Promise<void>;
  /**
   * The shoppers who were erased recently: only for webhooks that waited meanwhile. Throws if they cannot be
   * read.
   */
  erasures?: () => Promise<readonly ErasureNote[]>;
  /** The finalization window of a brand; unless given, the stored one stays. */
  finalizationMinutes?: FinalizationMinutes;
  /** The store of checkouts. */
  checkouts: Pick<CheckoutStore, 'put'>;
  metrics: Metrics;
};

/**
 * Applies an authentic webhook: for the receiver, for the queue of deferred webhooks once the table is back,
 * and for a replay.
 *
 * Throws if the table cannot be reached; it is safe to call it again.
 */
export async function applyWebhook(
  webhook: ReceivedWebhook,
  ports: ApplyWebhookPorts,
): Promise<WebhookOutcome> {
  // Whatever it is about: with the first webhook, this system has started.
  const cutOver = await ports.cutOver(webhook.receivedAt);
  const reading = readWebhook(webhook.body);
  if (mayBePing(reading) && readEnvelope(webhook.body).isPing) return 'ping';
  const checkout = mayBePing(reading) ? readCheckout(webhook.body) : undefined;
  if (checkout) return keepCheckout(checkout, webhook, ports);
  if (!reading.ok) {
    const reasons = reading.faults.map(({ path, code }) => ({
      code,
      path,
      problem: 'The webhook was not understood here',
    }));
    await quarantineWebhook(webhook, { eventId: reading.eventId, reasons }, ports);
    return 'quarantined';
  }

  const { eventId, transaction, payload, flags } = reading;
  const erasedAt =
    webhook.erasedAt ?? erasedSince((await ports.erasures?.()) ?? [], transaction, webhook.receivedAt);
  const observation: Observation = {
    transaction,
    payload,
    source: { kind: 'webhook', eventId },
    seenAt: webhook.receivedAt,
    delivery: deliveryOf(transaction, cutOver),
    flags,
    ...(erasedAt === undefined ? {} : { erasedAt }),
  };
  const known = isFirstVersion(transaction) ? 'absent' : undefined;
  const { outcome, before, after } = await applyTransaction(ports, observation, known);
  const hasNewId = before !== undefined && after.buttonIds.length > before.buttonIds.length;
  countFlags(eventId, hasNewId ? [...flags, 'several_button_ids'] : flags, ports.metrics);
  return UNWRITTEN.includes(outcome) ? 'unchanged' : 'applied';
}

/**
 * Most versions that have not changed since their creation are new: storing them at once saves a read. If one
 * is stored already, that costs a refused write.
 */
function isFirstVersion({ status, createdDate, modifiedDate }: Transaction): boolean {
  return status === 'pending' && createdDate === modifiedDate;
}

/** A checkout is never refused: it is stored unchanged, and promises nothing. */
async function keepCheckout(
  checkout: Checkout,
  { receivedAt }: ReceivedWebhook,
  { checkouts, erasures, metrics, now }: ApplyWebhookPorts,
): Promise<WebhookOutcome> {
  const { shopper } = checkout;
  const named = { publisherCustomerId: shopper, pubRef: shopper };
  const erasedAt = erasedSince((await erasures?.()) ?? [], named, receivedAt);
  const kept = erasedAt === undefined ? checkout : { ...checkout, shopper: null };
  const outcome = await checkouts.put(kept, now());
  if (outcome === 'expected') metrics.add({ name: 'CheckoutsReceived', value: 1 });
  return outcome === 'known' ? 'unchanged' : 'applied';
}

/** Whatever data a Ping contains, it is not about a transaction: a sample is never stored. */
function mayBePing(reading: WebhookResult): boolean {
  return !reading.ok || reading.flags.includes('unknown_event_type');
}

function countFlags(eventId: string, flags: readonly string[], metrics: Metrics): void {
  if (flags.length === 0) return;
  for (const flag of flags) metrics.add({ name: 'WebhookFlags', value: 1, dimensions: { Flag: flag } });
  log.info('webhook_flagged', { eventId, flags });
}
