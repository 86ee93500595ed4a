import { compareOrders, idsOf, tokenAt } from '../../shared/button/order-identity.ts';
import type { OrderApi, OrderApiAnswer } from '../../shared/button/order-api.ts';
import { openDoubt } from '../../shared/orders/rules/order-evolution.ts';
import {
  isUnconfirmed,
  type FailedAnswer,
  type LedgerEntry,
  type UnconfirmedOrder,
} from '../../shared/orders/rules/order-ledger.ts';
import {
  absent,
  CANCELLATION_UNCONFIRMED,
  CANCELLED,
  mayBeCancelled,
  mayLackToken,
  type AbsenceContext,
} from './absent-order.ts';
import {
  done,
  ended,
  endOf,
  forbidden,
  inDoubt,
  isAwaited,
  refused,
  unlessUnreadable,
  unshown,
  type CallEnd,
} from './call-end.ts';
import { lookUp, readEverywhere, readOrder, type FoundOrder } from './read-order.ts';
import { cancelByIds } from './send-by-ids.ts';

/** What to cancel. */
export type CancelOrder = Omit<AbsenceContext, 'wasShown'> & { entry: LedgerEntry; api: OrderApi };

/**
 * Cancels the order. If anything is known of an unconfirmed order, it is read first: its id may lead to
 * another shop's order, which must not be cancelled. The order counts as cancelled if Button says so. After a
 * 403, a 404 or a 204, further reads decide.
 */
export async function cancelOrder(cancel: CancelOrder): Promise<CallEnd> {
  const { entry } = cancel;
  const isCancelled = entry.reported?.kind === 'cancelled' && !openDoubt(entry.progress);
  if (isCancelled && entry.tokenDue) return cancelByToken(cancel);
  const cancels = isUnconfirmed(entry) ? entry.newest.cancels : undefined;
  const own = cancels ? await findIds(cancel, cancels) : { ids: idsOf(entry) };
  if ('end' in own) return own.end;
  const { buttonOrderId } = own;
  const answer = await cancelByIds(own.ids, cancel);
  switch (answer.answer) {
    case 'not-found':
    case 'forbidden':
      return confirm(cancel, own, answer);
    case 'unconfirmed':
      return inDoubt(await confirm(cancel, own, answer), buttonOrderId);
    case 'done':
      return done(answer, { shownId: buttonOrderId });
    case 'unclear':
      return inDoubt(endOf(answer), buttonOrderId);
    default:
      return endOf(answer);
  }
}

/**
 * The ids by which a cancellation may be sent. `buttonOrderId`: Button's id, if a read has shown it.
 * `wasShown`: a read has shown the order, and not that it has no token.
 */
type CancellableIds = { ids: string[]; buttonOrderId?: string | undefined; wasShown?: boolean };

/**
 * The ids of an order that Button has not acknowledged, or an end if nothing is to be cancelled. `cancels` is
 * what is known of the order.
 */
async function findIds(
  { entry, api, ...context }: CancelOrder,
  cancels: UnconfirmedOrder,
): Promise<CancellableIds | { end: CallEnd }> {
  const read = await readOrder(entry, api);
  if (read.reading === 'failed') return { end: unlessUnreadable(entry, read.end) };
  if (read.reading === 'found') {
    const { id, order } = read;
    if (order.status === 'deleted') return { end: CANCELLED };
    const { button_order_id: buttonOrderId = id } = order;
    return {
      ids: idsOf(entry, id, buttonOrderId),
      wasShown: tokenAt(order.btn_ref, entry) !== 'none',
      ...(buttonOrderId !== entry.orderId && { buttonOrderId }),
    };
  }
  if (read.reading === 'anothers') return { end: refused('order_id_taken') };
  // An order that a create may have made, and that Button holds without its token, is in no list.
  if (cancels.isIdTaken && openDoubt(entry.progress)) return { end: unshown(entry) };
  if (read.refused) return { end: read.refused };
  if (read.isUnlisted && !mayLackToken(entry, context)) return { end: absent(entry, read, context) };
  if (cancels.isIdTaken) return { end: refused('order_id_taken') };
  // Until Button has accepted the order, an id that it refuses to read may lead to another shop's.
  return !entry.reported && read.isIdUnread ? { end: CANCELLATION_UNCONFIRMED } : { ids: idsOf(entry) };
}

/**
 * Reads the order under every id and its token, because the answer alone does not say enough. An order that
 * is open under an id that was not tried is cancelled by that id. If an open order shows the token, open
 * orders without it do not count. After a 403, the try has failed if the reads show the order as open, or if
 * they do not show it and no earlier call can have cancelled it.
 */
async function confirm(
  { entry, api, ...context }: CancelOrder,
  { ids: tried, wasShown = false }: CancellableIds,
  answer: OrderApiAnswer & { answer: 'not-found' | 'unconfirmed' | 'forbidden' },
): Promise<CallEnd> {
  const { detail } = answer.answer === 'forbidden' ? answer : {};
  const read = await readEverywhere(entry, api);
  const open = read.orders.filter(({ order }) => order.status !== 'deleted');
  const own = open.filter(({ order }) => tokenAt(order.btn_ref, entry) === 'held');
  const live = own.length > 0 ? own : open;
  if (live.some(({ order }) => order.status === 'finalized')) return refused('too_late', detail);
  if ('failed' in read) return read.failed;
  if (live.length > 0) {
    const { refusal } = answer.answer === 'not-found' ? answer : {};
    return detail ? forbidden(detail) : cancelByOtherId(live, tried, { entry, api, refusal });
  }
  if (read.orders.length > 0) return CANCELLED;
  if (detail && !mayBeCancelled(entry)) return forbidden(detail);
  return absent(entry, read.absence, { ...context, wasShown });
}

/**
 * The order was cancelled before its token was known: only the token may lead to an order that a restored
 * ledger forgot. If the list shows no id of Button's, the brand's id is read first, because it may lead to
 * another shop's order.
 */
async function cancelByToken({ entry, api }: CancelOrder): Promise<CallEnd> {
  const read = await lookUp(entry, api);
  if (read.reading === 'failed') return read.end;
  if (read.reading !== 'found' || read.order.status === 'deleted') return CANCELLED;
  if (read.order.status === 'finalized') return refused('too_late');
  const { orderId: id, btnRef } = entry;
  if (read.order.button_order_id === undefined) {
    const byId = await api.get(id);
    if (byId.answer === 'found' && compareOrders(byId.order, read.order, btnRef) === 'anothers')
      return refused('order_id_taken');
    if (isAwaited(byId, entry)) return endOf(byId);
  }
  return cancelByOtherId([{ ...read, id }], [], { entry, api });
}

async function cancelByOtherId(
  live: readonly FoundOrder[],
  tried: readonly string[],
  { entry, api, refusal }: Pick<CancelOrder, 'entry' | 'api'> & { refusal?: FailedAnswer | undefined },
): Promise<CallEnd> {
  const other = live.find(({ id, order }) => !tried.includes(order.button_order_id ?? id));
  if (!other && refusal) return refused('refused_by_button', refusal);
  const { button_order_id: shownId } = other?.order ?? {};
  const answer = other && (await api.cancel(shownId ?? other.id, entry.orderId));
  return answer?.answer === 'done'
    ? done(answer, { shownId })
    : ended({ result: 'unclear', reason: 'still_open' });
}
