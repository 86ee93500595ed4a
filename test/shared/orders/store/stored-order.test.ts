import { deflateRawSync } from 'node:zlib';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decide } from '../../../../shared/orders/rules/order-decision.ts';
import { evolveAll } from '../../../../shared/orders/rules/order-evolution.ts';
import type { LedgerEntry } from '../../../../shared/orders/rules/order-ledger.ts';
import { StoredOrderSchema } from '../../../../shared/orders/store/stored-order.ts';
import entries from '../../../fixtures/ledger-entries.json' with { type: 'json' };

const instant = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
const text = fc.string({ unit: 'binary', maxLength: 300 });
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const withoutUndefined = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

/** Any order that past or future rules may have accepted. */
const order = fc
  .record({
    total: fc.oneof(fc.integer(), fc.double({ noDefaultInfinity: true, noNaN: true })),
    currency: fc.oneof(fc.constantFrom('USD', 'BGN', 'XXQ'), text),
    order_id: text,
    purchase_date: fc.oneof(instant, text),
    customer: optional(fc.dictionary(text, fc.jsonValue(), { maxKeys: 3 })),
    customer_order_id: optional(text),
    line_items: optional(fc.array(fc.dictionary(text, fc.jsonValue(), { maxKeys: 3 }), { maxLength: 3 })),
    partner_order_channel: optional(text),
    finalization_date: optional(text),
  })
  .chain((known) =>
    fc.dictionary(text, fc.jsonValue(), { maxKeys: 2 }).map((more) => ({ ...more, ...known })),
  );

const version = fc.oneof(
  fc.record({ by: fc.constant('sequence'), sequence: text }),
  fc.record({ by: fc.constant('time'), time: instant }),
);
const kind = fc.constantFrom('created', 'updated', 'cancelled');
const doubt = fc.record({
  kind: fc.constantFrom('unclear', 'confirming'),
  hash: text,
  amongOthers: optional(fc.constant(true)),
});
const due = { dueAt: instant, reason: text };
const progress = fc.oneof(
  fc.record({ state: fc.constant('settled') }),
  fc.record({ state: fc.constant('waiting'), ...due }),
  fc.record({ state: fc.constant('in-doubt'), ...due, doubt }),
  fc.record({ state: fc.constant('failing'), ...due, doubt: optional(doubt) }),
  fc.record({ state: fc.constant('refused'), reason: text, doubt: optional(doubt) }),
  fc.record({
    state: fc.constant('claimed'),
    owner: text,
    until: instant,
    hash: text,
    doubt: optional(doubt),
    retryAt: optional(instant),
  }),
);
const answer = fc.record({ status: fc.nat(), type: optional(text), message: optional(text) });
const newest = fc.record({
  version,
  latestKnown: optional(version),
  kind,
  hash: text,
  eventId: text,
  eventSource: text,
  messageId: text,
  time: instant,
  receivedAt: optional(instant),
  order: optional(order),
});
const entry = fc.record({
  brand: text,
  orderId: text,
  btnRef: optional(text),
  tokenDue: optional(fc.constant(true)),
  newest,
  heldVersion: optional(fc.record({ newest, warnings: fc.array(text, { maxLength: 3 }) })),
  reported: optional(
    fc.record({
      version,
      kind,
      hash: text,
      at: instant,
      acceptedOnly: fc.boolean(),
      buttonOrderId: optional(text),
      value: optional(fc.record({ amountMinor: fc.integer(), currency: text })),
      hasLines: optional(fc.constant(true)),
    }),
  ),
  progress,
  sent: optional(fc.record({ purchase_date: text, currency: text })),
  attempts: fc.nat(),
  isIdTaken: optional(fc.constant(true)),
  hasFailedBefore: optional(fc.constant(true)),
  failures: optional(
    fc.record({
      count: fc.nat(),
      since: instant,
      last: fc.array(fc.record({ at: instant, reason: text, answer: optional(answer) }), { maxLength: 3 }),
    }),
  ),
  failingSince: optional(instant),
  failedLookUps: optional(fc.nat()),
  warnings: fc.array(text, { maxLength: 3 }),
});

