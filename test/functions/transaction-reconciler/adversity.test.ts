// @module-tag volume
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { planReconciliation } from '../../../functions/reconciliation-planner/plan-reconciliation.ts';
import type { PlannedStream } from '../../../functions/reconciliation-planner/plan-reconciliation.ts';
import { reconcile, type ReconcileOutcome } from '../../../shared/reconciliation/reconcile.ts';
import { readTransaction } from '../../../shared/validation/webhooks/transaction-wire.ts';
import { createTransactionsApi } from '../../../shared/button/transactions-api.ts';
import { isGap } from '../../../shared/reconciliation/rules/gap.ts';
import {
  transactionContent,
  type Observation,
  type TransactionRecord,
} from '../../../shared/validation/webhooks/transaction.ts';
import { RetryableError } from '../../../shared/runtime/errors.ts';
import type { StreamToRead, ReadMessage } from '../../../shared/reconciliation/rules/read-message.ts';
import { applyTransaction } from '../../../shared/transactions/apply-transaction.ts';
import { createInMemoryPositions } from '../../fakes/in-memory-positions.ts';
import { createInMemoryQuarantine } from '../../fakes/in-memory-stores.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';
import { sentReadMessage } from './sent-read-message.ts';
import { HostileButton, randomFrom, type HostileRow, type Random } from './hostile-button.ts';
import { volume } from '../../volume.ts';

/** The process is dead: it does nothing more. */
class Killed extends Error {}

const HOUR_MS = 3_600_000;
const LAG_MS = 120_000;
const CALM = { faults: 0, changes: 0 };

type Scenario = {
  seed: number;
  faults: number;
  changes: number;
  kills: number;
  /** How far this system's clock is ahead of Button's. */
  skewMs: number;
  newestFirst: boolean;
};

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.integer(),
  faults: fc.double({ min: 0, max: 0.4, noNaN: true }),
  changes: fc.double({ min: 0, max: 0.4, noNaN: true }),
  kills: fc.double({ min: 0, max: 0.05, noNaN: true }),
  skewMs: fc.integer({ min: -300_000, max: 300_000 }),
  newestFirst: fc.boolean(),
});

/** All of reconciliation in memory, on its own clock. */
class World {
  readonly button: HostileButton;
  readonly positions = createInMemoryPositions();
  readonly transactions = createInMemoryTransactions();
  readonly quarantine = createInMemoryQuarantine();
  readonly outcomes: ReconcileOutcome[] = [];
  kills: number;

  readonly #random: Random;
  readonly #clock = { ms: Date.parse('2026-06-01T00:00:00Z') };
  readonly #skewMs: number;
  readonly #reached = new Map<string, string>();
  #queue: StreamToRead[] = [];
  #webhooks: Promise<void>[] = [];
  #ticks = 0;

