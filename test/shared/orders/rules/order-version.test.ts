import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import {
  initialState,
  type LedgerEntry,
  type NewestVersion,
  type Progress,
} from '../../../../shared/orders/rules/order-ledger.ts';
import {
  contradictsReported,
  isCopyOf,
  toNewestVersion,
  unreportedSince,
  type IncomingVersion,
} from '../../../../shared/orders/rules/order-version.ts';
import type { OrderEvent } from '../../../../shared/validation/orders/order-event.ts';
import { OrderSchema, type Order } from '../../../../shared/validation/orders/order.ts';

const sample = OrderSchema.parse(
  JSON.parse(readFileSync(new URL('../../../fixtures/button/order-create.json', import.meta.url), 'utf8')),
);
const FIRST = '2026-06-01T10:00:00.000Z';
const SENT = '2026-06-01T12:00:00.000Z';

function incoming(kind: OrderEvent['kind'], sequence: number, order: Order = sample): IncomingVersion {
  const version = { by: 'sequence', sequence: String(sequence) } as const;
  const attributes = { id: `e-${sequence}`, source: 's', orderId: sample.order_id, version };
  const event: OrderEvent = kind === 'cancelled' ? { ...attributes, kind } : { ...attributes, kind, order };
  return { event, messageId: `m-${sequence}`, sentAt: new Date(SENT), warnings: [], isReplay: false };
}

function newestOf(state: LedgerEntry | undefined, message: IncomingVersion): NewestVersion {
  const newest = toNewestVersion(state ?? initialState('acme', sample.order_id), message);
  if (newest === 'line_items_missing') throw new Error('The lines are missing');
  return newest;
}

/** An entry whose newest version is that of the first message, and has this progress. */
function entry(progress: Progress, changes: Partial<NewestVersion> = {}): LedgerEntry {
  const newest = { ...newestOf(undefined, incoming('created', 1)), receivedAt: FIRST, ...changes };
  return { brand: 'acme', orderId: sample.order_id, newest, progress, attempts: 0, warnings: [] };
}

const due = { dueAt: SENT, reason: 'http_503' };
const unclear = { kind: 'unclear', hash: 'h' } as const;

describe('a version', () => {
  it.each<[string, Progress, string | undefined]>([
    ['a claimed version', { state: 'claimed', owner: 'o', until: SENT, hash: 'h' }, FIRST],
    ['a version that waits', { state: 'waiting', ...due }, FIRST],
    ['a version that keeps failing', { state: 'failing', ...due }, FIRST],
    ['a version in doubt', { state: 'in-doubt', ...due, doubt: unclear }, FIRST],
    [
      'a version that is confirmed once more',
      { state: 'in-doubt', ...due, doubt: { ...unclear, kind: 'confirming' } },
      undefined,
    ],
    ['a settled version', { state: 'settled' }, undefined],
    ['a refused version', { state: 'refused', reason: 'refused_by_button' }, undefined],
  ])('waits since its order first lacked something: after %s', (_what, progress, since) => {
    const state = entry(progress);

    expect(unreportedSince(state)).toBe(since);
    expect(newestOf(state, incoming('updated', 2)).receivedAt).toBe(since ?? SENT);
  });

  it('of an unknown order lacks nothing before it', () => {
    expect(unreportedSince(initialState('acme', 'o-1'))).toBeUndefined();
    expect(newestOf(undefined, incoming('created', 1)).receivedAt).toBe(SENT);
  });

  it('names the entry that was replayed, if there is one', () => {
    const replayed = newestOf(undefined, { ...incoming('created', 1), replayOf: 'm-0' });

    expect(replayed.replayOf).toBe('m-0');
    expect(newestOf(undefined, incoming('created', 1))).not.toHaveProperty('replayOf');
  });

  it('counts each change of its customer, also over a cancellation, and names none in its digest', () => {
    const other = { ...sample, customer: { id: 'another' } };
    const { customer: _customer, ...nobody } = sample;
    const settled = (newest: NewestVersion): LedgerEntry => ({ ...entry({ state: 'settled' }), newest });

    const first = newestOf(undefined, incoming('created', 1));
    const same = newestOf(settled(first), incoming('updated', 2));
    const second = newestOf(settled(first), incoming('updated', 2, other));
    const cancelled = newestOf(settled(second), incoming('cancelled', 3));
    const third = newestOf(settled(cancelled), incoming('updated', 4, other));
    const unnamed = newestOf(settled(cancelled), incoming('updated', 4, nobody));

    expect([same, second, cancelled, third, unnamed].map((one) => one.customerChanges)).toEqual([
      undefined,
      1,
      1,
      2,
      1,
    ]);
    expect(first).not.toHaveProperty('customerChanges');
    expect(same.hash).toBe(first.hash);
    expect(second.hash).toBe(`${first.hash} 1`);
    expect(isCopyOf(second, incoming('updated', 2, other))).toBe(true);
    expect(isCopyOf(second, incoming('updated', 2))).toBe(false);
  });

  it('remembers that its customer was erased until it names one, and counts that one as no change', () => {
    const { customer: _customer, ...nobody } = sample;
    const erased = entry({ state: 'settled' }, { order: nobody, customerErased: true });

    const without = newestOf(erased, incoming('updated', 2, nobody));
    const named = newestOf(erased, incoming('updated', 2));
    const cancelled = newestOf(erased, incoming('cancelled', 2));
    const never = newestOf(entry({ state: 'settled' }), incoming('cancelled', 2));

    expect([without.customerErased, cancelled.customerErased]).toEqual([true, true]);
    expect([named, never].map((one) => Object.hasOwn(one, 'customerErased'))).toEqual([false, false]);
    expect(named).not.toHaveProperty('customerChanges');
    expect(
      newestOf(entry({ state: 'settled' }, { order: nobody }), incoming('updated', 2, nobody)),
    ).not.toHaveProperty('customerErased');
  });

  it('contradicts reported lines unless their total is known to be the same', () => {
    const reported = { hash: 'h', at: FIRST, acceptedOnly: false, kind: 'created' } as const;
    const lines = { ...reported, version: { by: 'sequence', sequence: '1' }, hasLines: true } as const;
    const value = { amountMinor: 500, currency: 'USD' };

    expect(contradictsReported(500, { reported: { ...lines, value } })).toBe(false);
    expect(contradictsReported(501, { reported: { ...lines, value } })).toBe(true);
    expect(contradictsReported(500, { reported: lines })).toBe(true);
    expect(contradictsReported(500, {})).toBe(false);
  });

  it('keeps an empty list of lines with a total of 0 only', () => {
    const empty = { ...sample, total: 0, line_items: [] };
    const { line_items: _lines, ...bare } = sample;
    const state = entry({ state: 'settled' }, { order: empty });

    expect(newestOf(state, incoming('updated', 2, { ...bare, total: 0 })).order?.line_items).toEqual([]);
    expect(newestOf(state, incoming('updated', 2, { ...bare, total: 5 })).order).not.toHaveProperty(
      'line_items',
    );
  });
});
