// @module-tag long
import { createHmac } from 'node:crypto';

import { expect, it, onTestFinished } from 'vitest';

import { executionsAtOnce } from '../../infra/lambda-concurrency.ts';
import { StageConfigSchema } from '../../infra/config.ts';
import { startSystem } from '../../local/system.ts';
import { isTooUnreliable } from '../../tooling/button-simulator/webhook-schedule.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem } from './system-client.ts';

const SECRET = 'secret';
const WEBHOOKS = 30;

/**
 * Plays Button after it has resumed an endpoint: it sends everything that it has collected at once. Returns
 * the statuses.
 */
async function playBurst(accountConcurrency: number): Promise<number[]> {
  const directory = await makeStateDirectory();
  onTestFinished(() => directory.remove());
  const running = await startSystem({
    configFile: await directory.writeConfig('new-account', QUICK_STAGES.publisherOnly),
    stateDirectory: directory.path,
    apiKey: 'sk-new-account',
    webhookSecrets: [SECRET],
    controlPort: 0,
    accountConcurrency,
  });
  onTestFinished(() => running.close());
  const system = connectSystem(running.endpoints);
  onTestFinished(() => {
    system.close();
  });

  const bodies = Array.from({ length: WEBHOOKS }, (_, number) =>
    JSON.stringify({
      ...pendingWebhook,
      id: `hook-${number}`,
      data: { ...pendingWebhook.data, id: `tx-${number}`, button_order_id: `burst-${number}` },
    }),
  );
  return Promise.all(
    bodies.map((body) =>
      system.postWebhook(Buffer.from(body), createHmac('sha256', SECRET).update(body).digest('hex')),
    ),
  );
}

/** Whether Button pauses an endpoint that gives these answers. */
function isPaused(statuses: readonly number[]): boolean {
  const nowMs = Date.now();
  const outcomes = statuses.map((status) => ({ createdMs: nowMs, attempted: true, failed: status !== 200 }));
  return isTooUnreliable(outcomes, nowMs);
}

// https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
it('AWS, requirement 3: a new account has too little concurrency for what Button sends after a pause: it is paused again', async () => {
  const statuses = await playBurst(10);

  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  expect(isPaused(statuses)).toBe(true);
});

it('AWS, requirement 3: the concurrency that the preflight requires is enough for the same burst', async () => {
  const asked = executionsAtOnce(StageConfigSchema.parse(QUICK_STAGES.publisherOnly));

  const statuses = await playBurst(asked);

  expect(statuses.filter((status) => status !== 200)).toEqual([]);
});
