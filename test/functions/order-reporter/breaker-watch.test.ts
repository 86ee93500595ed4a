import { beforeEach, describe, expect, it, vi } from 'vitest';

import {
  createBreakerWatch,
  type BreakerWatch,
  type WatchedCall,
} from '../../../functions/order-reporter/breaker-watch.ts';
import { closeBreaker, openBreaker, pauseBrand, resumeBrand } from '../../../shared/orders/rules/breaker.ts';
import type { CallResult } from '../../../shared/orders/rules/order-ledger.ts';
import type { BreakerStore } from '../../../shared/orders/store/breaker-store.ts';
import { createInMemoryBreakerStore } from '../../fakes/in-memory-stores.ts';

const done: CallResult = { result: 'done', acceptedOnly: false, sent: true };
const down: CallResult = { result: 'try-again', reason: 'http_503' };
const keyRefused: CallResult = { result: 'try-again', reason: 'unauthorized' };

const START = '2026-06-01T12:00:00.000Z';
let clock = new Date(START);
const order = firstTry('o-1');
const probe = { ...firstTry('o-1'), isProbe: true };

function firstTry(orderId: string): WatchedCall {
  return { orderId, isFirstFailure: true, hasWaited: false, isProbe: false, askedAt: clock };
}

let store: ReturnType<typeof createInMemoryBreakerStore>;
let reads: number;
let watch: BreakerWatch;

beforeEach(() => {
  clock = new Date(START);
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

let orders = 0;

async function recordNew(result: CallResult, times: number, by = watch): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    orders += 1;
    await by.record(result, firstTry(`new-${orders}`));
  }
}

