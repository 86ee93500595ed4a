// @module-tag long
import { readFile, writeFile } from 'node:fs/promises';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';

import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import { findDeadLetterQueue } from '../../ops/queues/dead-letter-queue.ts';
import { stageQueues } from '../../ops/queues/stage-queues.ts';
import { COMMANDS, runOps } from '../../ops/run.ts';
import { readStage } from '../../ops/stage.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { connectSimulator } from './simulator-client.ts';
import { LOCAL_CONFIG_FILE } from './stage-configs.ts';
import { makeStateDirectory, type StateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

const SECRET = 'operator-policies';
const SHOPPER = 'shopper-of-the-policies';
const RANGE = ['--from', '2024-02-01T00:00:00Z', '--to', '2024-02-02T00:00:00Z'];
const OutputsSchema = z.record(z.string(), z.record(z.string(), z.string()));

let running: LocalSystem;
let system: SystemClient;
let directory: StateDirectory;
/** What the command lines are about, once it exists. */
let known: { account: string; refused: string[]; webhook: string; body: string };
const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  directory = await makeStateDirectory();
  started.push(() => directory.remove());
  running = await startSystem({
    configFile: LOCAL_CONFIG_FILE,
    stateDirectory: directory.path,
    apiKey: 'sk-operator-policies',
    webhookSecrets: [SECRET],
    controlPort: 0,
  });
  started.push(() => running.close());
  system = connectSystem(running.endpoints);
  started.push(() => {
    system.close();
  });
  await running.reconcile();
  known = await fill();
});

afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

/** A line for every command, some for two of its ways, as they are typed behind `npm run ops --`. */
const READING: Readonly<Record<string, () => string[][]>> = {
  doctor: () => [[]],
  show: () => [['P-waiting'], [SHOPPER], ['P-nothing', '--scan']],
  search: () => [
    ['transactions', '--shopper', SHOPPER],
    ['transactions', '--amount', '1', '--yes'],
    ['quarantine', '--order', 'P-refused-0'],
    ['quarantine', '--brand', 'acme', '--amount', '1', '--yes'],
  ],
  'order-show': () => [['P-settled', '--brand', 'acme']],
  'orders-waiting': () => [['--brand', 'acme']],
  'orders-audit': () => [
    ['P-settled', '--brand', 'acme'],
    ['--all', '--brand', 'acme'],
  ],
  'breaker-show': () => [['--brand', 'acme']],
  'transaction-show': () => [['order#P-order']],
  'transactions-list': () => [['conflict'], ['stale', '--days', '1']],
  'quarantine-reasons': () => [[]],
  'quarantine-list': () => [['orders', '--brand', 'acme'], ['webhooks'], ['rows']],
  'quarantine-show': () => [['orders', known.refused[0] ?? '', '--brand', 'acme']],
  'dead-letters-list': () => [[]],
  'accounts-list': () => [[]],
  'positions-show': () => [[known.account]],
  'drift-show': () => [[known.account, '--from', new Date().toISOString().slice(0, 10)]],
  'backfill-show': () => [[known.account, 'none']],
  'operations-list': () => [['orders'], ['transactions']],
};

const CHANGING: Readonly<Record<string, () => string[][]>> = {
  fix: () => [[known.refused[0] ?? '', '--brand', 'acme', '--body', known.body, '--wait', '1']],
  'orders-replay': () => [['--brand', 'acme', '--all']],
  'order-retry': () => [['P-waiting', '--brand', 'acme']],
  'order-edit': () => [['P-refused-0', '--brand', 'acme', '--body', known.body]],
  'order-abandon': () => [['P-waiting', '--brand', 'acme', '--reason', 'a test']],
  'breaker-close': () => [['--brand', 'acme']],
  'brand-pause': () => [['--brand', 'acme', '--reason', 'a test']],
  'brand-resume': () => [['--brand', 'acme']],
  'webhooks-replay': () => [[known.webhook]],
  'transactions-rebuild': () => [[known.account, ...RANGE, '--new-transactions-are', 'historical']],
  'backfill-start': () => [[known.account, 'february', ...RANGE, '--delivery', 'historical']],
  'transaction-settle': () => [['order#P-order', '--id', 'tx-P-order', '--reason', 'a test']],
  'events-republish': () => [['--from', '2020-01-01T00:00:00Z', '--to', '2100-01-01T00:00:00Z']],
  'transactions-renew': () => [['--before', '2100-01-01T00:00:00Z']],
  'shopper-erase': () => [['--publisher-customer-id', SHOPPER]],
  'customer-erase': () => [['--brand', 'acme', '--customer-id', 'nobody']],
  'quarantine-delete': () => [
    ['orders', known.refused[1] ?? '', '--brand', 'acme'],
    ['webhooks', known.webhook],
  ],
  'dead-letters-redrive': () => [['orders:acme'], ['deferred-webhooks'], ['reads'], ['rewards']],
};

