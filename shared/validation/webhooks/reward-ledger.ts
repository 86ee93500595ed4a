import type { TransactionChangedDetail } from './transaction-changed.ts';

// A sample of how a publisher's own system turns events into rewards. Nothing here is deployed with this project.

/** What one transaction is worth to its user now: an entry under `transactionKey`, to be stored under the condition that its version rises. */
export type RewardEntry = {
  version: number;
  /** Who is credited: the id that the publisher gave to Button; null where the event names nobody. */
  user: string | null;
  currency: string;
  creditMinor: number;
  isFinal: boolean;
};

/**
 * The entry after an event, or the same entry if the event tells nothing new. Pure.
 *
 * The entry holds the state that the event tells, and never adds up deltas: an event that comes twice, late or not at all then does no
 * harm, because the one with the highest version decides. What is not rewardable is worth nothing, so whatever a version
 * has credited the next one takes back.
 */
export function creditReward(
  entry: RewardEntry | undefined,
  { version, publisherCustomerId, amountMinor, currency, final, rewardable }: TransactionChangedDetail,
): RewardEntry {
  if (entry && entry.version >= version) return entry;
  return {
    version,
    user: publisherCustomerId ?? null,
    currency: currency ?? 'unknown',
    creditMinor: rewardable ? (amountMinor ?? 0) : 0,
    isFinal: final,
  };
}

/** What can be paid out in each currency, in minor units: final entries only, because what is pending can still be declined. Pure. */
export function payableMinor(entries: Iterable<RewardEntry>): Map<string, number> {
  const payable = new Map<string, number>();
  for (const { currency, creditMinor, isFinal } of entries) {
    if (isFinal) payable.set(currency, (payable.get(currency) ?? 0) + creditMinor);
  }
  return payable;
}

/** What can be paid out to each user, by currency, in minor units: final entries that name a user. Pure. */
export function payableByUser(entries: Iterable<RewardEntry>): Map<string, Map<string, number>> {
  const ofUsers = new Map<string, RewardEntry[]>();
  for (const entry of entries) {
    if (entry.user !== null) ofUsers.set(entry.user, [...(ofUsers.get(entry.user) ?? []), entry]);
  }
  return new Map([...ofUsers].map(([user, own]) => [user, payableMinor(own)]));
}
