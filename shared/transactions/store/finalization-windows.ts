import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

import { FINALIZATION_PARTITION, POSITIONS_TABLE } from '../../dynamodb/table.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';

/**
 * How long after its report an order of each brand becomes final, in minutes, and when to ask Button again
 * (ISO 8601 UTC).
 */
export type FinalizationWindows = { minutes: ReadonlyMap<string, number>; readAgainAt: string };

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
  { client, table }: TableAccess,
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
  { client, table }: TableAccess,
  { minutes, readAgainAt }: FinalizationWindows,
): Promise<void> {
  const kept = Object.fromEntries([...minutes].slice(-MAX_BRANDS));
  const Item = { ...KEY, ...marshall({ minutes: kept, readAgainAt, schemaVersion: 1 }) };
  await client.send(new PutItemCommand({ TableName: table, Item }));
}
