// @module-tag long
import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

const SECRET = 'webhook-test-secret';

const started: (() => void | Promise<void>)[] = [];

afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

/** Posts Button's sample webhook with its own order id, as often as Button would. */
async function postWebhook(system: SystemClient, buttonOrderId: string): Promise<void> {
  const data = { ...pendingWebhook.data, button_order_id: buttonOrderId };
  const body = Buffer.from(JSON.stringify({ ...pendingWebhook, data }));
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  await until(
    'the webhook to be taken',
    async () => (await system.postWebhook(body, signature)) === 200 || undefined,
  );
}

function untilReported(system: SystemClient, orderId: string, kind: string): Promise<true> {
  return until(`order ${orderId} to be ${kind}`, async () => {
    const entry = await system.ledgerEntry(orderId);
    return (entry?.progress.state === 'settled' && entry.reported?.kind === kind) || undefined;
  });
}

describe('tables that a deployment has created', () => {
  let before: LocalSystem;
  let after: LocalSystem;
  let [first, second]: [SystemClient?, SystemClient?] = [];

  beforeAll(async () => {
    const directory = await makeStateDirectory();
    started.push(() => directory.remove());
    const start = async (name: string, config: object, given: object = {}) => {
      const system = await startSystem({
        configFile: await directory.writeConfig(name, config),
        stateDirectory: directory.path,
        apiKey: 'sk-flows',
        webhookSecrets: [SECRET],
        controlPort: 0,
        ...given,
      });
      started.push(() => system.close());
      return system;
    };
    before = await start('before', QUICK_STAGES.both);
    first = connectSystem(before.endpoints);
    started.push(first.close);
    await first.send(orderEvent({ orderId: 'kept', data: plainOrder('kept') }));
    await postWebhook(first, 'kept');
    await untilReported(first, 'kept', 'created');

    const { tables } = before.endpoints;
    const existingTables = {
      orderLedger: tables['OrderLedger'],
      orderQuarantine: tables['OrderQuarantine'],
      transactions: {
        name: tables['Transactions'],
        streamArn: streamOf(before, tables['Transactions'] ?? ''),
      },
      positions: tables['Positions'],
      webhookQuarantine: tables['WebhookQuarantine'],
    };
    after = await start(
      'after',
      { ...QUICK_STAGES.both, keepData: true, existingTables },
      { existingTables: before.tables, buttonUrl: before.endpoints.buttonUrl },
    );
    second = connectSystem(after.endpoints);
    started.push(second.close);
  });

  it('are used by a configuration that names them: orders and transactions continue from their content', async () => {
    const system = second as SystemClient;
    const changed = { type: 'order.updated.v1', orderId: 'kept', sequence: 2, data: plainOrder('kept', 300) };

    await system.send(orderEvent(changed));
    await untilReported(system, 'kept', 'updated');
    await postWebhook(system, 'later');

    expect(after.resources.filter(({ type }) => type === 'AWS::DynamoDB::Table')).toEqual([]);
    expect(after.endpoints.tables).toEqual(before.endpoints.tables);
    expect(await system.transaction('order#kept')).toBeDefined();
    expect(await first?.transaction('order#later')).toBeDefined();
    expect(after.access.denied()).toEqual([]);
  });

  it('have their remaining changes published from the stream that the configuration names', async () => {
    const system = second as SystemClient;

    for (const key of ['order#kept', 'order#later']) {
      await postWebhook(system, key.replace('order#', ''));
      await until(`an event of ${key}`, async () => (await system.events(key)).length > 0 || undefined);
    }

    expect(await system.reconcile()).toBe(200);
  });
});

/** The LatestStreamArn of `aws dynamodb describe-table`. */
function streamOf({ tables }: LocalSystem, table: string): string {
  const [streamArn, ...others] = [...tables.streamArns.keys()].filter((arn) =>
    arn.includes(`:table/${table}/`),
  );
  if (streamArn === undefined || others.length > 0) throw new Error(`The table ${table} has no one stream.`);
  return streamArn;
}
