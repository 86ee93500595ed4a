import { eraseTransaction } from './rules/erase-transaction.ts';
import { giveWayTo } from './rules/merge-transaction.ts';
import {
  idKey,
  isOrderKey,
  type Observation,
  transactionKey,
  type TransactionRecord,
} from '@button-serverless/validation/webhooks';
import type { Found, TransactionStore } from './store/transaction-store.ts';
import type { Versioned } from '../dynamodb/versioned-item.ts';

/**
 * Where a version belongs: the key of its purchase, the keys of the version that lead there, the stored
 * record, and records of the same purchase that it has to take over.
 */
export type Place = {
  key: string;
  foundBy: readonly string[];
  stored: Versioned<TransactionRecord> | undefined;
  others: readonly TransactionRecord[];
};

/** What locating needs. */
export type LocatePorts = {
  transactions: Pick<TransactionStore, 'find' | 'putAlias' | 'write'>;
  now: () => Date;
};

/**
 * What was read already, and whether reads have to be strongly consistent because an eventually consistent
 * one was out of date. `absent` may be a guess: writes are conditional.
 */
export type Reading = { known: Versioned<TransactionRecord> | 'absent' | undefined; consistent: boolean };

/**
 * Finds the purchase that a version belongs to, and makes sure that from now on both the order and Button's
 * `id` lead to it.
 *
 * Writers of one transaction meet at `tx#<id>`. It holds the record itself if the order was not known at
 * first, otherwise an alias, which is put before the record. If a writer dies in between, it leaves an alias
 * to a record that the next version creates. If two records turn out to be one purchase, the younger record
 * gives way first, and then the older one takes over its versions; repeating that after a crash gives the
 * same result. Returns undefined if another writer was faster, or if what was taken for `absent` may exist.
 * Throws if the table cannot be reached.
 */
export async function locate(
  observation: Observation,
  { known, consistent }: Reading,
  ports: LocatePorts,
): Promise<Place | undefined> {
  const { transactions } = ports;
  const { id, buttonOrderId } = observation.transaction;
  const key = transactionKey(observation.transaction);
  const found = await followMerges(await findKnown(key, { known, consistent }, transactions), transactions);
  const byKey = { ...found, foundBy: [key] };
  if (buttonOrderId === null || byKey.stored?.value.buttonIds.includes(id)) return byKey;

  const ownKey = idKey(id);
  const foundBy = [key, ownKey];
  const hasOrder = byKey.stored !== undefined || byKey.key !== key;
  // Most purchases are new under both keys: the write that is needed anyway shows that, and saves a read.
  if (!hasOrder && (await transactions.putAlias(ownKey, key))) return { ...byKey, foundBy };
  if (known === 'absent') return undefined;
  const foundById = await transactions.find(ownKey, { consistent: consistent || !hasOrder });
  const byId = { ...(await followMerges(foundById, transactions)), foundBy };
  const hasOwn = byId.stored !== undefined || byId.key !== ownKey;
  if (!hasOwn) return (await transactions.putAlias(ownKey, byKey.key)) ? { ...byKey, foundBy } : undefined;
  // Who made one of them give way may have died before its versions were taken over.
  if (byKey.key === byId.key) return { ...byId, others: [...byKey.others, ...byId.others] };
  if (isOfAnotherOrder(byId, key)) return byKey;
  if (!hasOrder) return (await transactions.putAlias(key, byId.key)) ? byId : undefined;
  return joinPlaces([{ ...byKey, foundBy }, byId], ports);
}

/**
 * By Button's documents the order's id identifies a purchase: one of Button's own ids with two orders is two
 * purchases.
 */
function isOfAnotherOrder({ key, stored }: Place, orderKey: string): boolean {
  const orderKeys = [key, ...(stored?.value.otherKeys ?? [])].filter(isOrderKey);
  return orderKeys.length > 0 && !orderKeys.includes(orderKey);
}

async function findKnown(
  key: string,
  { known, consistent }: Reading,
  transactions: LocatePorts['transactions'],
): Promise<Found> {
  if (known === undefined) return transactions.find(key, { consistent });
  return known === 'absent' ? { key, stored: undefined } : { key: known.value.key, stored: known };
}

/**
 * Follows records that have given way, which are the others; their versions are taken over again if the last
 * record lacks them. Throws if the table cannot be reached.
 */
export async function followMerges(
  found: Found,
  transactions: Pick<TransactionStore, 'find'>,
): Promise<Omit<Place, 'foundBy'>> {
  const others: TransactionRecord[] = [];
  let { key, stored } = found;
  while (stored?.value.mergedInto !== undefined) {
    others.push(stored.value);
    ({ key, stored } = await transactions.find(stored.value.mergedInto, { consistent: true }));
  }
  return { key, stored, others };
}

/**
 * Two records of one purchase: the younger one gives way to the older one. If one of them is erased, so is
 * the other, with every record that has given way to either.
 */
async function joinPlaces(
  [byKey, byId]: readonly [Place, Place],
  ports: LocatePorts,
): Promise<Place | undefined> {
  const { transactions, now } = ports;
  const [home, other] = byKey.stored && isOlder(byId, byKey) ? [byId, byKey] : [byKey, byId];
  if (!other.stored) return home;
  const records = [home, other].flatMap(({ stored, others }) => [...others, stored?.value]);
  const erasedAt = records.map((record) => record?.erasedAt).find((one) => one);
  let { value: kept } = other.stored;
  if (erasedAt !== undefined) {
    if (!(await eraseGone(records, erasedAt, ports))) return undefined;
    kept = eraseTransaction(kept, erasedAt);
  }
  const gone = giveWayTo(home.key, kept, { storedAt: now().toISOString() });
  const result = await transactions.write(gone, other.stored.revision);
  return result.ok ? { ...home, others: [...home.others, ...other.others, gone] } : undefined;
}

/** Erases the records that have given way to one of them; false if another writer was faster. */
async function eraseGone(
  records: readonly (TransactionRecord | undefined)[],
  erasedAt: string,
  { transactions }: LocatePorts,
): Promise<boolean> {
  for (const key of records.flatMap((record) => record?.otherKeys ?? [])) {
    const { stored } = await transactions.find(key, { consistent: true });
    if (stored?.value.mergedInto === undefined) continue;
    const { value, revision } = stored;
    const { ok } = await transactions.write(eraseTransaction(value, erasedAt), revision);
    if (!ok) return false;
  }
  return true;
}

function isOlder(one: Place, other: Place): boolean {
  const [first, second] = [firstSeenAt(one), firstSeenAt(other)];
  return first === second ? one.key < other.key : first < second;
}

function firstSeenAt({ stored }: Place): string {
  const instants = (stored?.value.seen ?? []).map(({ seenAt }) => seenAt);
  return instants.sort()[0] ?? '~';
}
