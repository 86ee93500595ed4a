import { asJsonObject } from '@button-serverless/validation/json';
import type { LedgerEntry, OrderState } from '../../shared/orders/rules/order-ledger.ts';
import type { TransactionRecord } from '@button-serverless/validation/webhooks';

/** The result of a scan: the matches, and whether it read everything. */
export type ScanResult<Found> = { found: Found[]; read: number; isWhole: boolean };

/** The most matches that are collected: a search for one order needs no more. */
const MOST_MATCHES = 50;

/** Reads items until enough of them match, or the limit is reached. Throws as the iteration does. */
export async function scanFor<Item>(
  items: AsyncIterable<Item>,
  { matches, limit }: { matches: (item: Item) => boolean; limit: number },
): Promise<ScanResult<Item>> {
  const found: Item[] = [];
  let read = 0;
  for await (const item of items) {
    if (read === limit || found.length === MOST_MATCHES) return { found, read, isWhole: false };
    read += 1;
    if (matches(item)) found.push(item);
  }
  return { found, read, isWhole: true };
}

/**
 * Fields of Button's payload by which other people name a purchase: the Brand's order, the click, the
 * shopper.
 */
const NAMING_FIELDS = ['order_id', 'customer_order_id', 'btn_ref', 'publisher_customer_id', 'pub_ref'];

/**
 * Whether the name is a transaction's: the id of a webhook, the Brand's order, a `btn_ref` or a shopper.
 * Pure.
 */
export function namesTransaction({ buttonIds, seen, candidates }: TransactionRecord, asked: string): boolean {
  if (buttonIds.includes(asked)) return true;
  if (seen.some(({ source }) => source === `webhook:${asked}`)) return true;
  return [...seen, ...candidates].some(({ transaction, payload }) => {
    const { buttonOrderId, publisherCustomerId, pubRef } = transaction;
    const fields = asJsonObject(payload) ?? {};
    const named = NAMING_FIELDS.map((field) => fields[field]);
    return [buttonOrderId, publisherCustomerId, pubRef, ...named].some((value) => String(value) === asked);
  });
}

/** Whether the name is an order's: its token, Button's order id, an event or a message. Pure. */
export function namesOrder(state: OrderState, asked: string): boolean {
  const names = [state.orderId, state.btnRef, ...(state.newest ? entryNames(state) : [])];
  return names.includes(asked);
}

function entryNames({ newest, reported }: LedgerEntry): (string | undefined)[] {
  const { messageId, eventId, order } = newest;
  return [messageId, eventId, order?.customer_order_id, reported?.buttonOrderId];
}
