// @module-tag volume
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { InjectedTransactionSchema } from '../../tooling/button-simulator/injected-transaction.ts';
import type { TransactionChangedDetail } from '../../shared/validation/webhooks/transaction-changed.ts';
import { volume } from '../volume.ts';
import { ContractConsumer } from './contract-consumer.ts';
import { drawPurchase, type TransactionStep } from './draw-transaction.ts';
import type { Item } from '../../tooling/local-aws/models/dynamodb-expression.ts';
import { randomFrom } from './random.ts';
import { TABLES } from './resources.ts';
import { purchasesOf } from './reward-oracle.ts';
import { SimulatedWorld } from './world.ts';

const START = '2026-06-01T12:00:00.000Z';
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const LENGTH_MS = 80 * MINUTE_MS;
const REWARDABLE = ['new-user-order', 'existing-user-order'];

type Path = 'webhooks' | 'reads' | 'both';

/** What Button does in the schedule of this seed. It is the same for every path. */
function drawSteps(seed: number, needsReads: boolean): TransactionStep[] {
  const random = randomFrom(seed, 'paths');
  const timeIn = (): number => MINUTE_MS + Math.floor(random.next() * LENGTH_MS);
  const draw = { random, startMs: Date.parse(START), timeIn, needsReads };
  return Array.from({ length: 6 }, (_, number) => drawPurchase(draw, `tx-${number}`)).flat();
}

/** A world in which Button's versions arrive by one path, or by both. */
class PathWorld {
  readonly world: SimulatedWorld;

  constructor(seed: number, path: Path, steps: readonly TransactionStep[]) {
    // In half of the worlds, the time of deployment decides what is live.
    const transactions = seed % 2 === 0 ? { liveFrom: '2026-01-01T00:00:00Z' } : {};
    this.world = new SimulatedWorld({ seed, startAt: START, transactions });
    const { clock, button } = this.world;
    const inject = (row: object): unknown => button.transactions.inject(InjectedTransactionSchema.parse(row));
    for (const { row, atMs } of steps)
      clock.at(Date.parse(START) + atMs, () => inject({ ...row, webhook: path !== 'reads' }));
    // The first webhook records the time of deployment.
    if (path === 'webhooks') inject({ id: 'tx-first', status: 'pending', category: 'app-install' });
    else this.read();
    if (path !== 'webhooks') inject({ id: 'tx-first', status: 'pending', category: 'app-install' });
    if (path === 'webhooks') return;
    for (let atMs = 10 * MINUTE_MS; atMs < LENGTH_MS + 20 * MINUTE_MS; atMs += 10 * MINUTE_MS)
      clock.at(Date.parse(START) + atMs, () => {
        this.read();
      });
  }

  read(): void {
    this.world.reconcile(['incremental']);
  }

  /** Reads everything that Button lists, whatever its dates. */
  async readAll(): Promise<void> {
    for (let day = 0; day < 2; day += 1) {
      await this.world.runFor(DAY_MS);
      this.world.reconcile(['incremental', 'sweep-daily', 'sweep-weekly']);
      await this.world.runFor(20 * MINUTE_MS);
    }
  }

  /** The stored state of each purchase: its shopper, and what a reward depends on. */
  stored(): string[] {
    return this.world.dynamodb
      .items(TABLES.transactions)
      .filter(({ aliasOf, mergedInto }) => aliasOf === undefined && mergedInto === undefined)
      .map((item) => STATE.map((name) => textOf(item, name)).join(' '))
      .sort();
  }

  /** What can be paid out, by user and currency; `all-users` adds up by currency alone. */
  balances(users: 'by-user' | 'all-users'): [string, number][] {
    const consumer = new ContractConsumer();
    for (const { detail } of this.world.bus) consumer.take(JSON.parse(detail) as TransactionChangedDetail);
    const payable = consumer.credits().filter(({ isFinal }) => isFinal);
    return sumsBy(
      payable.map(({ user, currency, amount }) => [`${user ?? 'nobody'} ${currency}`, amount]),
      users,
    );
  }

  /** What an oracle owes that knows Button's list and the settings. */
  owed(users: 'by-user' | 'all-users'): [string, number][] {
    const settings = { liveFrom: '2026-01-01T00:00:00Z', rewardableCategories: REWARDABLE };
    const purchases = purchasesOf(this.world.button.transactions.all(), settings);
    return sumsBy(
      purchases.flatMap(({ isFinal, credit, shopper, counts: [{ currency }] }): [string, number][] =>
        isFinal ? [[`${shopper ?? 'nobody'} ${currency ?? 'none'}`, credit]] : [],
      ),
      users,
    );
  }
}

function sumsBy(amounts: readonly [string, number][], users: 'by-user' | 'all-users'): [string, number][] {
  const sums = new Map<string, number>();
  for (const [name, amount] of amounts) {
    const [, currency = ''] = name.split(' ');
    const group = users === 'by-user' ? name : currency;
    sums.set(group, (sums.get(group) ?? 0) + amount);
  }
  return [...sums].filter(([, sum]) => sum !== 0).sort(([one], [other]) => (one < other ? -1 : 1));
}

const STATE = ['status', 'amountMinor', 'currency', 'delivery', 'notRewardableReason', 'conflictCause'];

function textOf(item: Item, name: string): string {
  return item[name]?.S ?? item[name]?.N ?? '-';
}

async function live(seed: number, path: Path, steps: readonly TransactionStep[]): Promise<PathWorld> {
  const lived = new PathWorld(seed, path, steps);
  await lived.world.runFor(LENGTH_MS + 30 * MINUTE_MS);
  return lived;
}

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
});

describe('the same life of transactions at Button', () => {
  const seeds = Array.from({ length: volume({ short: 3, long: 12 }) }, (_, seed) => seed);

  it.each(seeds)('ends in the same state by webhooks, by reads and by both: seed %i', async (seed) => {
    const steps = drawSteps(seed, false);

    const webhooks = await live(seed, 'webhooks', steps);
    const reads = await live(seed, 'reads', steps);
    const both = await live(seed, 'both', steps);

    expect(webhooks.stored().length).toBeGreaterThan(1);
    for (const one of [webhooks, both]) expect(one.stored()).toEqual(reads.stored());
    for (const one of [webhooks, reads, both]) expect(one.balances('by-user')).toEqual(one.owed('by-user'));
  });

  // By webhooks alone, final versions that differ are a conflict, and of two pending versions the later date
  // counts, whatever Button holds now. A path that saw a version with the shopper knows the shopper; a path
  // that saw only the last version does not.
  it.each(seeds)(
    'ends in the same state once it is read, even if webhooks contradict each other: seed %i',
    async (seed) => {
      const steps = drawSteps(seed, true);

      const worlds = [
        await live(seed, 'webhooks', steps),
        await live(seed, 'reads', steps),
        await live(seed, 'both', steps),
      ];
      for (const one of worlds) await one.readAll();

      for (const one of worlds) {
        expect(one.stored()).toEqual(worlds[0]?.stored());
        expect(one.balances('all-users')).toEqual(one.owed('all-users'));
      }
    },
  );
});
