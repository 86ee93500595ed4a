import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

import { errorName, log } from './logger.ts';

/** What a secret held when it was last read. */
export type SecretResult<Value> =
  | { status: 'set'; value: Value }
  /** Nobody has given the secret a value yet: the system is deployed but not configured. */
  | { status: 'not-set' }
  /** The value is not what it should be. */
  | { status: 'malformed' }
  /** It was never read, and cannot be read now. */
  | { status: 'unreachable' };

/** A secret that is read at most once in a while. */
export type Secret<Value> = {
  /** The cached reading, read anew once it is older than `maxAgeMs`, unless `signal` ends that. Never throws. */
  read(options?: { signal?: AbortSignal }): Promise<SecretResult<Value>>;
  /** Reads anew, but not more often than every `minRefreshMs`; returns the reading either way. Never throws. */
  refresh(): Promise<SecretResult<Value>>;
};

/** What a cached secret needs. */
export type SecretOptions<Value> = {
  client: Pick<SecretsManagerClient, 'send'>;
  /** ARN or name. */
  secretId: string;
  /** Returns undefined for a value that is not understood. */
  parse: (text: string) => Value | undefined;
  maxAgeMs?: number;
  minRefreshMs?: number;
  now?: () => number;
};

/**
 * Caches a Secrets Manager secret. A reading that cannot be renewed is served stale: an outage of Secrets Manager must not stop work
 * that has a secret already.
 *
 * Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 */
export function cachedSecret<Value>(options: SecretOptions<Value>): Secret<Value> {
  const { maxAgeMs = 60_000, minRefreshMs = 10_000, now = Date.now } = options;
  let cached: { reading: SecretResult<Value>; readAt: number } | undefined;
  let lastTryAt = -Infinity;
  let pending: Promise<SecretResult<Value>> | undefined;

  const renew = async (signal?: AbortSignal): Promise<SecretResult<Value>> => {
    lastTryAt = now();
    const reading = await fetchSecret(options, signal);
    if (reading.status === 'unreachable') return cached?.reading ?? reading;
    cached = { reading, readAt: lastTryAt };
    return reading;
  };

  const renewOnce = (signal?: AbortSignal): Promise<SecretResult<Value>> => {
    pending ??= renew(signal).finally(() => (pending = undefined));
    return pending;
  };

  return {
    async read({ signal } = {}) {
      if (!cached) return renewOnce(signal);
      // What is not set yet is looked up more often: somebody is probably setting it just now.
      const maxAge = cached.reading.status === 'set' ? maxAgeMs : minRefreshMs;
      const due = now() - cached.readAt >= maxAge && now() - lastTryAt >= minRefreshMs;
      return due ? renewOnce(signal) : cached.reading;
    },
    async refresh() {
      if (cached && now() - lastTryAt < minRefreshMs) return cached.reading;
      return renewOnce();
    },
  };
}

async function fetchSecret<Value>(
  { client, secretId, parse }: SecretOptions<Value>,
  signal: AbortSignal | undefined,
): Promise<SecretResult<Value>> {
  try {
    const { SecretString: text } = await client.send(
      new GetSecretValueCommand({ SecretId: secretId }),
      signal && { abortSignal: signal },
    );
    const value = text === undefined ? undefined : parse(text);
    return value === undefined ? { status: 'malformed' } : { status: 'set', value };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return { status: 'not-set' };
    // Who calls is told only that there is no secret; whether it is an outage or a missing right stands here.
    log.warn('secret_unreachable', { error: errorName(error) });
    return { status: 'unreachable' };
  }
}
