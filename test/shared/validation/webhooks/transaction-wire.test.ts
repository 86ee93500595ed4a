import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { transactionContent, transactionKey } from '../../../../shared/validation/webhooks/transaction.ts';
import {
  readTransaction,
  readTransactionKey,
  readWebhook,
} from '../../../../shared/validation/webhooks/transaction-wire.ts';
import firstPage from '../../../fixtures/button/transactions-page-1.json' with { type: 'json' };

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../../fixtures/button/${name}.json`, import.meta.url));
}

const PENDING = JSON.parse(fixture('webhook-tx-pending').toString()) as { data: object };

function withData(changes: object): Buffer {
  return Buffer.from(JSON.stringify({ ...PENDING, data: { ...PENDING.data, ...changes } }));
}

function understood(body: Uint8Array) {
  const reading = readWebhook(body);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading;
}

describe('readWebhook', () => {
  it.each([
    'webhook-tx-pending',
    'webhook-tx-pending-adjusted',
    'webhook-tx-validated',
    'webhook-tx-declined',
    'webhook-app-install',
    'webhook-line-item-edge-cases',
  ])('understands the documented body %s', (name) => {
    const { transaction } = understood(fixture(name));

    expect(transaction.modifiedDate).toMatch(/T\d\d:\d\d:\d\d(?:\.\d{3})?Z$/);
  });

  it('reads a webhook and an API row of one version as the same content and second', () => {
    const webhook = understood(fixture('webhook-tx-pending-adjusted')).transaction;
    const row = firstPage.objects.find(({ button_order_id: id }) => id === webhook.buttonOrderId);

    const reading = readTransaction(row);

    if (!reading.ok) throw new Error('the row is not understood');
    expect(transactionContent(reading.transaction)).toBe(transactionContent(webhook));
    expect(reading.transaction.modifiedDate.slice(0, 19)).toBe(webhook.modifiedDate.slice(0, 19));
  });

  it('reads empty, null and absent amounts as the same', () => {
    const amounts = [{ amount: '', order_total: '' }, { amount: null, order_total: null }, {}].map(
      (changes) => {
        const { amount: _amount, order_total: _total, ...rest } = PENDING.data as Record<string, unknown>;
        const body = Buffer.from(JSON.stringify({ ...PENDING, data: { ...rest, ...changes } }));
        const { amountMinor, orderTotalMinor } = understood(body).transaction;
        return [amountMinor, orderTotalMinor];
      },
    );

    expect(amounts).toEqual([
      [null, null],
      [null, null],
      [null, null],
    ]);
  });

  it('stores an app install under its own id, because it has no order (D6, D7)', () => {
    const { transaction } = understood(fixture('webhook-app-install'));

    expect(transaction).toMatchObject({ buttonOrderId: null, category: 'app-install', status: 'validated' });
  });

  it('uses data.status and not event_type, known or not (D5, C4)', () => {
    const body = JSON.parse(fixture('webhook-tx-pending').toString()) as object;

    const reading = understood(Buffer.from(JSON.stringify({ ...body, event_type: 'tx-something-new' })));

    expect(reading.transaction.status).toBe('pending');
  });

  it('names path and code of what it does not understand, and never the value (C3, S15)', () => {
    const body = JSON.stringify({
      id: 'hook-1',
      event_type: 'tx-pending',
      data: { id: 'tx-1', status: 'SENTINEL' },
    });

    const reading = readWebhook(Buffer.from(body));

    expect(reading).toMatchObject({ ok: false, eventId: 'hook-1' });
    expect(JSON.stringify(reading)).toContain('$.data.status');
    expect(JSON.stringify(reading)).not.toContain('SENTINEL');
  });

  it.each([
    ['no JSON', Buffer.from('{"a": ὠe }')],
    ['nothing', Buffer.alloc(0)],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['null', Buffer.from('null')],
    ['an id that no key can hold', withData({ button_order_id: 'x'.repeat(300) })],
    ['an event id that no key can hold', Buffer.from(JSON.stringify({ ...PENDING, id: 'x'.repeat(2000) }))],
    ['half a surrogate pair', withData({ publisher_customer_id: '\ud800' })],
    [
      'deep nesting',
      Buffer.from(`{"id":"h","event_type":"t","data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
    ],
    ['a polluting key', Buffer.from('{"__proto__":{"id":"x"},"event_type":"tx-pending"}')],
  ])('does not understand %s, without throwing (C3)', (_name, body) => {
    expect(readWebhook(body).ok).toBe(false);
  });

  it('throws if it gets no bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (body) => {
          expect(() => readWebhook(body)).not.toThrow();
        },
      ),
    );
  });
});

