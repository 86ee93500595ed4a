import { describe, expect, it } from 'vitest';

import {
  isCustomerExpired,
  namesCustomer,
  withoutCustomer,
} from '../../../../shared/orders/rules/erase-customer.ts';
import type { LedgerEntry, OrderState } from '../../../../shared/orders/rules/order-ledger.ts';
import { eraseCustomer } from '../../../../shared/orders/erase-customer.ts';
import type { Versioned } from '../../../../shared/dynamodb/versioned-item.ts';

const HASH = 'ab'.repeat(32);

function entry(customer: object | undefined, state: 'settled' | 'claimed' = 'settled'): LedgerEntry {
  return {
    orderId: 'order-1',
    newest: { hash: 'h', order: { order_id: 'order-1', total: 1, ...(customer && { customer }) } },
    progress:
      state === 'settled' ? { state } : { state, owner: 'run', until: '2026-06-01T12:00:00Z', hash: 'h' },
  } as unknown as LedgerEntry;
}

describe('a customer of a brand', () => {
  it('is found by id, even one that was a number, or by the hash of the e-mail address in either case', () => {
    const state = entry({ id: '12345', email_sha256: HASH });

    expect(namesCustomer(state, { id: '12345' })).toBe(true);
    expect(namesCustomer(state, { emailSha256: HASH.toUpperCase() })).toBe(true);
    expect(namesCustomer(state, { id: '1234', emailSha256: '00'.repeat(32) })).toBe(false);
  });

  it('is found and erased in a version that waits for the result of a cancellation', () => {
    const held = { newest: entry({ id: 'erin' }).newest, warnings: [] };
    const state: LedgerEntry = { ...entry({ id: 'bob' }), heldVersion: held };

    expect(namesCustomer(state, { id: 'erin' })).toBe(true);
    expect(withoutCustomer(state)).toMatchObject({ heldVersion: { newest: { order: { total: 1 } } } });
    expect(JSON.stringify(withoutCustomer(state))).not.toMatch(/erin|bob/);
  });

  it('is erased together with Button’s answers, which may quote the customer', () => {
    const answer = { status: 400, type: 'validation_error', message: 'customer erin@example.com is odd' };
    const last = [
      { at: '2026-06-01T12:00:00Z', reason: 'http_500', answer },
      { at: 'x', reason: 'timeout' },
    ];
    const state: LedgerEntry = {
      ...entry({ id: 'erin' }),
      failures: { count: 2, since: '2026-06-01T12:00:00Z', last },
    };

    const erased = withoutCustomer(state);

    expect(JSON.stringify(erased)).not.toContain('erin');
    expect(erased.failures).toMatchObject({
      ...{ count: 2, last: [{ reason: 'http_500', answer: { status: 400 } }, { reason: 'timeout' }] },
    });
  });

  it('expires with the last change of an order that is over: its report, its newest version, or a held one', () => {
    const [old, now, before] = ['2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z', Date.parse('2026-05-01')];
    const aged = (receivedAt: string, reportedAt: string): LedgerEntry => {
      const { newest, ...rest } = entry({ id: 'erin' });
      return { ...rest, newest: { ...newest, receivedAt }, reported: { at: reportedAt } } as LedgerEntry;
    };
    const held = (receivedAt: string): LedgerEntry => {
      const { newest } = entry({ id: 'erin' });
      return { ...aged(old, old), heldVersion: { newest: { ...newest, receivedAt }, warnings: [] } };
    };
    const expires = (state: OrderState) => isCustomerExpired(state, before);

    expect([aged(old, old), held(old)].map(expires)).toEqual([true, true]);
    expect([aged(now, old), aged(old, now), held(now), withoutCustomer(aged(old, old))].map(expires)).toEqual(
      [false, false, false, false],
    );
  });

  it('stays with an order until that is settled or refused', () => {
    const { newest } = entry({ id: 'erin' });
    const doubt = { kind: 'unclear', hash: 'h' } as const;
    const wait = { dueAt: '2026-01-01T00:00:00Z', reason: 'r' };
    const progresses: [boolean, LedgerEntry['progress']][] = [
      [true, { state: 'settled' }],
      [true, { state: 'refused', reason: 'r' }],
      [true, { state: 'refused', reason: 'r', doubt }],
      [false, { state: 'claimed', owner: 'run', until: wait.dueAt, hash: 'h' }],
      [false, { state: 'waiting', ...wait }],
      [false, { state: 'in-doubt', ...wait, doubt }],
      [false, { state: 'failing', ...wait }],
    ];

    for (const [isExpired, progress] of progresses) {
      const state = { newest: { ...newest, time: '2026-01-01T00:00:00Z' }, progress } as LedgerEntry;
      expect([progress.state, isCustomerExpired(state, Date.parse('2026-06-01'))]).toEqual([
        progress.state,
        isExpired,
      ]);
    }
    expect(isCustomerExpired({ brand: 'acme', orderId: 'o-1' }, Infinity)).toBe(false);
  });

  it('is removed from the order, which keeps everything else; a run in progress is left alone', async () => {
    const states = new Map<string, Versioned<OrderState>>([
      ['named', { value: entry({ id: 'erin', device_id: 'd' }), revision: 3 }],
      ['other', { value: entry({ id: 'bob' }), revision: 1 }],
      ['at-work', { value: entry({ id: 'erin' }, 'claimed'), revision: 1 }],
    ]);
    async function* orderIds() {
      for (const id of states.keys()) yield await Promise.resolve(id);
    }
    const written: [OrderState, number][] = [];
    const ledger = {
      read: (id: string) => Promise.resolve(states.get(id)),
      write: (value: OrderState, revision: number) => {
        written.push([value, revision]);
        return Promise.resolve({ ok: true as const, stored: { value, revision: revision + 1 } });
      },
    };

    expect(await eraseCustomer({ id: 'erin' }, { orderIds: orderIds(), ledger })).toEqual({
      erased: 1,
      busy: 1,
    });
    const erased = entry(undefined);
    expect(written).toEqual([[{ ...erased, newest: { ...erased.newest, customerErased: true } }, 3]]);
    expect(JSON.stringify(withoutCustomer(entry({ id: 'erin' })))).not.toContain('erin');
  });
});
