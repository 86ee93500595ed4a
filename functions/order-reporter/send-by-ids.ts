import type { OrderApi, OrderApiAnswer } from '../../shared/button/order-api.ts';
import { mayChange } from '../../shared/button/order-identity.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { isAwaited, isIdRefused } from './call-end.ts';

/**
 * Sends a call about the order under one id after the other, as long as Button itself says that it knows no
 * order with that id, or refuses the call: it may accept ids of the other kind only. After Button's id,
 * another shop's order may have the brand's: it is read first, and left alone. If that read is refused or not
 * answered, the order waits, unless Button has just refused its own id as well: it will refuse what it does
 * not accept under any id. In the end the call is sent all the same: no order waits forever for a read that
 * never works.
 */
export async function sendByIds(
  ids: readonly string[],
  { entry, api }: { entry: LedgerEntry; api: OrderApi },
  call: (id: string) => Promise<OrderApiAnswer>,
): Promise<OrderApiAnswer> {
  let refused: { answer: OrderApiAnswer & { answer: 'refused' }; id: string } | undefined;
  let isMissing = false;
  let isReadRefused = false;
  for (const [index, id] of ids.entries()) {
    if (index > 0 && id === entry.orderId) {
      const read = await api.get(id, id);
      const known = entry.reported?.buttonOrderId ?? ids[0];
      if (read.answer === 'found' && !mayChange({ ...read, id }, entry, known)) continue;
      isReadRefused = isIdRefused(read);
      if (isAwaited(read, entry) && !(refused && isReadRefused)) return read;
    }
    const answer = await call(id);
    if (answer.answer === 'not-found') isMissing = true;
    else if (answer.answer !== 'refused') return answer;
    // If the read was refused too, it is the id that Button refuses.
    else if (!isReadRefused) refused ??= { answer, id };
  }
  if (!refused) return { answer: 'not-found' };
  // A cancellation has no content for which it could be refused: reads show whether the order is gone.
  if (entry.newest.kind === 'cancelled' && (isMissing || isReadRefused))
    return { answer: 'not-found', refusal: refused.answer.detail };
  if (!isMissing) return refused.answer;
  const read = await api.get(refused.id, entry.orderId);
  if (isAwaited(read, entry)) return read;
  return isIdRefused(read) ? { answer: 'not-found' } : refused.answer;
}
