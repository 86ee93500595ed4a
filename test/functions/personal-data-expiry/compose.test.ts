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

/** A webhook about a transaction that was created and last changed this many days ago. */
async function deliver(webhook: typeof pending | typeof validated, daysAgo: number): Promise<void> {
  const date = new Date(world.now().getTime() - daysAgo * DAY_MS).toISOString();
  const data = { ...webhook.data, button_order_id: `${webhook.data.status}-${daysAgo}` };
  await world.deliver(
    JSON.stringify({ ...webhook, data: { ...data, created_date: date, modified_date: date } }),
  );
}

describe('the expiry of personal data', () => {
  it('uses the configured days: thirty for personal data, final or pending, sixty for what is overdue', async () => {
    for (const daysAgo of [29, 31]) await deliver(validated, daysAgo);
    for (const daysAgo of [28, 61]) await deliver(pending, daysAgo);

    const run = await world.invoke('personal-data-expiry', {});

    const erased = world.contents('transactions').filter((item) => 'erasedAt' in item);
    expect(run).toEqual({ outcome: 'finished', expired: 2 });
    expect(erased.map(({ pk }) => pk).sort()).toEqual(['order#pending-61', 'order#validated-31']);
    expect(world.printed().join('\n')).toContain('"StalePendingTransactions":1');
  });
});
