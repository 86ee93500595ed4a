import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import {
  compareVersions,
  contentHash,
  messageDeduplicationId,
  messageGroupId,
  parseOrderEvent,
  readMessageOrderId,
  type OrderEvent,
  type OrderEventResult,
  type OrderVersionId,
} from '../../../../shared/validation/orders/order-event.ts';
import { OrderSchema } from '../../../../shared/validation/orders/order.ts';
import { arbitraryOrder, sampleCancellation, sampleMessage, sampleOrder, SETTINGS } from './order-samples.ts';
import { REFUSED_MESSAGES, WARNED_MESSAGES } from './refused-examples.ts';

const vectors = z
  .object({
    messageGroupIds: z.array(z.object({ orderId: z.string(), messageGroupId: z.string() })),
    messageDeduplicationIds: z.array(
      z.object({ source: z.string(), id: z.string(), messageDeduplicationId: z.string() }),
    ),
    contentHashes: z.array(
      z.object({ content: z.union([z.literal('cancelled'), OrderSchema]), contentHash: z.string() }),
    ),
  })
  .parse(
    JSON.parse(
      readFileSync(new URL('../../../fixtures/order-message-vectors.json', import.meta.url), 'utf8'),
    ),
  );

function parse(
  message: unknown,
  settings: Parameters<typeof parseOrderEvent>[1] = SETTINGS,
): OrderEventResult {
  return parseOrderEvent(JSON.stringify(message), settings);
}

function violationsOf(parsing: OrderEventResult): string[] {
  return parsing.ok ? [] : parsing.violations.map(({ code, path }) => `${code} ${path}`);
}

function eventOf(parsing: OrderEventResult): OrderEvent {
  if (!parsing.ok) throw new Error(violationsOf(parsing).join(', '));
  return parsing.event;
}

