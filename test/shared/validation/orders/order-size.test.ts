import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import {
  MAX_DEFLATED_ORDER_BYTES,
  orderFitsLedger,
} from '../../../../shared/validation/orders/order-size.ts';
import type { Order } from '../../../../shared/validation/orders/order.ts';
import { packJson } from '../../../../shared/dynamodb/packed-json.ts';
import { sampleOrder } from './order-samples.ts';

function sha256(seed: string, encoding: 'hex' | 'base64'): string {
  return createHash('sha256').update(seed).digest(encoding);
}

function orderOf(lines: number, description: (index: number) => string): Order {
  const line_items = Array.from({ length: lines }, (_, index) => ({
    identifier: `sku-${index}-${sha256(String(index), 'hex').slice(0, 8)}`,
    total: 1999,
    quantity: 1,
    sku: `SKU-${sha256(String(index), 'hex').slice(0, 12)}`,
    category: ['Clothes', 'Men'],
    description: description(index),
    attributes: { size: 'M', color: 'blue', brand: 'Northway' },
  }));
  return { ...sampleOrder(), total: 1999 * lines, line_items };
}

function bytesOf(order: Order): number {
  return Buffer.byteLength(JSON.stringify(order));
}

describe('what the ledger can hold', () => {
  it('is every ordinary order up to the largest message of SQS', () => {
    const order = orderOf(
      4700,
      (index) => `Slim fit chinos, model ${sha256(String(index), 'hex').slice(0, 6)}`,
    );

    expect(bytesOf(order)).toBeGreaterThan(900_000);
    expect(bytesOf(order)).toBeLessThan(1_048_576);
    expect(orderFitsLedger(order)).toBe(true);
  });

  it('is not an order of hundreds of kilobytes that cannot be compressed', () => {
    const signedUrls = orderOf(1500, (index) =>
      Array.from({ length: 8 }, (_, part) => sha256(`${index} ${part}`, 'base64')).join(''),
    );

    expect(bytesOf(signedUrls)).toBeLessThan(1_048_576);
    expect(orderFitsLedger(signedUrls)).toBe(false);
  });

  it('leaves room in an item of 400 KB for all that the ledger writes besides the order', () => {
    const texts = Array.from({ length: 20_000 }, (_, index) => sha256(String(index), 'base64')).join('');
    const orderWith = (length: number): Order => ({
      ...sampleOrder(),
      customer: { id: texts.slice(0, length) },
    });
    let [fits, overflows] = [0, texts.length];
    while (overflows - fits > 1) {
      const middle = Math.floor((fits + overflows) / 2);
      if (orderFitsLedger(orderWith(middle))) fits = middle;
      else overflows = middle;
    }

    const beside = {
      version: { by: 'sequence', sequence: '9'.repeat(1000) },
      eventId: 'é'.repeat(1024),
      eventSource: 'x'.repeat(1024),
      warnings: Array.from({ length: 1001 }, () => 'upc_not_12_digits'),
    };
    const packed = packJson({ ...beside, order: orderWith(fits) }).length;

    expect(packed).toBeGreaterThan(MAX_DEFLATED_ORDER_BYTES - 1024);
    expect(packed).toBeLessThan(409_600 - 30_000);
  });
});
