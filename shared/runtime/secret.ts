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
  /** What is wrong with the text, even where `parse` can use the rest of it: sentences that quote no value. */
  findProblems?: (text: string) => readonly string[];
  /** Called for each reading with a problem, besides the log line. */
  onProblem?: () => void;
  maxAgeMs?: number;
  minRefreshMs?: number;
  now?: () => number;
};

/**
 * Caches a Secrets Manager secret. A value stays in use while it cannot be renewed: neither an outage of Secrets Manager nor a slip in
 * the new value must stop work that has a secret already.
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
    const current =
      reading.status === 'malformed' && cached?.reading.status === 'set' ? cached.reading : reading;
    cached = { reading: current, readAt: lastTryAt };
    return current;
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
  { client, secretId, parse, findProblems, onProblem }: SecretOptions<Value>,
  signal: AbortSignal | undefined,
): Promise<SecretResult<Value>> {
  try {
    const { SecretString: text } = await client.send(
      new GetSecretValueCommand({ SecretId: secretId }),
      signal && { abortSignal: signal },
    );
    const value = text === undefined ? undefined : parse(text);
    const problems =
      findProblems?.(text ?? '') ?? (value === undefined ? ['The value is not understood'] : []);
    if (problems.length > 0) {
      log.error('secret_malformed', { secretId, problems, usable: value !== undefined });
      onProblem?.();
    }
    return value === undefined ? { status: 'malformed' } : { status: 'set', value };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return { status: 'not-set' };
    // Who calls is told only that there is no secret; whether it is an outage or a missing right stands here.
    log.warn('secret_unreachable', { error: errorName(error) });
    return { status: 'unreachable' };
  }
}
