import { createHmac } from 'node:crypto';

import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createWorld, WEBHOOK_SECRET, type World } from '../../crash/world.ts';
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
});

const WEBHOOK = Buffer.from(JSON.stringify({ ...pending, data: { ...pending.data, pub_ref: 'été 🔑' } }));
const ODD = Buffer.from('{"id":"hook-odd","event_type":"odd"}');

/** A request as the gateway passes it on. Returns the status, and the outcome that the answer names. */
async function post(
  body: Buffer,
  { secret = WEBHOOK_SECRET, isBase64Encoded = false } = {},
): Promise<[number | undefined, unknown]> {
  const answer = (await world.invoke('webhook-receiver', {
    body: body.toString(isBase64Encoded ? 'base64' : 'utf8'),
    headers: { 'x-button-signature': createHmac('sha256', secret).update(body).digest('hex') },
    isBase64Encoded,
  })) as APIGatewayProxyStructuredResultV2;
  return [answer.statusCode, (JSON.parse(answer.body ?? '') as { outcome: unknown }).outcome];
}

/**
 * 2xx acknowledges, 400 loses the event for good, 401 and 503 make Button send it again
 * (docs/button/webhooks.md).
 */
const purchases = () => world.contents('transactions').filter((item) => !('aliasOf' in item));

describe('the answer to Button', () => {
  it('is 200 for a webhook that is stored, or was stored before', async () => {
    expect([await post(WEBHOOK), await post(WEBHOOK)]).toEqual([
      [200, 'applied'],
      [200, 'unchanged'],
    ]);
  });

  it('is 200 for a webhook that is not understood: its bytes are kept (C3, C5)', async () => {
    expect(await post(ODD)).toEqual([200, 'quarantined']);
    expect(world.contents('webhookQuarantine')).toMatchObject([{ bytes: ODD.toString() }]);
  });

  it.each([
    { id: 'hook-0123456789abcdef', event_type: 'ping' },
    { id: 'hook-0123456789abcdef', event_type: 'Ping', data: {} },
    { event_type: 'webhook.ping', data: null },
    { ...pending, event_type: 'ping' },
  ])("is 200 for Button's Ping, which stores nothing: %j", async (ping) => {
    expect(await post(Buffer.from(JSON.stringify(ping)))).toEqual([200, 'ping']);
    expect([world.contents('transactions'), world.contents('webhookQuarantine')]).toEqual([[], []]);
  });

  it('is 401 for a forgery, and nothing is stored (C1)', async () => {
    expect(await post(WEBHOOK, { secret: 'guessed' })).toEqual([401, 'forged']);
    expect([world.contents('transactions'), world.contents('webhookQuarantine')]).toEqual([[], []]);
  });

  it('is 200 while the table is down: the queue has the webhook, or else the quarantine (C6)', async () => {
    world.setDown('transactions');
    const queued = await post(WEBHOOK);
    world.setDown('transactions', 'queues');
    const quarantined = await post(WEBHOOK);

    expect([queued, quarantined]).toEqual([
      [200, 'deferred'],
      [200, 'quarantined'],
    ]);
    expect(world.deferredWebhooksQueue().bodies()).toHaveLength(1);
    expect(world.contents('webhookQuarantine')).toHaveLength(1);
  });

  it('is 503 only if nothing could store it: Button sends it again (C6)', async () => {
    world.setDown('transactions', 'queues', 'quarantine');

    expect(await post(WEBHOOK)).toEqual([503, 'unavailable']);
    expect(await post(ODD)).toEqual([503, 'unavailable']);
  });

  it('is 503 while there are no secrets, for authentic and forged webhooks alike (C13, F10)', async () => {
    world.setDown('secrets');

    expect(await post(WEBHOOK)).toEqual([503, 'NOT_CONFIGURED']);
    expect(await post(WEBHOOK, { secret: 'guessed' })).toEqual([503, 'NOT_CONFIGURED']);
  });

  it('checks the bytes that Button sent, even if the gateway has encoded them (C2)', async () => {
    expect(await post(WEBHOOK, { isBase64Encoded: true })).toEqual([200, 'applied']);
    const binary = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
    expect(await post(binary, { isBase64Encoded: true })).toEqual([200, 'quarantined']);
  });
});

describe('the log', () => {
  const traces = (from: number) =>
    world
      .printed()
      .slice(from)
      .filter((line) => typeof line === 'string')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .map(({ eventId, outcome }) => ({ eventId, outcome }))
      .filter(({ outcome }) => outcome !== undefined);

  it('has one line for each webhook, with its id and outcome', async () => {
    const from = world.printed().length;
    await post(WEBHOOK);
    await post(WEBHOOK);
    await post(ODD);
    world.setDown('transactions');
    await post(WEBHOOK);

    expect(traces(from)).toEqual([
      { eventId: pending.id, outcome: 'applied' },
      { eventId: pending.id, outcome: 'unchanged' },
      { eventId: 'hook-odd', outcome: 'quarantined' },
      { eventId: pending.id, outcome: 'deferred' },
    ]);
  });

  it('quotes no id that does not look like one', async () => {
    const from = world.printed().length;
    await post(Buffer.from('{"id":"erin@example.com","event_type":"odd"}'));

    expect(traces(from)).toEqual([{ eventId: undefined, outcome: 'quarantined' }]);
  });
});

describe('a stored transaction', () => {
  it('is historical if it was created before the cut-over, and is listed by the field that the stage names', async () => {
    world.setEnvironment({ LIVE_FROM: '2026-06-01T00:00:00Z', SHOPPER_FIELD: 'pub_ref' });

    await post(WEBHOOK);

    expect(purchases()).toMatchObject([{ delivery: 'historical', shopper: 'été 🔑' }]);
  });
});
