import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createWorld, type World } from '../../crash/world.ts';

const MINUTE_MS = 60_000;

let world: World;

beforeAll(() => {
  world = createWorld();
});

afterAll(() => {
  world.close();
});

beforeEach(() => {
  world.reset();
});

function inject(changes: object = {}): void {
  world.button().injectTransaction({ amount: 100, currency: 'USD', webhook: false, ...changes });
}

async function read(streams: readonly string[] = ['incremental']): Promise<void> {
  await world.invoke('reconciliation-planner', { streams });
  await world.drainReadQueue();
}

/** The windows that Button was asked for, in milliseconds since 1970. */
function windows(): { start: number; end: number }[] {
  return world
    .button()
    .requests()
    .map(({ query }) => new URLSearchParams(query))
    .filter((query) => query.has('start'))
    .map((query) => ({
      start: Date.parse(query.get('start') ?? ''),
      end: Date.parse(query.get('end') ?? ''),
    }));
}

describe('the planner and the reconciler', () => {
  it('read from the configured start, up to the lag before now, with the configured overlap of windows', async () => {
    world.setEnvironment({ LAG_SECONDS: '60', OVERLAP_SECONDS: '120' });
    inject();

    await read();
    const first = windows();
    await world.pass(10 * MINUTE_MS);
    await read();

    // Windows end after their last second.
    const end = Date.parse('2026-06-01T11:59:01Z');
    expect(first[0]?.start).toBe(Date.parse('2026-06-01T00:00:00Z') - 2 * MINUTE_MS);
    expect(first.at(-1)?.end).toBe(end);
    expect(windows().at(-1)).toEqual({ start: end - 2 * MINUTE_MS, end: end + 10 * MINUTE_MS });
  });

  it('start no page without time for its call, its writes and its position (A24)', async () => {
    inject();
    world.setRemainingTime(2000 + 10_000);

    await world.invoke('reconciliation-planner', {});
    const readMessages = world.readQueue().receive(1);
    const late = await world.invoke('transaction-reconciler', { Records: readMessages });
    world.setRemainingTime(2000 + 10_001);
    const inTime = await world.invoke('transaction-reconciler', { Records: readMessages });

    expect(late).toEqual({ batchItemFailures: [{ itemIdentifier: readMessages[0]?.messageId }] });
    expect(inTime).toEqual({ batchItemFailures: [] });
  });

  it('call a transaction historical that was created before the cut-over', async () => {
    world.setEnvironment({ LIVE_FROM: '2026-06-01T13:00:00+01:00' });
    inject({ id: 'tx-1', button_order_id: 'btnorder-1', created_date: '2026-06-01T11:59:59Z' });
    inject({ id: 'tx-2', button_order_id: 'btnorder-2', created_date: '2026-06-01T12:00:00Z' });
    await world.pass(MINUTE_MS);

    await read();

    expect(world.contents('transactions')).toMatchObject([
      { pk: 'order#btnorder-1', delivery: 'historical' },
      { pk: 'order#btnorder-2', delivery: 'live' },
      { pk: 'tx#tx-1', aliasOf: 'order#btnorder-1' },
      { pk: 'tx#tx-2', aliasOf: 'order#btnorder-2' },
    ]);
  });

  it('send a read message for the streams that a tick names, once for each run of the planner', async () => {
    inject();

    await world.invoke('reconciliation-planner', { streams: ['sweep-daily'] });
    const first = world.readQueue().bodies();
    await world.invoke('reconciliation-planner', { streams: ['sweep-daily'] });

    expect(first.join()).toContain('sweep-daily');
    expect(world.readQueue().bodies()).toHaveLength(2 * first.length);
  });

  it('emit their metrics', async () => {
    inject();

    await read();

    expect(world.printed().join('\n')).toMatch(/"AccountsPlanned":1[^]*"ReconcilerSlicesComplete":1/);
  });
});