/** What the commands need on AWS only, or in a state that is not played here, and what shows that. */
const NEEDED_ELSEWHERE = [
  // On this machine nobody is notified: test/ops/doctor/topic-checks.test.ts.
  /^sns:ListSubscriptionsByTopic /,
  // On this machine no quota is read: test/ops/doctor/quota-checks.test.ts.
  /^lambda:GetAccountSettings /,
];
/** A large transaction has parts, which erasing deletes: test/shared/transactions/store. */
const NEEDED_TO_CHANGE = [...NEEDED_ELSEWHERE, /^dynamodb:DeleteItem on .*Transactions/];

describe('the policies for people', () => {
  it('are tried with every command that uses a stage', () => {
    const offline = ['check', 'explain', 'completion'];
    const names = COMMANDS.map(({ name }) => name).filter((name) => !offline.includes(name));

    expect([...Object.keys(READING), ...Object.keys(CHANGING)].sort()).toEqual(names.sort());
  });

  it('let readers run every command that changes nothing and every dry run, and hold nothing else', async () => {
    const readers = await actAs('readers', ['OrderReadersPolicyArn', 'TransactionReadersPolicyArn']);

    for (const [name, lines] of [...Object.entries(READING), ...Object.entries(CHANGING)])
      for (const line of lines()) await readers.run(name, line);

    expect(readers.denied()).toEqual([]);
    expect(readers.unused(NEEDED_ELSEWHERE)).toEqual([]);
  });

  it('refuse readers every change in words, before anything is changed', async () => {
    const readers = await actAs('readers-who-try', ['OrderReadersPolicyArn', 'TransactionReadersPolicyArn']);

    for (const [name, lines] of Object.entries(CHANGING))
      for (const line of lines()) {
        const { code, err } = await readers.run(name, [...line, '--yes']);
        expect({ name, code }).toEqual({ name, code: 2 });
        expect(err).toMatch(
          /Your credentials do not allow this: they lack dynamodb:PutItem on \S+Quarantine\S*\. What it needs is in the policy of the output OrderOperatorsPolicyArn or TransactionOperatorsPolicyArn\./,
        );
      }
  });

  it('let operators run every command, and hold nothing else', async () => {
    const operators = await actAs('operators', ['OrderOperatorsPolicyArn', 'TransactionOperatorsPolicyArn']);

    for (const [name, lines] of Object.entries(READING))
      for (const line of lines()) await operators.run(name, line);
    for (const [name, lines] of Object.entries(CHANGING))
      for (const line of lines()) await operators.run(name, [...line, '--yes']);

    expect(operators.denied()).toEqual([]);
    expect(operators.unused(NEEDED_TO_CHANGE)).toEqual([]);
  });
});

/** Runs commands under a role that has only these policies of the stage. */
async function actAs(name: string, policies: readonly string[]) {
  const { access, endpoints } = running;
  const outputs = OutputsSchema.parse(JSON.parse(await readFile(endpoints.outputsFile, 'utf8')));
  const values = Object.assign({}, ...Object.values(outputs)) as Record<string, string>;
  const role = `arn:aws:iam::000000000000:role/${name}`;
  const statements = policies.flatMap((policy) => access.managedPolicy(values[policy] ?? ''));
  access.addRole({ arn: role, trust: [], statements });
  const file = join(directory.path, `${name}.json`);
  const local = {
    ...outputs['LocalEndpoints'],
    dynamodb: access.dynamodbEndpoint,
    accessKeyId: access.issueKey(role),
  };
  await writeFile(file, JSON.stringify({ ...outputs, LocalEndpoints: local }));
  const describeRight = ({ action, resource }: { action: string; resource: string }) =>
    `${action} on ${resource}`;
  return {
    async run(command: string, line: string[]) {
      const printed = { out: '', err: '' };
      const code = await runOps([command, ...line, '--outputs-file', file], {
        out: (text) => (printed.out += text),
        err: (text) => (printed.err += text),
      });
      // Whatever a command finds, it has to get an answer to everything that it asks.
      expect(`${command}: ${printed.err}`).not.toContain('It failed');
      // The doctor goes on without a right: the line says so.
      expect(printed.out).not.toMatch(/The check failed|do not allow this check/);
      return { code, ...printed };
    },
    denied: () =>
      access
        .denied()
        .filter((it) => it.role === role)
        .map(describeRight),
    unused: (elsewhere: readonly RegExp[]) =>
      access
        .unused()
        .filter((it) => it.role === role)
        .map(describeRight)
        .filter((right) => !elsewhere.some((pattern) => pattern.test(right))),
  };
}

