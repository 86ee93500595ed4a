import type { OrderApi, OrderAtButton } from '../../shared/button/order-api.ts';
import { tokenAt } from '../../shared/button/order-identity.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import type { Order } from '@button-serverless/validation/orders';
import { done, endOf, inDoubt, isUnreadable, refused, unshown, type CallEnd } from './call-end.ts';
import { explainForbidden } from './explain-forbidden.ts';
import { readOrder, type OrderReadResult } from './read-order.ts';
import { sendFound } from './send-found.ts';

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
    case 'done': {
      const token = tokenAt(created.shownToken, entry) === 'none' ? 'refused' : 'taken';
      // An update may still bring a token that an earlier create did not have.
      const isLeft = btnRef === undefined || (token === 'refused' && entry.tokenDue);
      return done(created, { created: true, ...(!isLeft && { token }) });
    }
    case 'exists':
      return updateIfSame(create, created.shown);
    case 'forbidden':
      return explainForbidden(entry, api, created.detail);
    default:
      return endOf(created);
  }
}

/**
 * Another shop of the organisation may use the same id: its order is left alone. What Button has `shown` for
 * the create may also be the order that the create made: until a read says whose it is, that is in doubt.
 */
async function updateIfSame(create: CreateOrder, shown: OrderAtButton | undefined): Promise<CallEnd> {
  const id = shown?.button_order_id;
  const read = await readOrder(create.entry, create.api, id);
  if (shown) return inDoubt(await sendRead(create, read), id);
  if (read.reading === 'failed' && isUnreadable(read.end)) return refused('order_id_taken');
  const { result, refusal } = await sendRead(create, read);
  return { result: read.reading === 'found' ? result : { ...result, isIdTaken: true }, refusal };
}

async function sendRead(create: CreateOrder, read: OrderReadResult): Promise<CallEnd> {
  const { entry } = create;
  switch (read.reading) {
    case 'failed':
      return read.end;
    case 'not-found':
      return unshown(entry);
    case 'anothers':
      return refused('order_id_taken');
    case 'found':
      // The earlier create may not have had the token.
      return sendFound({ ...create, entry: { ...entry, tokenDue: true } }, read, 'no');
  }
}
