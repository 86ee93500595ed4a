import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * A webhook's secret, as Button's Dashboard shows it on the webhook's page, with a name of our own for
 * metrics and logs.
 */
export type WebhookSecret = { name: string; secret: string };

/** Which secret signed the bytes, or why none did. */
export type SignatureCheck =
  | { ok: true; secretName: string }
  | { ok: false; reason: 'missing' | 'malformed' | 'mismatch' };

const SIGNATURE_PATTERN = /^[0-9a-f]{64}$/i;

/**
 * Checks `X-Button-Signature`: the hex HMAC-SHA256 of the exact body bytes, keyed with the webhook's secret
 * in UTF-8.
 *
 * Pure; never throws. Every secret is tried whatever the outcome, each in constant time, so that the time
 * reveals nothing. Source: docs/button/webhooks.md, "Signature" (lib/utils.js of button/button-client-node).
 */
export function checkSignature(
  body: Uint8Array,
  signature: string | undefined,
  secrets: readonly WebhookSecret[],
): SignatureCheck {
  if (signature === undefined || signature === '') return { ok: false, reason: 'missing' };
  if (!SIGNATURE_PATTERN.test(signature)) return { ok: false, reason: 'malformed' };

  const claimed = Buffer.from(signature, 'hex');
  let signer: WebhookSecret | undefined;
  for (const candidate of secrets) {
    const expected = createHmac('sha256', candidate.secret).update(body).digest();
    if (timingSafeEqual(expected, claimed)) signer ??= candidate;
  }
  return signer ? { ok: true, secretName: signer.name } : { ok: false, reason: 'mismatch' };
}
