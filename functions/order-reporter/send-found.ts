import { holdsVersion } from '../../shared/button/order-api.ts';
import { tokenAt } from '../../shared/button/order-identity.ts';
import type { TrustsAmounts } from '../../shared/orders/rules/order-next-call.ts';
import { ended, refused, type CallEnd } from './call-end.ts';
import type { FoundOrder } from './read-order.ts';
import { updateOrder, type UpdateOrder } from './update-order.ts';

/** Sends the version with the order's token, unless Button holds it. */
export async function sendFound(
  version: Pick<UpdateOrder, 'entry' | 'order' | 'api' | 'now'>,
  { order: shown, id }: FoundOrder,
  trustsAmounts: TrustsAmounts,
): Promise<CallEnd> {
  const { entry, order } = version;
  const { btnRef, tokenDue } = entry;
  if (shown.status === 'deleted') return refused('deleted_at_button');
  const token = tokenAt(shown.btn_ref, entry);
  const withToken = btnRef !== undefined && (tokenDue ? token !== 'held' : token === 'none');
  const isFinalized = shown.status === 'finalized';
  const isTrusted = trustsAmounts === 'yes' || (isFinalized && trustsAmounts === 'if-finalized');
  if (!isTrusted || withToken || !holdsVersion(shown, order)) {
    const { refusal, result } = await updateOrder({ ...version, id, shown, withToken });
    return { refusal, result: withToken && token === 'none' ? { ...result, lacksToken: true } : result };
  }
  return ended({
    result: 'done',
    acceptedOnly: false,
    sent: false,
    ...(token === 'held' && { token: 'taken' }),
    buttonOrderId: shown.button_order_id,
  });
}
