// @module-tag volume
import { describe, expect, it } from 'vitest';

import { everythingIsLive } from '../fakes/cut-over.ts';
import { createInMemoryCheckouts } from '../fakes/in-memory-checkouts.ts';
import { createPace } from '../../ops/pace.ts';
import { replayWebhooks } from '../../ops/replay-webhooks.ts';
import { applyWebhook } from '../../shared/transactions/apply-webhook.ts';
import { createInMemoryTransactions, type InMemoryTransactions } from '../fakes/in-memory-transactions.ts';
import pending from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { volume } from '../volume.ts';

const ORDERS = volume({ short: 100, long: 2500 });
const EVENTS = 4 * ORDERS;

/** Webhook number `index`: each order's is adjusted three times, a second apart. */
function webhook(index: number, eventId = `hook-${index}`): Buffer {
  const order = index % ORDERS;
  const version = Math.floor(index / ORDERS);
  const data = {
    ...pending.data,
    id: `tx-${order}`,
    button_order_id: `btnorder-${order}`,
    amount: 100 + version,
    modified_date: `2026-05-01T12:00:0${version}Z`,
  };
  return Buffer.from(JSON.stringify({ ...pending, id: eventId, data }));
}

/**
 * A quarantine of webhooks that today's code understands, next to a table to which incoming webhooks are
 * applied.
 */
function createSystem() {
  const transactions = createInMemoryTransactions();
  const marked: string[] = [];
  const kept: string[] = [];
  const entryOf = (index: number, bytes: Uint8Array) => ({
    kind: 'webhook',
    id: `hook-${index}`,
    bytes,
    reasons: [],
    refusedAt: '2026-05-01T12:00:00.000Z',
    origin: 'webhook',
    refusals: 1,
    replays: 0,
  });
  const ports = {
    transactions,
    checkouts: createInMemoryCheckouts(),
    quarantine: { put: ({ id }: { id: string }) => Promise.resolve({ isNew: kept.push(id) > 0 }) },
    review: {
      read: (_kind: string, id: string) => {
        const index = Number(id.replace('hook-', ''));
        return Promise.resolve(index < EVENTS ? entryOf(index, webhook(index)) : undefined);
      },
      markReplayed: ({ id }: { id: string }) => Promise.resolve(marked.push(id) > 0),
    },
    cutOver: everythingIsLive,
    now: () => new Date('2026-06-01T12:00:00.000Z'),
  };
  const receive = (body: Uint8Array) =>
    applyWebhook(
      { body, receivedAt: '2026-05-01T12:00:00.000Z' },
      { ...ports, metrics: { add: () => undefined } },
    );
  return { ports, transactions, marked, kept, receive };
}

/** A clock that moves only when the code waits. */
function createClock() {
  let nowMs = 0;
  const wait = (ms: number): Promise<void> => Promise.resolve(void (nowMs += ms));
  return { nowMs: () => nowMs, wait };
}

/** The events of the table's changes, as `key version`. */
function eventsOf({ changes }: InMemoryTransactions): string[] {
  return changes()
    .filter(({ before, after }) => before?.version !== after.version)
    .map(({ after }) => `${after.key} ${after.version}`);
}

const ALL_IDS = Array.from({ length: EVENTS }, (_, index) => `hook-${index}`);

describe('replayWebhooks', () => {
  it(`applies ${EVENTS} events beside incoming webhooks without publishing one twice (F12)`, async () => {
    const { ports, transactions, marked, receive } = createSystem();
    let live = 0;
    // With every replay a live webhook arrives, in another order. Some of them are the replayed ones.
    const pace = async () => {
      const index = (live * 7919) % EVENTS;
      live += 1;
      await receive(webhook(index, index % 3 === 0 ? `hook-${index}` : `hook-live-${index}`));
    };

    const counts = await replayWebhooks(ALL_IDS, { ...ports, pace, isDryRun: false });
    const eventsAfterFirst = eventsOf(transactions);
    const again = await replayWebhooks(ALL_IDS, {
      ...ports,
      pace: () => Promise.resolve(),
      isDryRun: false,
    });

    expect(counts.applied + counts.unchanged).toBe(EVENTS);
    expect(live).toBe(EVENTS);
    expect(new Set(eventsAfterFirst).size).toBe(eventsAfterFirst.length);
    expect(again).toEqual({ applied: 0, unchanged: EVENTS, quarantined: 0, ping: 0, unknown: 0 });
    expect(eventsOf(transactions)).toEqual(eventsAfterFirst);
    const amounts = transactions.all().map(({ candidates }) => candidates[0].transaction.amountMinor);
    expect(amounts).toEqual(Array.from({ length: ORDERS }, () => 103));
    expect(marked).toHaveLength(2 * EVENTS);
  });

  it('limits its rate to 50 events a second (F12)', async () => {
    const { ports } = createSystem();
    const clock = createClock();

    await replayWebhooks(ALL_IDS, { ...ports, pace: createPace(50, clock), isDryRun: false });

    expect(clock.nowMs()).toBeCloseTo(((EVENTS - 1) * 1000) / 50);
  });

  it('shows the result in a dry run, and changes nothing (F12)', async () => {
    const { ports, transactions, marked, kept, receive } = createSystem();
    for (let index = 0; index < ORDERS; index += 1) await receive(webhook(index));
    const changesBefore = transactions.changes().length;
    const ids = [...ALL_IDS, `hook-${EVENTS}`];
    const pace = () => Promise.resolve();

    const dry = await replayWebhooks(ids, { ...ports, pace, isDryRun: true });
    const changesAfterDryRun = transactions.changes().length;
    const markedAfterDryRun = [...marked];
    const real = await replayWebhooks(ids, { ...ports, pace, isDryRun: false });

    expect(dry).toEqual({ applied: EVENTS - ORDERS, unchanged: ORDERS, quarantined: 0, ping: 0, unknown: 1 });
    expect(changesAfterDryRun).toBe(changesBefore);
    expect([...markedAfterDryRun, ...kept]).toEqual([]);
    expect(real).toEqual(dry);
  });
});
