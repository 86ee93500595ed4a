import type { OrderApi, OrderApiAnswer, OrderAtButton } from '../../shared/button/order-api.ts';
import { isSameOrder, tokenAt } from '../../shared/button/order-identity.ts';
import { openDoubt } from '../../shared/orders/rules/order-evolution.ts';
import { idsOf, isUnconfirmed, type LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { ended, endOf, MAX_TRIES_UNTIL_SHOWN, type CallEnd } from './call-end.ts';

/** An order at Button, and the id by which it can be read. */
export type FoundOrder = { order: OrderAtButton; id: string };

/** What Button shows of an order. */
export type OrderReadResult =
  | ({ reading: 'found' } & FoundOrder)
  /**
   * Button itself says that it has no such order. `byToken`: Button listed the orders of its token, and this
   * order is not among them. `isTokenUnread`: the order has a token, but Button does not support the look-up
   * by token.
   */
  | { reading: 'not-found'; byToken: boolean; isTokenUnread?: boolean }
  /** A read was not answered: the order waits. */
  | { reading: 'failed'; end: CallEnd };

/**
 * After this number of look-ups by token that were not answered (about a day) or refused (about half an
 * hour), the answers for the order's ids count alone: an order must not wait forever for a look-up that never
 * works.
 */
const MAX_FAILED_LOOK_UPS = { failed: 48, refused: 6 } as const;

/**
 * Reads the order by each of its ids, after `more` of them, and, if they find nothing, by its token
 * (docs/decisions/0013-look-up-by-token.md).
 */
export async function readOrder(
  entry: LedgerEntry,
  api: OrderApi,
  more: readonly string[] = [],
): Promise<OrderReadResult> {
  for (const id of new Set([...more, ...idsToRead(entry)])) {
    const answer = await getOwn(id, entry, api);
    if (answer.answer === 'found') return { reading: 'found', order: answer.order, id };
    if (answer.answer !== 'not-found' && !isIdRefused(answer))
      return { reading: 'failed', end: endOf(answer) };
  }
  return lookUp(entry, api);
}

/** Instead of a 404, Button may refuse ids of the kind that it does not accept. A 403 is about the key. */
function isIdRefused(answer: OrderApiAnswer): boolean {
  return answer.answer === 'unanswered' && answer.isRefused && answer.reason !== 'http_403';
}

/** The order that an answer to the create showed comes first: no other id may lead to it. Pure. */
function idsToRead(entry: LedgerEntry): string[] {
  const { shownId } = openDoubt(entry.progress) ?? {};
  return [...new Set([...(shownId === undefined ? [] : [shownId]), ...idsOf(entry)])];
}

/**
 * The order under one of its ids. Where Button's id is known, another shop's order under the brand's id
 * counts as not found. An order that is found by Button's id has that id, although the answer may omit it.
 */
async function getOwn(id: string, entry: LedgerEntry, api: OrderApi): Promise<OrderApiAnswer> {
  const answer = await api.get(id, entry.orderId);
  if (answer.answer !== 'found') return answer;
  const { order } = answer;
  if (id === entry.orderId) return contradicts(order, entry) ? { answer: 'not-found' } : answer;
  return { answer: 'found', order: { ...order, button_order_id: order.button_order_id ?? id } };
}

/**
 * Whether the order that Button shows cannot be this one, whose Button id is `known`. The same token means
 * the same order. Button may show the purchase of the newest version, or the one that was sent first. Pure.
 */
export function contradicts(
  shown: OrderAtButton,
  { newest, sent, btnRef, reported }: LedgerEntry,
  known = reported?.buttonOrderId,
): boolean {
  const { button_order_id: shownId, btn_ref: shownToken } = shown;
  if (known === undefined || tokenAt(shownToken, { btnRef }) === 'held') return false;
  if (shownId !== undefined) return shownId !== known;
  const purchases = [newest.order ?? newest.cancels ?? {}, ...(sent ? [sent] : [])];
  return purchases.every((purchase) => isSameOrder(shown, purchase, btnRef) === 'another');
}

/**
 * Sends a call about the order under one id after the other, as long as Button itself says that it knows no
 * order with that id, or refuses the call: it may accept ids of the other kind only. After Button's id,
 * another shop's order may have the brand's: it is read first, and left alone. Where Button does not let it
 * be read, the call is sent all the same: no order waits forever for a read that never works.
 */
export async function sendByIds(
  ids: readonly string[],
  { entry, api }: { entry: LedgerEntry; api: OrderApi },
  call: (id: string) => Promise<OrderApiAnswer>,
): Promise<OrderApiAnswer> {
  let refused: (OrderApiAnswer & { answer: 'refused' }) | undefined;
  let isUnknown = false;
  let isReadRefused = false;
  for (const [index, id] of ids.entries()) {
    if (index > 0 && id === entry.orderId) {
      const answer = await api.get(id, entry.orderId);
      const known = entry.reported?.buttonOrderId ?? ids[0];
      if (answer.answer === 'found' && contradicts(answer.order, entry, known)) continue;
      const isAnswered = answer.answer === 'found' || answer.answer === 'not-found';
      if (!isAnswered && !isNeverRead(answer, entry)) return answer;
      isReadRefused = isIdRefused(answer);
    }
    const answer = await call(id);
    if (answer.answer !== 'not-found' && answer.answer !== 'refused') return answer;
    // If the read was refused too, it is the id that Button refuses.
    if (answer.answer === 'refused' && !isReadRefused) refused ??= answer;
    else isUnknown = true;
  }
  if (!refused) return { answer: 'not-found' };
  // A cancellation has no content for which it could be refused: reads show whether the order is gone.
  const isGone = isUnknown && entry.newest.kind === 'cancelled';
  return isGone ? { answer: 'not-found', refusal: refused.detail } : refused;
}

function isNeverRead(answer: OrderApiAnswer, { attempts }: LedgerEntry): boolean {
  const isRefused = answer.answer === 'unanswered' && answer.isRefused;
  return isRefused || attempts >= MAX_TRIES_UNTIL_SHOWN;
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
 * Whether the order that Button shows is this order. An unconfirmed order must be proved to be this one: it
 * may be another shop's with the same id. Pure.
 */
export function isOwn(shown: OrderAtButton, entry: LedgerEntry): boolean {
  const { newest, sent, btnRef } = entry;
  const known = [newest.order ?? newest.cancels, sent];
  return !isUnconfirmed(entry) || known.some((one) => one && isSameOrder(shown, one, btnRef) === 'same');
}

/** Every order that was found. */
export type CompleteReadResult = {
  orders: FoundOrder[];
  /** The order has a token, but Button has not looked it up by that: there may be more orders. */
  isTokenUnread: boolean;
  /** Why a read was not answered: Button may have more orders. */
  failed?: CallEnd;
};

/** Every order that Button shows under an id or the token of this order. */
export async function readEverywhere(entry: LedgerEntry, api: OrderApi): Promise<CompleteReadResult> {
  const orders: FoundOrder[] = [];
  let refused: CallEnd | undefined;
  let isAnswered = false;
  for (const id of idsToRead(entry)) {
    const answer = await getOwn(id, entry, api);
    isAnswered ||= !isIdRefused(answer);
    if (answer.answer === 'found') orders.push({ order: answer.order, id });
    else if (isIdRefused(answer)) refused ??= endOf(answer);
    else if (answer.answer !== 'not-found') return { orders, isTokenUnread: false, failed: endOf(answer) };
  }
  const byToken = await lookUp(entry, api);
  if (byToken.reading === 'failed') return { orders, isTokenUnread: true, failed: byToken.end };
  if (byToken.reading === 'found') orders.push(byToken);
  const isTokenUnread = byToken.reading === 'not-found' && byToken.isTokenUnread === true;
  // Where Button refuses every id, only a look-up by token that works shows that it has no such order.
  const isUnread = !isAnswered && byToken.reading === 'not-found' && !byToken.byToken;
  return { orders, isTokenUnread, ...(refused && isUnread && { failed: refused }) };
}

/**
 * The reads by id have just worked, so the key works: a failed look-up is not a fault of Button or of the
 * order.
 */
function lookUpEnd({ reason, afterMs }: OrderApiAnswer & { answer: 'unanswered' }): CallEnd {
  const wait = afterMs === undefined ? {} : { afterMs };
  return ended({ result: 'try-again', reason, isLookUp: true, ...wait });
}
