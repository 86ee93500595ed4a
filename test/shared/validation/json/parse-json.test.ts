import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readCheckout } from '../../../../shared/button/checkout-webhook.ts';
import { parseJson } from '../../../../shared/validation/json/parse-json.ts';
import { readWebhook } from '../../../../shared/validation/webhooks/index.ts';
import sample from '../../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };

const integer = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });

describe('parseJson', () => {
  it('keeps every digit of an integer: as a number if one holds it, otherwise as text', () => {
    fc.assert(
      fc.property(integer, (value) => {
        const read = parseJson(`{"a":[${value}]}`) as { a: [number | string] };

        expect(String(read.a[0])).toBe(String(value));
        expect(typeof read.a[0]).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'string');
        for (const text of [`${value}`, `{"a":${value}}`, `[1,${value}]`, `[1,\n${value} ]`])
          expect(JSON.stringify(parseJson(text))).toContain(String(value));
      }),
    );
  });

  it('returns what JSON.parse returns for everything else', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/(?<![.\d])\d{16}/.test(text));
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
    expect(parseJson('["12345678901234567890",1.2345678901234567e5]')).toEqual([
      '12345678901234567890',
      1.2345678901234567e5,
    ]);
  });

  it('throws on invalid JSON, however many digits it has', () => {
    expect(() => parseJson('{')).toThrow(SyntaxError);
    expect(() => parseJson('12345678901234567890,')).toThrow(SyntaxError);
  });
});

describe('transactions, requirement 5: a numeric customer id', () => {
  it('is read as text with all its digits, in a transaction and in a checkout', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 30n }), (id) => {
        const withId = (webhook: object) =>
          Buffer.from(JSON.stringify(webhook).replaceAll('"SHOPPER"', `${id}`));
        const data = { ...sample.data, publisher_customer_id: 'SHOPPER', pub_ref: 'SHOPPER' };

        const reading = readWebhook(withId({ ...sample, data }));
        const checkout = readCheckout(
          withId({ id: 'hook-1', event_type: 'order-checkout', data: { thirdparty_id: 'SHOPPER' } }),
        );

        expect(reading).toMatchObject({
          transaction: { publisherCustomerId: String(id), pubRef: String(id) },
        });
        expect(checkout?.shopper).toBe(String(id));
      }),
    );
  });
});
