import { hash } from 'node:crypto';

/** A version of an order as its producer reports it. */
export type SentVersion = { orderId: string; sequence: number; time?: string } & (
  | { kind: 'created' | 'updated'; total: number; currency?: string; note?: string }
  | { kind: 'cancelled' }
);

/** The argument of `SimulatedWorld.sendOrderMessage`. */
export type ProducerMessage = { body: string; orderId: string; eventId: string };

/**
 * The message of docs/order-messages.md for a version. It has two lines; the smaller one is a tenth of the
 * total.
 */
export function orderMessage(version: SentVersion): ProducerMessage {
  const { orderId, sequence, kind, time = '2026-06-01T12:00:00.000Z' } = version;
  const eventId = `${orderId}-${sequence}`;
  const body = JSON.stringify({
    specversion: '1.0',
    type: `order.${kind}.v1`,
    id: eventId,
    source: 'https://shop.example',
    subject: orderId,
    time,
    sequence: String(sequence),
    ...(version.kind === 'cancelled' ? {} : { data: orderData(version) }),
  });
  return { body, orderId, eventId };
}

function orderData(version: Exclude<SentVersion, { kind: 'cancelled' }>): object {
  const { orderId, total, currency = 'USD', note = 'none' } = version;
  const extra = Math.floor(total / 10);
  return {
    total,
    currency,
    order_id: orderId,
    purchase_date: '2026-06-01T11:00:00Z',
    btn_ref: `fakesrctok-${hash('sha256', orderId).slice(0, 16)}`,
    customer: { id: 'customer-1', is_new: true },
    customer_order_id: note,
    line_items: [
      { identifier: 'coat', total: total - extra, quantity: 1 },
      { identifier: 'socks', total: extra, quantity: 2 },
    ],
  };
}
