import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseOrderEvent } from '../../../shared/validation/orders/order-event.ts';
import { remainingItems } from '../../../shared/validation/orders/remaining-items.ts';
import {
  writeOrderMessage,
  type MessageSettings,
  type OrderMessageResult,
  type OrderEventToSend,
} from '../../../shared/order-sender/order-message.ts';
import { arbitraryOrder, sampleOrder, SETTINGS as BRAND } from '../validation/orders/order-samples.ts';

const SETTINGS: MessageSettings = {
  ...BRAND,
  source: 'https://shop.example.com/orders',
  maxMessageBytes: 1_048_576,
};

function messageOf(writing: OrderMessageResult) {
  if (!writing.ok) throw new Error(JSON.stringify(writing.result));
  return writing.message;
}

describe('writeOrderMessage', () => {
  it('writes the CloudEvent of docs/order-messages.md', () => {
    const message = messageOf(
      writeOrderMessage(
        { kind: 'created', order: sampleOrder(), sequence: '1', time: '2017-07-25T08:23:53Z', id: '1' },
        { ...SETTINGS, source: '/shop' },
      ),
    );

    expect(JSON.parse(message.body)).toEqual({
      specversion: '1.0',
      type: 'order.created.v1',
      id: '1',
      source: '/shop',
      subject: '1994',
      sequence: '1',
      time: '2017-07-25T08:23:53Z',
      datacontenttype: 'application/json',
      data: sampleOrder(),
    });
    expect(message).toMatchObject({
      eventId: '1',
      orderId: '1994',
      groupId: '1994',
      deduplicationId: 'e56023e664e1cad1f3cc5cf9ff905276ca67a03238b2c8e53e8a7baceb3f4cd5',
      bytes: Buffer.byteLength(message.body),
      warnings: [],
    });
  });

  it('writes messages from which the reporter reads the same order', () => {
    fc.assert(
      fc.property(
        arbitraryOrder,
        fc.constantFrom('created', 'updated'),
        fc.nat(),
        (order, kind, sequence) => {
          const { body } = messageOf(
            writeOrderMessage({ kind, order, sequence: String(sequence) }, SETTINGS),
          );

          expect(parseOrderEvent(body, SETTINGS)).toMatchObject({
            ok: true,
            event: { kind, order, version: { sequence: String(sequence) } },
          });
        },
      ),
    );
  });

  it('sends what remains of an order, down to its cancellation', () => {
    const one = remainingItems(sampleOrder(), [{ identifier: 'sku-1234' }]);
    const none = remainingItems(sampleOrder(), []);
    if (one.kind !== 'updated' || none.kind !== 'cancelled') throw new Error('unexpected remainder');

    const [update, cancellation] = [
      messageOf(writeOrderMessage({ ...one, sequence: '2' }, SETTINGS)),
      messageOf(writeOrderMessage({ ...none, sequence: '3' }, SETTINGS)),
    ];

    expect(JSON.parse(update.body)).toMatchObject({ type: 'order.updated.v1', data: { total: 4000 } });
    expect(JSON.parse(cancellation.body)).toMatchObject({ type: 'order.cancelled.v1', subject: '1994' });
    expect(cancellation.body).not.toContain('"data"');
    expect(update.groupId).toBe(cancellation.groupId);
  });

  it('derives an id from the order and its version', () => {
    const event = {
      kind: 'created',
      order: sampleOrder(),
      sequence: '17',
      time: '2017-07-25T08:23:53Z',
    } as const;

    const bySequence = messageOf(writeOrderMessage(event, SETTINGS));
    const byTime = messageOf(writeOrderMessage(event, { ...SETTINGS, orderBy: 'time' }));

    expect(bySequence.eventId).toMatch(/^1994\/17\/[0-9a-f]{16}$/);
    expect(byTime.eventId).toMatch(/^1994\/2017-07-25T08:23:53Z\/[0-9a-f]{16}$/);
  });

  it('derives a valid id, however long the order id and the sequence are', () => {
    const order = { ...sampleOrder(), order_id: 'x'.repeat(255) };

    const { eventId } = messageOf(
      writeOrderMessage({ kind: 'created', order, sequence: '9'.repeat(1000) }, SETTINGS),
    );

    expect(eventId).toMatch(/^[0-9a-f]{64}$/);
  });

  it('accepts a bigint as an integer', () => {
    const event = { kind: 'created', sequence: '1', order: { ...sampleOrder(), total: 7000n } };

    const { body } = messageOf(writeOrderMessage(event as unknown as OrderEventToSend, SETTINGS));

    expect(JSON.parse(body)).toMatchObject({ data: { total: 7000 } });
  });

  it('accepts orders as shops write them: null and empty strings for missing values', () => {
    const event: OrderEventToSend = {
      kind: 'updated',
      sequence: '2',
      order: {
        ...sampleOrder(),
        btn_ref: null,
        customer: { id: 'mycustomer-1234', device_id: null, email_sha256: '' },
        line_items: [{ identifier: 'sku-1', total: 7000, upc: null, attributes: { size: null } }],
      },
    };

    const { body, warnings } = messageOf(writeOrderMessage(event, SETTINGS));

    expect(warnings).toEqual([]);
    expect(parseOrderEvent(body, SETTINGS)).toMatchObject({
      event: {
        order: { customer: { id: 'mycustomer-1234' }, line_items: [{ identifier: 'sku-1', total: 7000 }] },
      },
    });
  });

  it('gives the same event the same id, and an event that differs in anything another one', () => {
    const event = { kind: 'created', order: sampleOrder(), sequence: '1' } as const;
    const others: OrderEventToSend[] = [
      { ...event, kind: 'updated' },
      { ...event, sequence: '2' },
      { ...event, time: '2017-07-25T08:23:53Z' },
      { ...event, order: { ...sampleOrder(), btn_ref: 'fakesrctok-abcdef0123456780' } },
      { kind: 'cancelled', orderId: '1994', sequence: '1' },
    ];

    const [first, again, ...different] = [event, { ...event, order: sampleOrder() }, ...others].map(
      (each) => messageOf(writeOrderMessage(each, SETTINGS)).eventId,
    );

    expect(first).toBe(again);
    expect(new Set([first, ...different]).size).toBe(others.length + 1);
  });

  it('refuses what the reporter would refuse, with every violation and no rejected value', () => {
    const order = { ...sampleOrder(), total: 1, currency: 'usd' };

    const writing = writeOrderMessage({ kind: 'created', order, id: 'event-1' }, SETTINGS);

    expect(writing).toMatchObject({
      ok: false,
      result: { eventId: 'event-1', orderId: '1994', outcome: 'invalid' },
    });
    const codes =
      !writing.ok && writing.result.outcome === 'invalid'
        ? writing.result.violations.map(({ code }) => code)
        : [];
    expect(codes.sort()).toEqual(['currency_not_iso_4217', 'sequence_missing', 'total_not_sum']);
    expect(JSON.stringify(writing)).not.toContain('usd');
  });

  it('requires the time instead of the sequence if a brand orders by time', () => {
    const settings = { ...SETTINGS, orderBy: 'time' } as const;
    const event = { kind: 'created', order: sampleOrder() } as const;

    expect(writeOrderMessage({ ...event, time: '2017-07-25T08:23:53Z' }, settings).ok).toBe(true);
    expect(writeOrderMessage({ ...event, sequence: '1' }, settings)).toMatchObject({
      result: { violations: [{ code: 'time_missing' }] },
    });
  });

  const holdsItself: Record<string, unknown> = {};
  holdsItself['self'] = holdsItself;

  it.each([
    ['nothing', undefined, 'event_attribute_missing'],
    ['a text', 'order', 'wrong_type'],
    ['an object that contains itself', holdsItself, 'not_json'],
    ['a bigint above int32', { ...sampleOrder(), total: 2n ** 31n }, 'amount_above_int32'],
    ['not a number', { ...sampleOrder(), total: Number.NaN }, 'amount_not_integer'],
  ])(
    'A18: answers that an order is invalid, and does not throw, if plain JavaScript sends %s',
    (_, order, code) => {
      const event = { kind: 'created', sequence: '1', order } as unknown as OrderEventToSend;

      const writing = writeOrderMessage(event, SETTINGS);

      expect(writing).toMatchObject({ ok: false, result: { outcome: 'invalid' } });
      expect(JSON.stringify(writing)).toContain(`"${code}"`);
    },
  );

  it.each([
    ['$.data.total', { total: Infinity }, 'amount_not_integer'],
    ['$.data.line_items[0].quantity', { quantity: Number.NaN }, 'quantity_not_positive_integer'],
    ['$.data.line_items[0].amount', { amount: -Infinity }, 'amount_not_integer'],
    ['$.data.line_items[0].sku', { sku: Number.NaN }, 'wrong_type'],
    ['$.data.customer.is_new', { is_new: Number.NaN }, 'wrong_type'],
    ['$.data.finalization_date', { finalization_date: new Date('soon') }, 'date_not_iso_8601'],
  ])(
    'A18: refuses at %s a value that JSON would write as null, which counts as absent',
    (path, wrong, code) => {
      const { total = 7000, finalization_date, is_new, ...line } = wrong as Record<string, unknown>;
      const order = {
        ...sampleOrder(),
        total,
        finalization_date,
        customer: { id: '1', is_new },
        line_items: [{ identifier: '1', total: 7000, ...line }],
      };
      const event = { kind: 'created', sequence: '1', order } as unknown as OrderEventToSend;

      expect(writeOrderMessage(event, { ...SETTINGS, allowFinalizationDate: true })).toMatchObject({
        result: {
          outcome: 'invalid',
          orderId: '1994',
          violations: expect.arrayContaining([expect.objectContaining({ code, path })]) as unknown,
        },
      });
    },
  );

  it.each([null, undefined, 'created', 5, true])(
    'A18: answers that %j is not an event, and does not throw',
    (given) => {
      const writing = writeOrderMessage(given as unknown as OrderEventToSend, SETTINGS);

      expect(writing).toMatchObject({
        result: {
          outcome: 'invalid',
          violations: [
            { code: 'order_id_malformed', path: '$.subject' },
            { code: 'sequence_missing', path: '$.sequence' },
          ],
        },
      });
      expect(writing).not.toHaveProperty('result.orderId');
    },
  );

  it('A18: counts UTF-8 bytes, and accepts a message of exactly the limit', () => {
    const event: OrderEventToSend = {
      kind: 'created',
      sequence: '1',
      order: { ...sampleOrder(), line_items: [{ identifier: 'é€😀', total: 7000 }] },
    };
    const { bytes, body } = messageOf(writeOrderMessage(event, SETTINGS));

    const fits = writeOrderMessage(event, { ...SETTINGS, maxMessageBytes: bytes });
    const overflows = writeOrderMessage(event, { ...SETTINGS, maxMessageBytes: bytes - 1 });

    expect(bytes).toBe(body.length + 1 + 2 + 2);
    expect(fits.ok).toBe(true);
    expect(overflows).toMatchObject({
      result: { outcome: 'too-large', bytes, maxMessageBytes: bytes - 1 },
    });
  });

  it('escapes the two characters that JSON allows and SQS refuses', () => {
    const customer = { id: 'a\uFFFEb\uFFFFc' };

    const { body } = messageOf(
      writeOrderMessage({ kind: 'created', sequence: '1', order: { ...sampleOrder(), customer } }, SETTINGS),
    );

    expect(body).not.toMatch(/[\uFFFE\uFFFF]/);
    expect(JSON.parse(body)).toMatchObject({ data: { customer } });
  });
});