/** Orders and webhooks in every state that the commands are about. */
async function fill(): Promise<typeof known> {
  const button = connectSimulator(running.endpoints.buttonControlUrl ?? '');
  await button.addFault({ on: 'api', times: 1000, match: { orderId: 'P-waiting' }, answer: { status: 503 } });
  await system.send(orderEvent({ orderId: 'P-settled', data: plainOrder('P-settled') }));
  await system.send(orderEvent({ orderId: 'P-waiting', data: plainOrder('P-waiting') }));
  const refused: string[] = [];
  for (const orderId of ['P-refused-0', 'P-refused-1'])
    refused.push(await system.send(orderEvent({ orderId, data: { ...plainOrder(orderId), total: 999 } })));
  for (const entry of refused) await until('an order to be refused', () => system.reasons(entry));
  await until('an order to be settled', async () => {
    const entry = await system.ledgerEntry('P-settled');
    return entry?.progress.state === 'settled' || undefined;
  });
  await until('an order to wait for its next try', async () => {
    const entry = await system.ledgerEntry('P-waiting');
    return (entry && 'dueAt' in entry.progress) || undefined;
  });
  await postWebhook(
    { ...pendingWebhook.data, id: 'tx-P-order', button_order_id: 'P-order' },
    'hook-policies',
  );
  await until('the transaction', () => system.transaction('order#P-order'));
  await button.injectTransaction({
    button_order_id: 'P-rebuilt',
    status: 'validated',
    created_date: '2024-02-01T10:00:00Z',
    modified_date: '2024-02-01T10:00:00Z',
    currency: 'USD',
    webhook: false,
  });
  const webhook = 'hook-policies-odd';
  await postWebhook({ status: 'odd' }, webhook);
  await sendDeadLetters();
  const body = join(directory.path, 'fixed.json');
  await writeFile(body, orderEvent({ orderId: 'P-refused-0', data: plainOrder('P-refused-0') }).body);
  const printed = { out: '' };
  await runOps(['accounts-list', '--json', '--outputs-file', running.endpoints.outputsFile], {
    out: (text) => (printed.out += text),
    err: () => undefined,
  });
  const { found } = z
    .object({ found: z.object({ accounts: z.array(z.object({ id: z.string(), currency: z.string() })) }) })
    .parse(JSON.parse(printed.out));
  const account = found.accounts.find(({ currency }) => currency === 'USD')?.id ?? '';
  return { account, refused, webhook, body };
}

async function postWebhook(data: object, id: string): Promise<void> {
  const webhook = { ...pendingWebhook, id, data: { ...data, publisher_customer_id: SHOPPER } };
  const body = JSON.stringify(webhook);
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  expect(await system.postWebhook(Buffer.from(body), signature)).toBe(200);
}

async function sendDeadLetters(): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const sqs = new SQSClient({ region: 'us-east-1', endpoint: running.endpoints.sqsEndpoint, credentials });
  for (const { url } of stageQueues(await readStage(running.endpoints.outputsFile))) {
    const deadLetters = await findDeadLetterQueue(sqs, url);
    const isFifo = deadLetters.url.endsWith('.fifo');
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: deadLetters.url,
        MessageBody: '{}',
        ...(isFifo && { MessageGroupId: 'one', MessageDeduplicationId: 'one' }),
      }),
    );
  }
  sqs.destroy();
}
