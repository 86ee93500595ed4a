import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  validateOrder,
  validateOrderVersion,
  type OrderValidation,
} from '../../../../shared/validation/orders/validate-order.ts';
import { arbitraryOrder, RULES, sampleOrder } from './order-samples.ts';
import { REFUSED_ORDERS } from './refused-examples.ts';

function violationsOf(validation: OrderValidation): string[] {
  return validation.ok ? [] : validation.violations.map(({ code, path }) => `${code} ${path}`);
}

describe('validateOrder', () => {
  it('accepts a complete order as it is, without a warning', () => {
    const order = sampleOrder();

    const validation = validateOrder(order, RULES);

    expect(validation).toEqual({ ok: true, order, warnings: [] });
  });

  it('accepts the four fields that every order needs', () => {
    const { total, currency, order_id, purchase_date } = sampleOrder();

    const validation = validateOrder({ total, currency, order_id, purchase_date }, RULES);

    expect(validation.ok).toBe(true);
  });

  it('accepts every order that follows the rules', () => {
    fc.assert(
      fc.property(arbitraryOrder, (order) => {
        expect(validateOrder(order, RULES)).toMatchObject({ ok: true, order });
      }),
    );
  });

  it.each(REFUSED_ORDERS)('refuses $because: $code at $path', ({ code, path, order, rules }) => {
    const validation = validateOrder(order, rules);

    expect(violationsOf(validation)).toEqual([`${code} ${path}`]);
  });

  it('refuses test tokens, and a finalization date, under the default rules', () => {
    const order = { ...sampleOrder(), finalization_date: '2017-08-02T19:26:08Z' };

    expect(violationsOf(validateOrder(order)).toSorted()).toEqual([
      'btn_ref_test_token_refused $.btn_ref',
      'finalization_date_refused $.finalization_date',
    ]);
    expect(violationsOf(validateOrder({ ...sampleOrder(), btn_ref: 'srctok-abcdef0123456789' }))).toEqual([]);
  });

  it('treats null and empty strings in optional fields as absent, and sends nothing of them', () => {
    const { total, currency, order_id, purchase_date } = sampleOrder();
    const order = { total, currency, order_id, purchase_date };
    const line = { identifier: 'sku-1', total };
    const blank = fc.constantFrom(null, '', undefined);
    const blanks = (names: readonly string[]) =>
      fc.record(Object.fromEntries(names.map((name) => [name, blank])), { requiredKeys: [] });
    const lineBlanks = blanks(['amount', 'quantity', 'sku', 'upc', 'category', 'description', 'attributes']);
    const orderBlanks = blanks([
      'btn_ref',
      'customer',
      'customer_order_id',
      'partner_order_channel',
      'finalization_date',
    ]);
    const customers = fc.option(blanks(['id', 'email_sha256', 'device_id', 'is_new']), { nil: undefined });
    const attributes = fc.dictionary(fc.string(), blank, { noNullPrototype: true });

    fc.assert(
      fc.property(orderBlanks, lineBlanks, customers, attributes, (ofOrder, ofLine, customer, names) => {
        const input = {
          ...order,
          ...ofOrder,
          customer,
          line_items: [{ ...line, attributes: names, ...ofLine }],
        };

        const validation = validateOrder(input, RULES);

        expect(validation).toMatchObject({ ok: true });
        expect(validation.ok && validation.order).toStrictEqual({ ...order, line_items: [line] });
      }),
    );
  });

  it.each([
    ['total', null],
    ['total', ''],
    ['currency', null],
    ['order_id', ''],
    ['purchase_date', null],
    ['purchase_date', ''],
  ])('does not treat a blank required field as absent: %s is %j', (name, value) => {
    expect(validateOrder({ ...sampleOrder(), [name]: value }, RULES).ok).toBe(false);
  });

  it.each([undefined, null, ''])('accepts any total without line items: %j', (line_items) => {
    expect(violationsOf(validateOrder({ ...sampleOrder(), line_items }, RULES))).toEqual([]);
  });

  it('accepts only a total of 0 with an empty list of line items, which sums to 0', () => {
    const order = { ...sampleOrder(), line_items: [] };

    expect(violationsOf(validateOrder({ ...order, total: 0 }, RULES))).toEqual([]);
    expect(violationsOf(validateOrder({ ...order, total: 1 }, RULES))).toEqual(['total_not_sum $.total']);
  });

  it('has no warning for an ordinary order of a web shop, here or in Europe', () => {
    const { customer: _customer, customer_order_id: _number, ...order } = sampleOrder();
    const line_items = ['042100005264', '04252614', '00042100005264', '4006381333931', '96385074', null].map(
      (upc, index) => ({
        identifier: `sku-${index}`,
        total: index,
        quantity: 1,
        upc,
        attributes: { size: 'M' },
      }),
    );
    const customer = { email_sha256: 'a'.repeat(64), device_id: null, is_new: null };

    for (const input of [
      { ...order, total: 15, line_items },
      { ...order, total: 15, line_items, customer, customer_order_id: '' },
    ]) {
      expect(validateOrder(input, RULES)).toMatchObject({ ok: true, warnings: [] });
    }
  });

  it.each([
    ['04252614', '042100005264'],
    ['0042100005264', '042100005264'],
    ['00042100005264', '042100005264'],
    ['4006381333931', '4006381333931'],
    ['04252615', '04252615'],
    ['T-SHIRT-1', 'T-SHIRT-1'],
  ])('sends the product code %s as %s', (upc, sent) => {
    const order = { ...sampleOrder(), total: 1, line_items: [{ identifier: 'a', total: 1, upc }] };

    expect(validateOrder(order, RULES)).toMatchObject({ order: { line_items: [{ upc: sent }] } });
  });

  it.each([
    ['created', '2025-12-31T23:59:59Z', []],
    ['created', '2026-02-01T00:00:00Z', ['currency_not_iso_4217 $.currency']],
    ['updated', '2025-12-31T23:59:59Z', []],
    ['updated', '2026-02-01T00:00:00Z', []],
  ] as const)(
    'checks the date of an order in a withdrawn currency: %s, made on %s',
    (kind, purchase_date, found) => {
      const order = { ...sampleOrder(), currency: 'BGN', purchase_date };

      expect(violationsOf(validateOrderVersion(order, { rules: RULES, kind, at: [] }))).toEqual(found);
    },
  );

  it('finds every violation at once', () => {
    const order = {
      total: -1,
      currency: 'EURO',
      order_id: '..',
      status: 'open',
      line_items: [
        { identifier: 'a', total: 1.5, quantity: 0 },
        { identifier: 'a', total: 1 },
      ],
    };

    const validation = validateOrder(order, RULES);

    expect(violationsOf(validation).toSorted()).toEqual([
      'amount_negative $.total',
      'amount_not_integer $.line_items[0].total',
      'currency_not_iso_4217 $.currency',
      'line_identifier_repeated $.line_items[1].identifier',
      'missing_field $.purchase_date',
      'order_id_dot_segment $.order_id',
      'quantity_not_positive_integer $.line_items[0].quantity',
      'status_read_only $.status',
    ]);
  });

  it('B9: refuses every total that is not the sum of the lines', () => {
    fc.assert(
      fc.property(arbitraryOrder, fc.integer({ min: 1, max: 1_000_000 }), (order, difference) => {
        const validation = validateOrder({ ...order, total: order.total + difference }, RULES);

        expect(violationsOf(validation)).toEqual(['total_not_sum $.total']);
      }),
    );
  });

  it('B9: accepts totals up to 2147483647 and none above', () => {
    const { line_items: _lines, ...order } = sampleOrder();

    const largest = validateOrder({ ...order, total: 2147483647 }, RULES);
    const larger = validateOrder({ ...order, total: 2147483648 }, RULES);

    expect(violationsOf(largest)).toEqual([]);
    expect(violationsOf(larger)).toEqual(['amount_above_int32 $.total']);
  });

  it('B10: every accepted order id is exactly one segment of a URL once it is encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 20 }), (orderId) => {
        const validation = validateOrder({ ...sampleOrder(), order_id: orderId }, RULES);
        fc.pre(validation.ok);

        const url = new URL(`https://api.example.com/v1/order/${encodeURIComponent(orderId)}`);

        expect(url.pathname.split('/').slice(1, 3)).toEqual(['v1', 'order']);
        expect(decodeURIComponent(url.pathname.slice('/v1/order/'.length))).toBe(orderId);
        expect(url.search + url.hash).toBe('');
      }),
    );
  });

  it('B10: accepts characters in an order id that URLs reserve', () => {
    const orderId = 'a/../b?c#d%2e e';

    const validation = validateOrder({ ...sampleOrder(), order_id: orderId }, RULES);

    expect(violationsOf(validation)).toEqual([]);
  });

  it('counts characters, not UTF-16 units, against Button’s limit of 255', () => {
    const order = { ...sampleOrder(), customer_order_id: '😀'.repeat(255) };

    expect(violationsOf(validateOrder(order, RULES))).toEqual([]);
  });

  it.each(['A85E9CA18F34935AB9B0381B25BFAD2455444112B0149270FD88E3DA172FE196', 'a'.repeat(64)])(
    'B11: accepts the hash of an address in either case',
    (email_sha256) => {
      const order = { ...sampleOrder(), customer: { email_sha256 } };

      expect(violationsOf(validateOrder(order, RULES))).toEqual([]);
    },
  );

  it('B12: accepts a finalization date if a brand allows it', () => {
    const order = { ...sampleOrder(), finalization_date: '2017-08-02T19:26:08Z' };

    const validation = validateOrder(order, { ...RULES, allowFinalizationDate: true });

    expect(validation).toMatchObject({ ok: true, order });
  });

  it.each(['allow', 'refuse', 'require'] as const)(
    'B13: accepts an order without a token if test tokens are: %s',
    (testTokens) => {
      const { btn_ref: _token, ...order } = sampleOrder();

      expect(violationsOf(validateOrder(order, { ...RULES, testTokens }))).toEqual([]);
    },
  );

  it.each(['2017-07-25T08:23:52.123456Z', '2017-07-25T10:23:52+02:00', '2016-02-29T00:00:00-11:30'])(
    'accepts the date %s without a warning',
    (purchase_date) => {
      const validation = validateOrder({ ...sampleOrder(), purchase_date }, RULES);

      expect(validation).toMatchObject({ ok: true, warnings: [] });
    },
  );

  it('lists at most 1000 violations and says that there are more', () => {
    const line_items = Array.from({ length: 3000 }, (_, index) => ({
      identifier: `line-${index}`,
      total: -1,
      upc: 'T-SHIRT-1',
    }));

    const validation = validateOrder({ ...sampleOrder(), line_items }, RULES);

    const found = violationsOf(validation);
    expect(found).toHaveLength(1001);
    expect(found.at(-1)).toBe('more_violations $');
    expect(validation.warnings).toHaveLength(1001);
    expect(validation.warnings.at(-1)?.code).toBe('more_warnings');
  });

  it('never repeats a rejected value', () => {
    const secret = 'jane.doe+S3NT1NEL@example.com';
    const poisoned = fc
      .jsonValue({ maxDepth: 4 })
      .chain((value) =>
        fc.constantFrom(secret, [secret], { [secret]: secret }, { id: secret, email: secret, value }),
      );
    const names = fc.constantFrom(...Object.keys(sampleOrder()), 'status', 'other', secret);

    fc.assert(
      fc.property(fc.dictionary(names, poisoned), (changes) => {
        const validation = validateOrder({ ...sampleOrder(), ...changes }, RULES);
        const { warnings } = validation;

        expect(JSON.stringify([validation.ok ? [] : validation.violations, warnings])).not.toContain(
          'S3NT1NEL',
        );
      }),
    );
  });

  // No time is measured: a pattern that backtracks would not return before the test times out.
  it('S28: validates hostile texts of a million characters in every field', () => {
    const hostile = ['a', ' ', '.', '0', 'T', '-', '@', 'fakesrctok-', '2017-07-25T'].flatMap((piece) => {
      const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
      return [text, `2017-07-25T08:23:52.${text}`, `${text}\n`, `a${text}ä`];
    });

    const valid = hostile.map((text) => {
      const line = {
        identifier: text,
        total: 0,
        sku: text,
        upc: text,
        category: [text],
        attributes: { [text]: text },
      };
      const customer = { id: text, email_sha256: text, device_id: text };
      const names = [
        'currency',
        'order_id',
        'purchase_date',
        'btn_ref',
        'customer_order_id',
        'partner_order_channel',
      ];
      const order = {
        ...Object.fromEntries(names.map((name) => [name, text])),
        total: 0,
        customer,
        line_items: [line],
      };
      return validateOrder(order, RULES).ok;
    });

    expect(valid).not.toContain(true);
  });
});
