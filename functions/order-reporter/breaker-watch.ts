import {
  closeBreaker,
  healthOf,
  openBreaker,
  OUTAGE_AFTER_FAILURES,
  type Breaker,
} from '../../shared/domain/breaker.ts';
import type { CallResult } from '../../shared/domain/order-ledger.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';
import type { BreakerStore } from '../../shared/store/breaker-store.ts';
import type { Versioned, WriteResult } from '../../shared/store/versioned-item.ts';

/** What one environment of the function knows of its brand's breaker. Its methods throw what the store throws. */
export type BreakerWatch = {
  /** Whether to send nothing but a probe. Reads at the environment's start, and while the breaker is known to be open: never on the happy path. */
  isOpen(): Promise<boolean>;
  /** Records how a call to Button ended: opens the breaker, or closes it after a probe that found Button healthy. */
  record(result: CallResult, call: { isProbe: boolean }): Promise<void>;
};

/** While the breaker is known to be open, and while calls fail, it is read again no more often than this. */
const READ_AGAIN_AFTER_MS = 10_000;
const MAX_RACES = 5;

/** A watch over the breaker in `store`, to be kept for as long as the environment lives. */
export function createBreakerWatch({ store, now }: { store: BreakerStore; now: () => Date }): BreakerWatch {
  let known: { stored: Versioned<Breaker> | undefined; readAtMs: number } | undefined;
  let reading: Promise<void> | undefined;
  let failuresInARow = 0;

  const isKnownOpen = (): boolean => known?.stored?.value.state === 'open';
  const remember = (stored: Versioned<Breaker> | undefined): void => {
    if (isKnownOpen() && stored?.value.state === 'closed') failuresInARow = 0;
    known = { stored, readAtMs: now().getTime() };
  };
  const read = (): Promise<void> => {
    reading ??= store
      .read()
      .then(remember)
      .finally(() => (reading = undefined));
    return reading;
  };
  const readIfOld = async (): Promise<void> => {
    if (!known || now().getTime() - known.readAtMs >= READ_AGAIN_AFTER_MS) await read();
  };
  /** A write without an answer may have been carried out: what stands there is read before it is relied on again. */
  const write = async (breaker: Breaker, revision: number): Promise<WriteResult<Breaker>> => {
    try {
      return await store.write(breaker, revision);
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
  /** Writes what `change` makes of the breaker, unless that is what stands there. */
  const update = async (change: (breaker: Breaker | undefined) => Breaker): Promise<void> => {
    for (let race = 0; race < MAX_RACES; race += 1) {
      const current = known?.stored;
      const changed = change(current?.value);
      if (changed === current?.value) return;
      const result = await write(changed, current?.revision ?? 0);
      remember(result.ok ? result.stored : result.current);
      if (result.ok) return;
    }
    throw new RetryableError('Too many writers at the breaker');
  };

  return {
    async isOpen() {
      if (!known) await read();
      else if (isKnownOpen()) await readIfOld();
      return isKnownOpen();
    },

    async record(result, { isProbe }) {
      const health = healthOf(result);
      switch (health) {
        case 'not-asked':
          return;
        case 'healthy':
          failuresInARow = 0;
          if (!isProbe) return;
          // Another environment opened it: what is known here may be older.
          await read();
          if (isKnownOpen()) await update((breaker) => closeBreaker(breaker, now()));
          return;
        case 'key-refused':
          return update((breaker) => openBreaker(breaker, health, now()));
        case 'outage':
          failuresInARow += 1;
          if (failuresInARow >= OUTAGE_AFTER_FAILURES)
            return update((breaker) => openBreaker(breaker, health, now()));
          return readIfOld();
      }
    },
  };
}
