import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod';

const FOLDER = join(import.meta.dirname, '../../../fixtures/shops');
const PayloadSchema = z.record(z.string(), z.unknown());
const ItemsSchema = z.array(PayloadSchema);

export type Payload = Record<string, unknown>;

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
}

/** An order as its shop writes it, from test/fixtures/shops. */
export function readPayload(name: string): Payload {
  return PayloadSchema.parse(readJson(`${name}-order`));
}

export function readWooCommerceRefunds(): Payload[] {
  return ItemsSchema.parse(readJson('woocommerce-refunds'));
}

/** The payload with another item in one of its lists. */
export function withItem(
  payload: Payload,
  list: string,
  [index, changes]: readonly [number, Payload],
): Payload {
  const items = ItemsSchema.parse(payload[list]);
  return { ...payload, [list]: items.map((item, at) => (at === index ? { ...item, ...changes } : item)) };
}
