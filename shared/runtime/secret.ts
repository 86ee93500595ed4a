import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

import { errorName, log } from './logger.ts';

/** The content of a secret when it was last read. */
export type SecretResult<Value> =
  | { status: 'set'; value: Value }
  /** Nobody has given the secret a value yet: the system is deployed but not configured. */
  | { status: 'not-set' }
  /** The value is malformed. */
  | { status: 'malformed' }
  /** It was never read, and cannot be read now. */
  | { status: 'unreachable' };

/** A secret that is read only once in a while. */
export type Secret<Value> = {
  /**
   * The cached content, read again once it is older than `maxAgeMs`, unless `signal` ends that. Never throws.
   */
  read(options?: { signal?: AbortSignal }): Promise<SecretResult<Value>>;
  /** Reads it again, but at most every `minRefreshMs`; returns the content either way. Never throws. */
  refresh(): Promise<SecretResult<Value>>;
};

/** What a cached secret needs. */
export type SecretOptions<Value> = {
  client: Pick<SecretsManagerClient, 'send'>;
  /** ARN or name. */
  secretId: string;
  /** Returns undefined for a value that it cannot read. */
  parse: (text: string) => Value | undefined;
  /** What is wrong with the text, even if `parse` can use the rest of it: sentences that quote no value. */
  findProblems?: (text: string) => readonly string[];
  /**
   * What is used for a text that is malformed, completely or in part: its valid part together with the last
   * value that had no problem. Unless given, an instance that has read a valid value keeps using it while a
   * text has no valid part.
   */
  withLastValid?: (valid: Value | undefined, lastValid: Value) => Value;
  /** Called for each read with a problem, in addition to the log line. */
  onProblem?: () => void;
  maxAgeMs?: number;
  minRefreshMs?: number;
  now?: () => number;
};

/**
 * Caches a Secrets Manager secret. A value stays in use while it cannot be renewed: neither an outage of
 * Secrets Manager nor a mistake in the new value must stop work that already has a secret.
 *
 * Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 */
export function cachedSecret<Value>(options: SecretOptions<Value>): Secret<Value> {
  const { maxAgeMs = 60_000, minRefreshMs = 10_000, now = Date.now } = options;
  let cached: { reading: SecretResult<Value>; readAt: number } | undefined;
  let lastTryAt = -Infinity;
  let pending: Promise<SecretResult<Value>> | undefined;
  let lastValid: Value | undefined;

  const complete = async (reading: Reading<Value>, signal?: AbortSignal): Promise<SecretResult<Value>> => {
    if (!reading.isMalformed) return reading.result;
    const { withLastValid } = options;
    if (!withLastValid) return cached?.reading.status === 'set' ? cached.reading : reading.result;
    lastValid ??= await fetchPrevious(options, signal);
    if (lastValid === undefined) return reading.result;
    const valid = reading.result.status === 'set' ? reading.result.value : undefined;
    return { status: 'set', value: withLastValid(valid, lastValid) };
  };

  const renew = async (signal?: AbortSignal): Promise<SecretResult<Value>> => {
    lastTryAt = now();
    const reading = await fetchSecret(options, signal);
    const { result, isMalformed } = reading;
    if (result.status === 'unreachable') return cached?.reading ?? result;
    if (result.status === 'set' && !isMalformed) lastValid = result.value;
    const current = await complete(reading, signal);
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
      // A secret that is not set yet is read more often: somebody is probably setting it now.
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

/** The current content of the secret, and whether any of it is malformed. */
type Reading<Value> = { result: SecretResult<Value>; isMalformed: boolean };

async function fetchSecret<Value>(
  { client, secretId, parse, findProblems, onProblem }: SecretOptions<Value>,
  signal: AbortSignal | undefined,
): Promise<Reading<Value>> {
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
    return {
      result: value === undefined ? { status: 'malformed' } : { status: 'set', value },
      isMalformed: problems.length > 0,
    };
  } catch (error) {
    if (error instanceof ResourceNotFoundException)
      return { result: { status: 'not-set' }, isMalformed: false };
    // The caller only learns that there is no secret; the log says whether it is an outage or a missing
    // right.
    log.warn('secret_unreachable', { error: errorName(error) });
    return { result: { status: 'unreachable' }, isMalformed: false };
  }
}

/**
 * The value before the current one, which Secrets Manager keeps: an instance that starts after a mistake has
 * read no other value.
 */
async function fetchPrevious<Value>(
  { client, secretId, parse }: SecretOptions<Value>,
  signal: AbortSignal | undefined,
): Promise<Value | undefined> {
  try {
    const { SecretString: text } = await client.send(
      new GetSecretValueCommand({ SecretId: secretId, VersionStage: 'AWSPREVIOUS' }),
      signal && { abortSignal: signal },
    );
    return text === undefined ? undefined : parse(text);
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException))
      log.warn('secret_unreachable', { error: errorName(error) });
    return undefined;
  }
}
