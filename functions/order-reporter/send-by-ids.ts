import type { OrderApi, OrderApiAnswer } from '../../shared/button/order-api.ts';
import { mayChange } from '../../shared/button/order-identity.ts';
import { openDoubt } from '../../shared/orders/rules/order-evolution.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { isAwaited, isIdRefused } from './call-end.ts';

const NOT_FOUND = { answer: 'not-found' } as const;

/**
 * Sends a call about the order under one id after the other, until Button accepts one: Button may take only
 * ids of one kind, and answer others with a 404 or a refusal. The brand's id may lead to another shop's
 * order. So the order is read by that id first, and another shop's order is left alone. While Button refuses
 * or does not answer that read, the order waits, but not forever (`isAwaited`). An update that Button has
 * refused under its own id does not wait for a refused read: Button refuses its content.
 *
 * A cancellation by a brand's id that no read has shown may have deleted another shop's order: it is
 * `unconfirmed` unless Button's id shows that this one is gone, or is never read. If an earlier try may have
 * been carried out, and the read of the brand's id is not answered, no cancellation is sent by it.
 */
export async function sendByIds(
  ids: readonly string[],
  { entry, api }: { entry: LedgerEntry; api: OrderApi },
  call: (id: string) => Promise<OrderApiAnswer>,
): Promise<OrderApiAnswer> {
  const cancels = entry.newest.kind === 'cancelled';
  let refused: { answer: OrderApiAnswer & { answer: 'refused' }; id: string } | undefined;
  let isMissing = false;
  let isReadRefused = false;
  let isFound = true;
  for (const [index, id] of ids.entries()) {
    if (index > 0 && id === entry.orderId) {
      const read = await api.get(id, id);
      const known = entry.reported?.buttonOrderId ?? ids[0];
      if (read.answer === 'found' && !mayChange({ ...read, id }, entry, known)) continue;
      isFound = read.answer === 'found';
      isReadRefused = isIdRefused(read);
      const cannotHelp = refused && isReadRefused && !cancels;
      if (isAwaited(read, entry) && !cannotHelp) return read;
      if (cancels && !isFound && read.answer !== 'not-found' && mayBeDone(entry)) continue;
    }
    const answer = await call(id);
    if (cancels && answer.answer === 'done' && !isFound) {
      const own = await api.get(ids[0] ?? id, entry.orderId);
      const isGone = own.answer === 'found' && own.order.status === 'deleted';
      const isUnread = isIdRefused(own) && !isAwaited(own, entry);
      return isGone || isUnread ? answer : { answer: 'unconfirmed' };
    }
    if (answer.answer === 'not-found') isMissing = true;
    else if (answer.answer !== 'refused') return answer;
    // If the read was refused too, it is the id that Button refuses.
    else if (!isReadRefused) refused ??= { answer, id };
  }
  if (!refused) return NOT_FOUND;
  // A cancellation has no content for which it could be refused: reads show whether the order is gone.
  if (cancels && (isMissing || isReadRefused)) return { ...NOT_FOUND, refusal: refused.answer.detail };
  if (!isMissing) return refused.answer;
  const read = await api.get(refused.id, entry.orderId);
  if (read.answer === 'found') return refused.answer;
  if (isAwaited(read, entry)) return read;
  // The id may be refused because Button does not accept its kind, or does not show the order yet.
  return isIdRefused(read) ? NOT_FOUND : { ...NOT_FOUND, refusal: refused.answer.detail };
}

/** Whether an earlier call of the newest version may have been carried out. Pure. */
export function mayBeDone({ newest, progress }: LedgerEntry): boolean {
  return openDoubt(progress)?.hash === newest.hash;
}
