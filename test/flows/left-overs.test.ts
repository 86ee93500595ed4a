// @module-tag long
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import { readStage } from '../../ops/stage.ts';
import { findDeadLetterQueue } from '../../ops/queues/dead-letter-queue.ts';
import { runOps } from '../../ops/run.ts';
import { deferredMessage } from '../../shared/transactions/deferred-webhook.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import {
  connectSystem,
  orderEvent,
  plainOrder,
  type QueueMessage,
  type SystemClient,
} from './system-client.ts';

const SHOPPER = 'shopper-of-the-left-overs';

let running: LocalSystem;
let system: SystemClient;
let sqs: SQSClient;

const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  const directory = await makeStateDirectory();
  started.push(() => directory.remove());
  running = await startSystem({
    configFile: await directory.writeConfig('both', QUICK_STAGES.both),
    stateDirectory: directory.path,
    apiKey: 'sk-left-overs',
    webhookSecrets: ['left-overs'],
    controlPort: 0,
  });
  started.push(() => running.close());
  system = connectSystem(running.endpoints);
  started.push(() => {
    system.close();
  });
  sqs = new SQSClient({
    region: 'us-east-1',
    endpoint: running.endpoints.sqsEndpoint,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  started.push(() => {
    sqs.destroy();
  });
});

afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

async function ops(
  ...args: string[]
): Promise<{ code: number; found: Record<string, unknown>; out: string }> {
  let out = '';
  const code = await runOps([...args, '--json', '--outputs-file', running.endpoints.outputsFile], {
    out: (text) => (out += text),
    err: () => undefined,
  });
  return {
    code,
    out,
    found: z.object({ found: z.record(z.string(), z.unknown()) }).parse(JSON.parse(out)).found,
  };
}

async function refuse(orderId: string): Promise<string> {
  const entry = await system.send(orderEvent({ orderId, data: { ...plainOrder(orderId), total: 999 } }));
  await until('the order to be refused', () => system.reasons(entry));
  return entry;
}

/** Puts a message into a dead-letter queue, as SQS does after too many receives. */
async function bury(output: string, message: Partial<QueueMessage> & { body: string }): Promise<void> {
  const stage = await readStage(running.endpoints.outputsFile);
  const { arn } = await findDeadLetterQueue(sqs, stage.output(output));
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: arn.split(':').at(-1) }));
  const { body, groupId, deduplicationId } = message;
  await sqs.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody: body,
      ...(groupId !== undefined && { MessageGroupId: groupId, MessageDeduplicationId: deduplicationId }),
    }),
  );
}

describe('entries of the quarantine', () => {
  it('are listed by reason with commands to paste, and deleted by reason; a dry run deletes nothing', async () => {
    const entries = [await refuse('G1'), await refuse('G2')];

    const reasons = await ops('quarantine-reasons');
    const dry = await ops(
      'quarantine-delete',
      'orders',
      '--brand',
      'acme',
      '--all',
      '--reason',
      'total_not_sum',
    );
    const kept = await system.reasons(entries[0] ?? '');
    const other = await ops(
      'quarantine-delete',
      'orders',
      '--brand',
      'acme',
      '--all',
      '--reason',
      'x',
      '--yes',
    );
    const real = await ops(
      ...['quarantine-delete', 'orders', '--brand', 'acme', '--all', '--reason', 'total_not_sum', '--yes'],
    );

    expect(reasons.found['groups']).toMatchObject([
      {
        kind: 'order#acme',
        reason: 'total_not_sum',
        count: 2,
        example: { id: entries[1], orderId: 'G2', path: '$.data.total' },
        next: [
          'npm run ops -- explain total_not_sum',
          'npm run ops -- orders-replay --brand acme --all --reason total_not_sum',
          'npm run ops -- quarantine-delete orders --brand acme --all --reason total_not_sum',
        ],
      },
    ]);
    expect(dry).toMatchObject({ code: 0, found: { wouldDelete: 2, wouldBeReported: [] } });
    expect(kept).toBeDefined();
    expect(other.found).toMatchObject({ deleted: 0 });
    expect(real).toMatchObject({ code: 0, found: { deleted: 2, missing: [], more: false } });
    expect((await ops('quarantine-reasons')).found['groups']).toEqual([]);
  });
});

describe('dead letters', () => {
  it('of orders are listed by order and redriven in their order; a dry run moves nothing', async () => {
    await bury('OrderQueueUrlAcme', orderEvent({ orderId: 'L1', data: plainOrder('L1') }));
    await bury('OrderQueueUrlAcme', orderEvent({ orderId: 'L2', data: plainOrder('L2') }));

    const list = await ops('dead-letters-list', 'orders:acme');
    const dry = await ops('dead-letters-redrive', 'orders:acme');
    const left = await system.deadLetters();
    const again = await ops('dead-letters-list');
    const real = await ops('dead-letters-redrive', 'orders:acme', '--yes');
    await until('both to be reported', async () => {
      const entries = [await system.ledgerEntry('L1'), await system.ledgerEntry('L2')];
      return entries.every((entry) => entry?.progress.state === 'settled') || undefined;
    });

    const messages = [{ orderId: 'L1' }, { orderId: 'L2' }];
    expect(list.found['queues']).toMatchObject([
      {
        queue: 'orders:acme',
        count: 2,
        messages,
        redrive: 'npm run ops -- dead-letters-redrive orders:acme --yes',
      },
    ]);
    expect(dry.found).toMatchObject({ wouldSend: 2, more: false, messages });
    expect(left).toBe(2);
    expect(again.found['queues']).toMatchObject([
      { queue: 'orders:acme', count: 2 },
      { queue: 'deferred-webhooks', count: 0, messages: [] },
      { queue: 'reads', count: 0, messages: [] },
    ]);
    expect(real).toMatchObject({ code: 0, found: { sent: 2, more: false } });
    expect(await system.deadLetters()).toBe(0);
  });

  it('of webhooks are listed by webhook id, without personal data, and applied', async () => {
    const data = { ...pendingWebhook.data, button_order_id: 'btn-left', publisher_customer_id: SHOPPER };
    const body = Buffer.from(JSON.stringify({ ...pendingWebhook, id: 'hook-left', data }));
    await bury('DeferredWebhooksQueueUrl', {
      body: deferredMessage({ body, receivedAt: '2026-01-01T00:00:00.000Z' }),
    });

    const list = await ops('dead-letters-list', 'deferred-webhooks');
    const real = await ops('dead-letters-redrive', 'deferred-webhooks', '--yes');
    await until('the transaction', () => system.transaction('order#btn-left'));

    expect(list.found['queues']).toMatchObject([{ count: 1, messages: [{ webhookId: 'hook-left' }] }]);
    expect(list.out).not.toContain(SHOPPER);
    expect(real.found).toMatchObject({ sent: 1 });
  });

  it('of an unknown queue are refused with the names of the existing ones', async () => {
    const { code, out } = await ops('dead-letters-redrive', 'orders:nobody');

    expect(code).toBe(2);
    expect(out).toContain('it has orders:acme, deferred-webhooks, reads');
  });
});
