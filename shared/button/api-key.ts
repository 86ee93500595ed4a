import type { SecretResult } from '../runtime/secret.ts';

/** Why there is no API key for Button. */
export type ApiKeyProblem = `api_key_${'not_set' | 'malformed' | 'unreachable'}`;

/**
 * Reads an API key: the whole secret, without the white space that a shell or an editor adds around it;
 * undefined if it cannot be a key.
 */
export function parseApiKey(text: string): string | undefined {
  const key = text.trim();
  return /^[!-9;-~]{1,512}$/.test(key) ? key : undefined;
}

/** The problem of a secret without a usable key. */
export function apiKeyProblem({ status }: Exclude<SecretResult<string>, { status: 'set' }>): ApiKeyProblem {
  return `api_key_${status === 'not-set' ? 'not_set' : status}`;
}
