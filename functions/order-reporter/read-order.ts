import type { OrderApi, OrderApiAnswer, OrderAtButton } from '../../shared/button/order-api.ts';
import { identify, idsOf, mayChange } from '../../shared/button/order-identity.ts';
import { openDoubt } from '../../shared/orders/rules/order-evolution.ts';
import { isUnconfirmed, type LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { ended, endOf, type CallEnd } from './call-end.ts';

/** An order at Button, and the id by which it can be read. */
export type FoundOrder = { order: OrderAtButton; id: string };

/** What Button shows of an order. */
export type OrderReadResult =
  | ({ reading: 'found' } & FoundOrder)
  /** The order has not been acknowledged, and what Button shows may be another shop's order. */
  | ({ reading: 'anothers' } & FoundOrder)
  /**
   * Button itself says that it has no such order. `byToken`: Button listed the orders of its token, and this
   * order is not among them. `isTokenUnread`: the order has a token, but Button does not support the look-up
   * by token. `refusedRead`: Button has refused to read every id.
   */
  | { reading: 'not-found'; byToken: boolean; isTokenUnread?: boolean; refusedRead?: CallEnd | undefined }
  /** A read was not answered: the order waits. */
  | { reading: 'failed'; end: CallEnd };

/** `refused`: instead of a 404, Button may refuse ids of the kind that it does not accept. */
type IdReadResult = OrderReadResult | { reading: 'refused'; end: CallEnd };

/**
 * After this number of look-ups by token that were not answered (about a day) or refused (about half an
 * hour), the answers for the order's ids count alone: an order must not wait forever for a look-up that never
 * works.
 */
const MAX_FAILED_LOOK_UPS = { failed: 48, refused: 6 } as const;

/**
 * Reads the order by the id that Button has just `shown`, then by each of its own, and, if they do not find
 * it, by its token (docs/decisions/0013-look-up-by-token.md). An order that only its token finds, without an
 * id of Button's, cannot be reached by an id that leads to another's.
 */
export async function readOrder(entry: LedgerEntry, api: OrderApi, shown?: string): Promise<OrderReadResult> {
  let anothers: (OrderReadResult & { reading: 'anothers' }) | undefined;
  const refusals: CallEnd[] = [];
  const ids = idsToRead(entry, shown);
  for (const id of ids) {
    const read = await readById(id, entry, api);
    if (read.reading === 'found' || read.reading === 'failed') return read;
    if (read.reading === 'refused') refusals.push(read.end);
    if (read.reading === 'anothers') anothers ??= read;
  }
  const lookedUp = await lookUp(entry, api);
  if (lookedUp.reading === 'not-found' && refusals.length === ids.length)
    return { ...lookedUp, refusedRead: refusals[0] };
  if (!anothers || lookedUp.reading === 'failed') return lookedUp;
  if (lookedUp.reading !== 'found') return anothers;
  const isReachable = lookedUp.id !== entry.orderId || identify(anothers.order, entry) !== 'anothers';
  return isReachable ? lookedUp : anothers;
}

/** The order that an answer to the create showed comes first: no other id may lead to it. Pure. */
function idsToRead(entry: LedgerEntry, shown?: string): string[] {
  return idsOf(entry, shown, openDoubt(entry.progress)?.shownId);
}

/** An order that is found by Button's id has that id, although the answer may omit it. */
async function readById(id: string, entry: LedgerEntry, api: OrderApi): Promise<IdReadResult> {
  const answer = await api.get(id, entry.orderId);
  if (answer.answer === 'not-found') return { reading: 'not-found', byToken: false };
  if (answer.answer !== 'found')
    return { reading: isIdRefused(answer) ? 'refused' : 'failed', end: endOf(answer) };
  const { order } = answer;
  const shownId = id === entry.orderId ? {} : { button_order_id: order.button_order_id ?? id };
  return found({ order: { ...order, ...shownId }, id }, entry);
}

/** Once Button has acknowledged the order, another shop's counts as not found. `by`: what led to it. */
function found(one: FoundOrder, entry: LedgerEntry, by = one.id): OrderReadResult {
  if (mayChange({ ...one, id: by }, entry)) return { reading: 'found', ...one };
  return isUnconfirmed(entry) ? { reading: 'anothers', ...one } : { reading: 'not-found', byToken: false };
}

/** A 403 is about the key, and not about the id. */
export function isIdRefused(answer: OrderApiAnswer): boolean {
  return answer.answer === 'unanswered' && answer.isRefused && answer.reason !== 'http_403';
}

/**
 * Reads the order by its token only. Where the list shows no id of Button's, the known one is better than the
 * brand's, which may lead to another shop's order.
 */
export async function lookUp(entry: LedgerEntry, api: OrderApi): Promise<OrderReadResult> {
  const { orderId, btnRef, reported, failedLookUps = 0 } = entry;
  if (btnRef === undefined) return { reading: 'not-found', byToken: false };
  const answer = await api.getByToken(orderId, btnRef);
  switch (answer.answer) {
    case 'found': {
      const { button_order_id: id = reported?.buttonOrderId ?? orderId } = answer.order;
      return found({ order: answer.order, id }, entry, orderId);
    }
    case 'not-found':
      return { reading: 'not-found', byToken: !answer.mayBeRefused };
    case 'unanswered':
      return failedLookUps < MAX_FAILED_LOOK_UPS[answer.isRefused ? 'refused' : 'failed']
        ? { reading: 'failed', end: lookUpEnd(answer) }
        : { reading: 'not-found', byToken: false, isTokenUnread: true };
    default:
      return { reading: 'failed', end: endOf(answer) };
  }
}

/** Every order that was found. */
type CompleteReadResult = {
  orders: FoundOrder[];
  /** The order has a token, but Button has not looked it up by that: there may be more orders. */
  isTokenUnread?: boolean | undefined;
  /** Why a read was not answered: Button may have more orders. */
  failed?: CallEnd | undefined;
};

/** Every order that Button shows under an id or the token of this order, unless it is another shop's. */
export async function readEverywhere(entry: LedgerEntry, api: OrderApi): Promise<CompleteReadResult> {
  const orders: FoundOrder[] = [];
  const refusals: CallEnd[] = [];
  const ids = idsToRead(entry);
  for (const id of ids) {
    const read = await readById(id, entry, api);
    if (read.reading === 'failed') return { orders, failed: read.end };
    if (read.reading === 'refused') refusals.push(read.end);
    if (read.reading === 'found') orders.push(read);
  }
  const lookedUp = await lookUp(entry, api);
  if (lookedUp.reading === 'failed') return { orders, failed: lookedUp.end };
  if (lookedUp.reading === 'found') orders.push(lookedUp);
  if (lookedUp.reading !== 'not-found') return { orders };
  // Where Button refuses every id, only a look-up by token that works shows that it has no such order.
  const isUnread = refusals.length === ids.length && !lookedUp.byToken;
  return { orders, isTokenUnread: lookedUp.isTokenUnread, failed: isUnread ? refusals[0] : undefined };
}

/**
 * The reads by id have just worked, so the key works: a failed look-up is not a fault of Button or of the
 * order.
 */
function lookUpEnd({ reason, afterMs }: OrderApiAnswer & { answer: 'unanswered' }): CallEnd {
  return ended({ result: 'try-again', reason, isLookUp: true, ...(afterMs !== undefined && { afterMs }) });
}
