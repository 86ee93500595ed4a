// @module-tag long
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import { runOps } from '../../ops/run.ts';
import { createQuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { connectSimulator, type SimulatorClient } from './simulator-client.ts';
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory, type StateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

const WEBHOOK_SECRET = 'operations';
/** Represents a person. It may appear only where it is asked for. */
const SHOPPER = 'shopper-of-the-operations-test';
const CUSTOMER = 'customer-of-the-operations-test';

const ResultSchema = z.object({
  outcome: z.enum(['done', 'partial', 'not-found']),
  found: z.record(z.string(), z.unknown()),
});

let running: LocalSystem;
let system: SystemClient;
let button: SimulatorClient;
let directory: StateDirectory;
let environment: Record<string, string>;

const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  directory = await makeStateDirectory();
  started.push(() => directory.remove());
  running = await startSystem({
    configFile: await directory.writeConfig('operations', QUICK_STAGES.both),
    stateDirectory: directory.path,
    apiKey: 'sk-operations',
    webhookSecrets: [WEBHOOK_SECRET],
    controlPort: 0,
  });
  started.push(() => running.close());
  const { endpoints } = running;
  system = connectSystem(endpoints);
  started.push(() => {
    system.close();
  });
  button = connectSimulator(endpoints.buttonControlUrl ?? '');
  environment = {
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodbEndpoint,
    AWS_ENDPOINT_URL_SQS: endpoints.sqsEndpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManagerEndpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.eventBridgeEndpoint,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  Object.assign(process.env, environment);
});

// Closes what was started, in reverse order.
afterAll(async () => {
  for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
  for (const close of started.toReversed()) await close();
});

type Printed = { code: number; out: string; err: string };

/** One command line, as it is typed after `npm run ops --`. */
async function ops(...args: string[]): Promise<Printed> {
  const printed = { out: '', err: '' };
  const code = await runOps([...args, '--outputs-file', running.endpoints.outputsFile], {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  });
  return { code, ...printed };
}

/** The result of a command that must succeed. */
async function found(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await ops(...args, '--json');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
  return ResultSchema.parse(JSON.parse(out)).found;
}

async function postWebhook(body: string): Promise<number> {
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
  return system.postWebhook(Buffer.from(body), signature);
}

function webhookBody(buttonOrderId: string, data: object = {}): string {
  return JSON.stringify({
    ...pendingWebhook,
    id: `hook-${buttonOrderId}`,
    data: {
      ...pendingWebhook.data,
      id: `tx-${buttonOrderId}`,
      button_order_id: buttonOrderId,
      publisher_customer_id: SHOPPER,
      ...data,
    },
  });
}

async function untilStored(key: string): Promise<void> {
  await until(`the table to hold ${key}`, () => system.transaction(key));
}

