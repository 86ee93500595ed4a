import { readEnvelope } from '../../shared/button/webhook-envelope.ts';
import { applyWebhook, type ApplyWebhookPorts } from '../../shared/transactions/apply-webhook.ts';
import { quarantineWebhook, type ReceivedWebhook } from '../../shared/transactions/quarantine-webhook.ts';
import { erasedWebhook } from '../../shared/transactions/erase-webhook.ts';
import { readDeferredMessage } from '../../shared/transactions/deferred-webhook.ts';
import { errorName, log } from '../../shared/runtime/logger.ts';
import { isStoreOutage } from '../../shared/dynamodb/store-outage.ts';

/** A message on the queue of deferred webhooks; `receives` counts this delivery too. */
export type DeferredMessage = { body: string; receiptHandle: string; receives: number };

/** What applying a deferred webhook needs. */
export type ApplyDeferredPorts = ApplyWebhookPorts & {
  /** Hides a message for a number of seconds; throws if the queue cannot be reached. */
  hide: (receiptHandle: string, seconds: number) => Promise<void>;
  /** After this number of receives SQS moves a message away: the last try has to put it into quarantine. */
  maxReceives: number;
};

/** The result of a try. */
export type DeferredOutcome =
  /** It is stored: as a transaction, or in quarantine because it cannot be read. */
  | 'applied'
  /**
   * It fails although the store works, or it has been tried long enough: its bytes are in quarantine, to be
   * replayed.
   */
  | 'quarantined'
  /** The store is down: the message stays on the queue. */
  | 'waiting';

/** An error that is not the store's does not pass by waiting: a few tries rule out chance. */
const MAX_TRIES_OF_A_FAULT = 5;

const FIRST_WAIT_SECONDS = 5;
const LONGEST_WAIT_SECONDS = 900;

/**
 * Applies a webhook that the receiver could not store. While a store is down, it is tried again after growing
 * waits of up to 15 minutes. If it fails for another reason, a fault of our own, it goes to quarantine after
 * five tries.
 *
 * Throws if quarantine or queue cannot be reached: the message then stays on the queue.
 */
export async function applyDeferred(
  message: DeferredMessage,
  given: ApplyDeferredPorts,
): Promise<DeferredOutcome> {
  const ports: ApplyDeferredPorts = {
    ...given,
    withoutErased: async (webhook) => erasedWebhook(webhook, (await given.erasures?.()) ?? []),
  };
  const outcome = await tryToApply(message, ports);
  ports.metrics.add({ name: METRIC_OF_OUTCOME[outcome], value: 1 });
  log.info('deferred_webhook', { eventId: readEnvelope(asReceived(message.body).body).eventId, outcome });
  return outcome;
}

const METRIC_OF_OUTCOME = {
  applied: 'DeferredWebhooksApplied',
  quarantined: 'DeferredWebhooksQuarantined',
  waiting: 'DeferredWebhooksWaiting',
} as const satisfies Record<DeferredOutcome, string>;

async function tryToApply(message: DeferredMessage, ports: ApplyDeferredPorts): Promise<DeferredOutcome> {
  const { receives, receiptHandle } = message;
  try {
    const outcome = await applyWebhook(readDeferredMessage(message.body), ports);
    if (outcome === 'quarantined') ports.metrics.add({ name: 'WebhooksQuarantined', value: 1 });
    return 'applied';
  } catch (error) {
    const tries = isStoreOutage(error)
      ? ports.maxReceives
      : Math.min(MAX_TRIES_OF_A_FAULT, ports.maxReceives);
    log.warn('deferred_webhook_failed', { error: errorName(error), receives });
    measureAge(message, ports);
    if (receives >= tries) return moveToQuarantine(message, errorName(error), ports);
    await ports.hide(receiptHandle, waitSeconds(receives));
    return 'waiting';
  }
}

/**
 * After every try, also if quarantine is down and the message stays. A message without a webhook has no time
 * of receipt.
 */
function measureAge({ body }: DeferredMessage, { metrics, now }: ApplyDeferredPorts): void {
  const ageSeconds = (now().getTime() - Date.parse(asReceived(body).receivedAt)) / 1000;
  if (!Number.isNaN(ageSeconds))
    metrics.add({ name: 'OldestDeferredWebhookAgeSeconds', value: Math.max(0, ageSeconds) });
}

async function moveToQuarantine(
  { body, receives }: DeferredMessage,
  error: string,
  ports: ApplyDeferredPorts,
): Promise<'quarantined'> {
  const problem = `Not applied in ${receives} tries: ${error}`;
  const fix = 'Fix what the log names, and replay it';
  await quarantineWebhook(asReceived(body), { reasons: [{ code: 'not_applied', problem, fix }] }, ports);
  ports.metrics.add({ name: 'WebhooksQuarantined', value: 1 });
  return 'quarantined';
}

/** The webhook in a message; if it contains none, the message itself. */
function asReceived(message: string): ReceivedWebhook {
  try {
    return readDeferredMessage(message);
  } catch {
    return { body: Buffer.from(message), receivedAt: '' };
  }
}

/** 5 s, 10 s, 20 s and so on up to 15 minutes. */
function waitSeconds(receives: number): number {
  return Math.min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (receives - 1));
}
