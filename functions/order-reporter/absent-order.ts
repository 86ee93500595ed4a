import { mayBeDone, openDoubt } from '../../shared/orders/rules/order-evolution.ts';
import { isUnconfirmed, type LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { isStale } from '../../shared/orders/rules/order-next-call.ts';
import { ended, isReportedRecently, NOT_SHOWN_YET, refused, type CallEnd } from './call-end.ts';

/** What the reads of an order say if none of them shows it. */
export type Absence = {
  /**
   * Button listed the orders of this order's token, which it has taken as far as is known, and this order is
   * not among them.
   */
  isUnlisted: boolean;
  /** The order has a token, but the look-ups by it failed too often to be waited for. */
  isTokenUnread?: boolean;
  /**
   * No 404 by an id counts: Button gave none, or an id leads to another shop's order. Then Button may not
   * accept the kind of id that got the 404.
   */
  isIdUnread: boolean;
  /** Button has refused a read by an id, and that may pass. */
  refused?: CallEnd | undefined;
};

/** What else decides how the cancellation ends. */
export type AbsenceContext = {
  now: Date;
  /** A restored ledger may have forgotten what was sent before this instant (ISO 8601 UTC). */
  verifyBefore?: string | undefined;
  /** A read before the cancellation has shown the order, and not that it has no token. */
  wasShown?: boolean;
};

/** The end of a cancellation if Button no longer holds the order, or never held it. */
export const CANCELLED = ended({ result: 'done', acceptedOnly: false, sent: true });

/** The end of a cancellation if nothing shows whether Button holds the order. */
export const CANCELLATION_UNCONFIRMED = refused('cancellation_unconfirmed');

/**
 * For this long after the last call that may have made the order, or after Button's last answer about it,
 * what was carried out may still be invisible: longer than Button should need to show it.
 */
const UNSEEN_FOR_MS = 15 * 60_000;

/**
 * The end of a cancellation if no read shows the order. Pure.
 *
 * The list of the token proves that the order is gone if the order would be in it. If it proves nothing, a
 * refused read that may pass is waited for. Then the order waits as long as Button may show it late. After
 * that, it counts as cancelled if the list proves that it is gone, if Button answers 404 for an id and no
 * look-up by token is missing, or if Button has acknowledged a cancellation. Otherwise an operator has to
 * decide.
 */
export function absent(entry: LedgerEntry, absence: Absence, context: AbsenceContext): CallEnd {
  const { isUnlisted, isTokenUnread, isIdUnread, refused: awaited } = absence;
  const isProvedByList = isUnlisted && wouldBeListed(entry, context);
  if (awaited && !isProvedByList) return awaited;
  if (mayBeShownLater(entry, context)) return NOT_SHOWN_YET;
  const isProvedById = !isIdUnread && !isTokenUnread;
  return isProvedByList || isProvedById || isAcknowledged(entry) ? CANCELLED : CANCELLATION_UNCONFIRMED;
}

/**
 * Whether Button may hold the order without its token: a call may have been sent before the token was known.
 * No list shows the order then. Pure.
 */
export function mayLackToken(entry: LedgerEntry, { verifyBefore }: AbsenceContext): boolean {
  const mayBeSent = entry.sent !== undefined || isStale(entry, verifyBefore);
  return entry.tokenDue === true && mayBeSent;
}

/**
 * When Button last answered about the order, or, if it never has, when the last call that may have made it
 * ended. Undefined if no call can have made it. Pure.
 */
function lastChange({ newest, reported, progress }: LedgerEntry): { sentAt?: string } | undefined {
  if (reported) return { sentAt: reported.at };
  const doubt = openDoubt(progress);
  return doubt && (doubt.hash !== newest.hash || doubt.amongOthers) ? doubt : undefined;
}

/** Whether an earlier call may have cancelled the order. Pure. */
export function mayBeCancelled(entry: LedgerEntry): boolean {
  return entry.reported?.kind === 'cancelled' || mayBeDone(entry);
}

/**
 * Whether the list of the token would show the order if Button held it. It may not if a call may have made
 * the order, and Button has neither confirmed nor shown it: Button may hold it without the token.
 */
function wouldBeListed(entry: LedgerEntry, context: AbsenceContext): boolean {
  const mayBeMade = lastChange(entry) !== undefined || isStale(entry, context.verifyBefore);
  const isProved = context.wasShown === true || !isUnconfirmed(entry);
  return (isProved || !mayBeMade) && !mayLackToken(entry, context);
}

/**
 * Button may show an order late, and find nothing to cancel until then: for two hours after it last answered
 * about the order, and for 15 minutes after a call that may have made it. If an earlier call may have
 * cancelled the order, the two hours apply only after a 202.
 */
function mayBeShownLater(entry: LedgerEntry, { now }: AbsenceContext): boolean {
  const { newest, reported } = entry;
  if (isReportedRecently(entry, now) && (reported?.acceptedOnly || !mayBeCancelled(entry))) return true;
  const change = lastChange(entry);
  if (!change || reported?.kind === 'cancelled') return false;
  const since = change.sentAt ?? newest.receivedAt ?? newest.time;
  return now.getTime() - Date.parse(since) < UNSEEN_FOR_MS;
}

/** Button itself says that the order is cancelled: no read has to confirm it. */
function isAcknowledged({ reported }: LedgerEntry): boolean {
  return reported?.kind === 'cancelled' && !reported.acceptedOnly;
}
