import type { OrderApi } from '../../shared/button/order-api.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import type { Order } from '@button-serverless/validation/orders';
import { done, ended, endOf, isUnreadable, refused, type CallEnd } from './call-end.ts';
import { readOrder } from './read-order.ts';
import { sendFound } from './send-found.ts';
import { explainForbidden } from './update-order.ts';

/**
 * For this number of tries, which take more than two hours, Button may say that an order exists without
 * showing it.
 */
const MAX_TRIES_UNTIL_SHOWN = 10;

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
      return entry.attempts < MAX_TRIES_UNTIL_SHOWN
        ? ended({ result: 'try-again', reason: 'not_found' })
        : refused('order_id_taken');
    case 'found':
      break;
  }
  // The earlier create may not have had the token.
  return sendFound({ entry: { ...entry, tokenDue: true }, order, api, now }, read, false);
}