describe('parseOrderEvent', () => {
  it('reads a new order', () => {
    const parsing = parse(sampleMessage());

    expect(parsing).toEqual({
      ok: true,
      event: {
        kind: 'created',
        id: 'event-1',
        source: 'https://shop.example.com/orders',
        orderId: '1994',
        time: '2017-07-25T08:23:53.123Z',
        version: { by: 'sequence', sequence: '1' },
        order: sampleOrder(),
      },
      warnings: [],
    });
  });

  it('reads an update without requiring the token again', () => {
    const { btn_ref: _token, ...order } = sampleOrder();

    const parsing = parse({ ...sampleMessage(), type: 'order.updated.v1', data: order });

    expect(parsing).toMatchObject({ ok: true, event: { kind: 'updated', order }, warnings: [] });
  });

  it.each([{ data: undefined }, { data: null }, { data: {} }])(
    'reads a cancellation with $data as data',
    (data) => {
      const event = eventOf(parse({ ...sampleCancellation(), ...data }));

      expect(event).toMatchObject({ kind: 'cancelled', orderId: '1994' });
      expect(event).not.toHaveProperty('order');
    },
  );

  it('reads every valid order that JSON can carry, unchanged', () => {
    fc.assert(
      fc.property(arbitraryOrder, (order) => {
        const event = eventOf(parse({ ...sampleMessage(), subject: order.order_id, data: order }));

        expect(event).toMatchObject({ order, orderId: order.order_id });
      }),
    );
  });

  it('accepts unknown extensions, and attributes that are unset with null', () => {
    const parsing = parse({
      ...sampleMessage(),
      traceparent: '00-0',
      dataschema: null,
      time: null,
      datacontenttype: null,
    });

    expect(parsing.ok).toBe(true);
    expect(eventOf(parsing)).not.toHaveProperty('time');
  });

  it.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.shop.order+json'])(
    'accepts the content type %s',
    (datacontenttype) => {
      expect(violationsOf(parse({ ...sampleMessage(), datacontenttype }))).toEqual([]);
    },
  );

  it('drops the leading zeros of a sequence', () => {
    const sequences = ['007', '0', '000', '10'].map(
      (sequence) => eventOf(parse({ ...sampleMessage(), sequence })).version,
    );

    expect(sequences).toEqual(['7', '0', '0', '10'].map((sequence) => ({ by: 'sequence', sequence })));
  });

  it('orders by time in UTC with milliseconds if the brand is configured so', () => {
    const message = { ...sampleMessage(), time: '2017-07-25T10:23:53.1234567+02:00', sequence: 'any form' };

    const event = eventOf(parse(message, { ...SETTINGS, orderBy: 'time' }));

    expect(event.version).toEqual({ by: 'time', time: '2017-07-25T08:23:53.123Z' });
  });

  it('refuses a message without time if the brand orders by time: time_missing', () => {
    const parsing = parse({ ...sampleMessage(), time: undefined }, { ...SETTINGS, orderBy: 'time' });

    expect(violationsOf(parsing)).toEqual(['time_missing $.time']);
  });

  it.each(REFUSED_MESSAGES)('refuses $because: $code at $path', ({ code, path, body }) => {
    const parsing = parseOrderEvent(body, SETTINGS);

    expect(violationsOf(parsing)).toEqual([`${code} ${path}`]);
  });

  it.each(WARNED_MESSAGES)('warns of $because: $code at $path', ({ code, path, message, rules }) => {
    const parsing = parse(message, { ...SETTINGS, ...rules });

    expect(violationsOf(parsing)).toEqual([]);
    expect(parsing.warnings.map((warning) => `${warning.code} ${warning.path}`)).toEqual([`${code} ${path}`]);
  });

  it('uses the default settings if none are given: test tokens are refused', () => {
    const parsing = parseOrderEvent(JSON.stringify(sampleMessage()));

    expect(violationsOf(parsing)).toEqual(['btn_ref_test_token_refused $.data.btn_ref']);
  });

  it.each(['time', 'sequence', 'datacontenttype', 'data_base64'])(
    'treats an optional attribute as absent that is an empty string: %s',
    (name) => {
      const orderBy = name === 'sequence' ? 'time' : 'sequence';

      expect(violationsOf(parse({ ...sampleMessage(), [name]: '' }, { ...SETTINGS, orderBy }))).toEqual([]);
    },
  );

  it.each(['2017-07-25T08:23:53.123+0000', '20170725T102353,123+02', '2017-07-25 08:23:53.1234Z'])(
    'accepts the time of the event in any form of a date: %s',
    (time) => {
      expect(eventOf(parse({ ...sampleMessage(), time })).time).toBe('2017-07-25T08:23:53.123Z');
    },
  );

  it('reports all reasons at once, including a number with a decimal point although its sum is wrong too', () => {
    const body = JSON.stringify(sampleMessage());
    const dollars = body.replace('"total":7000', '"total":70.00');
    const negative = dollars.replace('"total":70.00', '"total":-70.0');

    expect(violationsOf(parseOrderEvent(dollars, SETTINGS))).toEqual([
      'number_with_decimal_point $.data.total',
      'total_not_sum $.data.total',
    ]);
    expect(violationsOf(parseOrderEvent(negative, SETTINGS))).toEqual([
      'number_with_decimal_point $.data.total',
      'amount_negative $.data.total',
      'total_not_sum $.data.total',
    ]);
  });

  it('reports half a cent as not an integer, and not also as having a decimal point', () => {
    const body = JSON.stringify(sampleMessage()).replace('"total":7000', '"total":70.5');

    expect(violationsOf(parseOrderEvent(body, SETTINGS))).toEqual(['amount_not_integer $.data.total']);
  });

  it('reports base64 data as base64, and not also as missing', () => {
    const parsing = parse({ ...sampleMessage(), data: undefined, data_base64: 'e30=' });

    expect(violationsOf(parsing)).toEqual(['data_base64_unsupported $.data_base64']);
  });

  it('cites CloudEvents if an attribute of the envelope is missing', () => {
    const parsing = parse({ data: sampleOrder() });

    expect(violationsOf(parsing).toSorted()).toEqual([
      'event_attribute_missing $.id',
      'event_attribute_missing $.source',
      'event_attribute_missing $.specversion',
      'event_attribute_missing $.subject',
      'event_attribute_missing $.type',
      'sequence_missing $.sequence',
    ]);
    expect(parsing.ok ? [] : parsing.violations.filter(({ source }) => !/CloudEvents/.test(source))).toEqual(
      [],
    );
  });

  it.each(
    REFUSED_MESSAGES.filter(({ code }) => /^(?:wrapped_by_(?:sns|event)|json_enc|order_without)/.test(code)),
  )('names the order in $because', ({ body }) => {
    expect(parseOrderEvent(body, SETTINGS)).toMatchObject({ ok: false, orderId: '1994' });
    expect(readMessageOrderId(body)).toBe('1994');
  });

  it.each([
    ['wrapped_by_sns', /raw message delivery/],
    ['wrapped_by_eventbridge', /\$\.detail/],
    ['wrapped_by_sqs_extended_client', /plain SQS client/],
    ['wrapped_in_list', /its own message/],
    ['json_encoded_twice', /once/],
    ['order_without_envelope', /CloudEvent/],
  ])('refuses a wrapped message with the fix: %s', (code, cure) => {
    const [example] = REFUSED_MESSAGES.filter((each) => each.code === code);

    const parsing = parseOrderEvent(example?.body ?? '', SETTINGS);

    expect(parsing).toMatchObject({ ok: false, violations: [{ code }] });
    expect(parsing.ok ? '' : parsing.violations[0]?.fix).toMatch(cure);
  });

  it('finds the violations of the envelope and of the order at once', () => {
    const parsing = parse({
      ...sampleMessage(),
      id: '',
      sequence: 'x',
      data: { ...sampleOrder(), total: 1 },
    });

    expect(violationsOf(parsing).toSorted()).toEqual([
      'event_attribute_malformed $.id',
      'sequence_malformed $.sequence',
      'total_not_sum $.data.total',
    ]);
  });

  it.each([
    ['a wrong order', { data: { order_id: '1994' } }, '1994'],
    ['no data', { data: undefined }, '1994'],
    ['no subject', { subject: undefined }, '1994'],
    ['two different orders', { subject: '1995' }, undefined],
    ['no usable subject', { subject: 'ä', data: undefined }, undefined],
  ])('names the order of a refused message with %s, if it is certain', (_because, changes, orderId) => {
    const parsing = parse({ ...sampleMessage(), id: '', ...changes });

    expect(parsing).toMatchObject({ ok: false });
    expect(parsing).toEqual(
      orderId === undefined
        ? expect.not.objectContaining({ orderId: expect.anything() as unknown })
        : expect.objectContaining({ orderId }),
    );
  });

  it('A18: answers with violations, never with an exception, whatever the bytes', () => {
    const valid = JSON.stringify(sampleMessage());
    const damaged = fc
      .record({ at: fc.nat(valid.length), cut: fc.nat(5), put: fc.string({ unit: 'binary', maxLength: 5 }) })
      .map(({ at, cut, put }) => valid.slice(0, at) + put + valid.slice(at + cut));
    const changed = fc
      .dictionary(
        fc.constantFrom(...Object.keys(sampleMessage()), '__proto__', 'constructor'),
        fc.jsonValue(),
      )
      .map((changes) => JSON.stringify({ ...sampleMessage(), ...changes }));

    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), damaged, changed), (body) => {
        const parsing = parseOrderEvent(body, SETTINGS);

        expect(parsing.ok || parsing.violations.length > 0).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('changes no prototype when a message brings __proto__', () => {
    const body = JSON.stringify(sampleMessage()).replace('"size"', '"__proto__":{"polluted":1},"size"');

    parseOrderEvent(body, SETTINGS);

    expect({}).not.toHaveProperty('polluted');
  });

  it('never repeats a rejected value of a message', () => {
    const secret = 'jane.doe+S3NT1NEL@example.com';
    const values = fc.constantFrom(secret, [secret], { [secret]: secret }, { order_id: secret });
    const names = fc.constantFrom(...Object.keys(sampleMessage()), 'data_base64', secret);

    fc.assert(
      fc.property(fc.dictionary(names, values), (changes) => {
        const parsing = parse({ ...sampleMessage(), ...changes });

        expect(JSON.stringify([parsing.ok ? [] : parsing.violations, parsing.warnings])).not.toContain(
          'S3NT1NEL',
        );
      }),
    );
  });
});

