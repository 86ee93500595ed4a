import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createWorld, type World } from '../../crash/world.ts';
import pending from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import validated from '../../fixtures/button/webhook-tx-validated.json' with { type: 'json' };

const DAY_MS = 86_400_000;

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

/** A webhook about a transaction that was created just now. */
async function deliver(webhook: typeof pending | typeof validated, id: string): Promise<void> {
  const date = world.now().toISOString();
  const data = { ...webhook.data, button_order_id: id, created_date: date, modified_date: date };
  await world.deliver(JSON.stringify({ ...webhook, data }));
}

describe('the expiry of personal data', () => {
  it('uses the configured days: thirty for personal data, final or pending, 25 for what is overdue', async () => {
    for (const [age, days] of [
      [31, 2],
      [29, 5],
      [24, 24],
    ] as const) {
      await deliver(validated, `validated-${age}`);
      await deliver(pending, `pending-${age}`);
      await world.pass(days * DAY_MS);
    }

    const run = await world.invoke('personal-data-expiry', {});

    const erased = world.contents('transactions').filter((item) => 'erasedAt' in item);
    expect(run).toEqual({ outcome: 'finished', expired: 2 });
    expect(erased.map(({ pk }) => pk).sort()).toEqual(['order#pending-31', 'order#validated-31']);
    expect(world.printed().join('\n')).toContain('"StalePendingTransactions":2');
  });
});
