import { describe, expect, it } from 'vitest';

import { newFacts, type Fact } from '../../local/feed/fact.ts';
import { orderFacts, refusalFact } from '../../local/feed/order-facts.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';

const ENTRY = {
  brand: 'acme',
  orderId: '1994',
  newest: { kind: 'created', hash: 'one' },
  attempts: 1,
  warnings: [],
} as unknown as LedgerEntry;

const texts = (entry: LedgerEntry) => orderFacts(entry).map(({ text }) => text);

describe('the lines about orders', () => {
  it.each([
    [{ state: 'settled' }, '1994: sent to Button'],
    [
      { state: 'waiting', dueAt: '2026-01-01T00:00:00Z', reason: 'econnrefused' },
      '1994: not sent yet, because of econnrefused; it is tried again',
    ],
    [{ state: 'refused', reason: 'refused_by_button' }, '1994: refused, because of refused_by_button'],
  ] as const)('say what became of an order: %s', (progress, text) => {
    expect(texts({ ...ENTRY, progress })).toEqual(['1994: received (created)', text]);
  });

  it('say nothing twice, and something of each version', () => {
    const printed = new Set<string>();
    const settled = (hash: string): Fact[] =>
      orderFacts({ ...ENTRY, newest: { ...ENTRY.newest, hash }, progress: { state: 'settled' } });

    expect(newFacts(settled('one'), printed)).toHaveLength(2);
    expect(newFacts(settled('one'), printed)).toEqual([]);
    expect(newFacts(settled('two'), printed)).toHaveLength(2);
  });

  it('name the order of a refused message, every reason once, and where to read on', () => {
    const reason = { code: 'total_not_sum', problem: 'The sum differs.' };
    const entry = {
      kind: 'order#acme',
      id: 'message-1',
      orderId: '1994',
      reasons: [reason, reason],
      refusals: 1,
      refusedAt: '2026-01-01T00:00:00Z',
      origin: 'queue',
      replays: 0,
    };

    expect(refusalFact(entry)).toMatchObject({
      about: 'order',
      text: '1994: refused, because of total_not_sum. npm run ops -- show 1994',
    });
    expect(refusalFact({ ...entry, kind: 'webhook' }).about).toBe('webhook');
  });
});
