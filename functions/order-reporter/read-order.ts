import type { OrderApi, OrderApiAnswer, OrderAtButton } from '../../shared/button/order-api.ts';
import { isSameOrder } from '../../shared/button/order-identity.ts';
import { idsOf, idsToRead, isUnconfirmed, type LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { ended, endOf, type CallEnd } from './call-end.ts';

/** An order at Button, and the id under which Button can be asked about it. */
export type FoundOrder = { order: OrderAtButton; id: string };

/** What Button shows of an order. */
export type OrderReadResult =
  | ({ reading: 'found' } & FoundOrder)
  /**
   * Button itself says that it has no such order. `byToken`: it has listed the orders of its token, and this
   * one is not among them. `isTokenUnread`: it has a token, and Button does not look for it by that.
   */
  | { reading: 'not-found'; byToken: boolean; isTokenUnread?: boolean }
  /** A read was not answered: the order waits. */
  | { reading: 'failed'; end: CallEnd };

/**
 * After so many look-ups by its token that were not answered, about a day, or refused, about half an hour,
 * the answers about an order's ids count alone: an order must not wait for ever for a look-up that never
 * works.
 */
const MAX_FAILED_LOOK_UPS = { failed: 48, refused: 6 } as const;

/**
 * Reads the order by each of its ids and, where they find nothing, by its token
 * (docs/decisions/0013-look-up-by-token.md).
 */
export async function readOrder(entry: LedgerEntry, api: OrderApi): Promise<OrderReadResult> {
  for (const id of idsToRead(entry)) {
    const answer = await api.get(id);
    if (answer.answer === 'found') return { reading: 'found', order: answer.order, id };
    if (answer.answer !== 'not-found') return { reading: 'failed', end: endOf(answer) };
  }
  return lookUp(entry, api);
}

/** Reads the order by its token only. */
export async function lookUp(entry: LedgerEntry, api: OrderApi): Promise<OrderReadResult> {
  const { orderId, btnRef, failedLookUps = 0 } = entry;
  if (btnRef === undefined) return { reading: 'not-found', byToken: false };
  const answer = await api.getByToken(orderId, btnRef);
  switch (answer.answer) {
    case 'found': {
      const { order } = answer;
      return { reading: 'found', order, id: order.button_order_id ?? orderId };
    }
    case 'not-found':
      return {
        reading: 'not-found',
        byToken: !answer.isRefused && !answer.mayBeRefused,
        isTokenUnread: answer.isRefused === true,
      };
    case 'unanswered':
      return failedLookUps < MAX_FAILED_LOOK_UPS[answer.isRefused ? 'refused' : 'failed']
        ? { reading: 'failed', end: lookUpEnd(answer) }
        : { reading: 'not-found', byToken: false, isTokenUnread: true };
    default:
      return { reading: 'failed', end: endOf(answer) };
  }
}

/**
 * Whether what Button shows is this order. One that is unconfirmed has to be shown to be: it may be another
 * shop's of the same id. Pure.
 */
export function isOwn(shown: OrderAtButton, entry: LedgerEntry): boolean {
  const { newest, btnRef } = entry;
  const known = newest.order ?? newest.cancels;
  return !isUnconfirmed(entry) || (known !== undefined && isSameOrder(shown, known, btnRef) === 'same');
}

/** Every order that was found. */
export type CompleteReadResult = {
  orders: FoundOrder[];
  /** The order has a token, and Button has not looked for it by that: it may have more. */
  isTokenUnread: boolean;
  /** Why a read was not answered: Button may have more. */
  failed?: CallEnd;
};

/** Every order that Button shows under an id or the token of this one. */
export async function readEverywhere(entry: LedgerEntry, api: OrderApi): Promise<CompleteReadResult> {
  const orders: FoundOrder[] = [];
  for (const id of idsOf(entry)) {
    const answer = await api.get(id);
    if (answer.answer === 'found') orders.push({ order: answer.order, id });
    else if (answer.answer !== 'not-found') return { orders, isTokenUnread: false, failed: endOf(answer) };
  }
  const byToken = await lookUp(entry, api);
  if (byToken.reading === 'failed') return { orders, isTokenUnread: true, failed: byToken.end };
  if (byToken.reading === 'found') orders.push(byToken);
  const isTokenUnread = byToken.reading === 'not-found' && byToken.isTokenUnread === true;
  return { orders, isTokenUnread };
}

/**
 * The ids have just been read, so the key works: a look-up that fails is no fault of Button's, nor of the
 * order.
 */
function lookUpEnd({ reason, afterMs }: OrderApiAnswer & { answer: 'unanswered' }): CallEnd {
  const wait = afterMs === undefined ? {} : { afterMs };
  return ended({ result: 'try-again', reason, isLookUp: true, ...wait });
}
