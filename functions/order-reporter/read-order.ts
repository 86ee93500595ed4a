import type { OrderApi, OrderAtButton } from '../../shared/button/order-api.ts';
import { identify, idsOf, mayChange } from '../../shared/button/order-identity.ts';
import { openDoubt } from '../../shared/orders/rules/order-evolution.ts';
import { isUnconfirmed, TOKEN_WARNINGS, type LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import {
  endOf,
  isIdRefused,
  lookUpEnd,
  MAX_REFUSED_READS,
  waitsForRefused,
  type CallEnd,
} from './call-end.ts';

/** An order at Button, and the id by which it can be read. */
export type FoundOrder = { order: OrderAtButton; id: string };

/** What Button shows of an order. */
export type OrderReadResult =
  | ({ reading: 'found' } & FoundOrder)
  /** The order has not been acknowledged, and what Button shows may be another shop's order. */
  | ({ reading: 'anothers' } & FoundOrder)
  /**
   * No read shows the order: Button says that it has no such order, refuses the reads, or shows another
   * shop's. `byToken`: Button listed the orders of this order's token, which it has taken as far as is known,
   * and this order is not among them. `isTokenUnread`: the order has a token, but the look-ups by it failed
   * too often to be waited for. `refused`: Button has refused a read by the brand's id, and that may pass.
   * `isIdUnread`: Button has refused every read by an id. `isAnothers`: the id leads to another shop's order.
   */
  | {
      reading: 'not-found';
      byToken: boolean;
      isTokenUnread?: boolean;
      refused?: CallEnd | undefined;
      isIdUnread?: boolean;
      isAnothers?: true;
    }
  /** A read was not answered: the order waits. */
  | { reading: 'failed'; end: CallEnd };

const NOT_FOUND = { reading: 'not-found', byToken: false } as const;

/**
 * After this number of look-ups by token that were not answered, which takes about a day, the answers for the
 * order's ids count alone: an order must not wait forever for a look-up that never works.
 */
const MAX_FAILED_LOOK_UPS = 48;

/**
 * Reads the order by the id that Button has just `shown`, then by each of its own, and, if they do not find
 * it, by its token (docs/decisions/0013-look-up-by-token.md). An order that only its token finds, without an
 * id of Button's, cannot be reached by an id that leads to another's.
 */
export async function readOrder(entry: LedgerEntry, api: OrderApi, shown?: string): Promise<OrderReadResult> {
  let anothers: (OrderReadResult & { reading: 'anothers' }) | undefined;
  let refused: CallEnd | undefined;
  let isIdUnread = true;
  for (const id of idsToRead(entry, shown)) {
    const read = await readById(id, entry, api);
    if (read.reading === 'found' || read.reading === 'failed') return read;
    if (read.reading === 'anothers') anothers ??= read;
    else if (!('refused' in read)) isIdUnread = false;
    else if (id === entry.orderId && waitsForRefused(entry)) ({ refused } = read);
  }
  const lookedUp = await lookUp(entry, api);
  if (refused && lookedUp.reading === 'found' && lookedUp.id === entry.orderId)
    return { reading: 'failed', end: refused };
  if (lookedUp.reading === 'not-found' && !anothers) return { ...lookedUp, refused, isIdUnread };
  if (!anothers || lookedUp.reading === 'failed') return lookedUp;
  if (lookedUp.reading !== 'found') return anothers;
  const isReachable = lookedUp.id !== entry.orderId || identify(anothers.order, entry) !== 'anothers';
  return isReachable ? lookedUp : anothers;
}

/** The order that an answer to the create showed comes first: no other id may lead to it. Pure. */
function idsToRead(entry: LedgerEntry, shown?: string): string[] {
  return idsOf(entry, shown, openDoubt(entry.progress)?.shownId);
}

/**
 * Instead of a 404, Button may refuse ids of the kind that it does not accept. An order that is found by
 * Button's id has that id, although the answer may omit it.
 */
async function readById(id: string, entry: LedgerEntry, api: OrderApi): Promise<OrderReadResult> {
  const answer = await api.get(id, entry.orderId);
  if (answer.answer === 'not-found') return NOT_FOUND;
  if (isIdRefused(answer)) return { ...NOT_FOUND, refused: endOf(answer) };
  if (answer.answer !== 'found') return { reading: 'failed', end: endOf(answer) };
  const { order } = answer;
  const shownId = id === entry.orderId ? {} : { button_order_id: order.button_order_id ?? id };
  return found({ order: { ...order, ...shownId }, id }, entry);
}

/** Once Button has acknowledged the order, another shop's counts as not found. `by`: what led to it. */
function found(one: FoundOrder, entry: LedgerEntry, by = one.id): OrderReadResult {
  if (mayChange({ ...one, id: by }, entry)) return { reading: 'found', ...one };
  return isUnconfirmed(entry) ? { reading: 'anothers', ...one } : { ...NOT_FOUND, isAnothers: true };
}

/**
 * Reads the order by its token only. Where the list shows no id of Button's, the known one is better than the
 * brand's, which may lead to another shop's order.
 */
export async function lookUp(entry: LedgerEntry, api: OrderApi): Promise<OrderReadResult> {
  const { orderId, btnRef, reported, failedLookUps = 0, warnings } = entry;
  if (btnRef === undefined) return NOT_FOUND;
  const answer = await api.getByToken(orderId, btnRef);
  switch (answer.answer) {
    case 'found': {
      const { button_order_id: id = reported?.buttonOrderId ?? orderId } = answer.order;
      return found({ order: answer.order, id }, entry, orderId);
    }
    case 'not-found':
      return { ...NOT_FOUND, byToken: !answer.mayBeRefused && !warnings.includes(TOKEN_WARNINGS.notTaken) };
    case 'unanswered':
      return failedLookUps < (answer.isRefused ? MAX_REFUSED_READS : MAX_FAILED_LOOK_UPS)
        ? { reading: 'failed', end: lookUpEnd(answer) }
        : { ...NOT_FOUND, isTokenUnread: true };
    default:
      return { reading: 'failed', end: endOf(answer) };
  }
}

/** Every order that was found. */
type CompleteReadResult = {
  orders: FoundOrder[];
  /** Button has not answered the look-up by token, or refuses to read every id: there may be more orders. */
  isUnread?: boolean | undefined;
  /** Why a read was not answered: Button may have more orders. */
  failed?: CallEnd | undefined;
};

/** Every order that Button shows under an id or the token of this order, unless it is another shop's. */
export async function readEverywhere(entry: LedgerEntry, api: OrderApi): Promise<CompleteReadResult> {
  const orders: FoundOrder[] = [];
  let refused: CallEnd | undefined;
  let isAnswered = false;
  for (const id of idsToRead(entry)) {
    const read = await readById(id, entry, api);
    if (read.reading === 'failed') return { orders, failed: read.end };
    if (read.reading === 'found') orders.push(read);
    if ('refused' in read) ({ refused } = read);
    else isAnswered ||= !('isAnothers' in read);
  }
  const lookedUp = await lookUp(entry, api);
  if (lookedUp.reading === 'failed') return { orders, failed: lookedUp.end };
  if (lookedUp.reading === 'found') orders.push(lookedUp);
  if (lookedUp.reading !== 'not-found') return { orders };
  if (lookedUp.byToken && !entry.tokenDue) return { orders };
  if (orders.length === 0 && waitsForRefused(entry)) return { orders, failed: refused };
  return { orders, isUnread: !isAnswered || lookedUp.isTokenUnread };
}
