import { isUnconfirmed, type LedgerEntry } from '../orders/rules/order-ledger.ts';
import type { Order } from '@button-serverless/validation/orders';

/** What distinguishes an order that Button shows. The token is null if Button shows that there is none. */
type ShownIdentity = {
  button_order_id?: string | undefined;
  btn_ref?: string | null | undefined;
  purchase_date?: string | undefined;
  currency?: string | undefined;
};

/** Whose order Button shows; `unproved` if Button shows, or the ledger knows, too little to tell. */
export type Identity = 'ours' | 'anothers' | 'unproved';

/**
 * Whether a call about this order may go to the order that Button shows under `id`, which may be that of
 * another shop with the same id. Pure.
 *
 * | the ledger knows | ours | another's | unproved |
 * | --- | --- | --- | --- |
 * | that Button has acknowledged the order, and shown its own id | yes | no | yes |
 * | that Button has acknowledged the order, but not Button's id | yes | never | yes |
 * | the order, or, if it is cancelled, its purchase | yes | no | no |
 * | only the token of a cancelled order | yes | no | yes |
 * | nothing of a cancelled order | yes | never | yes |
 *
 * Once Button has acknowledged the order, Button's ids lead to no other. `buttonId` is the one that is ours.
 */
export function mayChange(
  { order, id }: { order: ShownIdentity; id: string },
  entry: LedgerEntry,
  buttonId = entry.reported?.buttonOrderId,
): boolean {
  if (id !== entry.orderId && !isUnconfirmed(entry)) return true;
  const identity = identify(order, entry, buttonId);
  if (identity !== 'unproved') return identity === 'ours';
  const { order: newest = entry.newest.cancels } = entry.newest;
  return buttonId !== undefined || !isUnconfirmed(entry) || newest?.purchase_date === undefined;
}

/**
 * Whose order Button shows. The token decides if it is ours, then Button's id, then another token, then the
 * purchase: Button may show that of the newest version, or the one that was sent first. Pure.
 */
export function identify(
  shown: ShownIdentity,
  entry: LedgerEntry,
  buttonId = entry.reported?.buttonOrderId,
): Identity {
  const { newest, sent, btnRef } = entry;
  const { button_order_id: shownId } = shown;
  if (tokenAt(shown.btn_ref, entry) === 'held') return 'ours';
  if (buttonId !== undefined && shownId !== undefined) return shownId === buttonId ? 'ours' : 'anothers';
  const known = newest.order ?? newest.cancels;
  if (buttonId === undefined && (!known || !isUnconfirmed(entry))) return 'unproved';
  const are = [known ?? {}, ...(sent ? [sent] : [])].map((one) => compareOrders(shown, one, btnRef));
  if (are.includes('ours')) return 'ours';
  return are.includes('unproved') ? 'unproved' : 'anothers';
}

/**
 * Whether the order that Button shows is this one, by its token or, if one of the two has none, by its
 * purchase date (to the second) and currency. `unproved`: one of the two shows too little, such as a date
 * without a time or an offset that is not the brand's in UTC. Pure.
 */
export function compareOrders(
  shown: ShownIdentity,
  order: Partial<Pick<Order, 'purchase_date' | 'currency'>>,
  btnRef: string | undefined,
): Identity {
  if (shown.btn_ref && btnRef !== undefined) return shown.btn_ref === btnRef ? 'ours' : 'anothers';
  const [theirs, ours] = [secondOf(shown.purchase_date), secondOf(order.purchase_date)];
  if (theirs === undefined || ours === undefined || shown.currency === undefined) return 'unproved';
  if (shown.currency.toUpperCase() !== order.currency?.toUpperCase()) return 'anothers';
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
function secondOf(date: string | undefined): number | undefined {
  if (date === undefined) return undefined;
  const isLocal = HAS_TIME.test(date) && !HAS_OFFSET.test(date);
  const ms = Date.parse(isLocal ? `${date}Z` : date);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
