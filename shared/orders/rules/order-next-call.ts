import { openDoubt } from './order-evolution.ts';
import { isUnconfirmed, type LedgerEntry } from './order-ledger.ts';

/** Whether the same total and lines at Button prove that it holds the version. */
export type TrustsAmounts = 'yes' | 'if-finalized' | 'no';

/**
 * The next call to Button for a claimed entry. `read-first` reads the order from Button before anything is
 * sent, and sends nothing if what it shows can be trusted.
 */
export type NextCall =
  | { call: 'create' }
  | { call: 'update' }
  | { call: 'cancel' }
  | { call: 'read-first'; trustsAmounts: TrustsAmounts };

/**
 * Which call brings Button to the newest version. Pure. A version that was last reported before
 * `verifyBefore` is in doubt: the ledger may have forgotten what came after it.
 *
 * If Button shows the order after a create that may have been carried out, that order is complete. So is a
 * version that Button has acknowledged. Any other version may differ in what Button does not show, so it is
 * sent again: it is the full state, and sending it twice changes nothing. A create after a restore of the
 * ledger is sent again too, because Button may hold a version that the ledger forgot. A finalized order
 * accepts nothing any more.
 */
export function nextCall(entry: LedgerEntry, verifyBefore?: string): NextCall {
  const { newest, reported, progress } = entry;
  if (newest.kind === 'cancelled') return { call: 'cancel' };
  const doubt = openDoubt(progress);
  if (doubt ?? isStale(entry, verifyBefore)) {
    const isAboutOther = doubt && (doubt.hash !== newest.hash || doubt.amongOthers);
    return { call: 'read-first', trustsAmounts: isAboutOther ? 'no' : trustOf(entry, verifyBefore) };
  }
  if (reported && !isUnconfirmed(entry)) return { call: 'update' };
  return reported || newest.kind !== 'created'
    ? { call: 'read-first', trustsAmounts: 'no' }
    : { call: 'create' };
}

/** How far the amounts of an order prove the newest version, if no other version is in doubt. */
function trustOf(entry: LedgerEntry, verifyBefore: string | undefined): TrustsAmounts {
  const { newest, reported } = entry;
  if (reported) return newest.hash === reported.hash ? 'yes' : 'no';
  if (newest.kind !== 'created') return 'no';
  return isStale(entry, verifyBefore) ? 'if-finalized' : 'yes';
}

/**
 * Whether the ledger may have forgotten what happened to the order since. Pure.
 *
 * A version that is sent again after a restore of the ledger may be old although its message, and the time in
 * it, are new: the purchase date shows it. A shop's clock may be ahead.
 */
export function isStale({ newest, reported }: LedgerEntry, verifyBefore: string | undefined): boolean {
  if (verifyBefore === undefined) return false;
  const { order, cancels, time, receivedAt } = newest;
  const since = reported ? [reported.at] : [time, receivedAt, (order ?? cancels)?.purchase_date];
  return since.some((at) => at && at < verifyBefore);
}
