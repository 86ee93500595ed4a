import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';

import { cachedSecret } from '../../../shared/runtime/secret.ts';

/** A Secrets Manager that answers as the test says, and counts the reads. */
function vault(
  ages: { maxAgeMs?: number; minRefreshMs?: number } = { maxAgeMs: 60_000, minRefreshMs: 10_000 },
) {
  const state = { answer: 'one' as string | Error, reads: 0, now: 0 };
  const client = {
    send: (command: unknown) => {
      expect(command).toBeInstanceOf(GetSecretValueCommand);
      state.reads += 1;
      return state.answer instanceof Error
        ? Promise.reject(state.answer)
        : Promise.resolve({ SecretString: state.answer });
    },
  } as unknown as SecretsManagerClient;
  const secret = cachedSecret({
    client,
    secretId: 'secret',
    parse: (text) => (text === 'bad' ? undefined : text),
    ...ages,
    now: () => state.now,
  });
  return { state, secret };
}

const notSet = new ResourceNotFoundException({ message: '', $metadata: {} });

describe('cachedSecret', () => {
  it('is read once for many uses, and again when it is old', async () => {
    const { state, secret } = vault();

    await Promise.all([secret.read(), secret.read()]);
    await secret.read();
    state.now = 60_000;
    state.answer = 'two';

    expect(await secret.read()).toEqual({ status: 'set', value: 'two' });
    expect(state.reads).toBe(2);
  });

  it('is served stale while Secrets Manager is down (C13)', async () => {
    const { state, secret } = vault();
    await secret.read();
    state.now = 120_000;
    state.answer = new Error('throttled');

    expect(await secret.read()).toEqual({ status: 'set', value: 'one' });
  });

  it('is read every ten seconds at most while Secrets Manager is down (C13)', async () => {
    const { state, secret } = vault();
    await secret.read();
    state.answer = new Error('throttled');

    for (state.now = 60_000; state.now < 90_000; state.now += 100) await secret.read();

    expect(state.reads).toBe(1 + 3);
  });

  it('is a minute old at most, and refreshed every ten seconds at most, by default (C9, C15)', async () => {
    const { state, secret } = vault({});
    const readsAt = async (ms: number, use: 'read' | 'refresh') => {
      state.now = ms;
      await secret[use]();
      return state.reads;
    };

    const reads = [
      await readsAt(0, 'read'),
      await readsAt(9999, 'refresh'),
      await readsAt(10_000, 'refresh'),
      await readsAt(69_999, 'read'),
      await readsAt(70_000, 'read'),
    ];

    expect(reads).toEqual([1, 1, 2, 2, 3]);
  });

  it('keeps the last valid value while the new one is malformed, until a valid one follows', async () => {
    const { state, secret } = vault();
    await secret.read();
    state.answer = 'bad';
    state.now = 60_000;
    const meanwhile = [await secret.read()];
    state.now = 70_000;
    meanwhile.push(await secret.refresh());
    state.answer = 'two';
    state.now = 130_000;

    expect(meanwhile).toEqual([
      { status: 'set', value: 'one' },
      { status: 'set', value: 'one' },
    ]);
    expect(await secret.read()).toEqual({ status: 'set', value: 'two' });
  });

  it('is unreachable if it was never read and cannot be read', async () => {
    const { state, secret } = vault();
    state.answer = new Error('down');

    expect(await secret.read()).toEqual({ status: 'unreachable' });
  });

  it('distinguishes a secret that nobody has set from a malformed one (F10)', async () => {
    const { state, secret } = vault();
    state.answer = notSet;
    const first = await secret.read();
    state.now = 10_000;
    state.answer = 'bad';

    expect([first, await secret.read()]).toEqual([{ status: 'not-set' }, { status: 'malformed' }]);
  });

  it('is refreshed at a bounded rate, however many forged requests need it (C15)', async () => {
    const { state, secret } = vault();
    await secret.read();

    for (state.now = 0; state.now < 30_000; state.now += 100) await secret.refresh();

    expect(state.reads).toBe(3);
  });
});

describe('a secret whose last valid value stays in use', () => {
  /** Valid texts are words; those with a `!` are malformed. */
  function vaultOfWords(state: { current: string; previous?: string; problems: number; now: number }) {
    const client = {
      send: ({ input }: GetSecretValueCommand) => {
        const text = input.VersionStage === 'AWSPREVIOUS' ? state.previous : state.current;
        return text === undefined ? Promise.reject(notSet) : Promise.resolve({ SecretString: text });
      },
    } as unknown as SecretsManagerClient;
    return cachedSecret<string[]>({
      client,
      secretId: 'secret',
      parse: (text) => {
        const words = text.split(' ').filter((word) => !word.includes('!'));
        return words.length === 0 ? undefined : words;
      },
      findProblems: (text) => text.split(' ').filter((word) => word.includes('!')),
      withLastValid: (valid = [], lastValid) => [...new Set([...valid, ...lastValid])],
      onProblem: () => (state.problems += 1),
      now: () => state.now,
    });
  }

  it('is used together with the valid part of a malformed one, until one without a problem follows', async () => {
    const state = { current: 'one two', problems: 0, now: 0 };
    const secret = vaultOfWords(state);
    await secret.read();
    const next = async (current: string) => {
      Object.assign(state, { current, now: state.now + 60_000 });
      return secret.read();
    };

    expect(await next('three two!')).toEqual({ status: 'set', value: ['three', 'one', 'two'] });
    expect(await next('!')).toEqual({ status: 'set', value: ['one', 'two'] });
    expect(await next('three')).toEqual({ status: 'set', value: ['three'] });
    expect(state.problems).toBe(2);
  });

  it('is read from the previous version if the instance starts after the mistake', async () => {
    const state = { current: 'two!', previous: 'one two', problems: 0, now: 0 };

    expect(await vaultOfWords(state).read()).toEqual({ status: 'set', value: ['one', 'two'] });
  });

  it('is missing if there was never a valid one', async () => {
    const state = { current: 'two!', problems: 0, now: 0 };

    expect(await vaultOfWords(state).read()).toEqual({ status: 'malformed' });
  });
});
