import { isSameValue } from '@button-serverless/validation/json';
import type { LedgerEntry, OrderState } from './order-ledger.ts';

/** A customer as the Brand's orders name them: by one or both of these. */
export type BrandCustomer = { id?: string; emailSha256?: string };

/** Whether what the ledger holds of an order names the customer. Pure. */
export function namesCustomer({ newest }: OrderState, { id, emailSha256 }: BrandCustomer): boolean {
  const { id: ownId, email_sha256: ownHash } = newest?.order?.customer ?? {};
  return (
    (id !== undefined && isSameValue(ownId, id)) ||
    (emailSha256 !== undefined && ownHash?.toLowerCase() === emailSha256.toLowerCase())
  );
}

/**
 * An order without who bought. What Button was told stays there, and a later update leaves the customer out, which Button takes for no
 * change. Pure.
 */
export function withoutCustomer<State extends LedgerEntry>(state: State): State {
  if (state.newest.order === undefined) return state;
  const { customer: _customer, ...order } = state.newest.order;
  return { ...state, newest: { ...state.newest, order } };
}
