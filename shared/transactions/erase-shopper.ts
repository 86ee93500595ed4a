import { eraseTransaction } from './rules/erase-transaction.ts';
import type { Shopper } from './rules/erasure-note.ts';
import { isExpired, type RetentionPolicy } from './rules/personal-data-expiry.ts';
import { isSameValue } from '@button-serverless/validation/json';
import type { TransactionRecord } from '@button-serverless/validation/webhooks';
import { RetryableError } from '../runtime/errors.ts';
import type { Scanned, ScannedCheckout } from './store/transaction-scan.ts';
import type { TransactionStore } from './store/transaction-store.ts';
import { UnreadableItemError, type OnUnreadable } from '../dynamodb/unreadable-item.ts';
import type { Versioned } from '../dynamodb/versioned-item.ts';

/** What erasing needs. */
export type EraseTransactionsPorts = {
  /**
   * Everything in the table, as `scanAll` finds it, or on a page of it: a shopper may be in a version that no
   * index shows.
   */
  all: AsyncIterable<Scanned>;
  transactions: Pick<TransactionStore, 'write'>;
  /** The transaction that a part belongs to, strongly consistent: it may have been erased just now. */
  readOwner: (key: string) => Promise<Versioned<TransactionRecord> | undefined>;
  /** Deletes a part of a large transaction. */
  deletePart: (partKey: string) => Promise<void>;
  /** Reports an unreadable item: nothing can say to whom it belongs, so it is skipped. */
  onUnreadable?: OnUnreadable;
  now: () => Date;
};

const MAX_TRIES = 5;

/**
 * Erases one shopper's data from every checkout and every transaction. What is left is a record without
 * personal fields; later versions are stored without them too and reward nobody. Returns how many
 * transactions it found.
 *
 * Not reached: the quarantine and the bus's archive, which expire by themselves, backups, and what consumers
 * have stored. Throws if the table cannot be reached; it is safe to run it again, which also removes what a
 * version has left that was written meanwhile.
 */
export function eraseShopper(
  shopper: Shopper,
  { eraseCheckout, ...ports }: EraseTransactionsPorts & { eraseCheckout: EraseCheckout },
): Promise<number> {
  const all = erasingCheckouts(shopper, ports.all, eraseCheckout);
  return eraseTransactions((record) => belongsTo(record, shopper), { ...ports, all });
}

/** Takes the shopper out of a checkout. */
type EraseCheckout = (item: ScannedCheckout['item']) => Promise<void>;

/** What is scanned, with the shopper's checkouts erased on the way. */
async function* erasingCheckouts(
  shopper: Shopper,
  all: EraseTransactionsPorts['all'],
  eraseCheckout: EraseCheckout,
): EraseTransactionsPorts['all'] {
  for await (const scanned of all) {
    if (scanned.kind === 'checkout' && isCheckoutOf(scanned.item, shopper)) await eraseCheckout(scanned.item);
    yield scanned;
  }
}

/** The field may contain either of the publisher's values. */
function isCheckoutOf(
  { checkoutShopper: named }: ScannedCheckout['item'],
  { publisherCustomerId, pubRef }: Shopper,
): boolean {
  return [publisherCustomerId, pubRef].some(
    (value) => value !== undefined && isSameValue(named?.S ?? null, value),
  );
}

/**
 * What is found of a shopper: transactions and checkouts that name them, and parts of erased ones, which
 * contain earlier versions. Also the keys of unreadable items: nothing can say whether those name the
 * shopper.
 */
export type ShopperTraces = { transactions: number; checkouts: number; parts: number; unreadable: string[] };

/**
 * Counts, and changes nothing: what `eraseShopper` would find, and after it the proof that nothing is left.
 * Throws as that does.
 */
export async function findShopper(
  shopper: Shopper,
  all: EraseTransactionsPorts['all'],
): Promise<ShopperTraces> {
  const partsOf: string[] = [];
  const erased = new Set<string>();
  const unreadable: string[] = [];
  let [transactions, checkouts] = [0, 0];
  for await (const scanned of all) {
    if (scanned.kind === 'unreadable') {
      unreadable.push(scanned.key);
      continue;
    }
    if (scanned.kind === 'checkout') {
      if (isCheckoutOf(scanned.item, shopper)) checkouts += 1;
      continue;
    }
    if (scanned.kind === 'part') {
      partsOf.push(scanned.partOf);
      continue;
    }
    const { value: record } = scanned.stored;
    if (record.erasedAt !== undefined) erased.add(record.key);
    if (belongsTo(record, shopper)) transactions += 1;
  }
  return { transactions, checkouts, parts: partsOf.filter((key) => erased.has(key)).length, unreadable };
}

/**
 * Erases the personal data of every transaction for which it has expired. Returns how many. Throws as
 * `eraseShopper` does.
 */
export function expirePersonalData(policy: RetentionPolicy, ports: EraseTransactionsPorts): Promise<number> {
  return eraseTransactions((record) => isExpired(record, policy), ports);
}

async function eraseTransactions(
  isToErase: (record: TransactionRecord) => boolean,
  ports: EraseTransactionsPorts,
): Promise<number> {
  const partsOf = new Map<string, string[]>();
  const erased = new Set<string>();
  let found = 0;
  const eraseIfDue = async (stored: Versioned<TransactionRecord>): Promise<void> => {
    const { key, erasedAt } = stored.value;
    if (erasedAt === undefined) {
      if (!isToErase(stored.value)) return;
      await eraseStored(stored, ports);
      found += 1;
    }
    erased.add(key);
  };
  const unlessUnreadable = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UnreadableItemError)) throw error;
      ports.onUnreadable?.(error.key);
    }
  };
  for await (const scanned of ports.all) {
    if (scanned.kind === 'record') await unlessUnreadable(() => eraseIfDue(scanned.stored));
    else if (scanned.kind === 'unreadable') ports.onUnreadable?.(scanned.key);
    else if (scanned.kind === 'part')
      partsOf.set(scanned.partOf, [...(partsOf.get(scanned.partOf) ?? []), scanned.partKey]);
  }
  for (const [key, parts] of partsOf) {
    // If only one page is read, the record may be on another one.
    if (!erased.has(key))
      await unlessUnreadable(async () => {
        const owner = await ports.readOwner(key);
        if (owner) await eraseIfDue(owner);
      });
    // An erased record is small and has no parts: parts that are left contain earlier versions.
    if (erased.has(key)) for (const part of parts) await ports.deletePart(part);
  }
  return found;
}

async function eraseStored(
  found: Versioned<TransactionRecord>,
  { transactions, now }: EraseTransactionsPorts,
): Promise<void> {
  let current = found;
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const result = await transactions.write(
      eraseTransaction(current.value, now().toISOString()),
      current.revision,
    );
    if (result.ok || !result.current) return;
    current = result.current;
  }
  throw new RetryableError('Too many writers at one transaction');
}

function belongsTo(
  { candidates, seen }: TransactionRecord,
  { publisherCustomerId, pubRef }: Shopper,
): boolean {
  return [...candidates, ...seen].some(
    ({ transaction }) =>
      (publisherCustomerId !== undefined &&
        isSameValue(transaction.publisherCustomerId, publisherCustomerId)) ||
      (pubRef !== undefined && isSameValue(transaction.pubRef, pubRef)),
  );
}
