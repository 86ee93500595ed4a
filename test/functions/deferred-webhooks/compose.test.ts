import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { deferredMessage } from '../../../shared/transactions/deferred-webhook.ts';
import { createWorld, type World } from '../../crash/world.ts';
import pending from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };

let world: World;

beforeAll(() => {
  world = createWorld();
});

afterAll(() => {
  world.close();
});

beforeEach(() => {
  world.reset();
  const body = Buffer.from(JSON.stringify(pending));
  world.deferredWebhooksQueue().send(deferredMessage({ body, receivedAt: '2026-06-01T11:00:00.000Z' }));
});

/**
 * Passes the visible messages to the function. Returns their number, and the number that it returns as
 * failed.
 */
async function drainOnce(): Promise<{ received: number; givenBack: number }> {
  const batch: SQSRecord[] = world.deferredWebhooksQueue().receive(10);
  const { batchItemFailures: failures } = (await world.invoke('deferred-webhooks', {
    Records: batch,
  })) as SQSBatchResponse;
  return { received: batch.length, givenBack: failures.length };
}

const purchases = () => world.contents('transactions').filter((item) => !('aliasOf' in item));

describe('the function for deferred webhooks', () => {
  it('keeps a webhook on the queue while the table refuses writes, hidden for five seconds at first (C6, F1)', async () => {
    world.setDown('transactions');
    const first = await drainOnce();
    await world.pass(4999);
    const tooEarly = world.deferredWebhooksQueue().receive(10);
    await world.pass(1);
    world.setDown();

    expect(first).toEqual({ received: 1, givenBack: 1 });
    expect(tooEarly).toEqual([]);
    expect(await drainOnce()).toEqual({ received: 1, givenBack: 0 });
    expect(purchases()).toHaveLength(1);
  });

  it('starts no event without time for it: eight seconds (A24)', async () => {
    world.setRemainingTime(8000);
    const late = await drainOnce();
    await world.pass(120_000);
    world.setRemainingTime(8001);
    const inTime = await drainOnce();

    expect([late.givenBack, inTime.givenBack]).toEqual([1, 0]);
  });

  it('sends an event to quarantine on the last receive that the queue allows', async () => {
    world.setEnvironment({ MAX_RECEIVES: '2' });
    world.setDown('transactions');

    const outcomes = [await drainOnce()];
    await world.pass(900_000);
    outcomes.push(await drainOnce());

    expect(outcomes.map(({ givenBack }) => givenBack)).toEqual([1, 0]);
    expect(world.contents('webhookQuarantine')).toMatchObject([{ kind: 'webhook' }]);
  });

  it('calls a transaction historical that was created before the cut-over', async () => {
    world.setEnvironment({ LIVE_FROM: '2026-06-01T00:00:00Z' });

    await drainOnce();

    expect(purchases()).toMatchObject([{ delivery: 'historical' }]);
  });

  it('emits its metrics', async () => {
    await drainOnce();

    expect(world.printed().join('\n')).toContain('"DeferredWebhooksApplied":1');
  });
});