describe('a webhook of a few kilobytes', () => {
  it('can be written as JSON again, however deeply its bytes are nested', () => {
    const nested = (depth: number) =>
      Buffer.from(
        JSON.stringify({ ...PENDING, data: { ...PENDING.data, note: 0 } }).replace(
          '"note":0',
          `"note":${'['.repeat(depth)}${']'.repeat(depth)}`,
        ),
      );
    const deepest = Math.floor((4096 - nested(0).length) / 2);

    const { payload } = understood(nested(deepest));

    expect(JSON.stringify({ body: { seen: [{ payload }] } })).toContain('['.repeat(deepest));
    expect(readWebhook(nested(20_000))).toMatchObject({ ok: false, faults: [{ code: 'too_deep' }] });
  });
});

describe('readTransactionKey', () => {
  it('has the key of every row that can be read, and none for a row without a usable id', () => {
    const id = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom(null, undefined, 7, 1.5, true, 'x'.repeat(256), 'x'.repeat(255), '\ud800', {}),
    );
    fc.assert(
      fc.property(id, id, (one, order) => {
        const row = { ...PENDING.data, id: one, button_order_id: order };
        const reading = readTransaction(row);
        expect(readTransactionKey(row)).toBe(reading.ok ? transactionKey(reading.transaction) : undefined);
      }),
    );
    for (const row of [null, 'tx-1', [], {}]) expect(readTransactionKey(row)).toBeUndefined();
  });
});

