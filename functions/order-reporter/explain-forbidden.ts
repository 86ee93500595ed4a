import type { OrderApi } from '../../shared/button/order-api.ts';
import type { FailedAnswer, LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { forbidden, inDoubt, refused, type CallEnd } from './call-end.ts';
import { readOrder } from './read-order.ts';

/**
 * A 403 means what a read shows: a finalized or deleted order, or an open one that stays due. If the
 * finalized or deleted order is another shop's, the id of this one is taken.
 */
export async function explainForbidden(
  entry: LedgerEntry,
  api: OrderApi,
  detail: FailedAnswer,
): Promise<CallEnd> {
  const read = await readOrder(entry, api);
  if (read.reading === 'failed') return unexplained(read.end);
  const { status } = read.reading === 'not-found' ? {} : read.order;
  if (status !== 'finalized' && status !== 'deleted') return forbidden(detail);
  if (read.reading === 'anothers') return refused('order_id_taken', detail);
  return status === 'finalized' ? refused('too_late', detail) : refused('deleted_at_button');
}

/**
 * The end if the read that would explain a 403 was not answered: the order is read before anything is sent
 * again. A refused key and a 429 have their own meaning.
 */
function unexplained(end: CallEnd): CallEnd {
  const { result } = end;
  const isOwnMeaning = 'reason' in result && ['unauthorized', 'http_429'].includes(result.reason);
  return isOwnMeaning ? end : inDoubt(end);
}
