import { deflateRawSync } from 'node:zlib';

import type { Order } from './order.ts';

/**
 * The most bytes that an order may have once it is deflated. A DynamoDB item holds 400 KB (409,600 bytes)
 * with all its attributes; the rest is for what the ledger writes beside the order, and for the little by
 * which versions of zlib differ.
 */
export const MAX_DEFLATED_ORDER_BYTES = 368_640;

/** Deflate makes a text longer by no more than five bytes for each block that it can't shorten. */
const LARGEST_GROWTH_BYTES = 1024;

/**
 * Whether the ledger can hold the order, which it stores deflated in one item. Ordinary orders of the largest
 * message (1 MiB) fit; what does not is several hundred kilobytes that can't be compressed, such as thousands
 * of signed URLs.
 */
export function orderFitsLedger(order: Order): boolean {
  const json = Buffer.from(JSON.stringify(order), 'utf8');
  if (json.length <= MAX_DEFLATED_ORDER_BYTES - LARGEST_GROWTH_BYTES) return true;
  return deflateRawSync(json).length <= MAX_DEFLATED_ORDER_BYTES;
}
