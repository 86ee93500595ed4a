import type { OrderApi, OrderApiAnswer } from '../../shared/button/order-api.ts';
import { mayChange } from '../../shared/button/order-identity.ts';
import { mayBeDone } from '../../shared/orders/rules/order-evolution.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { isAwaited, isIdRefused } from './call-end.ts';

// Button may accept only its own ids, or only the brand's, and answer the others with a 404 or a refusal. So
// a call is sent by one id after the other, until Button accepts one. The brand's id may lead to another
// shop's order. So unless it is the first id to be tried, the order is read by it before the call is sent,
// and another shop's order is left alone. While Button refuses or does not answer that read, the order
// waits, but not forever (`isAwaited`).

type OrderToSend = { entry: LedgerEntry; api: OrderApi };
type Refused = OrderApiAnswer & { answer: 'refused' };

const NOT_FOUND = { answer: 'not-found' } as const;

/**
 * Sends an update by one id after the other. Once Button has refused it by Button's own id, a refused read by
 * the brand's id does not hold it up, because Button probably refuses the content.
 */
export async function updateByIds(
  ids: readonly string[],
  { entry, api }: OrderToSend,
  update: (id: string) => Promise<OrderApiAnswer>,
): Promise<OrderApiAnswer> {
  let refused: { answer: Refused; id: string } | undefined;
  let isMissing = false;
  for (const id of ids) {
    const read = await readBefore(id, ids, { entry, api });
    if (read === 'anothers') continue;
    const isReadRefused = read !== undefined && isIdRefused(read);
    if (read && isAwaited(read, entry) && !(refused && isReadRefused)) return read;
    const answer = await update(id);
    if (answer.answer === 'not-found') isMissing = true;
    else if (answer.answer !== 'refused') return answer;
    // If the read was refused too, it is the id that Button refuses.
    else if (!isReadRefused) refused ??= { answer, id };
  }
  if (!refused) return NOT_FOUND;
  if (!isMissing) return refused.answer;
  const read = await api.get(refused.id, entry.orderId);
  if (read.answer === 'found') return refused.answer;
  if (isAwaited(read, entry)) return read;
  // The id may be refused because Button does not accept its kind, or does not show the order yet.
  return isIdRefused(read) ? NOT_FOUND : { ...NOT_FOUND, refusal: refused.answer.detail };
}

/**
 * Cancels the order by one id after the other. If an earlier try may have been carried out, no cancellation
 * is sent by the brand's id while Button refuses or does not answer the read by it.
 */
export async function cancelByIds(
  ids: readonly string[],
  { entry, api }: OrderToSend,
): Promise<OrderApiAnswer> {
  let refused: Refused | undefined;
  let isUnseen = false;
  for (const id of ids) {
    const read = await readBefore(id, ids, { entry, api });
    if (read === 'anothers') continue;
    if (read && isAwaited(read, entry)) return read;
    const isReadRefused = read !== undefined && isIdRefused(read);
    const isShown = read === undefined || read.answer === 'found';
    isUnseen ||= isReadRefused;
    if (!isShown && read.answer !== 'not-found' && mayBeDone(entry)) continue;
    const answer = await api.cancel(id, entry.orderId);
    if (answer.answer === 'done') return isShown ? answer : unlessAnothers(answer, ids, { entry, api });
    if (answer.answer === 'not-found') isUnseen = true;
    else if (answer.answer !== 'refused') return answer;
    else if (!isReadRefused) refused ??= answer;
  }
  if (!refused) return NOT_FOUND;
  // If Button does not know or does not read an id, the refusal may be about the id, because a cancellation
  // has no content to refuse: then further reads show whether the order is gone.
  return isUnseen ? { ...NOT_FOUND, refusal: refused.detail } : refused;
}

/** What a read by the brand's id shows, before a call is sent by it; undefined if the call needs no read. */
async function readBefore(
  id: string,
  ids: readonly string[],
  { entry, api }: OrderToSend,
): Promise<OrderApiAnswer | 'anothers' | undefined> {
  const [first] = ids;
  if (id === first || id !== entry.orderId) return undefined;
  const read = await api.get(id, id);
  const known = entry.reported?.buttonOrderId ?? first;
  return read.answer === 'found' && !mayChange({ ...read, id }, entry, known) ? 'anothers' : read;
}

/**
 * Judges a cancellation by the brand's id where no read had shown this order: it may have deleted another
 * shop's. It is `unconfirmed` unless a read by Button's id shows this order as deleted, or Button has refused
 * such reads too often to wait for another.
 */
async function unlessAnothers(
  answer: OrderApiAnswer,
  [first]: readonly string[],
  { entry, api }: OrderToSend,
): Promise<OrderApiAnswer> {
  const own = await api.get(first ?? entry.orderId, entry.orderId);
  const isGone = own.answer === 'found' && own.order.status === 'deleted';
  const isUnread = isIdRefused(own) && !isAwaited(own, entry);
  return isGone || isUnread ? answer : { answer: 'unconfirmed' };
}