describe('createBreakerWatch', () => {
  it('reads once a minute while Button accepts orders, however many', async () => {
    for (let second = 0; second < 3600; second += 1) {
      expect(await watch.isOpen()).toBe(false);
      await watch.record(done, order);
      later(1);
    }

    expect(reads).toBe(60);
  });

  it('stays closed if one environment sees rare failures and another the successes', async () => {
    const [unlucky, lucky] = [environment(), environment()];
    for (let hour = 0; hour < 10; hour += 1) {
      await recordNew(down, 4, unlucky);
      later(1800);
      await recordNew(done, 1, lucky);
      later(1800);
    }

    expect(store.current()?.state ?? 'closed').toBe('closed');
  });

  it('opens at once when the key is refused (B4)', async () => {
    await watch.record(keyRefused, order);

    expect(await watch.isOpen()).toBe(true);
    expect(store.current()).toMatchObject({ state: 'open', cause: 'key-refused' });
  });

  it('opens after five different orders that fail for the first time, and counts again after a success (B3)', async () => {
    await recordNew(down, 4);
    await recordNew(done, 1);
    await recordNew(down, 4);
    expect(await watch.isOpen()).toBe(false);

    await recordNew(down, 1);

    expect(store.current()).toMatchObject({ state: 'open', cause: 'outage' });
  });

  it('knows that it is open after a write whose answer was lost (B4)', async () => {
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

  it('does not open because the key is missing, nor for a 429 (B2)', async () => {
    await recordNew({ result: 'try-again', reason: 'api_key_not_set' }, 9);
    await recordNew({ result: 'try-again', reason: 'http_429', afterMs: 3000 }, 9);

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

  it('closes after a successful probe, whoever opened it, and not after another call', async () => {
    await watch.isOpen();
    await store.write(openBreaker(undefined, 'outage', clock), 0);

    await watch.record(done, order);
    const afterOrder = store.current()?.state;
    await watch.record(down, probe);
    const afterFailure = store.current()?.state;
    await watch.record(done, probe);

    expect([afterOrder, afterFailure, store.current()?.state]).toEqual(['open', 'open', 'closed']);
  });

  it('counts failures of waiting orders like those that opened it, for half a minute after a success', async () => {
    const other = environment();
    await other.isOpen();
    await recordNew(down, 5);
    later(10);
    await other.isOpen();
    await watch.record(done, probe);
    later(10);
    const recordWaited = async (by: BreakerWatch): Promise<void> => {
      for (let count = 0; count < 20; count += 1)
        await by.record(down, { ...firstTry(`waited-${(orders += 1)}`), hasWaited: true });
    };

    for (const each of [watch, other]) await recordWaited(each);
    expect(store.current()?.state).toBe('closed');

    later(21);
    await recordWaited(other);
    expect(store.current()?.state).toBe('open');
  });

  it('opens for five new orders at once, even right after it closed', async () => {
    await recordNew(down, 5);
    await watch.record(done, probe);
    later(1);

    await recordNew(down, 5);

    expect(store.current()?.state).toBe('open');
  });

  it('shares the success that closed it with every environment, and keeps others in this one', async () => {
    const [other, before] = [environment(), clock.toISOString()];
    later(1);
    expect(await other.isWellSince(before, 'a')).toBe(false);
    await recordNew(down, 5);
    await watch.record(done, probe);
    later(10);

    expect(await other.isWellSince(before, 'a')).toBe(true);
    expect(await other.isWellSince(clock.toISOString(), 'a')).toBe(false);
    await other.record(done, firstTry('a'));
    expect(await other.isWellSince(clock.toISOString(), 'a')).toBe(false);
    expect(await other.isWellSince(clock.toISOString(), 'b')).toBe(true);
  });

  it('counts from zero once another environment has closed it', async () => {
    await recordNew(down, 5);
    await store.write(closeBreaker(store.current(), clock), (await store.read())?.revision ?? 0);
    later(10);
    await watch.isOpen();

    await watch.record(down, order);

    expect(store.current()?.state).toBe('closed');
  });

  it('opens once for many failures at the same time', async () => {
    await Promise.all(Array.from({ length: 10 }, () => watch.record(keyRefused, order)));

    expect((await store.read())?.revision).toBe(1);
  });

  it('never opens for an order that failed before, nor for one order that fails again and again', async () => {
    for (let count = 0; count < 50; count += 1) {
      await watch.record(down, firstTry('o-1'));
      await watch.record(down, { ...firstTry(`again-${count}`), isFirstFailure: false });
    }

    expect(await watch.isOpen()).toBe(false);
  });

  it('does not open at once for a 403, which may be about one order', async () => {
    const forbidden: CallResult = { result: 'try-again', reason: 'forbidden' };
    await recordNew(forbidden, 4);
    expect(await watch.isOpen()).toBe(false);

    await recordNew(forbidden, 1);

    expect(store.current()).toMatchObject({ state: 'open', cause: 'key-refused' });
  });

  it('opens after five failures in several environments that see few orders each', async () => {
    const environments = Array.from({ length: 5 }, environment);
    later(120);
    for (const each of environments) {
      await recordNew(down, 1, each);
      later(60);
    }

    expect(store.current()).toMatchObject({ state: 'open', cause: 'outage' });
  });

  it('stays closed if environments fail in turn and have successes in between', async () => {
    const environments = Array.from({ length: 5 }, environment);
    for (let round = 0; round < 20; round += 1)
      for (const each of environments) {
        await recordNew(done, 1, each);
        later(90);
        await recordNew(down, 1, each);
        later(1);
      }

    expect(store.current()?.state ?? 'closed').toBe('closed');
  });

  it('stores nothing about the failures of a busy environment, which cannot know the successes of all others', async () => {
    for (let count = 0; count < 100; count += 1) {
      await recordNew(done, 1);
      await recordNew(down, 1);
      later(1);
    }

    expect(await store.read()).toBeUndefined();
  });

  it('stores that Button answered 429 and until when it asked to wait, once in two seconds for all environments', async () => {
    const throttled: CallResult = { result: 'try-again', reason: 'http_429', afterMs: 30_000 };
    const environments = Array.from({ length: 8 }, environment);
    await Promise.all(environments.map((each) => recordNew(throttled, 5, each)));

    expect(await store.read()).toMatchObject({
      value: {
        state: 'closed',
        throttle: { at: '2026-06-01T12:00:00.000Z', until: '2026-06-01T12:00:30.000Z' },
      },
      revision: 1,
    });
    later(2);
    await recordNew(throttled, 1);
    expect(await store.read()).toMatchObject({ value: { throttle: { until: '2026-06-01T12:00:32.000Z' } } });
  });

  describe('after a 429 with Retry-After', () => {
    const throttled: CallResult = { result: 'try-again', reason: 'http_429', afterMs: 900_000 };
    const heldUntil = () => store.current()?.throttle?.until;

    beforeEach(async () => {
      await watch.record(throttled, firstTry('throttled'));
      later(60);
    });

    it('delays nothing any more once Button accepts a later call, in any environment', async () => {
      const other = environment();
      await other.record(done, { ...firstTry('waited'), hasWaited: true });

      expect(store.current()?.throttle).toEqual({ at: START });
    });

    it('delays the waiting orders while no later call is accepted', async () => {
      await watch.record(done, { ...firstTry('asked-before'), hasWaited: true, askedAt: new Date(START) });
      await watch.record(down, firstTry('failed'));

      expect(heldUntil()).toBe('2026-06-01T12:15:00.000Z');
    });

    it('reads no more for first tries than without a 429', async () => {
      const other = environment();
      await other.isOpen();
      const before = reads;
      for (let count = 0; count < 10; count += 1) await other.record(done, firstTry(`live-${count}`));

      expect(reads).toBe(before);
    });
  });

  it('closes after a harmless read that found Button healthy', async () => {
    await store.write(openBreaker(undefined, 'outage', clock), 0);

    await watch.recordProbe('outage');
    const afterFailure = store.current()?.state;
    await watch.recordProbe('healthy');

    expect([afterFailure, store.current()?.state]).toEqual(['open', 'closed']);
  });

  it('finds out within a minute that an operator has paused the brand, however well Button works', async () => {
    const environments = [watch, environment(), environment()];
    const states = (): Promise<boolean[]> => Promise.all(environments.map((each) => each.isPaused()));
    await states();
    later(1);
    await store.write(pauseBrand(undefined, 'wrong prices', clock), 0);
    for (let second = 0; second < 59; second += 1) {
      for (const each of environments) if (!(await each.isOpen())) await each.record(done, order);
      later(1);
    }

    expect(await states()).toEqual([true, true, true]);
    expect(await watch.isOpen()).toBe(true);
  });

  it('keeps the pause, whatever comes back from calls and probes that were under way', async () => {
    await store.write(pauseBrand(undefined, 'wrong prices', clock), 0);
    const paused = store.current();

    for (const result of [done, down, keyRefused]) {
      await watch.record(result, order);
      await watch.record(result, probe);
    }
    await recordNew(down, 9);
    await watch.recordProbe('healthy');

    expect(store.current()).toEqual(paused);
  });

  it('finds out within ten seconds that an operator has resumed the brand', async () => {
    await store.write(pauseBrand(undefined, 'wrong prices', clock), 0);
    expect(await watch.isPaused()).toBe(true);
    await store.write(resumeBrand(store.current(), clock) ?? closeBreaker(undefined, clock), 1);
    later(10);

    expect([await watch.isPaused(), await watch.isOpen()]).toEqual([false, false]);
  });

  it('looks at once if the sweep has sent a retry since it last looked, and for no earlier retry', async () => {
    const early = clock;
    later(1);
    await store.write(pauseBrand(undefined, 'wrong prices', clock), 0);
    expect(await watch.isOpen()).toBe(true);
    await store.write(resumeBrand(store.current(), clock) ?? closeBreaker(undefined, clock), 1);
    later(1);

    expect([await watch.isOpen(early), await watch.isOpen(clock), reads]).toEqual([true, false, 2]);
  });

  describe('whose first read is answered late', () => {
    let answer: () => void;
    let first: Promise<boolean>;

    beforeEach(async () => {
      const late = Promise.withResolvers<undefined>();
      answer = () => {
        late.resolve(undefined);
      };
      watch = createBreakerWatch({
        store: {
          read: async () => {
            const stored = await store.read();
            if ((reads += 1) === 1) await late.promise;
            return stored;
          },
          write: (breaker, revision) => store.write(breaker, revision),
        },
        now: () => clock,
      });
      first = watch.isPaused();
      await vi.waitFor(() => {
        expect(reads).toBe(1);
      });
      await store.write(pauseBrand(undefined, 'wrong prices', clock), 0);
    });

    it('counts the minute from when it asked', async () => {
      later(30);
      answer();
      expect(await first).toBe(false);
      later(30);

      expect(await watch.isPaused()).toBe(true);
    });

    it('keeps what a write has shown since', async () => {
      await watch.record(keyRefused, order);
      answer();

      expect([await first, await watch.isPaused()]).toEqual([true, true]);
    });
  });

  it('looks again if the clock was set back', async () => {
    await watch.isOpen();
    clock = new Date('2026-06-01T10:00:00.000Z');
    await store.write(pauseBrand(undefined, 'wrong prices', clock), 0);

    expect(await watch.isPaused()).toBe(true);
  });

  it('knows whether other orders succeed, and since when none did', async () => {
    const before = [watch.lastSuccessAt(), watch.othersSucceed('a')];
    await watch.record(done, firstTry('a'));
    const own = [watch.othersSucceed('a'), watch.othersSucceed('b')];
    await watch.record(done, firstTry('b'));
    await watch.record(done, firstTry('a'));
    const others = [watch.othersSucceed('a'), watch.othersSucceed('b'), watch.lastSuccessAt()];
    later(600);

    expect(before).toEqual([undefined, false]);
    expect(own).toEqual([false, true]);
    expect(others).toEqual([true, true, new Date('2026-06-01T12:00:00.000Z')]);
    expect(watch.othersSucceed('a')).toBe(false);
  });
});
