import type { TransactionChangedDetail } from './transaction-changed.ts';

// A sample of how a publisher's own system turns events into rewards. It is not deployed with this project.

/** The current value of one purchase for its user, according to an event. */
export type RewardEntry = {
  version: number;
  /** Every key of the purchase. */
  purchaseKeys: readonly string[];
  /** Who is credited: the id that the publisher gave to Button; null if the event names nobody. */
  user: string | null;
  currency: string;
  creditMinor: number;
  isFinal: boolean;
};

/** The entries of a publisher, each under every key of its purchase. */
export type RewardLedger = ReadonlyMap<string, RewardEntry>;

/**
 * What an event changes in the ledger: its entry, under each of the purchase's keys that has a lower version
 * or none. Empty if the event says nothing new. Store each on the condition that its version rises. Pure.
 *
 * An entry holds the state in the event, and never adds up deltas. So an event that arrives twice, late or
 * not at all does no harm, because the highest version decides. An entry that is not rewardable has no value,
 * so the next version takes back what a version has credited.
 */
export function creditReward(ledger: RewardLedger, event: TransactionChangedDetail): RewardLedger {
  const { version, purchaseKeys, publisherCustomerId, amountMinor, currency, final, rewardable } = event;
  const entry = {
    version,
    purchaseKeys,
    user: publisherCustomerId ?? null,
    currency: currency ?? 'unknown',
    creditMinor: rewardable ? (amountMinor ?? 0) : 0,
    isFinal: final,
  };
  const older = purchaseKeys.filter((key) => (ledger.get(key)?.version ?? 0) < version);
  return new Map(older.map((key) => [key, entry]));
}

/**
 * The entries that count, each once: those that are stored under all of their keys. If another entry with a
 * higher version is stored under one of the keys, it is about the same purchase, which a restored table has
 * stored under another key. Pure.
 */
export function countingEntries(ledger: RewardLedger): RewardEntry[] {
  return [...ledger].flatMap(([key, entry]) => {
    const stands = entry.purchaseKeys.every((one) => ledger.get(one)?.version === entry.version);
    return stands && key === entry.purchaseKeys[0] ? [entry] : [];
  });
}

/**
 * What can be paid out in each currency, in minor units, of entries that count: only final ones, because a
 * pending one can still be declined. Pure.
 */
export function payableMinor(entries: Iterable<RewardEntry>): Map<string, number> {
  const payable = new Map<string, number>();
  for (const { currency, creditMinor, isFinal } of entries) {
    if (isFinal) payable.set(currency, (payable.get(currency) ?? 0) + creditMinor);
  }
  return payable;
}

/**
 * What can be paid out to each user, by currency, in minor units, of entries that count: final ones that name
 * a user. Pure.
 */
export function payableByUser(entries: Iterable<RewardEntry>): Map<string, Map<string, number>> {
  const ofUsers = new Map<string, RewardEntry[]>();
  for (const entry of entries) {
    if (entry.user !== null) ofUsers.set(entry.user, [...(ofUsers.get(entry.user) ?? []), entry]);
  }
  return new Map([...ofUsers].map(([user, own]) => [user, payableMinor(own)]));
}
