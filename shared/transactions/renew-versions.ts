import { RetryableError } from '../runtime/errors.ts';
import type { TransactionRecord } from '@button-serverless/validation/webhooks';
import type { OnUnreadable } from '../dynamodb/unreadable-item.ts';
import type { Versioned } from '../dynamodb/versioned-item.ts';
import { firstNewVersion, renewVersion } from './rules/merge-transaction.ts';
import type { Scanned } from './store/transaction-scan.ts';
import type { TransactionStore } from './store/transaction-store.ts';

/** What renewing needs. */
export type RenewVersionsPorts = {
  /** Everything in the table, as `scanAll` finds it. */
  all: AsyncIterable<Scanned>;
  transactions: Pick<TransactionStore, 'write'>;
  /** Reports an unreadable item, which is skipped. */
  onUnreadable: OnUnreadable;
  now: () => Date;
};

const MAX_TRIES = 5;

/**
 * Gives every transaction that was stored before an instant (ISO 8601 UTC) a new version, so that the table's
 * stream publishes its current state; records that are erased or have given way keep theirs. This is for use
 * after a restore: consumers may have handled a version that the table has lost, and would drop its current
 * one. Returns how many. Throws if the table cannot be reached; running it again continues with the rest.
 */
export async function renewVersions(before: string, ports: RenewVersionsPorts): Promise<number> {
  let renewed = 0;
  for await (const scanned of ports.all) {
    if (scanned.kind === 'unreadable') ports.onUnreadable(scanned.key);
    if (scanned.kind === 'record' && (await renew(scanned.stored, before, ports))) renewed += 1;
  }
  return renewed;
}

async function renew(
  found: Versioned<TransactionRecord>,
  before: string,
  { transactions, now }: RenewVersionsPorts,
): Promise<boolean> {
  let current = found;
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    // Its events name nobody any more: consumers keep the shopper whom they have credited.
    if (current.value.erasedAt !== undefined) return false;
    // It counts under another key: the purchase to which it gave way replaces it.
    if (current.value.mergedInto !== undefined) return false;
    // It has been renewed, or was stored long enough after.
    if (current.value.version >= firstNewVersion(before)) return false;
    const renewed = renewVersion(current.value, { storedAt: now().toISOString() });
    const result = await transactions.write(renewed, current.revision);
    if (result.ok) return true;
    if (!result.current) return false;
    current = result.current;
  }
  throw new RetryableError('Too many writers at one transaction');
}
