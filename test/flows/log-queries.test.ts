// @module-tag long
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { DeleteTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListQueuesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';

import { synthesize } from '../../local/synthesize.ts';
import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import { createEventBus } from '../../shared/transactions/event-bus.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { LAMBDA_REPORTS } from '../infra/lambda-reports.ts';
import { fieldOf, readInsightsQuery } from '../infra/logs-insights.ts';
import { connectSimulator, type SimulatorClient } from './simulator-client.ts';
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

const WITHIN = { timeout: 60_000, interval: 200 };
const SECRET = 'webhook-test-secret';
const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

const TemplateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});
const QueryDefinitionSchema = z.object({
  Name: z.string(),
  QueryString: z.string(),
  LogGroupNames: z.array(z.object({ Ref: z.string() })).min(1),
});

type Line = Record<string, unknown>;
type Resource = { logicalId: string; type: string; properties: Record<string, unknown> };

const started: (() => void | Promise<void>)[] = [];
let stateDirectory: string;
let resources: Resource[];
let system: LocalSystem;
let client: SystemClient;
let button: SimulatorClient;

beforeAll(async () => {
  const directory = await makeStateDirectory();
  started.push(() => directory.remove());
  stateDirectory = directory.path;
  const configFile = await directory.writeConfig('everything', QUICK_STAGES.both);
  const { assemblyDirectory } = await synthesize({ configFile });
  resources = readResources(assemblyDirectory);
  system = await startSystem({
    configFile,
    stateDirectory,
    apiKey: 'sk-flows',
    webhookSecrets: [SECRET],
    controlPort: 0,
  });
  started.push(() => system.close());
  client = connectSystem(system.endpoints);
  started.push(() => {
    client.close();
  });
  button = connectSimulator(system.endpoints.buttonControlUrl ?? '');
  await playWhatTheQueriesAskFor();
});

// Closes what was started, in reverse order.
afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

/** Plays good and bad orders, webhooks and reads, and at the end a missing table. */
async function playWhatTheQueriesAskFor(): Promise<void> {
  await button.addFault({ on: 'api', match: { method: 'POST' }, answer: { status: 503 } });
  await client.send(orderEvent({ orderId: 'order-late', data: plainOrder('order-late') }));
  const wrong = { ...plainOrder('order-wrong'), total: 999 };
  await client.send(orderEvent({ orderId: 'order-wrong', data: wrong }));
  await untilLogged('a late and a refused order', ['order_not_reported', 'QuarantinedAmountMinor']);

  await postWebhook({ button_order_id: 'btnorder-behind', amount: 100 });
  const odd = { id: 'tx-odd', button_order_id: 'btnorder-odd' };
  for (const status of ['validated', 'declined'])
    await postWebhook({ ...odd, status, modified_date: '2026-01-02T00:00:00Z' });
  await client.postWebhook(Buffer.from('{}'), '0'.repeat(64));
  const injected = { currency: 'USD', webhook: false };
  await button.injectTransaction({ ...injected, button_order_id: 'btnorder-behind', amount: 200 });
  await button.injectTransaction({ ...injected, ...odd, amount: 200 });
  await button.injectTransaction({ ...injected, button_order_id: 'btnorder-missed', amount: 300 });
  await client.reconcile();

  const dynamodb = new DynamoDBClient({ ...LOCAL, endpoint: system.endpoints.dynamodbEndpoint });
  const { tables } = system.endpoints;
  const account = (await client.items('Positions')).map((item) => String(item['account'])).find(isAccount);
  await dynamodb.send(
    new PutItemCommand({
      TableName: tables['Positions'],
      Item: { account: { S: account ?? '' }, stream: { S: 'backfill-by-hand' } },
    }),
  );
  await button.addFault({ on: 'api', match: { path: '/transactions' }, answer: { status: 503 } });
  await client.reconcile();
  await button.addFault({ on: 'api', match: { path: '/accounts$' }, answer: { status: 503 } });
  await client.reconcile();
  await untilLogged('everything that was read', [
    'SettledConflicts',
    'position_unusable',
    '"list":"http_503"',
  ]);

  const sqs = new SQSClient({ ...LOCAL, endpoint: system.endpoints.sqsEndpoint });
  const { QueueUrls: urls = [] } = await sqs.send(new ListQueuesCommand());
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: urls.find((url) => url.includes('ReadQueue') && !url.includes('DeadLetters')),
      MessageBody: 'nonsense',
      MessageGroupId: 'nonsense',
      MessageDeduplicationId: 'nonsense',
    }),
  );
  await dynamodb.send(
    new PutItemCommand({
      TableName: tables['Transactions'],
      Item: { pk: { S: 'order#by-hand' }, revision: { N: '1' } },
    }),
  );
  await untilLogged('nonsense', ['read_message_unreadable', 'item_unreadable']);
  for (const table of ['Transactions', 'Positions', 'OrderLedger'])
    await dynamodb.send(new DeleteTableCommand({ TableName: tables[table] }));
  await client.reconcile();
  await postWebhook({ button_order_id: 'btnorder-held-back' });
  await client.send(orderEvent({ orderId: 'order-held-back', data: plainOrder('order-held-back') }));
  await untilLogged('what fails without tables', [
    'webhook_deferred',
    'deferred_webhook_failed',
    'message_left_on_queue',
    'Invoke Error',
  ]);
  dynamodb.destroy();
  sqs.destroy();
}

