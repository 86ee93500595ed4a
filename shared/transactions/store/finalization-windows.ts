import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

import { FINALIZATION_PARTITION, POSITIONS_TABLE } from '../../dynamodb/table.ts';
import type { DynamoDB } from '../../dynamodb/versioned-item.ts';
import { errorName, log } from '../../runtime/logger.ts';

/**
 * How long after its report an order of each brand becomes final, in minutes, and when to ask Button again
 * (ISO 8601 UTC).
 */
export type FinalizationWindows = { minutes: ReadonlyMap<string, number>; readAgainAt: string };

type Positions = { client: DynamoDB; table: string };

const KEY = marshall({
  [POSITIONS_TABLE.partitionKey]: FINALIZATION_PARTITION,
  [POSITIONS_TABLE.sortKey]: 'windows',
});

/**
 * An item holds 400 KB: this number of brands with ids of ordinary length fits, and no publisher has nearly
 * as many.
 */
const MAX_BRANDS = 5000;

/**
 * The stored windows; undefined before the first read, and if they are unreadable. Throws if the table cannot
 * be reached.
 */
export async function readFinalizationWindows(
  { client, table }: Positions,
  abortSignal?: AbortSignal,
): Promise<FinalizationWindows | undefined> {
  const request = new GetItemCommand({ TableName: table, Key: KEY });
  const { Item } = await client.send(request, abortSignal && { abortSignal });
  const [readAgainAt, brands] = [Item?.['readAgainAt']?.S ?? '', Item?.['minutes']?.M];
  if (!brands || Number.isNaN(Date.parse(readAgainAt))) return undefined;
  const windows = Object.entries(brands).map(([brand, { N: minutes }]) => [brand, Number(minutes)] as const);
  return { readAgainAt, minutes: new Map(windows.filter(([, minutes]) => minutes > 0)) };
}

/**
 * Replaces the windows. Of two writers the last one wins; both have asked Button. Throws if the table cannot
 * be reached.
 */
export async function saveFinalizationWindows(
  { client, table }: Positions,
  { minutes, readAgainAt }: FinalizationWindows,
): Promise<void> {
  const kept = Object.fromEntries([...minutes].slice(-MAX_BRANDS));
  const Item = { ...KEY, ...marshall({ minutes: kept, readAgainAt, schemaVersion: 1 }) };
  await client.send(new PutItemCommand({ TableName: table, Item }));
}

/** How long an instance of a function uses what it has read, and works without what it has not found. */
const CACHED_MS = 3_600_000;
const MISSED_MS = 300_000;

/**
 * The window of a brand in minutes; undefined if it is not known. Never throws, because nothing that is
 * stored may wait for it.
 */
export type FinalizationMinutes = (brand: string) => Promise<number | undefined>;

/** The windows as one instance of a function knows them. */
export type CachedWindows = {
  minutes: FinalizationMinutes;
  /** Reads the windows before the first event needs them. Throws if the table cannot be reached. */
  readAhead: (signal: AbortSignal) => Promise<void>;
};

/** Reads the windows once an hour, and every five minutes if there are none. */
export function cachedFinalizationWindows(positions: Positions, now: () => Date): CachedWindows {
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
