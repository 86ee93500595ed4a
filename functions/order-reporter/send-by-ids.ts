import type { OrderApi, OrderApiAnswer } from '../../shared/button/order-api.ts';
import { mayChange } from '../../shared/button/order-identity.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { MAX_TRIES_UNTIL_SHOWN } from './call-end.ts';
import { isIdRefused } from './read-order.ts';

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
      const read = await api.get(id, id);
      const known = entry.reported?.buttonOrderId ?? ids[0];
      if (read.answer === 'found' && !mayChange({ ...read, id }, entry, known)) continue;
      const isAnswered = read.answer === 'found' || read.answer === 'not-found';
      if (!isAnswered && !isNeverRead(read, entry)) return read;
      isReadRefused = isIdRefused(read);
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
