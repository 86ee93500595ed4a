import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createWorld, WEBHOOK_SECRET, type World } from '../crash/world.ts';
import pending from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };

/**
 * Secrets Manager's answers if the secret is marked for deletion, its key is disabled, or the permission is
 * missing.
 */
const REFUSALS = ['InvalidRequestException', 'DecryptionFailure', 'AccessDeniedException'];

let world: World;

beforeAll(() => {
  world = createWorld();
});

beforeEach(() => {
  world.reset();
});

afterAll(() => {
  world.close();
});

/** Returns the outcome that the receiver's answer names. */
async function receive(secret = WEBHOOK_SECRET): Promise<unknown> {
  const body = JSON.stringify(pending);
  const answer = (await world.invoke('webhook-receiver', {
    body,
    headers: { 'x-button-signature': createHmac('sha256', secret).update(body).digest('hex') },
    isBase64Encoded: false,
  })) as APIGatewayProxyStructuredResultV2;
  return (JSON.parse(answer.body ?? '') as { outcome: unknown }).outcome;
}

function orderMessage(): string {
  const sample = JSON.parse(
    readFileSync(new URL('../fixtures/button/order-create.json', import.meta.url), 'utf8'),
  ) as object;
  return JSON.stringify({
    ...{ specversion: '1.0', id: 'event-1', source: 'https://shop.example', type: 'order.created.v1' },
    ...{ subject: 'o-1', sequence: '1', data: { ...sample, order_id: 'o-1' } },
  });
}

describe.each(REFUSALS)('while Secrets Manager answers %s', (refusal) => {
  it('a receiver that never had the secrets accepts and stores nothing, and Button sends the webhook again (F7)', async () => {
    world.refuse('secrets', refusal);

    const outcomes = [await receive(), await receive('forged')];

    expect(outcomes).toEqual(['NOT_CONFIGURED', 'NOT_CONFIGURED']);
    expect([world.contents('transactions'), world.deferredWebhooksQueue().bodies()]).toEqual([[], []]);
  });

  it('a receiver that had the secrets goes on with them (F7)', async () => {
    await receive('forged');
    world.refuse('secrets', refusal);
    await world.pass(600_000);

    expect([await receive('forged'), await receive()]).toEqual(['forged', 'applied']);
  });

  it('a reporter keeps its orders in the ledger, makes no calls, and reports them once it has the key (F7)', async () => {
    world.refuse('secrets', refusal);
    world.orderQueue().send(orderMessage(), { groupId: 'o-1' });

    await world.drainOrders();
    const [report] = world.contents('orderLedger');
    const requests = world.button().requests();
    world.setDown();
    for (let minute = 0; minute < 3; minute += 1) {
      await world.pass(60_000);
      await world.invoke('retry-sweep', {});
      await world.drainOrders();
    }

    expect(report?.['body']).toMatchObject({
      progress: { state: 'waiting', reason: 'api_key_unreachable' },
      newest: { kind: 'created' },
    });
    expect(requests).toEqual([]);
    expect(world.contents('orderLedger')).toMatchObject([{ state: 'settled' }]);
  });
});

describe("while the table's own key is disabled", () => {
  it('an authentic webhook waits on the queue (F7)', async () => {
    world.refuse('transactions', 'AccessDeniedException');

    expect(await receive()).toBe('deferred');
    expect(world.deferredWebhooksQueue().bodies()).toHaveLength(1);
  });
});
