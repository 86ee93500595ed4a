import { isUnconfirmed, type LedgerEntry, type UnconfirmedOrder } from '../orders/rules/order-ledger.ts';

/** What distinguishes an order that Button shows. The token is null if Button shows that there is none. */
type ShownIdentity = {
  button_order_id?: string | undefined;
  btn_ref?: string | null | undefined;
  purchase_date?: string | undefined;
  currency?: string | undefined;
};

/** Whose order Button shows; `unproved` if Button shows, or the ledger knows, too little to tell. */
type Identity = 'ours' | 'anothers' | 'unproved';

/**
 * Whether a call about this order may go to the order that Button shows under `id`: that may be the order of
 * another shop that uses the same id. Pure.
 *
 * | the ledger knows | ours | another's | unproved |
 * | --- | --- | --- | --- |
 * | Button's id of the order | yes | no | yes |
 * | that Button has acknowledged the order, and no id of Button's | yes | cannot be told | yes |
 * | the purchase or the token of an order that Button has not acknowledged | yes | no | no |
 * | nothing of such an order, which is cancelled | yes | cannot be told | yes |
 *
 * Once Button has acknowledged the order, ids of Button's lead to no other.
 */
export function mayChange(
  { order, id }: { order: ShownIdentity; id: string },
  entry: LedgerEntry,
  buttonId = entry.reported?.buttonOrderId,
): boolean {
  const isConfirmed = buttonId !== undefined || !isUnconfirmed(entry);
  if (isConfirmed && id !== entry.orderId) return true;
  const identity = identify(order, entry, buttonId);
  if (identity !== 'unproved') return identity === 'ours';
  return isConfirmed || knownOf(entry) === undefined;
}

/**
 * Whose order Button shows. With our token, it is ours. Otherwise Button's id decides if known and shown,
 * then another token, then the purchase: that of the newest version, or the one that was sent first. If ours
 * was acknowledged without Button's id, or nothing is known of it, nothing shows that an order is another's.
 * Pure.
 */
export function identify(
  shown: ShownIdentity,
  entry: LedgerEntry,
  buttonId = entry.reported?.buttonOrderId,
): Identity {
  const { sent, btnRef } = entry;
  const { button_order_id: shownId } = shown;
  if (tokenAt(shown.btn_ref, entry) === 'held') return 'ours';
  if (buttonId !== undefined && shownId !== undefined) return shownId === buttonId ? 'ours' : 'anothers';
  const known = knownOf(entry);
  const purchases = [known ?? {}, ...(sent ? [sent] : [])];
  const identities = purchases.map((purchase) => compareOrders(shown, purchase, btnRef));
  if (identities.includes('ours')) return 'ours';
  const canBeAnothers = buttonId !== undefined || (known && isUnconfirmed(entry));
  return canBeAnothers && !identities.includes('unproved') ? 'anothers' : 'unproved';
}

/** What is known of the newest version, or of the order that it cancels. */
function knownOf({ newest }: LedgerEntry): UnconfirmedOrder | undefined {
  return newest.order ?? newest.cancels;
}

/**
 * Whether the order that Button shows is this one, by its token or, if one of the two has none, by its
 * purchase date (to the second) and currency. `unproved`: one of the two shows too little, such as a date
 * without a time or an offset that is not the brand's in UTC. Pure.
 */
export function compareOrders(
  shown: ShownIdentity,
  order: Pick<ShownIdentity, 'purchase_date' | 'currency'>,
  btnRef: string | undefined,
): Identity {
  if (shown.btn_ref && btnRef !== undefined) return shown.btn_ref === btnRef ? 'ours' : 'anothers';
  const theirs = secondOf(shown.purchase_date);
  const ours = secondOf(order.purchase_date);
  if (theirs === undefined || ours === undefined || !shown.currency || !order.currency) return 'unproved';
  if (shown.currency.toUpperCase() !== order.currency.toUpperCase()) return 'anothers';
  if (theirs === ours) return 'ours';
  return isInstant(shown.purchase_date) ? 'anothers' : 'unproved';
}

/** Whether Button holds the order's token. Pure. */
export function tokenAt(
  shown: ShownIdentity['btn_ref'],
  { btnRef }: Pick<LedgerEntry, 'btnRef'>,
): 'held' | 'other' | 'none' | 'not-shown' {
  if (shown === undefined) return 'not-shown';
  if (shown === null) return 'none';
  return shown === btnRef ? 'held' : 'other';
}

/**
 * The ids under which Button may know the order, after those that it has just `shown`: Button's own first, if
 * it is known, because another shop's order may have the brand's. Pure.
 */
export function idsOf({ orderId, reported }: LedgerEntry, ...shown: (string | undefined)[]): string[] {
  const ids = [...shown, reported?.buttonOrderId, orderId];
  return [...new Set(ids.filter((id) => id !== undefined))];
}

function isInstant(date = ''): boolean {
  return HAS_TIME.test(date) && HAS_OFFSET.test(date);
}

const HAS_TIME = /T\d/;
const HAS_OFFSET = /(?:Z|[+-]\d\d:?\d\d)$/i;

/** A time without an offset is in UTC. Undefined if it is not a date. */
function secondOf(date = ''): number | undefined {
  const isLocal = HAS_TIME.test(date) && !HAS_OFFSET.test(date);
  const ms = Date.parse(isLocal ? `${date}Z` : date);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
