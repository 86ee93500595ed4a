// @module-tag long
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import { connectSimulator } from './simulator-client.ts';
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem } from './system-client.ts';

/** Each takes at least a second, and a caller of a read waits for its end for at most five minutes. */
const TRANSACTIONS = 60;
const LIMIT_MS = 1_500_000;

let running: LocalSystem;
const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  const directory = await makeStateDirectory();
  started.push(() => directory.remove());
  running = await startSystem({
    configFile: await directory.writeConfig('long-read', QUICK_STAGES.shortSlices),
    stateDirectory: directory.path,
    apiKey: 'sk-long-read',
    webhookSecrets: ['secret'],
    controlPort: 0,
  });
  started.push(() => running.close());
});

afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

// Lambda stops a loop of invocations after sixteen, unless the function is configured to allow it, as the
// reconciler is.
it(
  'AWS, requirement 1: an account is read in many more than sixteen slices, each of which starts the next',
  { timeout: LIMIT_MS },
  async () => {
    const button = connectSimulator(running.endpoints.buttonControlUrl ?? '');
    const system = connectSystem(running.endpoints);
    started.push(() => {
      system.close();
    });
    for (let number = 0; number < TRANSACTIONS; number += 1)
      await button.injectTransaction({
        button_order_id: `long-${number}`,
        status: 'pending',
        category: 'new-user-order',
        amount: 100,
        webhook: false,
      });
    await button.addFault({
      on: 'api',
      match: { path: 'transactions$' },
      times: 'unlimited',
      answerDelayMs: 1100,
    });

    await system.reconcile();

    await until(
      'every transaction to be stored',
      async () => {
        const records = await Promise.all(
          Array.from({ length: TRANSACTIONS }, (_, number) => system.transaction(`order#long-${number}`)),
        );
        return records.every((record) => record !== undefined) || undefined;
      },
      LIMIT_MS,
    );
    const slices = running
      .metrics()
      .reduce((sum, { ReconcilerSlicesHandedOn: handedOn }) => sum + Number(handedOn ?? 0), 0);
    expect(slices).toBeGreaterThan(20);
    expect(running.access.denied()).toEqual([]);
  },
);
