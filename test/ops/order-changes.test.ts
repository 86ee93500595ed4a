import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ReceiveMessageCommand, type Message } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';

import type { CommandContext } from '../../ops/command.ts';
import { orderEdit } from '../../ops/commands/order-changes.ts';
import { parseOrderEvent } from '../../shared/validation/orders/order-event.ts';
import { decide } from '../../shared/orders/rules/order-decision.ts';
import { evolveAll } from '../../shared/orders/rules/order-evolution.ts';
import { initialState } from '../../shared/orders/rules/order-ledger.ts';
import { REPLAY_ATTRIBUTE } from '../../shared/orders/replay-order-message.ts';
import { createOrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import { DynamoDBModel } from '../../tooling/local-aws/models/dynamodb-model.ts';
import { QUEUES, TABLES, TABLE_SETTINGS } from '../simulation/resources.ts';
import { SqsModel } from '../../tooling/local-aws/models/sqs-model.ts';

const nowMs = Date.parse('2026-06-01T12:00:00Z');
const now = (): number => nowMs;
const settings = { orderBy: 'sequence', testTokens: 'refuse', allowFinalizationDate: false } as const;

const message = (sequence: string, total: number): string =>
  JSON.stringify({
    specversion: '1.0',
    type: 'order.updated.v1',
    id: 'event',
    source: 'https://shop.example',
    subject: 'o-1',
    sequence,
    data: {
      order_id: 'o-1',
      currency: 'USD',
      purchase_date: '2026-06-01T11:00:00Z',
      total,
      line_items: [{ identifier: 'shirt', total }],
    },
  });

/** A stage with one order that waits, and its queue. */
async function openStage() {
  const table = new DynamoDBModel(TABLE_SETTINGS, { now, onChange: () => undefined });
  const sqs = new SqsModel([{ name: QUEUES.orders, kind: 'fifo', visibilityTimeoutSeconds: 360 }], { now });
  const dynamodb = { send: (command: unknown) => Promise.resolve(table.execute(command)) };
  const ledger = createOrderLedger({
    client: dynamodb as never,
    table: TABLES.orderLedger,
    brand: 'acme',
  });
  const parsing = parseOrderEvent(message('1', 7000), settings);
  if (!parsing.ok) throw new Error('The message is not valid');
  const incoming = {
    event: parsing.event,
    messageId: 'm-1',
    sentAt: new Date(nowMs),
    warnings: [],
    isReplay: false,
  };
  const unknown = initialState('acme', 'o-1');
  const { events } = decide(
    unknown,
    { command: 'receive', incoming },
    {
      claimant: { owner: 'run', now: new Date(nowMs), leaseMs: 0 },
      policy: { quietTimeMs: 0, retryBaseMs: 0, retryMaxMs: 0, jitter: () => 0 },
      isPaused: true,
      verifyBefore: undefined,
    },
  );
  await ledger.write(evolveAll(unknown, events), 0);
  const outputs: Record<string, string> = {
    OrderLedgerTableName: TABLES.orderLedger,
    OrderQuarantineTableName: TABLES.orderQuarantine,
    OrderQueueUrlAcme: QUEUES.orders,
    OrderSettingsAcme: JSON.stringify({
      ...settings,
      quarantineRetentionDays: 30,
      buttonApiUrl: 'https://api.usebutton.com',
    }),
  };
  const context = {
    isDryRun: false,
    now: () => new Date(nowMs),
    clients: { dynamodb, sqs: { send: (command: unknown) => Promise.resolve(sqs.execute(command)) } },
    stage: { name: 'test', brands: ['acme'], output: (key: string) => outputs[key] ?? '' },
  } as unknown as CommandContext;
  const folder = await mkdtemp(path.join(tmpdir(), 'order-edit-'));
  const edit = (total: number) => {
    const file = path.join(folder, 'body.json');
    writeFileSync(file, message('2', total));
    const prepared = orderEdit.prepare({ arguments: ['o-1'], brand: 'acme', body: file });
    if (!('run' in prepared)) throw new Error(JSON.stringify(prepared));
    return prepared.run(context);
  };
  const totals = (): unknown[] =>
    sqs
      .contents(QUEUES.orders)
      .map(({ body }) => (JSON.parse(body) as { data: { total: number } }).data.total);
  const replays = (): unknown[] => {
    const command = new ReceiveMessageCommand({
      QueueUrl: outputs['OrderQueueUrlAcme'],
      MessageAttributeNames: ['All'],
    });
    const { Messages: messages = [] } = sqs.execute(command) as { Messages?: Message[] };
    return messages.map((one) => one.MessageAttributes?.[REPLAY_ATTRIBUTE]?.StringValue);
  };
  return { edit, totals, replays };
}

it('order-edit sends each correction, even before the reporter has handled the previous one (requirement 15)', async () => {
  const { edit, totals } = await openStage();

  for (const total of [6000, 600]) expect(await edit(total)).toMatchObject({ found: { sent: 1 } });

  expect(totals()).toEqual([6000, 600]);
});

it('order-edit corrects an order that waits and is not in quarantine, as its preview says (requirement 15)', async () => {
  const { edit, replays } = await openStage();

  await edit(6000);

  expect(replays()).toEqual([expect.any(String)]);
});

it('order-edit that is run again with the same file sends one message', async () => {
  const { edit, totals } = await openStage();

  for (const total of [6000, 6000]) await edit(total);

  expect(totals()).toEqual([6000]);
});
