import { randomBytes } from 'node:crypto';

import type { OrderMessage, TokenPrefix } from './stage.ts';

/** An order as a commerce system reports it. */
export type SampleOrder = Order & Record<string, unknown>;

const SOURCE = 'https://shop.example/tour';

type Line = { identifier: string; total: number };
type Order = { order_id: string; btn_ref: string; total: number; line_items: Line[] };

/**
 * The sample order of Button's guide "Reporting Orders", as valid JSON, under an id and a token of its
 * own.
 */
export function sampleOrder(orderId: string, tokenPrefix: TokenPrefix = 'fakesrctok'): SampleOrder {
  return {
    total: 7000,
    currency: 'USD',
    order_id: orderId,
    purchase_date: new Date().toISOString(),
    btn_ref: `${tokenPrefix}-${randomBytes(8).toString('hex')}`,
    customer: { id: 'mycustomer-1234', is_new: true },
    customer_order_id: 'abcdef-123456',
    line_items: [
      line({
        identifier: 'sku-1234',
        total: 4000,
        amount: 2000,
        quantity: 2,
        upc: '400000000001',
        description: 'T-shirts',
      }),
      line({
        identifier: 'sku-4567',
        total: 3000,
        amount: 3000,
        quantity: 1,
        upc: '400000000002',
        description: 'Pants',
      }),
    ],
  };
}

function line<Item extends Line>(item: Item): Item & Record<string, unknown> {
  return { ...item, sku: item.identifier, category: ['Clothes'], attributes: { size: 'M' } };
}

/** What a commerce system says of an order's version. */
export function orderMessage(type: OrderMessage['type'], sequence: number, order: SampleOrder): OrderMessage {
  return {
    specversion: '1.0',
    id: `${order.order_id}-${sequence}`,
    source: SOURCE,
    type,
    subject: order.order_id,
    sequence: String(sequence),
    ...(type === 'order.cancelled.v1' ? {} : { data: order }),
  };
}
