import type { TransactionChangedDetail } from './transaction-changed.ts';

// How a publisher's own system turns events into rewards: a consumer, without its store. Nothing here is
// deployed with this project.

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

/** By how much an event changes what a user has coming, in minor units: a plus or a minus, or 0. */
export type RewardCredit = {
  user: string | null;
  currency: string;
  /** Of transactions that are pending: they can still be declined. */
  pendingMinor: number;
  /** Of final transactions: it can be paid out. */
  payableMinor: number;
};

/** What to store, and what it changes. Both are empty if the event says nothing new. */
export type RewardChange = { entries: RewardLedger; credits: RewardCredit[] };

/**
 * What an event changes: the entries to store, one under each of the purchase's keys that holds a lower
 * version or none, and the credits that follow from them. Pure.
 *
 * `ledger` holds what is stored under the event's `purchaseKeys`, and under the keys of those entries. Store
 * entries and credits in one transaction, each entry under the condition that its version rises. Who keeps no
 * balances ignores the credits: they are what the entries that count sum up to.
 *
 * An entry holds the state in the event, and never adds up deltas. So an event that arrives twice, late or
 * not at all does no harm, because the highest version decides. An entry that is not rewardable has no value,
 * so the next version takes back what a version has credited.
 */
export function creditReward(ledger: RewardLedger, event: TransactionChangedDetail): RewardChange {
  const entry = entryOf(event);
  const { version, purchaseKeys } = entry;
  const older = purchaseKeys.filter((key) => (ledger.get(key)?.version ?? 0) < version);
  const entries = new Map(older.map((key) => [key, entry]));
  const next = new Map([...ledger, ...entries]);
  const replaced = new Set(older.flatMap((key) => ledger.get(key) ?? []));
  const changes = [
    ...distinctVersions(replaced).flatMap((was) => (counts(was, ledger) ? [creditOf(was, -1)] : [])),
    ...(older.length > 0 && counts(entry, next) ? [creditOf(entry, 1)] : []),
  ];
  return { entries, credits: sumCredits(changes) };
}

function entryOf(event: TransactionChangedDetail): RewardEntry {
  const { version, purchaseKeys, publisherCustomerId, amountMinor, currency, final, rewardable } = event;
  return {
    version,
    purchaseKeys,
    user: publisherCustomerId ?? null,
    currency: currency ?? 'unknown',
    creditMinor: rewardable ? (amountMinor ?? 0) : 0,
    isFinal: final,
  };
}

/** A store may give the same entry as another object under each of its keys. */
function distinctVersions(entries: Iterable<RewardEntry>): RewardEntry[] {
  return [
    ...new Map(
      [...entries].map((entry) => [`${entry.version} ${entry.purchaseKeys.join()}`, entry]),
    ).values(),
  ];
}

function counts({ version, purchaseKeys }: RewardEntry, ledger: RewardLedger): boolean {
  return purchaseKeys.every((key) => ledger.get(key)?.version === version);
}

function creditOf({ user, currency, creditMinor, isFinal }: RewardEntry, sign: 1 | -1): RewardCredit {
  const amountMinor = sign * creditMinor;
  return {
    user,
    currency,
    pendingMinor: isFinal ? 0 : amountMinor,
    payableMinor: isFinal ? amountMinor : 0,
  };
}

/** One credit for each user and currency; none that changes nothing. */
function sumCredits(credits: readonly RewardCredit[]): RewardCredit[] {
  const sums = new Map<string, RewardCredit>();
  for (const credit of credits) {
    const name = JSON.stringify([credit.user, credit.currency]);
    const { pendingMinor = 0, payableMinor = 0 } = sums.get(name) ?? {};
    sums.set(name, {
      ...credit,
      pendingMinor: pendingMinor + credit.pendingMinor,
      payableMinor: payableMinor + credit.payableMinor,
    });
  }
  return [...sums.values()].filter(
    ({ pendingMinor, payableMinor }) => pendingMinor !== 0 || payableMinor !== 0,
  );
}

/**
 * The entries that count, each once: those that are stored under all of their keys. If another entry with a
 * higher version is stored under one of the keys, it is about the same purchase, which a restored table has
 * stored under another key. Pure.
 */
export function countingEntries(ledger: RewardLedger): RewardEntry[] {
  return [...ledger].flatMap(([key, entry]) => {
    return key === entry.purchaseKeys[0] && counts(entry, ledger) ? [entry] : [];
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