describe('orders in quarantine', () => {
  it('are listed, shown, and replayed with a corrected body; a dry run sends nothing (S25)', async () => {
    const orderId = 'ops-fixed';
    const broken = { ...plainOrder(orderId), total: 999, customer: { id: CUSTOMER } };
    const entry = await system.send(orderEvent({ orderId, data: broken }));
    await until('the order to be refused', () => system.reasons(entry));
    const fixed = join(directory.path, 'fixed.json');
    await writeFile(fixed, orderEvent({ orderId, data: plainOrder(orderId) }).body);
    const replay = ['orders-replay', entry, '--brand', 'acme', '--body', fixed];

    const list = await ops('quarantine-list', 'orders', '--brand', 'acme');
    const shown = await ops('quarantine-show', 'orders', entry, '--brand', 'acme');
    const shownWhole = await ops('quarantine-show', 'orders', entry, '--brand', 'acme', '--show-bytes');
    const dry = await ops(...replay, '--json');
    const afterDryRun = await found('quarantine-list', 'orders', '--brand', 'acme');
    const callsAfterDryRun = await button.calls(orderId);
    const real = await found(...replay, '--yes');
    await until('the order to be reported', async () => {
      const entry = await system.ledgerEntry(orderId);
      return entry?.progress.state === 'settled' || undefined;
    });

    expect(list.out).toContain(entry);
    expect([list.out, shown.out].join()).not.toContain(CUSTOMER);
    expect(shownWhole.out).toContain(CUSTOMER);
    expect(dry).toMatchObject({ code: 0, err: expect.stringContaining('Dry run') as string });
    expect(JSON.parse(dry.out)).toMatchObject({ found: { wouldSend: 1 } });
    expect(afterDryRun).toMatchObject({ count: 1 });
    expect(callsAfterDryRun).toEqual([]);
    expect(real).toMatchObject({ sent: 1, missing: [] });
    expect(await button.orders(orderId)).toMatchObject([{ total: 1200 }]);
    expect(await found('quarantine-list', 'orders', '--brand', 'acme')).toMatchObject({ count: 0 });
    expect(await found('quarantine-list', 'orders', '--brand', 'acme', '--replayed')).toMatchObject({
      count: 1,
    });
    expect(await found('order-show', orderId, '--brand', 'acme')).toMatchObject({
      progress: { state: 'settled' },
    });
  });

  it('leave a record of who replayed them (S25)', async () => {
    const orderId = 'ops-recorded';
    const entry = await system.send(orderEvent({ orderId, data: { ...plainOrder(orderId), total: 1 } }));
    await until('the order to be refused', () => system.reasons(entry));

    const dry = await found('orders-replay', entry, '--brand', 'acme');
    const before = await found('operations-list', 'orders');
    const real = await ops('orders-replay', entry, '--brand', 'acme', '--yes', '--json');
    const after = await found('operations-list', 'orders', '--limit', '1');

    // A message that the reporter would refuse again is not sent, and the reasons are given.
    const refused = { id: entry, orderId, would: 'be-refused', reasons: [{ code: 'total_not_sum' }] };
    expect(dry).toMatchObject({ wouldSend: 0, wouldBeRefused: 1, entries: [refused] });
    expect(real.code).toBe(1);
    expect(JSON.parse(real.out)).toMatchObject({
      outcome: 'partial',
      found: { sent: 0, refused: [refused] },
    });
    expect(JSON.stringify(before)).not.toContain(entry);
    expect(after).toMatchObject({
      operations: [
        {
          command: 'orders-replay',
          by: expect.stringMatching(/^local:./) as string,
          settings: JSON.stringify({ brand: 'acme', arguments: [entry] }),
          outcome: 'partial',
          result: JSON.stringify({ sent: 0, more: false }),
        },
      ],
    });
  });

  it('are not replayed as another order, and each names the other if a replay is refused again', async () => {
    const orderId = 'ops-linked';
    await button.addFault({ on: 'api', times: 2, match: { orderId }, answer: { status: 400 } });
    const entry = await system.send(orderEvent({ orderId, data: plainOrder(orderId) }));
    await until('Button to refuse the order', () => system.reasons(entry));
    const other = join(directory.path, 'other.json');
    await writeFile(other, orderEvent({ orderId: 'ops-other', data: plainOrder('ops-other') }).body);

    const rejected = await ops('orders-replay', entry, '--brand', 'acme', '--body', other, '--yes');
    const replayed = await found('orders-replay', entry, '--brand', 'acme', '--yes');
    const again = await until('the replay to be refused', async () => {
      const shown = await found('quarantine-show', 'orders', entry, '--brand', 'acme');
      return typeof shown['refusedAgainAs'] === 'string' ? shown['refusedAgainAs'] : undefined;
    });
    // The entry is kept before the ledger says so.
    await until('the retry to be taken', async () => {
      const { changed } = await found('order-retry', orderId, '--brand', 'acme', '--yes');
      return changed === true || undefined;
    });
    await until('the order to be reported after its retry', async () => {
      const ledger = await system.ledgerEntry(orderId);
      return ledger?.progress.state === 'settled' || undefined;
    });

    expect(rejected).toMatchObject({ code: 2, err: expect.stringContaining('another order') as string });
    expect(replayed).toMatchObject({ sent: 1 });
    expect(await found('quarantine-show', 'orders', again, '--brand', 'acme')).toMatchObject({
      orderId,
      replayOf: entry,
    });
    expect(await found('orders-audit', orderId, '--brand', 'acme')).toMatchObject({ drift: [] });
    expect(await found('orders-audit', '--all', '--brand', 'acme')).toMatchObject({ drift: [] });
    expect(await found('breaker-show', '--brand', 'acme')).toMatchObject({ state: 'closed' });
  });

  it('that do not exist end with exit code 3, and an unknown brand with 2', async () => {
    const unknownEntry = await ops('orders-replay', 'no-such-entry', '--brand', 'acme', '--yes');
    const unknownBrand = await ops('orders-replay', 'no-such-entry', '--brand', 'other', '--yes');
    const unknownOrder = await ops('order-show', 'no-such-order', '--brand', 'acme');

    expect([unknownEntry.code, unknownBrand.code, unknownOrder.code]).toEqual([3, 2, 3]);
  });

  it('can be listed by the command as npm runs it, which prints one JSON document and nothing else', async () => {
    const { endpoints } = running;
    const args = ['quarantine-list', 'orders', '--brand', 'acme', '--json'];

    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['ops/main.ts', ...args, '--outputs-file', endpoints.outputsFile],
      { env: { ...process.env, ...environment } },
    );

    expect(ResultSchema.parse(JSON.parse(stdout)).outcome).toBe('done');
  });
});

