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
   * No read by an id says that Button has no such order: Button refuses them all, or one leads to another
   * shop's order. A 404 by another id counts for nothing then, because Button may not accept ids of its kind.
   */
  isIdUnread: boolean;
  /** Button has refused a read by an id, and that may pass. */
  refused?: CallEnd | undefined;
};

/** What else the end depends on. */
export type AbsenceContext = {
  now: Date;
  /** A restored ledger may have forgotten what was sent before this instant (ISO 8601 UTC). */
  verifyBefore?: string | undefined;
  /** A read before the cancellation has shown the order. */
  wasShown?: boolean;
};

/** The end of a cancellation if Button holds the order no longer, or never has. */
export const CANCELLED = ended({ result: 'done', acceptedOnly: false, sent: true });

/** The end of a cancellation if nothing shows whether Button holds the order. */
export const UNCONFIRMED = refused('cancellation_unconfirmed');

/**
 * For this long after the last call that may have made the order, or after Button's last answer about it,
 * what was carried out may still be invisible: longer than Button should need to show it.
 */
const CREATED_UNSEEN_FOR_MS = 15 * 60_000;

/**
 * The end of a cancellation if no read shows the order: it counts as cancelled once Button should show it,
 * and once the list of its token or a read by an id would show it. Pure.
 */
export function absent(entry: LedgerEntry, absence: Absence, context: AbsenceContext): CallEnd {
  const { isUnlisted, isTokenUnread, isIdUnread, refused: awaited } = absence;
  const isProvedByList = isUnlisted && isSurelyListed(entry, context);
  if (awaited && !isProvedByList) return awaited;
  if (mayBeShownLater(entry, context)) return NOT_SHOWN_YET;
  const isProvedById = !isIdUnread && !isTokenUnread;
  return isProvedByList || isProvedById || isAcknowledged(entry) ? CANCELLED : UNCONFIRMED;
}

/**
 * Whether Button may hold the order without its token: a call may have been sent before the token was known.
 * No list shows the order then. Pure.
 */
export function mayLackToken(entry: LedgerEntry, { verifyBefore }: AbsenceContext): boolean {
  const mayBeSent = entry.sent !== undefined || isStale(entry, verifyBefore);
  return entry.tokenDue === true && mayBeSent;
}

/** The last call that has made or changed the order at Button, or may have. Pure. */
export function lastChange({ newest, reported, progress }: LedgerEntry): { sentAt?: string } | undefined {
  if (reported) return { sentAt: reported.at };
  const doubt = openDoubt(progress);
  return doubt && (doubt.hash !== newest.hash || doubt.amongOthers) ? doubt : undefined;
}

/** Whether an earlier call may have cancelled the order. Pure. */
export function mayBeCancelled(entry: LedgerEntry): boolean {
  return entry.reported?.kind === 'cancelled' || mayBeDone(entry);
}

/** Until Button confirms or shows the order, it may have made it without the token. */
function isSurelyListed(entry: LedgerEntry, context: AbsenceContext): boolean {
  const mayBeMade = isUnconfirmed(entry) && !context.wasShown && lastChange(entry) !== undefined;
  return !mayBeMade && !mayLackToken(entry, context);
}

/**
 * Button may show an order late that it accepted recently, or whose create was not answered, and find nothing
 * to cancel until then. If the order may already be cancelled, it comes only after a 202.
 */
function mayBeShownLater(entry: LedgerEntry, { now }: AbsenceContext): boolean {
  const { newest, reported } = entry;
  if (isReportedRecently(entry, now) && (reported?.acceptedOnly || !mayBeCancelled(entry))) return true;
  const change = lastChange(entry);
  if (!change || reported?.kind === 'cancelled') return false;
  const since = change.sentAt ?? newest.receivedAt ?? newest.time;
  return now.getTime() - Date.parse(since) < CREATED_UNSEEN_FOR_MS;
}

/** Button itself says that the order is cancelled: no read has to confirm it. */
function isAcknowledged({ reported }: LedgerEntry): boolean {
  return reported?.kind === 'cancelled' && !reported.acceptedOnly;
}
