const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const SHORTEST_KEY_BYTES = 24;
const LONGEST_KEY_BYTES = 64;

/**
 * Reads signing secrets as Standard Webhooks writes them (`whsec_` and base64 of 24 to 64 bytes), separated
 * by white space: while a secret is changed, the new one and the old one. Undefined if one of them
 * is not valid.
 */
export function parseSigningSecrets(text: string): Buffer[] | undefined {
  const keys = text
    .trim()
    .split(/\s+/)
    .map((secret) => Buffer.from(SECRET.exec(secret)?.[1] ?? '', 'base64'));
  const areKeys = keys.every(({ length }) => length >= SHORTEST_KEY_BYTES && length <= LONGEST_KEY_BYTES);
  return areKeys ? keys : undefined;
}
