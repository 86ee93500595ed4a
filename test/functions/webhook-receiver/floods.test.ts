import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { StageConfigSchema } from '../../../infra/config.ts';
import type { InvocationResult } from '../../../tooling/local-aws/lambda/invocation-result.ts';
import { startHttpApi } from '../../../tooling/local-aws/triggers/http-api.ts';
import { createWorld, WEBHOOK_SECRET, type World } from '../../crash/world.ts';
import { simulate } from '../../../tooling/button-simulator/test/simulation.ts';

// Button's rule for pausing a webhook, as the simulator implements it, against the gateway's throttle and the
// composed receiver.

const { transactions } = StageConfigSchema.parse({ stage: 'production', transactions: {} });
const DEFAULT = { rateLimit: 0, burstLimit: 0, ...transactions?.throttle };
const SEGMENT = '3f1c0e5a9b7d42688a6f0c1d2e3b4a59';

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

/** A gateway with the receiver behind one path, and a Button that knows its URL. */
async function open({ throttle = DEFAULT, path = '/webhooks/button' } = {}) {
  let invocations = 0;
  const gateway = await startHttpApi({ apiId: 'api', accountId: '000000000000', region: 'us-east-1' });
  onTestFinished(() => gateway.close());
  const invoke = async (event: unknown): Promise<InvocationResult> => {
    invocations += 1;
    return { status: 'succeeded', payload: await world.invoke('webhook-receiver', event) };
  };
  gateway.addIntegration('receiver', {
    target: { invoke } as Parameters<typeof gateway.addIntegration>[1]['target'],
    timeoutMs: 30_000,
    mayInvoke: () => true,
  });
  gateway.addRoute(`POST ${path}`, { integrationId: 'receiver' });
  const limits = { burst: throttle.burstLimit, ratePerSecond: throttle.rateLimit };
  gateway.deployStage({ whole: limits, byRoute: new Map() });
  const webhook = { name: 'main', url: `${gateway.endpoint}${path}`, secret: WEBHOOK_SECRET };
  const button = await simulate({ webhooks: [webhook], webhookTimeoutMs: 300_000 });
  const buy = (count: number) => {
    for (let order = 0; order < count; order += 1)
      button.controls.injectTransaction({
        button_order_id: `btnorder-${order}`,
        amount: 100,
        currency: 'USD',
      });
  };
  return {
    ...{ button, buy, invocations: () => invocations },
    isPaused: () => button.controls.webhookEndpoints()[0]?.paused,
    states: () => new Set(button.controls.webhooks().map(({ state }) => state)),
    flood: (count: number) => flood(`${gateway.endpoint}/webhooks/button`, count),
  };
}

/** Sends forged requests and returns the statuses of the answers. */
async function flood(url: string, count: number): Promise<Set<number>> {
  const statuses = new Set<number>();
  const headers = { 'x-button-signature': '0'.repeat(64), 'user-agent': 'Button Webhooks 1.0.0' };
  for (let sent = 0; sent < count; sent += 50) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => fetch(url, { method: 'POST', headers, body: '{"id":"hook-forged"}' })),
    );
    for (const { status } of answers) statuses.add(status);
  }
  return statuses;
}

const purchases = () => world.contents('transactions').filter((item) => !('aliasOf' in item));

describe("transactions, requirement 10: no flood pauses the webhook, by Button's pause rule", () => {
  it('does not pause the webhook in a flood of forgeries, with the default throttle of a stage (C15)', async () => {
    const { button, buy, flood: send, isPaused, states } = await open();

    expect(await send(1000)).toEqual(new Set([401]));
    buy(40);
    await button.advance(0);

    expect([isPaused(), states(), purchases().length]).toEqual([false, new Set(['acknowledged']), 40]);
  });

  it('pauses it if the throttle is low, because forgeries use up Button’s share', async () => {
    const {
      button,
      buy,
      flood: send,
      isPaused,
    } = await open({ throttle: { rateLimit: 1, burstLimit: 200 } });

    expect(await send(300)).toContain(429);
    buy(40);
    await button.advance(0);

    expect(isPaused()).toBe(true);
  });

  it('accepts at once what was collected while the webhook was paused, and is not paused again (C8)', async () => {
    const { button, buy, isPaused, states } = await open();
    button.controls.pauseEndpoint('main');
    buy(600);
    await button.advance(3_600_000);

    button.controls.resumeEndpoint('main');
    await button.advance(0);

    expect([isPaused(), states(), purchases().length]).toEqual([false, new Set(['acknowledged']), 600]);
  });

  it('ignores forgeries if the path ends in a secret: they reach neither the throttle nor the function', async () => {
    const {
      button,
      buy,
      flood: send,
      isPaused,
      invocations,
    } = await open({
      throttle: { rateLimit: 1, burstLimit: 50 },
      path: `/webhooks/button/${SEGMENT}`,
    });

    expect(await send(300)).toEqual(new Set([404]));
    buy(40);
    await button.advance(0);

    expect([isPaused(), invocations(), purchases().length]).toEqual([false, 40, 40]);
  });
});
