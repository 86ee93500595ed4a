// @module-tag volume
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTransactionsApi } from '../../shared/button/transactions-api.ts';
import { createEventBus } from '../../shared/transactions/event-bus.ts';
import { republishEvents } from '../../shared/transactions/republish-events.ts';
import { startBackfill } from '../../shared/transactions/backfill.ts';
import { readRange } from '../../shared/reconciliation/read-range.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { createPositionStore } from '../../shared/reconciliation/store/position-store.ts';
import { createQuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import { scanPublished } from '../../shared/transactions/store/transaction-scan.ts';
import { createTransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import { QUEUES, TABLES } from '../simulation/resources.ts';
import { endsTheSame } from './every-death.ts';
import type { Death } from './lifeline.ts';
import { API_KEY, createWorld, type World } from './world.ts';
import { share } from '../volume.ts';

const MINUTE_MS = 60_000;

let world: World;

beforeAll(() => {
  world = createWorld();
});

afterAll(() => {
  world.close();
});

/** Adds transactions to Button without webhooks. */
function inject(count: number): void {
  for (let index = 0; index < count; index += 1) {
    world.button().injectTransaction({
      ...{ id: `tx-${index}`, button_order_id: `btnorder-${index}` },
      ...{ amount: 100 + index, currency: 'USD', webhook: false },
    });
  }
}

/** Everything that a dead process leaves behind returns within this time. */
async function workOff(): Promise<void> {
  for (let step = 0; step < 4; step += 1) {
    await world.drainReadQueue();
    await world.pass(2 * MINUTE_MS);
  }
}

async function tick(streams: readonly string[]): Promise<void> {
  await world.pass(10 * MINUTE_MS);
  await world.invoke('reconciliation-planner', { streams });
  await workOff();
}

/** Two ticks of the planner. A process dies in the first one at the latest. */
async function reconcile(streams: readonly string[]): Promise<void> {
  await tick(streams);
  world.lifeline.end();
  await tick(streams);
}

/** What must be the same in the end. It does not matter which worker read what, and what it found. */
function ending(): unknown {
  const transactions = world.contents('transactions');
  const positions = world.contents('positions');
  const quarantined = world.contents('webhookQuarantine');
  const end = {
    transactions: transactions.map(({ pk, changes, status, amountMinor, delivery }) => ({
      ...{ pk, changes, status, amountMinor, delivery },
    })),
    positions: positions
      .filter(({ stream }) => !String(stream).startsWith('drift-'))
      .map(({ account, stream, readThrough, readUntil, window }) => ({
        ...{ account, stream, window },
        // A sweep that was started again ends later.
        readThrough: readUntil === undefined ? readThrough : readThrough === readUntil,
      })),
    quarantined: quarantined.map(({ kind, id, bytes }) => ({ kind, id, bytes })),
    // The time at which a version was stored depends on the death, and so does its number, which is derived
    // from it.
    reported: [
      ...new Set(
        world
          .events()
          .map(({ type, detail }) => JSON.stringify([type, { ...detail, version: 0, storedAt: '' }])),
      ),
    ].sort(),
    readQueue: world.readQueue().bodies(),
  };
  // The simulator gives its only account another id every time.
  return JSON.parse(JSON.stringify(end).replaceAll(/acc-[0-9a-f]+/g, 'acc')) as unknown;
}

const positions = () => createPositionStore({ client: world.aws().dynamodb(), table: TABLES.positions });
const transactionsAccess = () => ({ client: world.aws().dynamodb(), table: TABLES.transactions });
const transactions = () => createTransactionStore({ ...transactionsAccess(), shopperField: 'none' });
const account = () => world.button().accounts()[0]?.id ?? '';

type Story = { name: string; before?: () => Promise<void>; tells: () => Promise<void>; calls: number };

const stories: Story[] = [
  { name: 'a first read of several pages and slices', calls: 12, tells: () => reconcile(['incremental']) },
  {
    name: 'a sweep',
    calls: 12,
    before: () => tick(['incremental']),
    tells: () => reconcile(['incremental', 'sweep-daily']),
  },
  {
    name: 'a comparison of the lists',
    calls: 12,
    before: () => tick(['incremental']),
    tells: () => reconcile(['incremental', 'cross-check']),
  },
  {
    name: 'a backfill',
    calls: 8,
    tells: async () => {
      await world.operate(() =>
        startBackfill(
          {
            ...{ account: account(), id: 'may', delivery: 'live' as const },
            ...{ from: '2026-05-31T00:00:00Z', to: '2026-06-01T12:30:00Z' },
          },
          {
            positions: positions(),
            send: createFifoSender({ client: world.aws().sqs(), queueUrl: QUEUES.readQueue }),
            now: world.now,
          },
        ),
      );
      await world.pass(60 * MINUTE_MS);
      await workOff();
      world.lifeline.end();
      // The next tick continues what a dead worker has left.
      await tick(['incremental']);
    },
  },
  {
    name: 'rebuilding a range',
    calls: 8,
    tells: async () => {
      const outcome = await world.operate(() =>
        readRange(
          {
            ...{ account: account(), delivery: 'live' as const },
            ...{ from: '2026-06-01T00:00:00Z', to: '2026-06-02T00:00:00Z' },
          },
          {
            api: createTransactionsApi(world.buttonHttp(), API_KEY),
            transactions: transactions(),
            quarantine: createQuarantineStore({
              ...{ client: world.aws().dynamodb(), table: TABLES.webhookQuarantine, retentionDays: 30 },
            }),
            pageSize: 2,
            now: world.now,
          },
        ),
      );
      expect(outcome.outcome).toBe('complete');
    },
  },
  {
    name: 'publishing again',
    calls: 2,
    before: () => tick(['incremental']),
    tells: async () => {
      await world.operate(() =>
        republishEvents({
          all: scanPublished(transactionsAccess(), {
            ...{ start: '2026-06-01T00:00:00Z', end: '2026-06-02T00:00:00Z' },
          }),
          putEvents: createEventBus({ client: world.aws().eventBridge(), busName: 'events' }),
          includePersonalFields: false,
        }),
      );
    },
  },
];

describe('the planner and the reconciler', () => {
  it.each(share(stories, 2))(
    'that die at any of their calls leave $name as without the death (E2, E5, E7, E19, F6)',
    async ({ before, tells, calls }) => {
      const counted = await endsTheSame(world, async (death?: Death) => {
        world.reset();
        inject(3);
        await before?.();
        world.lifeline.begin(death);
        await tells();
        await world.publish();
        return ending();
      });

      expect(counted).toBeGreaterThanOrEqual(calls);
    },
  );
});
