import middy from '@middy/core';
import { describe, expect, it } from 'vitest';

import { flushMetrics } from '../../../shared/runtime/flush-metrics.ts';

/** A handler that measures one thing before it comes to its end, and what was written by then. */
function measuring(end: () => Promise<string>) {
  const [held, written]: [string[], string[]] = [[], []];
  const handler = middy<unknown, string>()
    .use(flushMetrics({ flush: () => void written.push(...held.splice(0)) }))
    .handler(() => {
      held.push('measured');
      return end();
    });
  return { written, invoke: () => handler({}, {} as never) };
}

describe('flushMetrics', () => {
  it('writes what was measured once the handler is done', async () => {
    const { written, invoke } = measuring(() => Promise.resolve('done'));

    expect(await invoke()).toBe('done');
    expect(written).toEqual(['measured']);
  });

  it('writes it also where the handler fails, which stays a failure', async () => {
    const { written, invoke } = measuring(() => Promise.reject(new Error('the table is down')));

    await expect(invoke()).rejects.toThrow('the table is down');
    expect(written).toEqual(['measured']);
  });
});
