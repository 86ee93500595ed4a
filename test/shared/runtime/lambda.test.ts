import { afterEach, describe, expect, it, vi } from 'vitest';

import { lambda } from '../../../shared/runtime/lambda.ts';
import type { Runtime } from '../../../shared/runtime/runtime.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/**
 * A function that measures an event and ends with `end`, together with its calls so far and the metrics that
 * were written.
 */
function measuring(end: () => Promise<string> = () => Promise.resolve('done')) {
  const done: string[] = [];
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => written.push(String(line)) > 0);
  const compose = ({ metrics, given }: Pick<Runtime, 'metrics'> & { given: string }) => {
    done.push(`composed with ${given}`);
    return {
      handle: () => {
        done.push('handled');
        metrics.add({ name: 'EventsPublished', value: 1 });
        return end();
      },
      prime: () => Promise.resolve(void done.push('primed')),
    };
  };
  const { handler, prime } = lambda(compose, { given: 'clients' });
  return { done, written, prime, invoke: () => handler({}, {} as never) };
}

describe('a composition on Lambda', () => {
  it('is composed when it is primed, and never before', async () => {
    const { done, prime } = measuring();
    const before = [...done];

    await prime();

    expect(before).toEqual([]);
    expect(done).toEqual(['composed with clients', 'primed']);
  });

  it('is composed once, even if nobody has primed it', async () => {
    const { done, invoke } = measuring();

    await invoke();
    await invoke();

    expect(done).toEqual(['composed with clients', 'handled', 'handled']);
  });

  it('fails when it starts in a wrong environment', async () => {
    vi.stubEnv('METRICS_NAMESPACE', '');

    await expect(measuring().prime()).rejects.toThrow('METRICS_NAMESPACE');
  });

  it('writes its metrics when the handler is done', async () => {
    const { written, invoke } = measuring();

    expect(await invoke()).toBe('done');
    expect(written).toMatchObject([expect.stringContaining('"EventsPublished":1')]);
  });

  it('writes them even if the handler fails, and still fails', async () => {
    const { written, invoke } = measuring(() => Promise.reject(new Error('the table is down')));

    await expect(invoke()).rejects.toThrow('the table is down');
    expect(written).toMatchObject([expect.stringContaining('"EventsPublished":1')]);
  });
});
