import { describe, expect, it } from 'vitest';

import { everythingIsLive } from '../../fakes/cut-over.ts';
import { createInMemoryCheckouts } from '../../fakes/in-memory-checkouts.ts';
import { quarantineWebhook } from '../../../shared/transactions/quarantine-webhook.ts';
import { replayWebhook } from '../../../shared/transactions/replay-webhook.ts';
import type { QuarantineEntry } from '../../../shared/quarantine/quarantine-store.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';
import pending from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };

function createSystem() {
  const kept = new Map<string, QuarantineEntry>();
  const replayed: string[] = [];
  const transactions = createInMemoryTransactions();
  const ports = {
    transactions,
    checkouts: createInMemoryCheckouts(),
    quarantine: {
      put: (entry: QuarantineEntry) => Promise.resolve({ isNew: kept.set(entry.id, entry).size > 0 }),
    },
    review: {
      read: (_kind: string, id: string) => {
        const entry = kept.get(id);
        return Promise.resolve(
          entry && { ...entry, refusals: 1, replays: 0, bytes: Buffer.from(entry.bytes) },
        );
      },
      markReplayed: ({ id }: { id: string }) => Promise.resolve(replayed.push(id) > 0),
    },
    cutOver: everythingIsLive,
    metrics: { add: () => undefined },
    now: () => new Date('2026-06-01T12:00:00.000Z'),
  };
  return { ports, kept, replayed, transactions };
}

async function quarantined(system: ReturnType<typeof createSystem>, body: object): Promise<string> {
  const webhook = { body: Buffer.from(JSON.stringify(body)), receivedAt: '2026-05-01T12:00:00.000Z' };
  await quarantineWebhook(webhook, { reasons: [] }, system.ports);
  return [...system.kept.keys()][0] ?? '';
}

describe('replayWebhook', () => {
  it('applies the stored bytes, marks the entry, and creates no second version of it (F12)', async () => {
    const system = createSystem();
    const id = await quarantined(system, pending);

    const outcomes = [await replayWebhook(id, system.ports), await replayWebhook(id, system.ports)];

    expect(outcomes).toEqual(['applied', 'unchanged']);
    expect(system.transactions.changes()).toHaveLength(1);
    expect(system.replayed).toEqual([id, id]);
  });

  it('stores a checkout that was quarantined before checkouts were supported, and marks the entry', async () => {
    const system = createSystem();
    const data = { btn_ref: 'fakesrctok-1', thirdparty_id: 'user-1' };
    const id = await quarantined(system, { id: 'hook-1', event_type: 'order-checkout', data });

    const outcomes = [await replayWebhook(id, system.ports), await replayWebhook(id, system.ports)];

    expect(outcomes).toEqual(['applied', 'unchanged']);
    expect([...system.ports.checkouts.all().values()]).toMatchObject([
      { eventId: 'hook-1', btnRef: 'fakesrctok-1', shopper: 'user-1' },
    ]);
    expect(system.replayed).toEqual([id, id]);
  });

  it('leaves the entry unmarked if it is still not understood', async () => {
    const system = createSystem();
    const id = await quarantined(system, { id: 'hook-odd', event_type: 'odd' });

    const outcome = await replayWebhook(id, system.ports);

    expect(outcome).toBe('quarantined');
    expect(system.replayed).toEqual([]);
  });

  it('says so if the entry is gone', async () => {
    expect(await replayWebhook('hook-gone', createSystem().ports)).toBe('unknown');
  });
});