describe('a brand', () => {
  it('is paused and resumed by an operator only, and says why in the meantime', async () => {
    const reason = 'the shop sends wrong prices';
    const brand = ['--brand', 'acme'];
    const dry = await found('brand-pause', ...brand, '--reason', reason);
    const paused = await found('brand-pause', ...brand, '--reason', reason, '--yes');
    const again = await found('brand-pause', ...brand, '--reason', 'another', '--yes');
    const shown = await found('breaker-show', ...brand);
    const closed = await ops('breaker-close', ...brand, '--yes');
    const examined = await ops('doctor');
    const { operations } = await found('operations-list', 'orders', '--limit', '3');
    const resumed = await found('brand-resume', ...brand, '--yes');
    const resumedAgain = await found('brand-resume', ...brand, '--yes');

    expect(dry).toEqual({ was: 'closed', wouldBe: 'paused' });
    expect([paused, again]).toEqual([
      { was: 'closed', is: 'paused' },
      { was: 'paused', is: 'paused' },
    ]);
    expect(shown).toMatchObject({ state: 'open', cause: 'paused', reason });
    expect(closed).toMatchObject({ code: 2, err: expect.stringContaining('brand-resume') as string });
    expect(examined.out).toContain(
      `The brand has been paused by an operator since ${String(shown['since'])}: ${reason}.`,
    );
    expect(JSON.stringify(operations)).toContain(reason);
    expect([resumed, resumedAgain]).toEqual([
      { was: 'paused', is: 'closed' },
      { was: 'closed', is: 'closed' },
    ]);
    expect(await found('breaker-show', ...brand)).toMatchObject({ state: 'closed' });
  });
});

describe('webhooks in quarantine', () => {
  it('are applied once the code understands them, and published as one event however often (F12)', async () => {
    const key = 'order#ops-replayed';
    await keepWebhook('hook-ops-replayed', webhookBody('ops-replayed'));

    const dry = await found('webhooks-replay', '--all');
    const afterDryRun = await system.transaction(key);
    const real = await found('webhooks-replay', '--all', '--yes');
    const again = await found('webhooks-replay', 'hook-ops-replayed', '--yes');
    await until('its event', async () => (await system.events(key))[0]);

    expect(dry).toMatchObject({ applied: 1, quarantined: 0 });
    expect(afterDryRun).toBeUndefined();
    expect(real).toMatchObject({ applied: 1 });
    expect(again).toMatchObject({ applied: 0, unchanged: 1 });
    expect(await system.events(key)).toHaveLength(1);
    // Written as the functions write it: with the attributes of the shopper's index.
    expect(await system.items('Transactions')).toContainEqual(
      expect.objectContaining({ pk: key, shopper: SHOPPER }),
    );
  });

  it('stay in quarantine while the code does not understand them', async () => {
    await postWebhook(JSON.stringify({ id: 'hook-ops-odd', event_type: 'odd' }));
    await until('the webhook to be kept', async () => {
      const { count } = await found('quarantine-list', 'webhooks');
      return count === 1 || undefined;
    });

    const real = await found('webhooks-replay', '--all', '--yes');

    expect(real).toMatchObject({ quarantined: 1 });
    expect(await found('quarantine-list', 'webhooks')).toMatchObject({ count: 1 });
  });
});

async function keepWebhook(id: string, body: string): Promise<void> {
  const client = new DynamoDBClient({ region: 'us-east-1' });
  const table = running.endpoints.tables['WebhookQuarantine'] ?? '';
  await createQuarantineStore({ client, table, retentionDays: 90 }).put({
    kind: 'webhook',
    id,
    bytes: body,
    reasons: [{ code: 'not_understood', problem: 'The webhook was not understood here' }],
    refusedAt: new Date().toISOString(),
    origin: 'webhook',
  });
  client.destroy();
}

