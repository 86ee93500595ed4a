import { checkSignature, type WebhookSecret } from '@button-serverless/validation/webhooks';
import { readEnvelope } from '../../shared/button/webhook-envelope.ts';
import {
  applyWebhook,
  type ApplyWebhookPorts,
  type WebhookOutcome,
} from '../../shared/transactions/apply-webhook.ts';
import { quarantineWebhook, type ReceivedWebhook } from '../../shared/transactions/quarantine-webhook.ts';
import { errorName, log } from '../../shared/runtime/logger.ts';
import type { Sampler } from '../../shared/runtime/sampler.ts';
import type { Secret } from '../../shared/runtime/secret.ts';

/** A request with the exact bytes of its body. */
export type WebhookRequest = { body: Uint8Array; signature: string | undefined };

/** The result of a request. */
export type ReceiveOutcome =
  | WebhookOutcome
  /** Authentic, and on the queue of deferred webhooks because the table did not accept it. */
  | 'deferred'
  /** Not signed with any of the secrets. */
  | 'forged'
  /** Nobody has set the webhooks' secrets yet, or they cannot be read. */
  | 'not-configured'
  /** Authentic, but neither table nor queue accepted it: Button has to send it again. */
  | 'unavailable';

/** What receiving needs. */
export type ReceiveEventPorts = ApplyWebhookPorts & {
  secrets: Secret<readonly WebhookSecret[]>;
  /**
   * Puts an event on the queue of deferred webhooks; throws if that cannot be reached or the event is too
   * large for it.
   */
  defer: (event: ReceivedWebhook) => Promise<void>;
  /** Keeps a flood of forgeries from becoming a flood of lines. */
  forgeries: Sampler;
};

/**
 * Receives one webhook: verifies the signature over the exact bytes, then applies the webhook. Never throws.
 *
 * An authentic webhook is kept whatever happens, readable or not: in the table, in quarantine, or on the
 * queue of deferred webhooks.
 */
export async function receiveEvent(
  request: WebhookRequest,
  ports: ReceiveEventPorts,
): Promise<ReceiveOutcome> {
  const outcome = await verifyAndApply(request, ports);
  if (outcome === 'forged') countForgery(request, ports);
  else ports.metrics.add({ name: METRIC_OF_OUTCOME[outcome], value: 1, fields: traceOf(request, outcome) });
  return outcome;
}

const METRIC_OF_OUTCOME = {
  applied: 'WebhooksApplied',
  unchanged: 'WebhooksUnchanged',
  ping: 'WebhooksUnchanged',
  quarantined: 'WebhooksQuarantined',
  deferred: 'WebhooksDeferred',
  'not-configured': 'WebhooksNotConfigured',
  unavailable: 'WebhooksUnavailable',
} as const satisfies Record<Exclude<ReceiveOutcome, 'forged'>, string>;

/** On the line of the invocation's metrics, because each line costs: every webhook can be found by its id. */
function traceOf({ body }: WebhookRequest, outcome: ReceiveOutcome): Readonly<Record<string, string>> {
  const { eventId } = readEnvelope(body);
  return eventId === undefined ? { outcome } : { eventId, outcome };
}

/** The gateway counts every refusal. A metric and a line here report the number now and then. */
function countForgery({ body }: WebhookRequest, { forgeries, metrics }: ReceiveEventPorts): void {
  const refused = forgeries.count();
  if (refused === undefined) return;
  metrics.add({ name: 'WebhooksForged', value: refused });
  // The last of them: if Button sent it, a secret is missing.
  log.warn('webhooks_forged', { refused, eventId: readEnvelope(body).eventId });
}

async function verifyAndApply(request: WebhookRequest, ports: ReceiveEventPorts): Promise<ReceiveOutcome> {
  const verification = await verify(request, ports.secrets);
  if (typeof verification === 'string') return verification;
  const { secretName } = verification;
  ports.metrics.add({ name: 'WebhooksBySecret', value: 1, dimensions: { Secret: secretName } });

  const event = { body: request.body, receivedAt: ports.now().toISOString() };
  try {
    return await applyWebhook(event, ports);
  } catch (error) {
    log.warn('webhook_deferred', { error: errorName(error) });
    return defer(event, ports);
  }
}

/**
 * A mismatch may mean that the secret was just replaced: then it is read again, but not more often than the
 * secret allows.
 */
async function verify(
  { body, signature }: WebhookRequest,
  secrets: ReceiveEventPorts['secrets'],
): Promise<{ secretName: string } | 'forged' | 'not-configured'> {
  const known = await secrets.read();
  if (known.status !== 'set') return 'not-configured';
  const check = checkSignature(body, signature, known.value);
  if (check.ok) return check;
  if (check.reason !== 'mismatch') return 'forged';

  const renewed = await secrets.refresh();
  if (renewed.status !== 'set') return 'not-configured';
  const secondCheck = checkSignature(body, signature, renewed.value);
  return secondCheck.ok ? secondCheck : 'forged';
}

/** The queue, or else the other table. Only what neither accepts is left to Button. */
async function defer(
  event: ReceivedWebhook,
  ports: ReceiveEventPorts,
): Promise<'deferred' | 'quarantined' | 'unavailable'> {
  try {
    await ports.defer(event);
    return 'deferred';
  } catch (error) {
    log.error('webhook_not_deferred', { error: errorName(error) });
  }
  try {
    await quarantineWebhook(event, { reasons: [NOT_STORED] }, ports);
    return 'quarantined';
  } catch (error) {
    log.error('webhook_not_stored', { error: errorName(error) });
    return 'unavailable';
  }
}

const NOT_STORED = {
  code: 'not_stored',
  problem: 'Neither the table nor the queue of deferred webhooks could take it',
  fix: 'Replay it once the table is back; the next reconciliation reads the same state from Button',
};
