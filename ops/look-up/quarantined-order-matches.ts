import { asJsonObject, readJson } from '@button-serverless/validation/json';

import { matches, type SearchCriteria } from './search-criteria.ts';

/** A refused order message, as far as it is known. */
export type QuarantinedOrder = {
  refusedAt: string;
  replayedAt?: string | undefined;
  orderId?: string | undefined;
  /** The message; absent if no criterion needs it. */
  bytes?: Uint8Array | undefined;
};

/** Whether a criterion needs the message itself. */
export function needsMessage({ amountMinor, order, shopper }: SearchCriteria): boolean {
  return amountMinor !== undefined || order !== undefined || shopper !== undefined;
}

/**
 * Whether a refused order message matches: it was refused, or the user ordered, within the range; its total
 * is the amount; the customer is the shopper. Of an unreadable message, only the order's id is known. Pure.
 */
export function quarantinedOrderMatches(found: QuarantinedOrder, criteria: SearchCriteria): boolean {
  const { refusedAt, replayedAt, orderId, bytes } = found;
  const reading = readJson(bytes === undefined ? '{}' : Buffer.from(bytes).toString('utf8'));
  const order = asJsonObject(asJsonObject(reading.ok ? reading.value : {})?.['data']) ?? {};
  const { purchase_date: date, total, customer_order_id: customerOrderId } = order;
  return matches(
    {
      instants: [refusedAt, typeof date === 'string' ? date : undefined],
      status: replayedAt === undefined ? 'waiting' : 'replayed',
      amounts: [typeof total === 'number' ? total : undefined],
      orders: [orderId, order['order_id'], customerOrderId],
      shoppers: [asJsonObject(order['customer'])?.['id']],
    },
    criteria,
  );
}
