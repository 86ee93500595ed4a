import type { OrderApi, OrderAtButton } from '../../shared/button/order-api.ts';
import { identify, idsOf, mayChange } from '../../shared/button/order-identity.ts';
import { openDoubt } from '../../shared/orders/rules/order-evolution.ts';
import { isUnconfirmed, TOKEN_WARNINGS, type LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import type { Absence } from './absent-order.ts';
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
  | ShownOrder
  /** No read shows the order. Only a refused read by the brand's id is waited for. */
  | ({ reading: 'not-found' } & Absence)
  /** A read was not answered: the order waits. */
  | { reading: 'failed'; end: CallEnd };

/** What one read shows; `anothers`: it is another shop's order, or may be. */
type ShownOrder = ({ reading: 'found' } & FoundOrder) | ({ reading: 'anothers' } & FoundOrder);

/**
 * After this number of unanswered look-ups by token, about a day, the order no longer waits for them: they
 * might never work. The reads by id then decide, except about a cancellation, which they cannot prove.
 */
const MAX_FAILED_LOOK_UPS = 48;

/**
 * Reads the order by the id that Button has just `shown`, then by each of its own, and, if they do not find
 * it, by its token (docs/decisions/0013-look-up-by-token.md). If only the list of the token shows the order,
 * without Button's id, and the brand's id leads to another shop's order, no call can reach it. Once Button
 * has acknowledged the order, another shop's counts as not found.
 */
export async function readOrder(entry: LedgerEntry, api: OrderApi, shown?: string): Promise<OrderReadResult> {
  const byIds = await readByIds(idsToRead(entry, shown), { entry, api }, 1);
  const [first] = byIds.orders;
  if (first) return { reading: 'found', ...first };
  if (byIds.failed) return { reading: 'failed', end: byIds.failed };

  const anothers = isUnconfirmed(entry) ? byIds.anothers : undefined;
  const refused = byIds.refusals.get(entry.orderId);
  const byToken = await lookUp(entry, api);
  if (byToken.reading === 'failed') return byToken;
  if (byToken.reading === 'found') {
    if (byToken.id !== entry.orderId) return byToken;
    if (refused) return { reading: 'failed', end: refused };
    return anothers && identify(anothers.order, entry) === 'anothers' ? anothers : byToken;
  }
  if (anothers) return anothers;
  if (byToken.reading === 'anothers' && isUnconfirmed(entry)) return byToken;
  return { reading: 'not-found', ...absenceOf(byToken), refused, isIdUnread: !byIds.isAnswered };
}

/** The order that an answer to the create showed comes first: no other id may lead to it. Pure. */
function idsToRead(entry: LedgerEntry, shown?: string): string[] {
  return idsOf(entry, shown, openDoubt(entry.progress)?.shownId);
}

type OrderToRead = { entry: LedgerEntry; api: OrderApi };

/** What the reads by several ids show. */
type ReadsByIds = {
  orders: FoundOrder[];
  anothers?: ShownOrder & { reading: 'anothers' };
  /** By id, the refusals that may pass. Button may also refuse ids of the kind that it does not accept. */
  refusals: Map<string, CallEnd>;
  /** Button gives a 404 for an id. */
  isAnswered: boolean;
  /** Why a read was not answered; the other ids are not read then. */
  failed?: CallEnd;
};

async function readByIds(
  ids: readonly string[],
  { entry, api }: OrderToRead,
  most = Infinity,
): Promise<ReadsByIds> {
  const reads: ReadsByIds = { orders: [], refusals: new Map(), isAnswered: false };
  for (const id of ids) {
    const answer = await api.get(id, entry.orderId);
    if (answer.answer === 'not-found') reads.isAnswered = true;
    else if (isIdRefused(answer)) {
      if (waitsForRefused(entry)) reads.refusals.set(id, endOf(answer));
    } else if (answer.answer !== 'found') return { ...reads, failed: endOf(answer) };
    else {
      const read = whoseOrder({ order: withIdOf(answer.order, id, entry), id }, entry);
      if (read.reading === 'anothers') reads.anothers ??= read;
      else reads.orders.push(read);
    }
    if (reads.orders.length === most) break;
  }
  return reads;
}

/** An order that is found by Button's id has that id, although the answer may omit it. */
function withIdOf(order: OrderAtButton, id: string, { orderId }: LedgerEntry): OrderAtButton {
  return id === orderId ? order : { ...order, button_order_id: order.button_order_id ?? id };
}

/** `by`: the id under which the order is judged. */
function whoseOrder(one: FoundOrder, entry: LedgerEntry, by = one.id): ShownOrder {
  return { reading: mayChange({ ...one, id: by }, entry) ? 'found' : 'anothers', ...one };
}

type ReadByToken =
  | ShownOrder
  | { reading: 'not-found'; list: ListAbsence }
  | { reading: 'failed'; end: CallEnd };

type ListAbsence = Pick<Absence, 'isUnlisted' | 'isTokenUnread'>;

const NO_LIST = { reading: 'not-found', list: { isUnlisted: false } } as const;

/**
 * Reads the order by its token only. Where the list shows no id of Button's, the known one is better than the
 * brand's, which may lead to another shop's order.
 */
export async function lookUp(entry: LedgerEntry, api: OrderApi): Promise<ReadByToken> {
  const { orderId, btnRef, reported, failedLookUps = 0, warnings } = entry;
  if (btnRef === undefined) return NO_LIST;
  const answer = await api.getByToken(orderId, btnRef);
  switch (answer.answer) {
    case 'found': {
      const { button_order_id: id = reported?.buttonOrderId ?? orderId } = answer.order;
      return whoseOrder({ order: answer.order, id }, entry, orderId);
    }
    case 'not-found': {
      const isTaken = !warnings.includes(TOKEN_WARNINGS.notTaken);
      return { reading: 'not-found', list: { isUnlisted: isTaken && !answer.mayBeRefused } };
    }
    case 'unanswered':
      return failedLookUps < (answer.isRefused ? MAX_REFUSED_READS : MAX_FAILED_LOOK_UPS)
        ? { reading: 'failed', end: lookUpEnd(answer) }
        : { reading: 'not-found', list: { isUnlisted: false, isTokenUnread: true } };
    default:
      return { reading: 'failed', end: endOf(answer) };
  }
}

/** Another shop's order in the list says nothing about this one. */
function absenceOf(read: ReadByToken): ListAbsence {
  return read.reading === 'not-found' ? read.list : NO_LIST.list;
}

/** Every order that was found, and what the reads say if they found none, or why one was not answered. */
type CompleteReadResult = { orders: FoundOrder[] } & ({ absence: Absence } | { failed: CallEnd });

/** Every order that Button shows under an id or the token of this order, unless it is another shop's. */
export async function readEverywhere(entry: LedgerEntry, api: OrderApi): Promise<CompleteReadResult> {
  const byIds = await readByIds(idsToRead(entry), { entry, api });
  const { orders, anothers, refusals, isAnswered, failed } = byIds;
  const [refused] = refusals.values();
  if (failed) return { orders, failed };
  const byToken = await lookUp(entry, api);
  if (byToken.reading === 'failed') return { orders, failed: byToken.end };
  if (byToken.reading === 'found') orders.push(byToken);
  const absence = {
    ...absenceOf(byToken),
    isIdUnread: !isAnswered || anothers !== undefined,
    refused,
  };
  return { orders, absence };
}
