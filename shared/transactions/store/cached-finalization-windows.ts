import { errorName, log } from '../../runtime/logger.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';
import { readFinalizationWindows } from './finalization-windows.ts';

/** How long an instance of a function uses the windows that it has read. */
const CACHED_MS = 3_600_000;

/** How long it waits before the next read, if it found no windows or the read failed. */
const MISSED_MS = 300_000;

/**
 * The window of a brand in minutes; undefined if it is not known. Never throws: without it, a transaction is
 * stored all the same.
 */
export type FinalizationMinutes = (brand: string) => Promise<number | undefined>;

/** The windows as one instance of a function knows them. */
export type CachedFinalizationWindows = {
  minutes: FinalizationMinutes;
  /** Reads the windows before the first event needs them. Throws if the table cannot be reached. */
  readAhead: (signal: AbortSignal) => Promise<void>;
};

/** Reads the windows once an hour, and every five minutes if there are none. */
export function cachedFinalizationWindows(
  positions: TableAccess,
  now: () => Date,
): CachedFinalizationWindows {
  let minutes: ReadonlyMap<string, number> = new Map();
  let readAgainMs = -Infinity;
  const read = async (signal?: AbortSignal): Promise<void> => {
    const nowMs = now().getTime();
    const stored = await readFinalizationWindows(positions, signal);
    readAgainMs = nowMs + (stored ? CACHED_MS : MISSED_MS);
    if (stored) ({ minutes } = stored);
  };
  return {
    minutes: async (brand) => {
      const nowMs = now().getTime();
      if (nowMs >= readAgainMs) {
        readAgainMs = nowMs + MISSED_MS;
        try {
          await read();
        } catch (error) {
          log.warn('finalization_windows_unread', { error: errorName(error) });
        }
      }
      return minutes.get(brand);
    },
    readAhead: read,
  };
}
