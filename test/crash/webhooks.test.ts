// @module-tag volume
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { everythingIsLive } from '../fakes/cut-over.ts';
import { createCheckoutStore } from '../../shared/transactions/store/checkout-store.ts';
import { eraseCheckout } from '../../shared/transactions/store/erase-checkout.ts';
import { creditReward, type RewardEntry } from '../../shared/validation/webhooks/reward-ledger.ts';
import type { TransactionChangedDetail } from '../../shared/validation/webhooks/transaction-changed.ts';
import type { ScanRun } from '../../functions/personal-data-expiry/scan-transactions.ts';
import { eraseShopper } from '../../shared/transactions/erase-shopper.ts';
import { replayWebhook } from '../../shared/transactions/replay-webhook.ts';
import { createQuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { createQuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import { deletePart, readOwner, scanAll } from '../../shared/transactions/store/transaction-scan.ts';
import { createTransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import pending from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { TABLES } from '../simulation/resources.ts';
import { endsTheSame } from './every-death.ts';
import type { Death } from './lifeline.ts';
import { createWorld, type World } from './world.ts';
import { share } from '../volume.ts';

const DAY_MS = 86_400_000;

let world: World;

beforeAll(() => {
  world = createWorld();
});

afterAll(() => {
  world.close();
});

/** A webhook about one order. Each version is a second later than the previous one. */
function webhook(second: number, changes: object = {}): string {
  const data = {
    ...pending.data,
    button_order_id: 'btnorder-1',
    modified_date: `2026-05-01T10:00:0${second}.000Z`,
    ...changes,
  };
  return JSON.stringify({ ...pending, id: `hook-${second}`, data });
}

const PENDING = webhook(0);
const ADJUSTED = webhook(1, { amount: 100 });
const VALIDATED = webhook(2, { status: 'validated', amount: 100 });
const DECLINED = webhook(3, { status: 'declined' });
const ANOTHER = webhook(2, { button_order_id: 'btnorder-2' });
const ODD = '{"id":"hook-odd","event_type":"odd"}';
/** More than fits into one item of the table, even compressed. */
const BULKY = incompressible(450_000);
const LARGE = webhook(4, { amount: 100, description: BULKY });

function incompressible(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return String.fromCharCode(33 + ((state >>> 16) % 90));
  }).join('');
}

/**
 * What must be the same in the end: what consumers make of the events, but not when versions were seen and
 * stored, nor their numbers, which are derived from that.
 */
async function ending() {
  const items = world.contents('transactions');
  const [parts, heads] = [
    items.filter((item) => 'partOf' in item),
    items.filter((item) => !('partOf' in item)),
  ];
  const quarantined = world.contents('webhookQuarantine');
  const rewards = new Map<string, RewardEntry>();
  const reported = new Set<string>();
  for (const { type, detail } of world.events()) {
    const changed = detail as TransactionChangedDetail;
    for (const [key, entry] of creditReward(rewards, changed).entries) rewards.set(key, entry);
    reported.add(JSON.stringify([type, { ...changed, version: 0, storedAt: '' }]));
  }
  return {
    transactions: await Promise.all(
      heads.map(async ({ pk, shopper }) => [shopper, await wholeOf(String(pk))]),
    ),
    // Parts without a head are harmless left-overs (docs/architecture.md), but an erased shopper must not
    // have even those.
    partsOfErased: heads.filter(
      ({ erasedAt, pk }) => erasedAt !== undefined && parts.some(({ partOf }) => partOf === pk),
    ),
    quarantined: quarantined.map(({ kind, id, bytes, reasons, replayedAt }) => ({
      ...{ kind, id, bytes, reasons },
      isReplayed: replayedAt !== undefined,
    })),
    rewards: [...rewards]
      .map(([key, { version: _version, ...reward }]) => [key, reward] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
    reported: [...reported].sort(),
    deferredWebhooks: world.deferredWebhooksQueue().bodies(),
  };
}

/** A transaction with its payload from all of its items, without the times at which versions were seen. */
async function wholeOf(key: string): Promise<unknown> {
  const stored = await transactions().read(key);
  return JSON.parse(
    JSON.stringify(stored?.value, (name, value: unknown) => {
      if (name === 'erasedAt') return 'some time';
      return ['seenAt', 'storedAt', 'version'].includes(name) ? undefined : value;
    }),
  );
}

/** Handles the queue of deferred webhooks until it is empty. */
async function workOffDeferredWebhooks(): Promise<void> {
  for (let step = 0; step < 20 && world.deferredWebhooksQueue().bodies().length > 0; step += 1) {
    await world.drainDeferredWebhooks();
    await world.pass(60_000);
  }
}

/** Whether a run of the expiry has left nothing to do. A run that has died says nothing. */
function isOver(run: unknown): boolean {
  const { outcome } = (run ?? {}) as Partial<ScanRun>;
  return outcome === 'finished' || outcome === 'nothing-due';
}

/** `before`: what has already happened; no process dies in it. */
type Story = { name: string; before?: () => Promise<void>; tells: () => Promise<void>; calls: number };

const stories: Story[] = [
  {
    name: 'a transaction from pending to validated',
    calls: 8,
    tells: async () => {
      for (const body of [PENDING, ADJUSTED, VALIDATED, PENDING]) await world.deliver(body);
    },
  },
  {
    name: 'a contradiction',
    calls: 6,
    tells: async () => {
      for (const body of [VALIDATED, DECLINED]) await world.deliver(body);
    },
  },
  { name: 'a webhook that is not understood', calls: 2, tells: () => world.deliver(ODD) },
  { name: 'a transaction of more than one item', calls: 4, tells: () => world.deliver(LARGE) },
  {
    name: 'webhooks that came while the table was down',
    calls: 8,
    tells: async () => {
      world.setDown('transactions');
      for (const body of [PENDING, ANOTHER, PENDING]) await world.deliver(body);
      await world.drainDeferredWebhooks();
      world.setDown();
      await world.pass(60_000);
      await workOffDeferredWebhooks();
    },
  },
];

/** These take fifteen calls, on more than one page of items, so many deaths. */
const longStories: Story[] = [
  {
    name: 'the expiry of personal data',
    calls: 15,
    before: async () => {
      for (const body of [LARGE, webhook(5, { status: 'validated' })]) await world.deliver(body);
      // With these, the table is more than a page, and a run with this little time reads one page.
      for (const order of ['btnorder-2', 'btnorder-3'])
        await world.deliver(webhook(4, { status: 'validated', button_order_id: order, description: BULKY }));
      await world.pass(40 * DAY_MS);
    },
    tells: async () => {
      while (!isOver(await world.invoke('personal-data-expiry', {}))) await world.pass(900_000);
    },
  },
];

const FUNCTIONS_DIE = 'that die at any of their calls leave $name as if they had not (C5, C6, F5)';

async function survives({ before, tells, calls }: Story): Promise<void> {
  const counted = await endsTheSame(world, async (death?: Death) => {
    world.reset();
    // The transactions of these webhooks are older than the deployment, but must be rewardable.
    world.setEnvironment({ LIVE_FROM: '2014-01-01T00:00:00Z' });
    await before?.();
    world.lifeline.begin(death);
    await tells();
    await world.publish();
    return ending();
  });

  expect(counted).toBeGreaterThanOrEqual(calls);
}

describe('a publisher’s functions', () => {
  it.each(share(stories, 2))(FUNCTIONS_DIE, survives);

  it.each(longStories)(FUNCTIONS_DIE, { tags: ['long'] }, survives);
});

const access = () => ({ client: world.aws().dynamodb(), table: 'transactions' });
const transactions = () => createTransactionStore({ ...access(), shopperField: 'none' });

const operations: Story[] = [
  {
    name: 'erasing a shopper',
    calls: 3,
    tells: async () => {
      for (const body of [LARGE, VALIDATED]) await world.deliver(body);
      const found = await world.operate(() =>
        eraseShopper(
          { publisherCustomerId: pending.data.publisher_customer_id },
          {
            all: scanAll(access()),
            transactions: transactions(),
            readOwner: (key) => readOwner(access(), key),
            deletePart: (part) => deletePart(access(), part),
            eraseCheckout: (item) => eraseCheckout(access(), item, world.now().toISOString()),
            now: world.now,
          },
        ),
      );
      expect(found).toBeLessThanOrEqual(1);
    },
  },
  {
    name: 'replaying a webhook',
    calls: 3,
    tells: async () => {
      // As if the code had not understood it when it arrived.
      const quarantine = createQuarantineStore({
        client: world.aws().dynamodb(),
        table: TABLES.webhookQuarantine,
        retentionDays: 30,
      });
      await quarantine.put({
        kind: 'webhook',
        id: 'hook-0',
        bytes: PENDING,
        reasons: [],
        refusedAt: '2026-06-01T12:00:00.000Z',
        origin: 'webhook',
      });
      await world.operate(() =>
        replayWebhook('hook-0', {
          transactions: transactions(),
          checkouts: createCheckoutStore(access()),
          quarantine,
          review: createQuarantineReview({ client: world.aws().dynamodb(), table: TABLES.webhookQuarantine }),
          cutOver: everythingIsLive,
          metrics: { add: () => undefined },
          now: world.now,
        }),
      );
    },
  },
];

describe('an operation', () => {
  it.each(share(operations, 2))(
    'that dies at any of its calls and is run again leaves $name as without the death (F12)',
    async ({ tells, calls }) => {
      const counted = await endsTheSame(world, async (death?: Death) => {
        world.reset();
        world.lifeline.begin(death);
        await tells();
        await world.publish();
        return ending();
      });

      expect(counted).toBeGreaterThanOrEqual(calls);
    },
  );
});
