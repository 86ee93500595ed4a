import { checkSignature, type WebhookSecret } from '../../shared/button/signature.ts';
import {
  applyWebhook,
  type ApplyWebhookPorts,
  type WebhookOutcome,
} from '../../shared/ingest/apply-webhook.ts';
import type { Metrics } from '../../shared/domain/metrics.ts';
import { errorName, log } from '../../shared/runtime/logger.ts';
import type { Secret } from '../../shared/runtime/secret.ts';

/** A request as it came in: the exact bytes of the body. */
export type WebhookRequest = { body: Uint8Array; signature: string | undefined };

/** What became of a request. */
export type ReceiveOutcome =
  | WebhookOutcome
  /** Authentic, and on the fallback queue because the table could not take it. */
  | 'deferred'
  /** Not signed by any of the secrets. */
  | 'forged'
  /** Nobody has set the webhooks' secrets yet, or they cannot be read. */
  | 'not-configured'
  /** Authentic, but neither table nor queue could take it: Button has to send it again. */
  | 'unavailable';

/** What receiving needs. */
export type ReceiveEventPorts = ApplyWebhookPorts & {
  secrets: Secret<readonly WebhookSecret[]>;
  /** Puts an event on the fallback queue; throws if that cannot be reached. */
  defer: (event: { body: Uint8Array; receivedAt: string }) => Promise<void>;
  metrics: Metrics;
};

/**
 * Receives one webhook: verify the signature over the exact bytes, then apply. Never throws.
 *
 * An authentic event is kept whatever happens, understood or not: in the table, in quarantine, or on the fallback queue.
 */
export async function receiveEvent(
  request: WebhookRequest,
  ports: ReceiveEventPorts,
): Promise<ReceiveOutcome> {
  const outcome = await verifyAndApply(request, ports);
  ports.metrics.add({ name: METRIC_OF_OUTCOME[outcome], value: 1 });
  return outcome;
}

const METRIC_OF_OUTCOME = {
  applied: 'WebhooksApplied',
  unchanged: 'WebhooksUnchanged',
  quarantined: 'WebhooksQuarantined',
  deferred: 'WebhooksDeferred',
  forged: 'WebhooksForged',
  'not-configured': 'WebhooksNotConfigured',
  unavailable: 'WebhooksUnavailable',
} as const satisfies Record<ReceiveOutcome, string>;

async function verifyAndApply(request: WebhookRequest, ports: ReceiveEventPorts): Promise<ReceiveOutcome> {
  const authenticity = await verify(request, ports.secrets);
  if (authenticity !== 'authentic') return authenticity;

  const event = { body: request.body, receivedAt: ports.now().toISOString() };
  try {
    return await applyWebhook(event, ports);
  } catch (error) {
    log.warn('webhook_deferred', { error: errorName(error) });
    return defer(event, ports);
  }
}

/** A mismatch may mean that the secret has just been replaced: then, and not more often than the secret allows, it is read anew. */
async function verify(
  { body, signature }: WebhookRequest,
  secrets: ReceiveEventPorts['secrets'],
): Promise<'authentic' | 'forged' | 'not-configured'> {
  const known = await secrets.read();
  if (known.status !== 'set') return 'not-configured';
  const check = checkSignature(body, signature, known.value);
  if (check.authentic) return 'authentic';
  if (check.reason !== 'mismatch') return 'forged';

  const renewed = await secrets.refresh();
  if (renewed.status !== 'set') return 'not-configured';
  return checkSignature(body, signature, renewed.value).authentic ? 'authentic' : 'forged';
}

async function defer(
  event: { body: Uint8Array; receivedAt: string },
  ports: ReceiveEventPorts,
): Promise<'deferred' | 'unavailable'> {
  try {
    await ports.defer(event);
    return 'deferred';
  } catch (error) {
    log.error('webhook_not_stored', { error: errorName(error) });
    return 'unavailable';
  }
}
