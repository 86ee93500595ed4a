import type { OrderApi, OrderApiAnswer } from '../../shared/button/order-api.ts';
import { mayChange } from '../../shared/button/order-identity.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { isNeverRead } from './call-end.ts';
import { isIdRefused } from './read-order.ts';

/**
 * Sends a call about the order under one id after the other, as long as Button itself says that it knows no
 * order with that id, or refuses the call: it may accept ids of the other kind only. After Button's id,
 * another shop's order may have the brand's: it is read first, and left alone. Where no answer comes to that
 * read, the call is sent in the end: no order waits forever for a read that never works.
 */
export async function sendByIds(
  ids: readonly string[],
  { entry, api }: { entry: LedgerEntry; api: OrderApi },
  call: (id: string) => Promise<OrderApiAnswer>,
): Promise<OrderApiAnswer> {
  let refused: { answer: OrderApiAnswer & { answer: 'refused' }; id: string } | undefined;
  let isUnknown = false;
  for (const [index, id] of ids.entries()) {
    if (index > 0 && id === entry.orderId) {
      const read = await api.get(id, id);
      const known = entry.reported?.buttonOrderId ?? ids[0];
      if (read.answer === 'found' && !mayChange({ ...read, id }, entry, known)) continue;
      if (isIdRefused(read)) {
        isUnknown = true;
        continue;
      }
      if (!isAnswered(read) && !isNeverRead(entry)) return read;
    }
    const answer = await call(id);
    if (answer.answer !== 'not-found' && answer.answer !== 'refused') return answer;
    if (answer.answer === 'refused') refused ??= { answer, id };
    else isUnknown = true;
  }
  if (!refused) return { answer: 'not-found' };
  if (!isUnknown) return refused.answer;
  // A cancellation has no content for which it could be refused: reads show whether the order is gone.
  if (entry.newest.kind === 'cancelled') return { answer: 'not-found', refusal: refused.answer.detail };
  // If a read is refused too, it is the id that Button refuses, and not the update.
  const read = await api.get(refused.id, entry.orderId);
  if (isIdRefused(read)) return { answer: 'not-found' };
  return isAnswered(read) || isNeverRead(entry) ? refused.answer : read;
}

function isAnswered({ answer }: OrderApiAnswer): boolean {
  return answer === 'found' || answer === 'not-found';
}
