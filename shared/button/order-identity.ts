import type { Order } from '@button-serverless/validation/orders';

/** What distinguishes an order that Button shows. */
type ShownIdentity = {
  btn_ref?: string | null | undefined;
  purchase_date?: string | undefined;
  currency?: string | undefined;
};

/**
 * Whether the order that Button shows under an id is the brand's order with that id, or a different order
 * with the same id. Pure.
 *
 * The same token means the same order, different tokens mean a different order. If one of them has no token,
 * the purchase date (to the second) and the currency decide. `unknown`: Button does not show enough of the
 * order, such as a date without a time or an offset that is not the brand's in UTC, or too little is known of
 * the brand's.
 */
export function isSameOrder(
  shown: ShownIdentity,
  order: Partial<Pick<Order, 'purchase_date' | 'currency'>>,
  btnRef: string | undefined,
): 'same' | 'another' | 'unknown' {
  if (shown.btn_ref && btnRef !== undefined) return shown.btn_ref === btnRef ? 'same' : 'another';
  const [theirs, ours] = [secondOf(shown.purchase_date), secondOf(order.purchase_date)];
  if (theirs === undefined || ours === undefined || shown.currency === undefined) return 'unknown';
  if (shown.currency.toUpperCase() !== order.currency?.toUpperCase()) return 'another';
  if (theirs === ours) return 'same';
  return isInstant(shown.purchase_date) ? 'another' : 'unknown';
}

/**
 * Whether Button holds the order's token, by the token that it shows: null if it shows that there is none,
 * undefined if it shows nothing. Pure.
 */
export function tokenAt(
  shown: string | null | undefined,
  { btnRef }: { btnRef?: string | undefined },
): 'held' | 'other' | 'none' | 'not-shown' {
  if (shown === undefined) return 'not-shown';
  if (shown === null) return 'none';
  return shown === btnRef ? 'held' : 'other';
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