describe('values that are written differently', () => {
  const row = {
    ...{ id: 'tx-1', status: 'pending', category: 'new-user-order', button_order_id: 'btnorder-1' },
    ...{ created_date: '2026-01-01T10:00:00Z', modified_date: '2026-01-01T10:00:00Z' },
  };
  const read = (changes: object) => {
    const reading = readTransaction({ ...row, ...changes });
    return reading.ok ? reading.transaction : reading.faults;
  };

  it('are equal: usd and USD, and null, absent and empty', () => {
    const empty = {
      currency: '',
      account_id: '',
      pub_ref: '',
      commerce_organization: '',
      button_order_id: '',
    };
    const nulls = Object.fromEntries(Object.keys(empty).map((name) => [name, null]));

    expect(read({ currency: 'usd', order_currency: 'Usd' })).toEqual(
      read({ currency: 'USD', order_currency: 'USD' }),
    );
    expect(read(empty)).toEqual(read(nulls));
    expect(read({ ...empty, button_order_id: 'btnorder-1' })).toEqual(read({}));
  });

  it('are equal instants, compared with milliseconds', () => {
    expect(read({ modified_date: '2026-01-01T12:00:00.000+02:00' })).toEqual(read({}));
    expect(read({ modified_date: '2026-01-01T10:00:00.5Z' })).toMatchObject({
      modifiedDate: '2026-01-01T10:00:00.500Z',
    });
  });

  it('are read as text: a number for the customer', () => {
    expect(read({ publisher_customer_id: 12345 })).toEqual(read({ publisher_customer_id: '12345' }));
  });

  it('are read as text: a number for any id, with all of its digits', () => {
    const fields = ['id', 'button_order_id', 'account_id', 'commerce_organization'] as const;
    const passedThrough = ['publisher_customer_id', 'pub_ref'] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...fields, ...passedThrough),
        fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 10n ** 30n })),
        (field, number) => {
          const asText = withData({ [field]: String(number) });
          const asNumber = Buffer.from(
            asText.toString().replaceAll(`"${field}":"${number}"`, `"${field}":${number}`),
          );

          expect(asNumber).not.toEqual(asText);
          expect(understood(asNumber).transaction).toEqual(understood(asText).transaction);
        },
      ),
    );
  });

  it.each(['created_date', 'attribution_date'])(
    'are instants of RFC 3339 in %s, except if their year in UTC has more or fewer than four digits',
    (field) => {
      fc.assert(
        fc.property(
          fc.date({
            min: new Date('0000-01-01T00:00:00Z'),
            max: new Date('9999-12-31T23:59:59Z'),
            noInvalidDate: true,
          }),
          fc.constantFrom('Z', 'z', '+00:00', '-23:59', '+23:59'),
          fc.constantFrom('T', 't'),
          (date, offset, separator) => {
            const written = date.toISOString().replace('Z', offset).replace('T', separator);
            const reading = readWebhook(withData({ [field]: written }));
            const transaction = reading.ok ? reading.transaction : undefined;
            const instant = new Date(written.toUpperCase());
            const isoOf = instant.toISOString();

            const read = transaction?.[field === 'created_date' ? 'createdDate' : 'attributionDate'] ?? null;
            expect(read).toBe(/^\d{4}-/.test(isoOf) ? isoOf.replace('.000Z', 'Z') : null);
          },
        ),
        {
          examples: [
            [new Date('9999-12-31T23:59:59Z'), '-23:59', 'T'],
            [new Date('0000-01-01T00:00:00Z'), '+23:59', 'T'],
          ],
        },
      );
    },
  );

  it('have a digest of their lines, whatever the order of fields, and none without lines', () => {
    const lines = [{ identifier: 'a', total: 1 }];
    expect(read({ order_line_items: lines })).toEqual(
      read({ order_line_items: [{ total: 1, identifier: 'a' }] }),
    );
    expect(read({ order_line_items: lines })).not.toEqual(read({ order_line_items: [{ identifier: 'b' }] }));
    expect(read({ order_line_items: [] })).toEqual(read({ order_line_items: null }));
  });

  it('transactions, requirement 4: null, empty and absent are equal at every depth of a line item', () => {
    const blank = fc.constantFrom(null, '', [], {}, [null], { offer: null });
    const name = fc.constantFrom('offer', 'attributes', 'description', 'field_of_next_year');
    const { line } = fc.letrec<{ line: object; value: unknown }>((tie) => ({
      line: fc.dictionary(name, tie('value')),
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(0, -1, 7, false, 'a', ' '),
        blank,
        fc.array(tie('value'), { maxLength: 2 }),
        tie('line'),
      ),
    }));
    fc.assert(
      fc.property(fc.array(line), fc.nat(), blank, (lines, seed, nothing) => {
        expect(read({ order_line_items: withBlanks(lines, seed, nothing) })).toEqual(
          read({ order_line_items: lines }),
        );
      }),
    );
  });

  it('have a digest that depends neither on the order of their lines nor on the names of $0 and discount lines', () => {
    const line = fc.record(
      {
        identifier: fc.constantFrom('a', 'b', ''),
        description: fc.constantFrom('Shirt', 'Sale', null),
        total: fc.constantFrom(1000, 1, 0, -300, null),
        quantity: fc.constantFrom(1, 2),
        publisher_commission: fc.constantFrom(0, 5, -5),
      },
      { requiredKeys: [] },
    );
    const rename = (one: { total?: number | null }, name: string) =>
      (one.total ?? 0) > 0 ? one : { ...one, identifier: name, description: name };
    const lines = fc
      .array(line, { maxLength: 4 })
      .chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
          fc.string(),
        ),
      );
    fc.assert(
      fc.property(lines, ([all, mixed, name]) => {
        expect(read({ order_line_items: mixed.map((one) => rename(one, name)) })).toEqual(
          read({ order_line_items: all }),
        );
      }),
    );
  });

  it.each([
    ['the name of an article', { identifier: 'b', total: 1 }, { total: 0 }],
    ['a total', { identifier: 'a', total: 2 }, { total: 0 }],
    ['the total of a discount', { identifier: 'a', total: 1 }, { total: -1 }],
    ['the commission of a $0 line', { identifier: 'a', total: 1 }, { total: 0, publisher_commission: 5 }],
    ['one more line that is the same', { identifier: 'a', total: 1 }, { total: 0 }, { total: 0 }],
  ])('have another digest of their lines with another value of %s', (_name, ...lines) => {
    expect(read({ order_line_items: lines })).not.toEqual(
      read({ order_line_items: [{ identifier: 'a', total: 1 }, { total: 0 }] }),
    );
  });

  it.each([
    ['a number that is written otherwise', '{"total":1.0,"identifier":"a"}'],
    ['an exponent', '{"identifier":"a","total":10e-1}'],
    ['the offer of a captured webhook', '{"identifier":"a","total":1,"offer":null,"attributes":{}}'],
  ])('have the same digest of their lines with %s', (_name, line) => {
    const withLine = (text: string) =>
      understood(
        Buffer.from(withData({ order_line_items: 'LINE' }).toString().replace('"LINE"', `[${text}]`)),
      );

    expect(withLine(line).transaction).toEqual(withLine('{"identifier":"a","total":1}').transaction);
  });

  it('have the same digest of their lines with the misspelt commission, and another one with another amount', () => {
    const digestOf = (line: object) => read({ order_line_items: [line] });

    expect(digestOf({ publisher_comission: 6 })).toEqual(digestOf({ publisher_commission: 6 }));
    expect(digestOf({ publisher_comission: 0 })).not.toEqual(digestOf({}));
    expect(digestOf({ attributes: { size: 'm' } })).not.toEqual(digestOf({ attributes: { size: 'l' } }));
  });
});

/** The same JSON with one more blank in some of its objects and lists. */
function withBlanks(value: unknown, seed: number, blank: unknown): unknown {
  const adds = seed % 2 === 0;
  const inner = (one: unknown, index: number): unknown =>
    withBlanks(one, Math.floor(seed / 2) + index, blank);
  if (Array.isArray(value)) return adds ? [...value.map(inner), blank] : value.map(inner);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, one], index) => [name, inner(one, index)] as const);
  return Object.fromEntries(adds ? [...fields, ['a_blank', blank] as const] : fields);
}