describe('compareVersions', () => {
  const sequence = (value: bigint): OrderVersionId => ({ by: 'sequence', sequence: String(value) });
  const time = (epochMs: number): OrderVersionId => ({ by: 'time', time: new Date(epochMs).toISOString() });
  const word = (a: bigint | number, b: bigint | number): string =>
    a === b ? 'same' : a < b ? 'older' : 'newer';

  it('compares sequences as integers of any size', () => {
    const integers = fc.oneof(fc.bigInt({ min: 0n, max: 20n }), fc.bigInt({ min: 0n, max: 10n ** 400n }));

    fc.assert(
      fc.property(integers, integers, (a, b) => {
        expect(compareVersions(sequence(a), sequence(b))).toBe(word(a, b));
      }),
    );
  });

  it('distinguishes neighbours that a floating-point number would not', () => {
    expect(compareVersions(sequence(2n ** 53n), sequence(2n ** 53n + 1n))).toBe('older');
  });

  it('compares times as instants', () => {
    const instants = fc.integer({ min: -62_000_000_000_000, max: 253_000_000_000_000 });

    fc.assert(
      fc.property(instants, instants, (a, b) => {
        expect(compareVersions(time(a), time(b))).toBe(word(a, b));
      }),
    );
  });

  it('does not compare a sequence with a time', () => {
    expect(compareVersions(sequence(1n), time(1))).toBe('incomparable');
    expect(compareVersions(time(1), sequence(1n))).toBe('incomparable');
  });
});

