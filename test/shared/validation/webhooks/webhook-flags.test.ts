import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readTransaction } from '../../../../shared/validation/webhooks/transaction-wire.ts';
import { webhookFlags } from '../../../../shared/validation/webhooks/webhook-flags.ts';

type Webhook = { event_type: string; data: Record<string, unknown> };

function fixture(name: string): Webhook {
  return JSON.parse(
    readFileSync(new URL(`../../../fixtures/button/${name}.json`, import.meta.url), 'utf8'),
  ) as Webhook;
}

function flagsOf({ event_type: eventType, data }: Webhook): readonly string[] {
  const reading = readTransaction(data);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return webhookFlags(eventType, reading.transaction, data);
}

const pending = fixture('webhook-tx-pending');
const line = { identifier: 'a', publisher_commission: 368 };

describe('webhookFlags', () => {
  it.each([
    'webhook-tx-pending',
    'webhook-tx-pending-adjusted',
    'webhook-tx-validated',
    'webhook-tx-declined',
    'webhook-app-install',
  ])('finds no flag for the documented body %s', (name) => {
    expect(flagsOf(fixture(name))).toEqual([]);
  });

  it('accepts negative, free and total-less lines, and flags only the misspelling (D8)', () => {
    expect(flagsOf(fixture('webhook-line-item-edge-cases'))).toEqual(['misspelt_commission']);
  });

  it.each<[string, string, Webhook]>([
    ['unknown_event_type', 'another event type (C4)', { ...pending, event_type: 'tx-disputed' }],
    [
      'event_type_mismatch',
      'a type that contradicts the status (D5)',
      { ...pending, event_type: 'tx-declined' },
    ],
    ['unknown_category', 'another category', { ...pending, data: { ...pending.data, category: 'refund' } }],
    [
      'missing_order_id',
      'an order without its id',
      { ...pending, data: { ...pending.data, button_order_id: null } },
    ],
    ['total_mismatch', 'another order total', { ...pending, data: { ...pending.data, order_total: 1 } }],
    ['commission_mismatch', 'another amount', { ...pending, data: { ...pending.data, amount: 367 } }],
    [
      'commission_mismatch',
      'a commission that is no number',
      { ...pending, data: { ...pending.data, order_line_items: [{ ...line, publisher_commission: '368' }] } },
    ],
    [
      'unreadable_line_items',
      'lines that are no objects',
      { ...pending, data: { ...pending.data, order_line_items: [1] } },
    ],
    [
      'unreadable_line_items',
      'lines that are no list',
      { ...pending, data: { ...pending.data, order_line_items: {} } },
    ],
    ['unknown_field', 'a new field', { ...pending, data: { ...pending.data, loyalty_tier: 'gold' } }],
    [
      'unknown_field',
      'a new field of a line',
      { ...pending, data: { ...pending.data, order_line_items: [{ ...line, returned: true }] } },
    ],
  ])('flags %s: %s', (flag, _what, webhook) => {
    expect(flagsOf(webhook)).toEqual([flag]);
  });

  it('treats null as no lines (D8)', () => {
    expect(flagsOf({ ...pending, data: { ...pending.data, order_line_items: null } })).toEqual([]);
  });

  it('throws if it gets no payload', () => {
    const reading = readTransaction(pending.data);
    if (!reading.ok) throw new Error('the fixture is not understood');
    const { transaction } = reading;

    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, eventType) => {
        expect(() => webhookFlags(eventType, transaction, { order_line_items: value })).not.toThrow();
        expect(() => webhookFlags(eventType, transaction, value)).not.toThrow();
      }),
    );
  });
});
