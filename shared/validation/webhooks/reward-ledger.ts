import type { TransactionChangedDetail } from './transaction-changed.ts';

// A sample of how a publisher's own system turns events into rewards. Nothing here is deployed with this
// project.

/** What one purchase is worth to its user now, as an event says. */
export type RewardEntry = {
  version: number;
  /** Every key that the entry stands under. */
  purchaseKeys: readonly string[];
  /** Who is credited: the id that the publisher gave to Button; null where the event names nobody. */
  user: string | null;
  currency: string;
  creditMinor: number;
  isFinal: boolean;
};

/** The entries of a publisher, each under every key of its purchase. */
export type RewardLedger = ReadonlyMap<string, RewardEntry>;

/**
 * What an event changes in the ledger: its entry, under each of the purchase's keys that holds a lower
 * version or none. Empty if the event says nothing new. Store each under the condition that its version
 * rises. Pure.
 *
 * An entry holds the state that the event says, and never adds up deltas: an event that comes twice, late or
 * not at all then does no harm, because the one with the highest version decides. What is not rewardable is
 * worth nothing, so whatever a version has credited the next one takes back.
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
 * The entries that count, each once: those that stand under all of their keys. Where another one stands under
 * one of them, with a higher version, it is about the same purchase, which a restored table has stored under
 * another key. Pure.
 */
export function countingEntries(ledger: RewardLedger): RewardEntry[] {
  return [...ledger].flatMap(([key, entry]) => {
    const stands = entry.purchaseKeys.every((one) => ledger.get(one)?.version === entry.version);
    return stands && key === entry.purchaseKeys[0] ? [entry] : [];
  });
}

/**
 * What can be paid out in each currency, in minor units, of entries that count: final ones only, because what
 * is pending can still be declined. Pure.
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