describe('contentHash', () => {
  it.each(vectors.contentHashes)('is $contentHash for the vector', ({ content, contentHash: expected }) => {
    const attributes = {
      id: '1',
      source: '/shop',
      orderId: '1994',
      version: { by: 'sequence', sequence: '1' },
    } as const;
    const event: OrderEvent =
      content === 'cancelled'
        ? { ...attributes, kind: 'cancelled' }
        : { ...attributes, kind: 'created', order: content };

    expect(contentHash(event)).toBe(expected);
  });

  it('depends on the content alone: not on the kind, the version, the time, or the order of the fields', () => {
    fc.assert(
      fc.property(arbitraryOrder, (order) => {
        const message = { ...sampleMessage(), subject: order.order_id, data: order };
        const reversed = Object.fromEntries(Object.entries(order).toReversed());
        const later = {
          ...message,
          type: 'order.updated.v1',
          sequence: '2',
          time: undefined,
          id: '2',
          data: reversed,
        };

        expect(contentHash(eventOf(parse(later)))).toBe(contentHash(eventOf(parse(message))));
      }),
    );
  });

  it('changes with the content', () => {
    const before = eventOf(parse(sampleMessage()));
    const after = eventOf(
      parse({ ...sampleMessage(), data: { ...sampleOrder(), customer_order_id: 'other' } }),
    );
    const cancelled = eventOf(parse(sampleCancellation()));

    expect(new Set([before, after, cancelled].map(contentHash)).size).toBe(3);
  });
});

describe('the ids of a message on its queue', () => {
  it.each(vectors.messageGroupIds)(
    'give the order $orderId its group',
    ({ orderId, messageGroupId: expected }) => {
      expect(messageGroupId(orderId)).toBe(expected);
    },
  );

  it.each(vectors.messageDeduplicationIds)('give the event $id its deduplication id', (vector) => {
    expect(messageDeduplicationId(vector)).toBe(vector.messageDeduplicationId);
  });

  it('are always valid for SQS', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(messageGroupId(text)).toMatch(/^[!-~]{1,128}$/);
        expect(messageDeduplicationId({ source: text, id: text })).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });

  it('differ if the same characters are split differently between source and id', () => {
    const one = messageDeduplicationId({ source: '/shop', id: '1/2' });
    const other = messageDeduplicationId({ source: '/shop/1', id: '2' });

    expect(one).not.toBe(other);
  });
});

describe('docs/order-messages.md', () => {
  const page = readFileSync(new URL('../../../../docs/order-messages.md', import.meta.url), 'utf8');
  const [, sample = ''] = /```json\n(.*?)```/s.exec(page) ?? [];

  it('shows a message that a brand which allows test tokens accepts without a warning, and others refuse', () => {
    const parsing = parseOrderEvent(sample, SETTINGS);

    expect(parsing).toMatchObject({ ok: true, warnings: [] });
    expect(violationsOf(parseOrderEvent(sample))).toEqual(['btn_ref_test_token_refused $.data.btn_ref']);
    expect(page).toContain('"testTokens": "allow"');
  });

  it('shows an id that contains the version, and warns in bold that SQS drops a second message with the same id', () => {
    const { id, version } = eventOf(parseOrderEvent(sample, SETTINGS));

    expect(version).toEqual({ by: 'sequence', sequence: '1' });
    expect(id).toBe('1994/1');
    expect(page).toMatch(/\*\*SQS silently drops a message[^*]+\*\*/);
  });

  it('says, when it first names a total, that taxes, delivery and surcharges are not in it', () => {
    const first = page.slice(page.indexOf('total')).split('.')[0]?.replaceAll(/\s+/g, ' ');

    expect(first).toContain('exclude VAT and every other tax, delivery and surcharges');
  });
});
