import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { LedgerEntry, Progress } from '../../../../shared/orders/rules/order-ledger.ts';
import { OrderSchema } from '../../../../shared/validation/orders/order.ts';
import type { OrderLedger } from '../../../../shared/orders/store/order-ledger-store.ts';

const order = OrderSchema.parse(
  JSON.parse(readFileSync(new URL('../../../fixtures/button/order-create.json', import.meta.url), 'utf8')),
);
const noon = '2026-06-01T12:00:00.000Z';
const at = (minute: number): string => new Date(Date.parse(noon) + minute * 60_000).toISOString();

let nextOrder = 0;

function entry(progress: Progress, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  nextOrder += 1;
  return {
    brand: 'acme',
    orderId: `order ${nextOrder} #/é`,
    newest: {
      version: { by: 'sequence', sequence: '10000000000000000001' },
      kind: 'updated',
      hash: 'hash',
      eventId: 'event-1',
      eventSource: 'https://shop.example',
      messageId: 'message-1',
      time: noon,
      order,
    },
    reported: {
      version: { by: 'time', time: noon },
      kind: 'created',
      hash: 'hash',
      at: noon,
      acceptedOnly: true,
      buttonOrderId: 'btnorder-1',
      value: { amountMinor: 7350, currency: 'USD' },
    },
    progress,
    attempts: 3,
    failedLookUps: 2,
    warnings: ['upc_malformed'],
    ...changes,
  };
}

const waiting = (dueAt: string): Progress => ({ state: 'waiting', dueAt, reason: 'http_503' });

/** What every implementation of the ledger promises. `open` returns one that is empty at the first call. */
export function describeOrderLedger(name: string, open: () => OrderLedger): void {
  describe(`the ledger ${name}`, () => {
    it.each<[string, Progress]>([
      [
        'claimed',
        {
          state: 'claimed',
          owner: 'run',
          until: noon,
          hash: 'h',
          doubt: { kind: 'unclear', hash: 'h' },
          retryAt: noon,
        },
      ],
      ['waiting', waiting(noon)],
      [
        'in doubt',
        { state: 'in-doubt', dueAt: noon, reason: 'timeout', doubt: { kind: 'confirming', hash: 'h' } },
      ],
      ['settled', { state: 'settled' }],
      ['refused', { state: 'refused', reason: 'too_late' }],
    ])('returns what was stored: an entry that is %s', async (_state, progress) => {
      const store = open();
      const given = entry(progress);

      await store.write(given, 0);

      expect(await store.read(given.orderId)).toEqual({ value: given, revision: 1 });
    });

    it('knows nothing of an order that nobody wrote', async () => {
      expect(await open().read('nobody')).toBeUndefined();
    });

    it('overwrites only the expected revision, and otherwise returns the current entry', async () => {
      const store = open();
      const first = entry({ state: 'settled' });
      const second = { ...first, attempts: 4 };

      const results = [
        await store.write(first, 0),
        await store.write(second, 0),
        await store.write(second, 1),
        await store.write(first, 1),
      ];

      expect(results).toEqual([
        { ok: true, stored: { value: first, revision: 1 } },
        { ok: false, current: { value: first, revision: 1 } },
        { ok: true, stored: { value: second, revision: 2 } },
        { ok: false, current: { value: second, revision: 2 } },
      ]);
    });

    it('lets one of many concurrent writers win', async () => {
      const store = open();
      const given = entry({ state: 'settled' });

      const results = await Promise.all(Array.from({ length: 8 }, () => store.write(given, 0)));

      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    });

    it('lists what is due, the longest due first, up to a limit, and nothing that is not due', async () => {
      const store = open();
      const early = new Date('2001-01-01T00:00:00.000Z');
      const dueIn2000 = (minute: number) => at(minute).replace('2026', '2000');
      const entries = [4, 1, 3, 2].map((minute) => entry(waiting(dueIn2000(minute))));
      for (const one of entries) await store.write(one, 0);
      await store.write(entry(waiting(noon)), 0);
      await store.write(entry({ state: 'settled' }), 0);
      await store.write(entry({ state: 'claimed', owner: 'run', until: noon, hash: 'h' }), 0);

      const due = await store.listDue(early, 3);

      expect(due.map(({ dueAt }) => dueAt)).toEqual([dueIn2000(1), dueIn2000(2), dueIn2000(3)]);
      expect(due[0]?.orderId).toBe(entries[1]?.orderId);
    });

    it('lists what is due from that very instant on', async () => {
      const store = open();
      const given = entry(waiting('1980-01-01T00:00:00.000Z'));
      await store.write(given, 0);

      expect(await store.listDue(new Date('1979-12-31T23:59:59.999Z'), 10)).toEqual([]);
      expect(await store.listDue(new Date('1980-01-01T00:00:00.000Z'), 10)).toEqual([
        { orderId: given.orderId, dueAt: '1980-01-01T00:00:00.000Z', attempts: 3 },
      ]);
      await store.write({ ...given, progress: { state: 'settled' } as const }, 1);
    });

    it('lists the latest due first on request, each with its arrival and its tries', async () => {
      const store = open();
      const dueAt = (minute: number) => at(minute).replace('2026', '1970');
      const entries = [1, 2, 3].map((minute) => {
        const { newest, ...rest } = entry(waiting(dueAt(minute)), { attempts: minute });
        return { ...rest, newest: { ...newest, receivedAt: at(minute) } };
      });
      for (const one of entries) await store.write(one, 0);

      const due = await store.listDue(new Date('1971-01-01T00:00:00.000Z'), 2, { latestFirst: true });

      expect(due).toEqual(
        [3, 2].map((minute) => ({
          orderId: entries[minute - 1]?.orderId,
          dueAt: dueAt(minute),
          receivedAt: at(minute),
          attempts: minute,
        })),
      );
      for (const one of entries) await store.write({ ...one, progress: { state: 'settled' } as const }, 1);
    });

    it('no longer lists finished orders, and lists a claim that is watched', async () => {
      const store = open();
      const given = entry(waiting('1990-01-01T00:00:00.000Z'));
      const before = new Date('1995-01-01T00:00:00.000Z');
      await store.write(given, 0);
      const retryAt = '1991-01-01T00:00:00.000Z';

      const claimed: Progress = { state: 'claimed', owner: 'run', until: noon, hash: 'h', retryAt };
      await store.write({ ...given, progress: claimed }, 1);
      const watched = await store.listDue(before, 10);
      await store.write({ ...given, progress: { state: 'settled' } as const }, 2);

      expect(watched).toEqual([{ orderId: given.orderId, dueAt: retryAt, attempts: 3 }]);
      expect(await store.listDue(before, 10)).toEqual([]);
    });
  });
}
