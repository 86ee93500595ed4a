import { describe, expect, it } from 'vitest';

import { createInMemoryCheckouts } from '../../../fakes/in-memory-checkouts.ts';
import { planReconciliation } from '../../../../functions/reconciliation-planner/plan-reconciliation.ts';
import { storeRows } from '../../../../shared/reconciliation/store-rows.ts';
import { incrementalPosition } from '../../../../shared/reconciliation/rules/begin-stream.ts';
import { applyWebhook } from '../../../../shared/transactions/apply-webhook.ts';
import { cachedCutOver } from '../../../../shared/reconciliation/store/cut-over.ts';
import { markDeployment } from '../../../../shared/reconciliation/store/deployment-mark.ts';
import { startTestDynamoDB } from '../../../emulators/dynamodb.ts';
import { createInMemoryPositions } from '../../../fakes/in-memory-positions.ts';
import { createInMemoryTransactions } from '../../../fakes/in-memory-transactions.ts';

const DEPLOYED_AT = '2026-06-01T12:00:00.500Z';
const now = () => new Date(DEPLOYED_AT);

const row = (order: number, created: string) => ({
  ...{
    id: `tx-${order}`,
    button_order_id: `btnorder-${order}`,
    status: 'pending',
    amount: 600,
    currency: 'USD',
  },
  ...{ category: 'new-user-order', created_date: created, modified_date: created },
});

const quarantine = { put: () => Promise.reject(new Error('nothing is refused')) };
const metrics = { add: () => undefined };

describe('the time of deployment', () => {
  it.each(['api_key_not_set', 'a Button that lists no accounts'])(
    'is recorded by a scheduled run before any call to Button: with %s',
    async (problem) => {
      const positions = createInMemoryPositions();
      const unavailable = { ok: false, reason: 'unreadable' } as const;
      const api = {
        listAccounts: () => Promise.resolve(unavailable),
        listTransactions: () => Promise.resolve(unavailable),
      };

      await planReconciliation({
        ...{
          positions,
          metrics,
          firstRead: 'historical',
          readFrom: '2014-01-01T00:00:00Z',
          sweepDays: 120,
          lagMs: 0,
          now,
        },
        ...{ send: () => Promise.resolve(), streams: ['incremental'], tickId: 'tick-1' },
        api: problem === 'api_key_not_set' ? problem : (api as never),
      });

      expect(await positions.markDeployment('2026-07-01T00:00:00.000Z')).toBe(DEPLOYED_AT);
    },
  );

  it('is the same for webhooks and reads, whichever comes first, and what was created after it is live', async () => {
    const deliveries = async (bringsFirst: 'webhook' | 'read') => {
      const transactions = createInMemoryTransactions();
      const ports = {
        transactions,
        checkouts: createInMemoryCheckouts(),
        quarantine,
        metrics,
        now,
        cutOver: () => Promise.resolve(DEPLOYED_AT),
      };
      const position = incrementalPosition('acc-1', {
        ...{ firstRead: 'historical', readFrom: '2014-01-01T00:00:00Z', deployedAt: DEPLOYED_AT },
      });
      const rows = ['11:59:59Z', '12:00:00Z', '12:00:01Z'].map((time, order) =>
        row(order, `2026-06-01T${time}`),
      );
      const brings = {
        webhook: async () => {
          for (const data of rows) {
            const body = Buffer.from(JSON.stringify({ id: 'hook-1', event_type: 'tx-pending', data }));
            await applyWebhook({ body, receivedAt: '2026-06-05T00:00:00.000Z' }, ports);
          }
        },
        read: () =>
          storeRows(
            { rows, position, readStartedAt: '2026-06-05T00:00:00.000Z' },
            { ...ports, quarantine: quarantine, windows: { lagMs: 0 } },
          ),
      };
      await brings[bringsFirst]();
      await brings.webhook();
      await brings.read();
      return transactions.all().map(({ delivery }) => delivery);
    };

    expect(await deliveries('webhook')).toEqual(['historical', 'live', 'live']);
    expect(await deliveries('read')).toEqual(['historical', 'live', 'live']);
  });

  it.each([
    ['a purchase', { id: 'hook-1', event_type: 'tx-pending', data: row(1, '2026-06-01T12:00:01Z') }],
    ['a Ping', { id: 'hook-1', event_type: 'ping' }],
    ['a checkout', { id: 'hook-1', event_type: 'order-checkout', data: {} }],
    ['a webhook that is not understood', { id: 'hook-1', event_type: 'tx-pending', data: {} }],
  ])('is that of the first webhook, even if it is applied later: %s', async (_what, webhook) => {
    const marks: string[] = [];
    const ports = {
      ...{ transactions: createInMemoryTransactions(), checkouts: createInMemoryCheckouts(), metrics },
      quarantine: { put: () => Promise.resolve({ isNew: true }) },
      cutOver: (receivedAt: string) => Promise.resolve(marks[marks.push(receivedAt) - 1] ?? ''),
      now: () => new Date('2026-06-01T15:00:00.000Z'),
    };

    await applyWebhook({ body: Buffer.from(JSON.stringify(webhook)), receivedAt: DEPLOYED_AT }, ports);

    expect(marks).toEqual([DEPLOYED_AT]);
  });

  it('is written once, by the first caller, and read once in a process', async () => {
    const dynamodb = await startTestDynamoDB();
    try {
      const positions = { client: dynamodb.client, table: dynamodb.tables.positions };
      const later = '2026-08-01T00:00:00.000Z';
      const mark = cachedCutOver(undefined, positions);

      await mark.readAhead(AbortSignal.timeout(60_000));
      expect(await mark.at(DEPLOYED_AT)).toBe(DEPLOYED_AT);
      dynamodb.resetCounts();
      expect(await mark.at(later)).toBe(DEPLOYED_AT);
      expect(dynamodb.counts()).toEqual({});

      const next = cachedCutOver(undefined, positions);
      await next.readAhead(AbortSignal.timeout(60_000));
      dynamodb.resetCounts();
      expect(await next.at(later)).toBe(DEPLOYED_AT);
      expect(dynamodb.counts()).toEqual({});
      expect(await markDeployment(positions, later)).toBe(DEPLOYED_AT);
    } finally {
      await dynamodb.close();
    }
  });
});