describe('orders, requirement 8: stored data can always be read', () => {
  it('whatever was stored of an order reads back unchanged, whatever the rules for orders are by then', () => {
    fc.assert(
      fc.property(entry, (given) => {
        const stored = withoutUndefined(given);

        expect(StoredOrderSchema.parse(stored)).toEqual(stored);
      }),
      { numRuns: 500 },
    );
  });

  it('even the token of an order without a known version', () => {
    const token = { brand: 'acme', orderId: 'o-1', btnRef: 'srctok-1' };

    expect(StoredOrderSchema.parse(token)).toEqual(token);
  });

  it('an entry that this code cannot read does not count as an unknown order', () => {
    fc.assert(
      fc.property(entry, fc.string(), (given, later) => {
        const stored = withoutUndefined(given) as LedgerEntry;
        const { newest, progress } = stored;
        const { newest: _newest, ...headless } = stored;
        const { progress: _progress, ...idle } = stored;
        const unreadable: unknown[] = [
          headless,
          idle,
          { ...stored, attempts: undefined },
          { ...stored, progress: { ...progress, state: `later ${later}` } },
          { ...stored, newest: { ...newest, version: { by: `later ${later}` } } },
          { brand: stored.brand, orderId: stored.orderId, [`later ${later}`]: later },
        ];

        for (const item of unreadable) expect(StoredOrderSchema.safeParse(item).success).toBe(false);
      }),
    );
  });

  it('fields that a later release has added are kept for when it is back', () => {
    fc.assert(
      fc.property(entry, (given) => {
        const stored = withoutUndefined(given) as LedgerEntry;
        const { newest, reported } = stored;
        const added = { laterField: { since: '2026' } };
        const later = {
          ...stored,
          ...added,
          newest: { ...newest, ...added },
          ...(reported && { reported: { ...reported, ...added } }),
        };

        expect(StoredOrderSchema.parse(later)).toEqual(later);
      }),
    );
  });

  it.each(entries)('what an earlier version of this code stored reads back: $orderId', (stored) => {
    expect(StoredOrderSchema.parse(stored)).toEqual(stored);
    expect(deflateRawSync(JSON.stringify(stored)).length).toBeGreaterThan(0);
  });

  it('an order in a currency that was withdrawn later can still be changed and cancelled', () => {
    const stored = StoredOrderSchema.parse(entries.find(({ orderId }) => orderId === 'withdrawn-currency'));
    const base = { id: 'event-2', source: 'shop', orderId: stored.orderId };
    const context = {
      claimant: { owner: 'run', now: new Date('2026-06-01T12:00:00.000Z'), leaseMs: 1000 },
      policy: { quietTimeMs: 0, retryBaseMs: 0, retryMaxMs: 0, jitter: () => 0 },
      isPaused: false,
      verifyBefore: undefined,
    };
    const receive = (change: object) => {
      const event = { ...base, version: { by: 'sequence', sequence: '2' }, ...change } as never;
      const incoming = { event, messageId: 'm-2', sentAt: new Date(), warnings: [], isReplay: false };
      const { events, next } = decide(stored, { command: 'receive', incoming }, context);
      return { next, state: evolveAll(stored, events) };
    };

    const cancelled = receive({ kind: 'cancelled' });
    const updated = receive({
      kind: 'updated',
      order: {
        ...(stored as LedgerEntry).newest.order,
        total: 50,
        line_items: [{ identifier: 'a', total: 50 }],
      },
    });

    expect([cancelled.next, updated.next]).toEqual([{ step: 'call' }, { step: 'call' }]);
    expect(updated.state).toMatchObject({ newest: { order: { currency: 'BGN', total: 50 } } });
  });
});
