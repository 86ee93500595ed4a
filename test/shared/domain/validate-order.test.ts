import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  DEFAULT_ORDER_RULES,
  validateOrder,
  type OrderValidation,
} from '../../../shared/domain/validate-order.ts';
import { arbitraryOrder, sampleOrder } from './order-samples.ts';
import { REFUSED_ORDERS } from './refused-examples.ts';

function violationsOf(validation: OrderValidation): string[] {
  return validation.ok ? [] : validation.violations.map(({ code, path }) => `${code} ${path}`);
}

describe('validateOrder', () => {
  it('accepts a complete order as it is, without a warning', () => {
    const order = sampleOrder();

    const validation = validateOrder(order, DEFAULT_ORDER_RULES);

    expect(validation).toEqual({ ok: true, order, warnings: [] });
  });

  it('accepts the four fields that every order needs', () => {
    const { total, currency, order_id, purchase_date } = sampleOrder();

    const validation = validateOrder({ total, currency, order_id, purchase_date }, DEFAULT_ORDER_RULES);

    expect(validation.ok).toBe(true);
  });

  it('accepts every order that keeps the rules', () => {
    fc.assert(
      fc.property(arbitraryOrder, (order) => {
        expect(validateOrder(order, DEFAULT_ORDER_RULES)).toMatchObject({ ok: true, order });
      }),
    );
  });

  it.each(REFUSED_ORDERS)('refuses $because: $code at $path', ({ code, path, order, rules }) => {
    const validation = validateOrder(order, rules);

    expect(violationsOf(validation)).toEqual([`${code} ${path}`]);
  });

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

    const validation = validateOrder(order, DEFAULT_ORDER_RULES);

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
        const validation = validateOrder({ ...order, total: order.total + difference }, DEFAULT_ORDER_RULES);

        expect(violationsOf(validation)).toEqual(['total_not_sum $.total']);
      }),
    );
  });

  it('B9: takes totals up to 2147483647 and none above', () => {
    const { line_items: _lines, ...order } = sampleOrder();

    const largest = validateOrder({ ...order, total: 2147483647 }, DEFAULT_ORDER_RULES);
    const larger = validateOrder({ ...order, total: 2147483648 }, DEFAULT_ORDER_RULES);

    expect(violationsOf(largest)).toEqual([]);
    expect(violationsOf(larger)).toEqual(['amount_above_int32 $.total']);
  });

  it('B10: every accepted order id is exactly one segment of a URL once it is encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 20 }), (orderId) => {
        const validation = validateOrder({ ...sampleOrder(), order_id: orderId }, DEFAULT_ORDER_RULES);
        fc.pre(validation.ok);

        const url = new URL(`https://api.example.com/v1/order/${encodeURIComponent(orderId)}`);

        expect(url.pathname.split('/').slice(1, 3)).toEqual(['v1', 'order']);
        expect(decodeURIComponent(url.pathname.slice('/v1/order/'.length))).toBe(orderId);
        expect(url.search + url.hash).toBe('');
      }),
    );
  });

  it('B10: accepts what URLs reserve in an order id', () => {
    const orderId = 'a/../b?c#d%2e e';

    const validation = validateOrder({ ...sampleOrder(), order_id: orderId }, DEFAULT_ORDER_RULES);

    expect(violationsOf(validation)).toEqual([]);
  });

  it('counts characters, not UTF-16 units, where Button allows 255', () => {
    const order = { ...sampleOrder(), customer_order_id: '😀'.repeat(255) };

    expect(violationsOf(validateOrder(order, DEFAULT_ORDER_RULES))).toEqual([]);
  });

  it.each(['A85E9CA18F34935AB9B0381B25BFAD2455444112B0149270FD88E3DA172FE196', 'a'.repeat(64)])(
    'B11: accepts the hash of an address in either case',
    (email_sha256) => {
      const order = { ...sampleOrder(), customer: { email_sha256 } };

      expect(violationsOf(validateOrder(order, DEFAULT_ORDER_RULES))).toEqual([]);
    },
  );

  it('B12: lets a finalization date pass where a brand allows it', () => {
    const order = { ...sampleOrder(), finalization_date: '2017-08-02T19:26:08Z' };

    const validation = validateOrder(order, { ...DEFAULT_ORDER_RULES, allowFinalizationDate: true });

    expect(validation).toMatchObject({ ok: true, order });
  });

  it.each(['allow', 'refuse', 'require'] as const)(
    'B13: accepts an order without a token where test tokens are: %s',
    (testTokens) => {
      const { btn_ref: _token, ...order } = sampleOrder();

      expect(violationsOf(validateOrder(order, { ...DEFAULT_ORDER_RULES, testTokens }))).toEqual([]);
    },
  );

  it.each(['2017-07-25T08:23:52.123456Z', '2017-07-25T10:23:52+02:00', '2016-02-29T00:00:00-11:30'])(
    'accepts the date %s without a warning',
    (purchase_date) => {
      const validation = validateOrder({ ...sampleOrder(), purchase_date }, DEFAULT_ORDER_RULES);

      expect(validation).toMatchObject({ ok: true, warnings: [] });
    },
  );

  it('lists at most 1000 violations and says that there are more', () => {
    const line_items = Array.from({ length: 3000 }, (_, index) => ({
      identifier: `line-${index}`,
      total: -1,
    }));

    const validation = validateOrder({ ...sampleOrder(), line_items }, DEFAULT_ORDER_RULES);

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
        const validation = validateOrder({ ...sampleOrder(), ...changes }, DEFAULT_ORDER_RULES);
        const { warnings } = validation;

        expect(JSON.stringify([validation.ok ? [] : validation.violations, warnings])).not.toContain(
          'S3NT1NEL',
        );
      }),
    );
  });

  // No time is measured: a pattern that backtracks would not come back before the test times out.
  it('S28: judges hostile texts of a million characters in every field', () => {
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
      return validateOrder(order, DEFAULT_ORDER_RULES).ok;
    });

    expect(valid).not.toContain(true);
  });
});