function isAccount(id: string): boolean {
  return id.startsWith('acc-');
}

/** Button's own pending webhook, changed and signed. */
function postWebhook(changes: object): Promise<number> {
  const body = Buffer.from(
    JSON.stringify({ ...pendingWebhook, data: { ...pendingWebhook.data, ...changes } }),
  );
  return client.postWebhook(body, createHmac('sha256', SECRET).update(body).digest('hex'));
}

async function untilLogged(what: string, words: readonly string[]): Promise<void> {
  await until(what, () => {
    const text = [...linesByFunction().values()].flat().map((line) => JSON.stringify(line));
    return Promise.resolve(
      words.every((word) => text.some((line) => line.includes(word))) ? true : undefined,
    );
  });
}

function readResources(assembly: string): Resource[] {
  return readdirSync(assembly)
    .filter((name) => name.endsWith('.template.json'))
    .flatMap((name) => {
      const template: unknown = JSON.parse(readFileSync(join(assembly, name), 'utf8'));
      return Object.entries(TemplateSchema.parse(template).Resources).map(
        ([logicalId, { Type: type, Properties: properties }]) => ({ logicalId, type, properties }),
      );
    });
}

/** The log lines of each function so far, without an incomplete last line. */
function linesByFunction(): Map<string, Line[]> {
  const logs = join(stateDirectory, 'logs');
  return new Map(
    readdirSync(logs).map((file) => [
      file.replace('.log', ''),
      readFileSync(join(logs, file), 'utf8').split('\n').flatMap(parseLine),
    ]),
  );
}

function parseLine(line: string): Line[] {
  try {
    return [JSON.parse(line) as Line];
  } catch {
    return [];
  }
}

/** The lines of a log group: of a function what it has logged, of the gateway the fields of its format. */
function linesOf(logGroup: string, lines: ReadonlyMap<string, Line[]>): Line[] {
  const writer = resources.find(({ properties }) =>
    JSON.stringify([
      fieldOf(properties, 'LoggingConfig.LogGroup'),
      fieldOf(properties, 'AccessLogSettings'),
    ]).includes(`"${logGroup}"`),
  );
  const format = writer && fieldOf(writer.properties, 'AccessLogSettings.Format');
  if (typeof format === 'string') return [JSON.parse(format) as Line];
  return lines.get(writer?.logicalId ?? '') ?? [];
}

/** A line that only the bus can cause, as Lambda would log it. */
async function lineOfLostEvent(): Promise<Line> {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const send = () => Promise.resolve({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure' }] });
  const putEvents = createEventBus({ client: { send }, busName: 'bus' });
  await putEvents([{ type: 'transaction.created', detail: { modifiedDate: '2026-01-01' } as never }]);
  const [[message] = []] = warn.mock.calls;
  warn.mockRestore();
  return { level: 'WARN', message };
}

/** The queries that find no line, or whose fields are in no line. */
function unanswered(definitions: readonly z.output<typeof QueryDefinitionSchema>[], lost: Line): object[] {
  const lines = linesByFunction();
  // The runtime logs the failure of any function in the same form.
  const crashes = [...lines.values()].flat().filter((line) => fieldOf(line, 'errorType') !== undefined);
  return definitions.flatMap(({ Name: name, QueryString: text, LogGroupNames: groups }) => {
    const { fields, finds } = readInsightsQuery(text);
    // Queries with the same text on other logs look for what any function may log.
    const same = definitions.filter(({ QueryString: other }) => other === text);
    const all = [groups, ...same.map(({ LogGroupNames: others }) => others)].flat();
    const found = [
      ...all.flatMap(({ Ref: group }) => linesOf(group, lines)),
      lost,
      ...crashes,
      ...Object.values(LAMBDA_REPORTS),
    ].filter(finds);
    const missing = fields.filter((field) => !found.some((line) => fieldOf(line, field) !== undefined));
    return missing.length > 0 || found.length === 0 ? [{ name, missing, found: found.length }] : [];
  });
}

describe('the saved queries', () => {
  it('use only what is logged: each finds lines, and every field that it names is in one of them', async () => {
    const definitions = resources
      .filter(({ type }) => type === 'AWS::Logs::QueryDefinition')
      .map(({ properties }) => QueryDefinitionSchema.parse(properties));
    const lost = await lineOfLostEvent();

    // The latest lines may not have reached the log yet.
    await vi.waitFor(() => {
      expect(unanswered(definitions, lost)).toEqual([]);
    }, WITHIN);
    expect(definitions.length).toBeGreaterThan(10);
  });

  it('are named by the stage and by their subject', () => {
    const names = resources
      .filter(({ type }) => type === 'AWS::Logs::QueryDefinition')
      .map(({ properties }) => QueryDefinitionSchema.parse(properties).Name);

    for (const name of names) expect(name).toMatch(/^Button\/local\/[A-Z][\w ]+\/[A-Z][\w ,]+$/);
    expect(new Set(names).size).toBe(names.length);
  });
});