describe('transactions', () => {
  it('are shown without their shopper unless asked for', async () => {
    await postWebhook(webhookBody('ops-shown'));
    await untilStored('order#ops-shown');

    const shown = await ops('transaction-show', 'order#ops-shown');
    const shownWhole = await ops('transaction-show', 'order#ops-shown', '--show-bytes');

    expect(shown.out).toContain('amountMinor');
    expect(shown.out).not.toContain(SHOPPER);
    expect(shownWhole.out).toContain(SHOPPER);
  });

  it('that are pending beyond their time are listed (E16)', async () => {
    await postWebhook(webhookBody('ops-stale', { created_date: '2020-01-01T00:00:00Z' }));
    await untilStored('order#ops-stale');

    const stale = await found('transactions-list', 'stale', '--days', '1000');

    expect(stale).toMatchObject({
      transactions: expect.arrayContaining([
        expect.objectContaining({ key: 'order#ops-stale', createdDate: '2020-01-01T00:00:00Z' }),
      ]) as unknown,
    });
  });

  it('in conflict are listed, and reading their day again settles them', async () => {
    const key = 'order#ops-conflict';
    const at = { created_date: '2024-04-01T10:00:00Z', modified_date: '2024-04-01T10:00:00Z' };
    await button.injectTransaction({
      id: 'tx-ops-conflict',
      button_order_id: 'ops-conflict',
      status: 'pending',
      amount: 700,
      currency: 'USD',
      webhook: false,
      ...at,
    });
    await postWebhook(webhookBody('ops-conflict', { amount: 600, ...at }));
    await postWebhook(webhookBody('ops-conflict', { amount: 700, ...at }));
    await until('the conflict', async () => {
      const { transactions } = await found('transactions-list', 'conflict');
      return JSON.stringify(transactions).includes(key) || undefined;
    });
    const range = [
      '--from',
      '2024-04-01T00:00:00Z',
      '--to',
      '2024-04-02T00:00:00Z',
      '--new-transactions-are',
      'historical',
    ];

    await found('transactions-rebuild', await dollarAccount(), ...range, '--yes');

    expect(await found('transactions-list', 'conflict')).toEqual({
      count: 0,
      more: false,
      transactions: [],
      unreadable: [],
    });
    const settled = await system.transaction(key);
    expect(settled?.candidates.map(({ transaction }) => transaction.amountMinor)).toEqual([700]);
  });

  it('are published again for a range, with their current version', async () => {
    const key = 'order#ops-republished';
    const modified = { created_date: '2031-01-01T00:00:00Z', modified_date: '2031-01-01T00:00:00Z' };
    await postWebhook(webhookBody('ops-republished', modified));
    const first = await until('its event', async () => (await system.events(key))[0]);
    const { version } = first.detail;
    const range = ['--from', '2031-01-01T00:00:00Z', '--to', '2031-01-02T00:00:00Z'];

    const dry = await found('events-republish', ...range);
    const afterDryRun = await system.events(key);
    const real = await found('events-republish', ...range, '--yes');

    expect(dry).toEqual({ wouldPublish: 1, unreadable: [] });
    expect(afterDryRun).toHaveLength(1);
    expect(real).toEqual({ published: 1, unreadable: [] });
    expect((await system.events(key)).map(({ detail }) => detail.version)).toEqual([version, version]);
  });

  it('of a shopper are erased, which a second read of the table confirms (S17)', async () => {
    await postWebhook(webhookBody('ops-erased', { publisher_customer_id: 'to-be-erased' }));
    await untilStored('order#ops-erased');
    await keepWebhook('hook-ops-naming', '{"publisher_customer_id":"to-be-erased"}');
    await keepWebhook('hook-ops-naming-another', '{"publisher_customer_id":"not-to-be-erased"}');
    const erase = ['shopper-erase', '--publisher-customer-id', 'to-be-erased'];

    const dry = await found(...erase);
    const afterDryRun = JSON.stringify(await system.transaction('order#ops-erased'));
    const real = await found(...erase, '--yes');

    expect(dry).toEqual({
      wouldErase: 1,
      checkouts: 0,
      leftOverParts: 0,
      inQuarantine: ['webhooks hook-ops-naming'],
      unreadable: [],
    });
    const deleted = await found('quarantine-delete', 'webhooks', 'hook-ops-naming', '--yes');
    const gone = await ops('quarantine-show', 'webhooks', 'hook-ops-naming');
    const kept = await ops('quarantine-show', 'webhooks', 'hook-ops-naming-another');

    expect(afterDryRun).toContain('to-be-erased');
    expect(deleted).toEqual({ deleted: 1, missing: [], more: false });
    expect([gone.code, kept.code]).toEqual([3, 0]);
    expect(real).toMatchObject({ erased: 1, remaining: 0, remainingParts: 0 });
    expect(JSON.stringify(await system.transaction('order#ops-erased'))).not.toContain('to-be-erased');
    // The record of the erasure does not name the shopper either.
    expect((await ops('operations-list', 'transactions')).out).not.toContain('to-be-erased');
  });
});

