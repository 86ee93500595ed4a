import { openDoubt } from './order-evolution.ts';
import { isUnconfirmed, type LedgerEntry } from './order-ledger.ts';

/**
 * The next call to Button for a claimed entry. `read-first` reads the order from Button before anything is
 * sent; `trustsAmounts` says whether the same total and lines at Button prove that nothing has to be sent.
 */
export type NextCall =
  | { call: 'create' }
  | { call: 'update' }
  | { call: 'cancel' }
  | { call: 'read-first'; trustsAmounts: boolean };

/**
 * Which call brings Button to the newest version. Pure. A version that was last reported before
 * `verifyBefore` is in doubt: the ledger may have forgotten what came after it.
 *
 * If a create that may have been carried out is there, it is complete, and so is a version that Button has
 * acknowledged. Any other update may differ in what Button does not show, so it is sent again: it is the full
 * state, and sending it twice changes nothing.
 */
export function nextCall(entry: LedgerEntry, verifyBefore?: string): NextCall {
  const { newest, reported, progress } = entry;
  if (newest.kind === 'cancelled') return { call: 'cancel' };
  const isCreate = !reported && newest.kind === 'created';
  const isReported = newest.hash === reported?.hash;
  const doubt = openDoubt(progress);
  if (doubt) {
    const isAboutNewest = doubt.hash === newest.hash && !doubt.amongOthers;
    return { call: 'read-first', trustsAmounts: isAboutNewest && (isCreate || isReported) };
  }
  if (isStale(entry, verifyBefore)) return { call: 'read-first', trustsAmounts: isCreate || isReported };
  if (reported)
    return isUnconfirmed(entry) ? { call: 'read-first', trustsAmounts: false } : { call: 'update' };
  return isCreate ? { call: 'create' } : { call: 'read-first', trustsAmounts: false };
}

/**
 * Whether the ledger may have forgotten what happened to the order since. Pure.
 *
 * A version that is sent again after a restore of the ledger may be old although its message, and the time in
 * it, are new: the purchase date shows it. A shop's clock may be ahead.
 */
export function isStale({ newest, reported }: LedgerEntry, verifyBefore: string | undefined): boolean {
  if (verifyBefore === undefined) return false;
  const { order, time, receivedAt } = newest;
  const since = reported ? [reported.at] : [time, receivedAt, order?.purchase_date];
  return since.some((at) => at && at < verifyBefore);
}
