import { createHmac } from 'node:crypto';

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const SHORTEST_KEY_BYTES = 24;
const LONGEST_KEY_BYTES = 64;

/**
 * Reads signing secrets as Standard Webhooks writes them (`whsec_` and base64 of 24 to 64 bytes), separated
 * by white space: while a secret is changed, the new one and the old one. Undefined if one of them is none.
 */
export function parseSigningSecrets(text: string): Buffer[] | undefined {
  const keys = text
    .trim()
    .split(/\s+/)
    .map((secret) => Buffer.from(SECRET.exec(secret)?.[1] ?? '', 'base64'));
  const areKeys = keys.every(({ length }) => length >= SHORTEST_KEY_BYTES && length <= LONGEST_KEY_BYTES);
  return areKeys ? keys : undefined;
}

/** What is signed: the same id for every try of one event. */
export type SignedMessage = { id: string; timestampSeconds: number; body: string };

/**
 * The headers of Standard Webhooks, with one signature for each secret.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signatureHeaders(
  { id, timestampSeconds, body }: SignedMessage,
  keys: readonly Buffer[],
): Record<string, string> {
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signatures.join(' '),
  };
}
