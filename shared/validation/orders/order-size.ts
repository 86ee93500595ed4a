import { deflateRawSync } from 'node:zlib';

import type { Order } from './order.ts';

/**
 * The most bytes that an order may have once it is deflated. A DynamoDB item holds 400 KB (409,600 bytes)
 * with all its attributes; the rest is for what the ledger adds to the order, and for the small differences
 * between versions of zlib.
 */
export const MAX_DEFLATED_ORDER_BYTES = 368_640;

/** Deflate lengthens a text by at most five bytes for each block that it cannot shorten. */
const LARGEST_GROWTH_BYTES = 1024;

/**
 * Whether the ledger, which stores an order deflated in one item, can hold it. Ordinary orders in the largest
 * message (1 MiB) fit. An order that does not fit has several hundred kilobytes that cannot be compressed,
 * such as thousands of signed URLs.
 */
export function orderFitsLedger(order: Order): boolean {
  const json = Buffer.from(JSON.stringify(order), 'utf8');
  if (json.length <= MAX_DEFLATED_ORDER_BYTES - LARGEST_GROWTH_BYTES) return true;
  return deflateRawSync(json).length <= MAX_DEFLATED_ORDER_BYTES;
}
