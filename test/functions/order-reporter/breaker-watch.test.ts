import { beforeEach, describe, expect, it } from 'vitest';

import { createBreakerWatch, type BreakerWatch } from '../../../functions/order-reporter/breaker-watch.ts';
import { closeBreaker, openBreaker } from '../../../shared/domain/breaker.ts';
import type { CallResult } from '../../../shared/domain/order-ledger.ts';
import type { BreakerStore } from '../../../shared/store/breaker-store.ts';
import { createInMemoryBreakerStore } from '../../fakes/in-memory-stores.ts';

const done: CallResult = { result: 'done', acceptedOnly: false, sent: true };
const down: CallResult = { result: 'try-again', reason: 'http_503' };
const keyRefused: CallResult = { result: 'try-again', reason: 'unauthorized' };
const order = { isProbe: false };
const probe = { isProbe: true };

let clock: Date;
let store: ReturnType<typeof createInMemoryBreakerStore>;
let reads: number;
let watch: BreakerWatch;

beforeEach(() => {
  clock = new Date('2026-06-01T12:00:00.000Z');
  store = createInMemoryBreakerStore();
  reads = 0;
  watch = environment();
});

function environment(): BreakerWatch {
  const counted: BreakerStore = {
    read: () => {
      reads += 1;
      return store.read();
    },
    write: (breaker, revision) => store.write(breaker, revision),
  };
  return createBreakerWatch({ store: counted, now: () => clock });
}

function later(seconds: number): void {
  clock = new Date(clock.getTime() + seconds * 1000);
}

async function record(result: CallResult, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await watch.record(result, order);
}

describe('createBreakerWatch', () => {
  it('reads once while all is well, however long that is', async () => {
    for (let minute = 0; minute < 60; minute += 1) {
      expect(await watch.isOpen()).toBe(false);
      await watch.record(done, order);
      later(60);
    }

    expect(reads).toBe(1);
  });

  it('opens at once when the key is refused (B4)', async () => {
    await watch.record(keyRefused, order);

    expect(await watch.isOpen()).toBe(true);
    expect(store.current()).toMatchObject({ state: 'open', cause: 'key-refused' });
  });

  it('opens after five failures in a row, and a success in between begins anew (B3)', async () => {
    await record(down, 4);
    await record(done, 1);
    await record(down, 4);
    expect(await watch.isOpen()).toBe(false);

    await record(down, 1);

    expect(store.current()).toMatchObject({ state: 'open', cause: 'outage' });
  });

  it('knows that it opened by a write whose answer was lost (B4)', async () => {
    const lossy = createBreakerWatch({
      store: {
        read: () => store.read(),
        write: async (breaker, revision) => {
          await store.write(breaker, revision);
          throw new Error('no answer');
        },
      },
      now: () => clock,
    });
    expect(await lossy.isOpen()).toBe(false);

    await expect(lossy.record(keyRefused, order)).rejects.toThrow('no answer');

    expect(await lossy.isOpen()).toBe(true);
  });

  it('does not open for want of a key, nor for a 429 (B2)', async () => {
    await record({ result: 'try-again', reason: 'api_key_not_set' }, 9);
    await record({ result: 'try-again', reason: 'http_429', afterMs: 3000 }, 9);

    expect(await watch.isOpen()).toBe(false);
  });

  it('learns from its own failure that another environment has opened it', async () => {
    await watch.isOpen();
    await store.write(openBreaker(undefined, 'outage', clock), 0);
    later(10);

    await watch.record(down, order);

    expect(await watch.isOpen()).toBe(true);
  });

  it('looks again every ten seconds while it is open, and not more often', async () => {
    await store.write(openBreaker(undefined, 'outage', clock), 0);
    for (let second = 0; second <= 20; second += 1) {
      await watch.isOpen();
      later(1);
    }
    expect(reads).toBe(3);

    await store.write(closeBreaker(store.current(), clock), 1);
    later(10);

    expect(await watch.isOpen()).toBe(false);
  });

  it('closes after a probe that succeeds, whoever opened it, and not after another call', async () => {
    await watch.isOpen();
    await store.write(openBreaker(undefined, 'outage', clock), 0);

    await watch.record(done, order);
    const afterOrder = store.current()?.state;
    await watch.record(down, probe);
    const afterFailure = store.current()?.state;
    await watch.record(done, probe);

    expect([afterOrder, afterFailure, store.current()?.state]).toEqual(['open', 'open', 'closed']);
  });

  it('counts anew once another environment has closed it', async () => {
    await record(down, 5);
    await store.write(closeBreaker(store.current(), clock), 1);
    later(10);
    await watch.isOpen();

    await watch.record(down, order);

    expect(store.current()?.state).toBe('closed');
  });

  it('is opened once by many failures at the same time', async () => {
    await Promise.all(Array.from({ length: 10 }, () => watch.record(keyRefused, order)));

    expect((await store.read())?.revision).toBe(1);
  });
});
