import type { SecretResult } from '../runtime/secret.ts';

/** Why there is no API key to call Button with. */
export type ApiKeyProblem = `api_key_${'not_set' | 'malformed' | 'unreachable'}`;

/**
 * Reads an API key: the whole secret, without the white space that a shell or an editor leaves around it;
 * undefined if it can't be one.
 */
export function parseApiKey(text: string): string | undefined {
  const key = text.trim();
  return /^[!-9;-~]{1,512}$/.test(key) ? key : undefined;
}

/** The problem that a reading without a key stands for. */
export function apiKeyProblem({ status }: Exclude<SecretResult<string>, { status: 'set' }>): ApiKeyProblem {
  return `api_key_${status === 'not-set' ? 'not_set' : status}`;
}