  constructor({ seed, faults, changes, kills, skewMs, newestFirst }: Scenario) {
    this.#random = randomFrom(seed);
    this.#skewMs = skewMs;
    this.kills = kills;
    const adversity = { faults, changes, newestFirst, delayMs: LAG_MS - 2000 };
    this.button = new HostileButton(this.#clock, this.#random, adversity);
    // Some webhooks arrive, some arrive late, some never.
    const held: HostileRow[] = [];
    this.button.onChange = (row) => {
      held.push(row);
      const late = held.splice(Math.floor(this.#random() * held.length), 1)[0];
      if (late && this.#random() < 0.5) this.#webhooks.push(this.#webhook(late));
    };
    for (let row = 0; row < 30; row += 1) this.button.change();
  }

  /** Corrupts the position. From here on it may start again. */
  async spoil(account: string): Promise<void> {
    await this.positions.spoil(account, 'incremental');
    this.#reached.delete(account);
  }

  pass(ms: number): void {
    this.#clock.ms += ms;
  }

  async tick(streams: readonly PlannedStream[] = ['incremental']): Promise<void> {
    this.#ticks += 1;
    await this.#survive(() =>
      planReconciliation({
        api: createTransactionsApi(this.button.http(), 'sk-test'),
        positions: this.#mortal(this.positions),
        send: this.#send,
        metrics: { add: () => undefined },
        firstRead: 'live',
        readFrom: '2026-05-31T00:00:00Z',
        streams,
        sweepDays: 120,
        lagMs: LAG_MS,
        now: this.#now,
        tickId: `tick-${this.#ticks}`,
      }),
    );
    while (this.#queue.length > 0) {
      const [toRead] = this.#queue.splice(Math.floor(this.#random() * this.#queue.length), 1);
      if (!toRead) continue;
      // Two workers on one stream at once, as after an expired lease (E5, E6).
      const workers = this.#random() < 0.4 && this.kills > 0 ? 2 : 1;
      await Promise.all(Array.from({ length: workers }, () => this.#survive(() => this.#work(toRead))));
      await Promise.all(this.#webhooks.splice(0));
      await this.checkPositions();
    }
  }

  /** Everything that the position calls read is stored (E2), and the position never moves back (E6). */
  async checkPositions(): Promise<void> {
    for (const account of this.button.accounts) {
      const position = await this.positions.read(account, 'incremental');
      if (position === undefined || position === 'unreadable') continue;
      expect(position.readThrough >= (this.#reached.get(account) ?? '')).toBe(true);
      this.#reached.set(account, position.readThrough);
      const gaps = (await this.positions.list(account)).map(({ position: gap }) => gap);
      const isPassedOver = ({ modified_date: date }: HostileRow): boolean =>
        gaps.some(
          (gap) =>
            gap !== 'unreadable' && isGap(gap) && gap.readThrough <= date && date < (gap.readUntil ?? ''),
        );
      for (const row of this.button.truth(account)) {
        if (row.modified_date < position.readThrough && !isPassedOver(row))
          expect(await this.#candidates(row)).toContain(contentOf(row));
      }
    }
  }

  /** Differences between the store and the truth. */
  async differences(account: string): Promise<string[]> {
    const different: string[] = [];
    for (const row of this.button.truth(account)) {
      const candidates = await this.#candidates(row);
      if (candidates.length !== 1 || candidates[0] !== contentOf(row)) different.push(row.id);
    }
    return different;
  }

  async #work(toRead: StreamToRead): Promise<void> {
    const outcome = await reconcile(toRead, {
      api: createTransactionsApi(this.button.http(), 'sk-test'),
      positions: this.#mortal(this.positions),
      transactions: this.#mortal(this.transactions),
      quarantine: this.quarantine,
      send: this.#send,
      metrics: { add: () => undefined },
      windows: { overlapMs: 900_000, lagMs: LAG_MS },
      pageSize: 10,
      driftRetentionDays: 400,
      timeLeft: () => this.#random() < 0.8,
      now: this.#now,
    });
    this.outcomes.push(outcome);
  }

  /** A killed run just ends. Its read message comes back later, with the next tick. */
  async #survive(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  readonly #now = (): Date => new Date(this.#clock.ms + this.#skewMs);

  readonly #send = (messages: readonly ReadMessage[]): Promise<void> => {
    this.#mayDie();
    this.#queue.push(...messages.map(({ body }) => sentReadMessage(body)));
    this.#mayDie();
    return Promise.resolve();
  };

  #mayDie(): void {
    if (this.#random() < this.kills) throw new Killed();
  }

  /** A store whose user may be killed before or after any of its calls. */
  #mortal<Store extends object>(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...parameters: unknown[]): Promise<unknown> => {
          // Sometimes one worker is slower than another by a page or more.
          const waits = this.#random() < 0.1 ? 200 : 1;
          for (let wait = 0; wait < waits; wait += 1) await Promise.resolve();
          this.#mayDie();
          const result: unknown = await Reflect.apply(method, target, parameters);
          this.#mayDie();
          return result;
        };
      },
    });
  }

  async #candidates(row: HostileRow): Promise<string[]> {
    const stored = await this.transactions.read(`order#${row.button_order_id}`);
    return contentsOf(stored?.value);
  }

  async #webhook(row: HostileRow): Promise<void> {
    const reading = readTransaction(row);
    if (!reading.ok) throw new Error('not a row');
    const observation: Observation = {
      transaction: reading.transaction,
      payload: row,
      source: { kind: 'webhook', eventId: `hook-${row.id}` },
      seenAt: this.#now().toISOString(),
      delivery: 'live',
    };
    // Button sends a webhook again that was not stored because of a race.
    for (let taken = false; !taken;) {
      taken = await applyTransaction(
        { transactions: this.transactions, now: () => new Date(observation.seenAt) },
        observation,
      ).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof RetryableError)) throw error;
          return false;
        },
      );
    }
  }
}

function contentOf(row: HostileRow): string {
  const reading = readTransaction(row);
  return reading.ok ? transactionContent(reading.transaction) : 'not understood';
}

function contentsOf(record: TransactionRecord | undefined): string[] {
  return record?.candidates.map(({ transaction }) => transactionContent(transaction)) ?? [];
}

async function live(world: World, ticks: number): Promise<void> {
  for (let tick = 0; tick < ticks; tick += 1) {
    await world.tick(tick === 5 ? ['incremental', 'sweep-daily'] : ['incremental']);
    world.pass(600_000);
  }
}

/** Nothing fails any more, and the remaining work gets done. */
async function settle(world: World): Promise<void> {
  world.button.adversity = { ...world.button.adversity, ...CALM };
  world.kills = 0;
  for (const streams of [['incremental'], ['incremental', 'sweep-daily'], ['incremental']] as const) {
    world.pass(2 * HOUR_MS);
    await world.tick(streams);
  }
}

describe('reconciling with a hostile Button, killed at random', () => {
  it('ends with the truth, and its position is never ahead of what is stored (E1, E2, E3, E5–E8, E11–E13, E18)', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const world = new World(scenario);

        await live(world, 8);
        await settle(world);

        expect(await world.differences('acc-1')).toEqual([]);
        expect(await world.differences('acc-2')).toEqual([]);
        expect(world.outcomes).toContainEqual({ outcome: 'partial', reason: 'unauthorized' });
      }),
      { numRuns: volume({ short: 10, long: 25 }) },
    );
  });

  it('ends with the truth after its positions were corrupted (E4)', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const world = new World(scenario);
        await live(world, 4);
        await world.spoil('acc-1');

        await live(world, 2);
        await settle(world);

        expect(await world.differences('acc-1')).toEqual([]);
        expect(await world.positions.read('acc-1', 'incremental')).not.toBe('unreadable');
      }),
      { numRuns: 10 },
    );
  });

  it('calls only the host that it was given, and only for the lists that it should read (E11)', async () => {
    const world = new World({ seed: 4, faults: 0.2, changes: 0.5, kills: 0, skewMs: 0, newestFirst: false });

    await live(world, 8);

    const paths = world.button.requests.map(({ path }) => path.split('?')[0]);
    expect([...new Set(paths)].sort()).toEqual([
      '/v1/affiliation/accounts',
      '/v1/affiliation/accounts/acc-1/transactions',
      '/v1/affiliation/accounts/acc-2/transactions',
      '/v1/affiliation/accounts/acc-broken/transactions',
    ]);
  });
});
