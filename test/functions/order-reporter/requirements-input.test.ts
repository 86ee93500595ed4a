import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { parseOrderEvent } from '../../../shared/validation/orders/order-event.ts';
import { OrderSchema, type Order, type OrderInput } from '../../../shared/validation/orders/order.ts';
import {
  sampleCancellation,
  sampleMessage,
  sampleOrder,
  SETTINGS,
} from '../../shared/validation/orders/order-samples.ts';
import { createShopToButton } from './from-shop-to-button.ts';

/** What a plain JavaScript caller may pass to the client, whatever its types say. */
const asInput = (order: unknown) => order as OrderInput;

const created = (order: unknown, sequence = '1') =>
  ({ kind: 'created', sequence, order: asInput(order) }) as const;
const updated = (order: unknown, sequence: string) =>
  ({ kind: 'updated', sequence, order: asInput(order) }) as const;

const withLine = (line: object) => ({
  ...sampleOrder(),
  total: 7000,
  line_items: [{ identifier: 'a', total: 7000, ...line }],
});

describe('orders, requirement 8: stored data can always be read', () => {
  it('an order in a currency that was withdrawn later can still be updated and cancelled', async () => {
    const { send, sent } = createShopToButton();
    const order = { ...sampleOrder(), currency: 'BGN', purchase_date: '2025-12-30T10:00:00Z' };
    const less = { ...order, total: 4000, line_items: order.line_items?.slice(0, 1) };

    const outcomes = [
      await send(created(order)),
      await send(updated(less, '2')),
      await send({ kind: 'cancelled', sequence: '3', orderId: order.order_id }),
    ].flatMap((one) => one.outcomes);

    expect(outcomes).toEqual(['reported', 'reported', 'reported']);
    expect(sent).toMatchObject([
      { currency: 'BGN', total: 7000 },
      { currency: 'BGN', total: 4000 },
      'cancelled',
    ]);
  });
});

type JsonSchema = { properties?: Record<string, JsonSchema>; items?: JsonSchema; required?: string[] };

/** The fields that the schema does not require, each with a way to set it in an order. */
function optionalFields(): { path: string; set: (value: unknown) => unknown }[] {
  const schema = z.toJSONSchema(OrderSchema, { io: 'input' }) as JsonSchema;
  const of = ({ properties = {}, required = [] }: JsonSchema) =>
    Object.keys(properties).filter((name) => !required.includes(name));
  const order = { ...sampleOrder(), line_items: [{ identifier: 'a', total: 7000 }] };
  return [
    ...of(schema).map((name) => ({ path: name, set: (value: unknown) => ({ ...order, [name]: value }) })),
    ...of(schema.properties?.['customer'] ?? {}).map((name) => ({
      path: `customer.${name}`,
      set: (value: unknown) => ({ ...order, customer: { [name]: value } }),
    })),
    ...of(schema.properties?.['line_items']?.items ?? {}).map((name) => ({
      path: `line_items[].${name}`,
      set: (value: unknown) => ({ ...order, line_items: [{ ...order.line_items[0], [name]: value }] }),
    })),
  ];
}