describe('on a terminal', () => {
  const onTerminal = async (...args: string[]): Promise<Printed & { progress: string }> => {
    const printed = { out: '', err: '', progress: '' };
    const code = await runOps([...args, '--outputs-file', running.endpoints.outputsFile], {
      out: (text) => (printed.out += text),
      err: (text) => (printed.err += text),
      columns: 120,
      terminal: { columns: 120, write: (text) => (printed.progress += text) },
    });
    return { code, ...printed };
  };

  it('lists are tables', async () => {
    await keepWebhook('hook-ops-table', '{}');

    const { out } = await onTerminal('quarantine-list', 'webhooks');

    expect(stripVTControlCharacters(out)).toMatch(/\n {2}id {2,}reasons {2,}refusedAt /);
    expect(out).toMatch(/\n {2}hook-ops-table +not_understood {2}/);
  });

  it('a long command shows its progress beside its result, which stays one JSON document with --json', async () => {
    const { code, out, progress } = await onTerminal(
      'shopper-erase',
      '--pub-ref',
      'nobody',
      '--yes',
      '--json',
    );

    expect(code).toBe(0);
    expect(ResultSchema.parse(JSON.parse(out)).found).toMatchObject({ erased: 0 });
    expect(progress).toMatch(/1 items/);
    expect(progress).toMatch(/1 of \d+ items \(\d+ %\)/);
    expect(progress.endsWith('\r\u001B[K')).toBe(true);
  });
});

describe('reconciliation', () => {
  it('reads a range from Button again; a dry run reads it and stores nothing', async () => {
    await button.injectTransaction({
      button_order_id: 'ops-rebuilt',
      status: 'validated',
      created_date: '2024-02-01T10:00:00Z',
      modified_date: '2024-02-01T10:00:00Z',
      currency: 'USD',
      webhook: false,
    });
    const account = await dollarAccount();
    const range = [
      '--from',
      '2024-02-01T00:00:00Z',
      '--to',
      '2024-02-02T00:00:00Z',
      '--new-transactions-are',
      'historical',
    ];

    const dry = await found('transactions-rebuild', account, ...range);
    const afterDryRun = await system.transaction('order#ops-rebuilt');
    const real = await found('transactions-rebuild', account, ...range, '--yes');

    expect(dry).toMatchObject({ changed: 1, outcome: 'complete' });
    expect(afterDryRun).toBeUndefined();
    expect(real).toMatchObject({ changed: 1, outcome: 'complete' });
    expect(await system.transaction('order#ops-rebuilt')).toMatchObject({ delivery: 'historical' });
  });

  it('starts a backfill, and shows the position of it and of every other stream', async () => {
    await button.injectTransaction({
      button_order_id: 'ops-backfilled',
      status: 'validated',
      created_date: '2024-03-01T10:00:00Z',
      modified_date: '2024-03-01T10:00:00Z',
      currency: 'USD',
      webhook: false,
    });
    const account = await dollarAccount();
    const range = ['--from', '2024-03-01T00:00:00Z', '--to', '2024-03-02T00:00:00Z'];
    const start = ['backfill-start', account, 'march', ...range, '--delivery', 'historical'];

    const dry = await found(...start);
    const notThere = await ops('backfill-show', account, 'march');
    const real = await found(...start, '--yes');
    const progress = await until('the backfill to end', async () => {
      const shown = await found('backfill-show', account, 'march');
      return shown['finished'] === true ? shown : undefined;
    });

    expect(dry).toMatchObject({ would: 'start' });
    expect(notThere.code).toBe(3);
    expect(real).toEqual({ outcome: 'started', stream: 'backfill-march' });
    expect(progress).toMatchObject({ share: 1 });
    expect(await system.transaction('order#ops-backfilled')).toMatchObject({ delivery: 'historical' });
    expect(await found('positions-show', account)).toMatchObject({
      streams: expect.arrayContaining([
        expect.objectContaining({ stream: 'backfill-march' }),
        expect.objectContaining({ stream: 'incremental' }),
      ]) as unknown,
    });
    const today = new Date().toISOString().slice(0, 10);
    expect(await found('drift-show', account, '--from', today)).toMatchObject({
      days: { [today]: expect.objectContaining({ rows: expect.any(Number) as number }) as object },
    });
  });
});

async function dollarAccount(): Promise<string> {
  const { accounts } = await found('accounts-list');
  const listed = z.array(z.object({ id: z.string(), currency: z.string() })).parse(accounts);
  return listed.find(({ currency }) => currency === 'USD')?.id ?? '';
}
