import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { transactionContent } from '../../../shared/domain/transaction.ts';
import { readTransaction, readWebhook } from '../../../shared/button/transaction-wire.ts';
import firstPage from '../../fixtures/button/transactions-page-1.json' with { type: 'json' };

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/button/${name}.json`, import.meta.url));
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

    expect(transaction.modifiedDate).toMatch(/T\d\d:\d\d:\d\dZ$/);
  });

  it('reads a webhook and an API row of one version as the same content and time', () => {
    const webhook = understood(fixture('webhook-tx-pending-adjusted')).transaction;
    const row = firstPage.objects.find(({ button_order_id: id }) => id === webhook.buttonOrderId);

    const reading = readTransaction(row);

    if (!reading.ok) throw new Error('the row is not understood');
    expect(transactionContent(reading.transaction)).toBe(transactionContent(webhook));
    expect(reading.transaction.modifiedDate).toBe(webhook.modifiedDate);
  });

  it('takes an app install by its own id, because it has no order (D6, D7)', () => {
    const { transaction } = understood(fixture('webhook-app-install'));

    expect(transaction).toMatchObject({ buttonOrderId: null, category: 'app-install', status: 'validated' });
  });

  it('lets data.status rule over event_type, known or not (D5, C4)', () => {
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

  it('throws for no bytes at all', () => {
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
