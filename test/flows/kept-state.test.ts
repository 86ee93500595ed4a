// @module-tag long
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it, onTestFinished, vi } from 'vitest';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import { connectSimulator } from './simulator-client.ts';
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder } from './system-client.ts';

/** Starts one system after the other in the same folder. */
async function oneAfterTheOther() {
  const directory = await makeStateDirectory();
  onTestFinished(() => directory.remove());
  const configFile = await directory.writeConfig('kept', QUICK_STAGES.both);
  const keptFile = join(directory.path, 'kept-state.json');
  const start = async () => {
    const running = await startSystem({
      configFile,
      stateDirectory: directory.path,
      keptFile,
      apiKey: 'sk-kept',
      webhookSecrets: ['kept'],
      controlPort: 0,
    });
    const system = connectSystem(running.endpoints);
    onTestFinished(() => {
      system.close();
    });
    return { running, system, button: connectSimulator(running.endpoints.buttonControlUrl ?? '') };
  };
  return { start, keptFile };
}

/** Nothing receives from a dead-letter queue: what is on it stays until somebody acts. */
async function sendDeadLetter({ resources, endpoints }: LocalSystem): Promise<void> {
  const { physicalId: queueUrl = '' } =
    resources.find(
      ({ type, logicalId }) => type === 'AWS::SQS::Queue' && /Order.*DeadLetters/.test(logicalId),
    ) ?? {};
  const queue = connectSystem(endpoints, { queueUrl });
  await queue.send(orderEvent({ orderId: 'dead', data: plainOrder('dead') }));
  queue.close();
}

async function buy(running: LocalSystem, buttonOrderId: string): Promise<void> {
  const body = JSON.stringify({ button_order_id: buttonOrderId, status: 'pending', amount: 500 });
  await fetch(`${running.endpoints.buttonControlUrl ?? ''}/transactions`, { method: 'POST', body });
}

/** The models cannot keep anything. */
const onEmulators = it.skipIf(process.env['LOCAL_AWS'] === 'models');

onEmulators(
  'a system that is kept continues with its orders, transactions, quarantine and Button, and repeats no event',
  async () => {
    const { start, keptFile } = await oneAfterTheOther();
    const first = await start();
    await first.system.send(orderEvent({ orderId: 'kept', data: plainOrder('kept') }));
    const bad = orderEvent({ orderId: 'bad', data: { ...plainOrder('bad'), total: 1 } });
    const entry = await first.system.send(bad);
    await buy(first.running, 'btnorder-kept');
    const key = 'order#btnorder-kept';
    await until('the event', async () => (await first.system.events(key))[0]);
    await until('the order to be refused', () => first.system.reasons(entry));
    await until('the order to be reported', async () => {
      const ledger = await first.system.ledgerEntry('kept');
      return ledger?.progress.state === 'settled' || undefined;
    });
    await sendDeadLetter(first.running);
    const before = await first.system.transaction(key);
    await first.running.close();
    const kept = await readFile(keptFile, 'utf8');

    const second = await start();
    onTestFinished(() => second.running.close());
    const update = { ...plainOrder('kept'), customer_order_id: 'K-1' };
    await second.system.send(
      orderEvent({ orderId: 'kept', sequence: 2, type: 'order.updated.v1', data: update }),
    );
    await until('the second version to be reported', async () => {
      const [order] = await second.button.orders('kept');
      return order?.['customer_order_id'] === 'K-1' || undefined;
    });
    await buy(second.running, 'btnorder-new');
    await until('the new event', async () => (await second.system.events('order#btnorder-new'))[0]);

    expect([first.running.isContinued, second.running.isContinued]).toEqual([false, true]);
    expect(kept).toContain('btnorder-kept');
    // The second system has read Button's rows since: what the first one saw comes first.
    const [webhook] = before?.seen ?? [];
    expect((await second.system.transaction(key))?.seen[0]).toMatchObject({
      source: webhook?.source,
      seenAt: webhook?.seenAt,
    });
    expect(await second.system.reasons(entry)).toBeDefined();
    // Button had kept the order too: it was updated there, not created again.
    expect(await second.button.orders('kept')).toHaveLength(1);
    expect(await second.system.events(key)).toEqual([]);
    expect(await second.system.deadLetters()).toBe(1);
  },
);

it('a file without a valid state stops the start, with an error that says what to do', async () => {
  const { start, keptFile } = await oneAfterTheOther();
  await writeFile(keptFile, '{"stored":1}');

  await expect(start()).rejects.toThrow(`${keptFile} is from another version, or broken.`);
});

it('the models say before they start that they cannot keep anything', async () => {
  const { start } = await oneAfterTheOther();
  vi.stubEnv('LOCAL_AWS', 'models');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });

  await expect(start()).rejects.toThrow('The models of SQS and DynamoDB cannot keep what is stored.');
});