describe('orders, requirement 12: input is accepted the way shops write it', () => {
  it('an empty string and null in any optional field count as absent', async () => {
    const fields = optionalFields();

    expect(fields.length).toBeGreaterThan(14);
    for (const { path, set } of fields) {
      const reported: unknown[] = [];
      for (const value of [undefined, null, '']) {
        const { send, sent } = createShopToButton();
        const { result } = await send(created(set(value)));
        expect([path, value, result.outcome]).toEqual([path, value, 'sent']);
        reported.push(...sent);
      }
      expect([path, reported.length]).toEqual([path, 3]);
      expect(reported[1]).toEqual(reported[0]);
      expect(reported[2]).toEqual(reported[0]);
    }
  });

  it('an empty list of line items sums to 0', async () => {
    const { send, sent } = createShopToButton();

    const zero = await send(created({ ...sampleOrder(), total: 0, line_items: [] }));
    const other = await send(created({ ...sampleOrder(), order_id: '2', line_items: [] }));

    expect(zero).toMatchObject({ result: { outcome: 'sent' }, outcomes: ['reported'] });
    expect(other).toMatchObject({ result: { outcome: 'invalid', violations: [{ code: 'total_not_sum' }] } });
    expect(sent).toMatchObject([{ total: 0 }]);
  });

  it.each<[string, unknown, string]>([
    [
      'an SNS notification',
      { Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message: JSON.stringify(sampleMessage()) },
      'raw message delivery',
    ],
    ['an EventBridge event', { 'detail-type': 'order', source: 'shop', detail: sampleMessage() }, '$.detail'],
    ['a bare order', sampleOrder(), 'Put the order into the data of a CloudEvent'],
    ['a list', [sampleMessage()], 'its own message'],
    ['text of text', JSON.stringify(sampleMessage()), 'Encode the message once'],
  ])('%s is refused with one reason, which names the wrapping and the fix', async (_what, wrapped, cure) => {
    const { report, refusals } = createShopToButton();
    const body = JSON.stringify(wrapped);

    const parsing = parseOrderEvent(body, SETTINGS);

    expect(parsing).toMatchObject({ ok: false, violations: [{ path: '$' }] });
    expect(parsing.ok ? [] : parsing.violations.map(({ fix }) => fix)).toEqual([
      expect.stringContaining(cure),
    ]);
    expect(await report(body)).toBe('quarantined');
    expect(refusals()).toHaveLength(1);
    expect(refusals()[0]).toMatch(/wrapped|encoded_twice|without_envelope/);
  });

  it.each([
    ['2017-07-25T08:23:52+0000', []],
    ['2017-07-25T08:23:52+00', []],
    ['2017-07-25T10:23:52+02:00', []],
    ['20170725T082352Z', []],
    ['2017-07-25T08:23:52,75Z', []],
    ['2017-07-25 08:23:52Z', []],
    ['2017-07-25T08:23:52', ['date_without_offset']],
  ])('the date %s goes to Button in the format of its documents', async (purchase_date, warnings) => {
    const { send, sent } = createShopToButton();

    const { result } = await send(created({ ...sampleOrder(), purchase_date }));

    expect(sent).toMatchObject([{ purchase_date: '2017-07-25T08:23:52Z' }]);
    expect('warnings' in result && result.warnings.map(({ code }) => code)).toEqual(warnings);
  });

  it('a date without seconds, or without a time, is accepted too', async () => {
    const { send, sent } = createShopToButton();

    await send(created({ ...sampleOrder(), purchase_date: '2017-07-25T08:23Z' }));
    await send(created({ ...sampleOrder(), order_id: '2', purchase_date: '2017-07-25' }));

    expect(sent).toMatchObject([
      { purchase_date: '2017-07-25T08:23:00Z' },
      { purchase_date: '2017-07-25T00:00:00Z' },
    ]);
  });

  it.each([
    ['04252614', '042100005264'],
    ['0042100005264', '042100005264'],
    ['00042100005264', '042100005264'],
    ['24252614', '24252614'],
    ['04252615', '04252615'],
  ])('the product code %s goes to Button as %s', async (upc, asSent) => {
    const { send, sent } = createShopToButton();

    await send(created(withLine({ upc })));

    expect((sent[0] as Order).line_items).toMatchObject([{ upc: asSent }]);
  });

  it('all reasons are reported at once, including a number written with a decimal point', async () => {
    const { report, refusals } = createShopToButton();
    const data = { ...withLine({ quantity: 0 }), currency: 'usd' };
    const body = JSON.stringify({ ...sampleMessage(), data }).replace('"total":7000', '"total":70.00');

    expect(await report(body)).toBe('quarantined');

    expect(refusals().toSorted()).toEqual([
      'currency_not_iso_4217',
      'number_with_decimal_point',
      'quantity_not_positive_integer',
      'total_not_sum',
    ]);
  });

  it.each<[string, object, string]>([
    ['a sum that is off by one', { total: 7001 }, 'total_not_sum'],
    ['a negative amount', { total: -1 }, 'amount_negative'],
    ['a fraction', { total: 7000.5 }, 'amount_not_integer'],
    ['an amount as text', { total: '7000' }, 'amount_not_integer'],
    ['an amount above 2147483647', { total: 2_147_483_648 }, 'amount_above_int32'],
    [
      'a line without an identifier',
      { line_items: [{ identifier: '', total: 7000 }] },
      'line_identifier_empty',
    ],
    [
      'a repeated identifier',
      { total: 2, line_items: [1, 1].map((total) => ({ identifier: 'a', total })) },
      'line_identifier_repeated',
    ],
  ])('the rules stay as strict as the source documents: %s', async (_what, changes, code) => {
    const { send, sent } = createShopToButton();

    const { result } = await send(created({ ...sampleOrder(), ...changes }));

    expect(result.outcome === 'invalid' && result.violations.map((one) => one.code)).toContain(code);
    expect(sent).toEqual([]);
  });

  it('optional attributes of a message that are null or empty are unset', async () => {
    const { report } = createShopToButton();
    const unset = { time: '', datacontenttype: null, data_base64: '' };

    expect(await report(JSON.stringify({ ...sampleMessage(), ...unset }))).toBe('reported');
    expect(
      await report(JSON.stringify({ ...sampleCancellation(), ...unset, data: null, sequence: '2' })),
    ).toBe('reported');
  });
});
