import { asJsonObject, readJson } from '@button-serverless/validation/json';
import { recordStatus, type TransactionRecord } from '@button-serverless/validation/webhooks';

/** The criteria of a search: all given ones must match. Instants are ISO 8601 UTC, `to` is exclusive. */
export type SearchCriteria = {
  from?: string | undefined;
  to?: string | undefined;
  status?: string | undefined;
  /** Minor units. */
  amountMinor?: number | undefined;
  /** The Brand's own name of the order. */
  order?: string | undefined;
  shopper?: string | undefined;
  /** The transaction names no shopper, so nobody can be rewarded for it. */
  withoutShopper?: true | undefined;
};

/** The values of an item that are compared; `undefined` and null never match. */
type Searchable = {
  instants: readonly (string | null | undefined)[];
  status: string;
  amounts: readonly (number | null | undefined)[];
  orders: readonly unknown[];
  shoppers: readonly unknown[];
};

function matches(found: Searchable, criteria: SearchCriteria): boolean {
  const { status, amountMinor, order, shopper, withoutShopper } = criteria;
  return (
    isWithin(found.instants, criteria) &&
    (status === undefined || found.status === status) &&
    (amountMinor === undefined || found.amounts.includes(amountMinor)) &&
    (order === undefined || names(found.orders, order)) &&
    (shopper === undefined || names(found.shoppers, shopper)) &&
    (withoutShopper === undefined || found.shoppers.every((value) => value === null || value === ''))
  );
}

function isWithin(instants: Searchable['instants'], { from, to }: SearchCriteria): boolean {
  if (from === undefined && to === undefined) return true;
  const [start, end] = [
    from === undefined ? -Infinity : Date.parse(from),
    to === undefined ? Infinity : Date.parse(to),
  ];
  return instants.some((instant) => {
    const at = Date.parse(instant ?? '');
    return at >= start && at < end;
  });
}

/** A number and its text are the same name. */
function names(values: readonly unknown[], asked: string): boolean {
  return values.some(
    (value) => (typeof value === 'string' || typeof value === 'number') && String(value) === asked,
  );
}

/**
 * Whether a transaction matches: the user ordered or Button created it within the range, its reward or its
 * order has the amount, and Button gives the Brand's order this name. Pure.
 */
export function transactionMatches(record: TransactionRecord, criteria: SearchCriteria): boolean {
  const transactions = record.candidates.map(({ transaction }) => transaction);
  const payloads = [...record.candidates, ...record.seen].map(({ payload }) => asJsonObject(payload) ?? {});
  return matches(
    {
      instants: transactions.flatMap(({ createdDate, purchaseDate }) => [createdDate, purchaseDate]),
      status: recordStatus(record),
      amounts: transactions.flatMap(({ amountMinor, orderTotalMinor }) => [amountMinor, orderTotalMinor]),
      orders: payloads.flatMap(({ order_id: id, customer_order_id: customerId }) => [id, customerId]),
      shoppers: transactions.flatMap(({ publisherCustomerId, pubRef }) => [publisherCustomerId, pubRef]),
    },
    criteria,
  );
}

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
