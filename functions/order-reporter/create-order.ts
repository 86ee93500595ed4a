import type { OrderApi } from '../../shared/button/order-api.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import type { Order } from '@button-serverless/validation/orders';
import { done, endOf, isUnreadable, refused, unshown, type CallEnd } from './call-end.ts';
import { readOrder } from './read-order.ts';
import { sendFound } from './send-found.ts';
import { explainForbidden } from './update-order.ts';

/** What to create. */
export type CreateOrder = { entry: LedgerEntry; order: Order; api: OrderApi; now: Date };

/**
 * Creates the order with its token. If the order exists and is this one, it is updated, because a create
 * contains the whole order.
 */
export async function createOrder(create: CreateOrder): Promise<CallEnd> {
  const { entry, order, api } = create;
  const { btnRef } = entry;
  const created = await api.create(btnRef === undefined ? order : { ...order, btn_ref: btnRef });
  switch (created.answer) {
    case 'done':
      return done(created, { created: true, ...(btnRef !== undefined && { token: 'taken' }) });
    case 'exists':
      return updateIfSame(create);
    case 'forbidden':
      return explainForbidden(entry, api, created.detail);
    default:
      return endOf(created);
  }
}

/** Another shop of the organisation may use the same id: its order is left alone. */
async function updateIfSame({ entry, order, api, now }: CreateOrder): Promise<CallEnd> {
  const read = await readOrder(entry, api);
  switch (read.reading) {
    case 'failed':
      return isUnreadable(read.end) ? refused('order_id_taken') : read.end;
    case 'not-found':
      return unshown(entry);
    case 'found':
      break;
  }
  // The earlier create may not have had the token.
  return sendFound({ entry: { ...entry, tokenDue: true }, order, api, now }, read, false);
}
