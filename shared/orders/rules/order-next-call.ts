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

/** Whether the ledger may have forgotten what happened to the order since. Pure. */
export function isStale({ newest, reported }: LedgerEntry, verifyBefore: string | undefined): boolean {
  return verifyBefore !== undefined && (reported?.at ?? newest.time) < verifyBefore;
}
