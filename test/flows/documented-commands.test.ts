// @module-tag long
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { writeHelpers } from '../../local/helper-files.ts';
import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import { runOps, type Outlets } from '../../ops/run.ts';
import { sendOrders } from '../../ops/send-orders.ts';
import { triggerButton } from '../../ops/trigger-button.ts';
import { documentedCommands, scriptCall } from '../documented-commands.ts';
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

const RUN = { ops: runOps, send: sendOrders, trigger: triggerButton };
const ORDER = 'B07';
const BUTTON_ORDER = 'btnorder-documented';

let running: LocalSystem;
let system: SystemClient;
let folder: string;
/** What stands for the names in capitals. */
let names: Record<string, string>;

const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  const directory = await makeStateDirectory();
  started.push(() => directory.remove());
  folder = directory.path;
  const config = await directory.writeConfig('config', QUICK_STAGES.both);
  running = await startSystem({
    configFile: config,
    stateDirectory: folder,
    apiKey: 'sk-documented',
    webhookSecrets: ['documented'],
    controlPort: 0,
  });
  started.push(() => running.close());
  system = connectSystem(running.endpoints);
  started.push(() => {
    system.close();
  });
  process.env['INIT_CWD'] = folder;
  started.push(() => {
    delete process.env['INIT_CWD'];
  });
  await mkdir(join(folder, '.local'));
  await writeHelpers(join(folder, '.local'), { endpoints: running.endpoints, config });
  names = await makeWhatTheDocumentsName();
});

afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

/** A refused order with its correction, messages to check and to send, and a transaction. */
async function makeWhatTheDocumentsName(): Promise<Record<string, string>> {
  const corrected = orderEvent({ orderId: ORDER, data: plainOrder(ORDER) }).body;
  const others = ['B08', 'B09'].map((orderId) => orderEvent({ orderId, data: plainOrder(orderId) }).body);
  for (const name of ['message.json', 'order.json']) await writeFile(join(folder, name), corrected);
  await writeFile(join(folder, 'orders.ndjson'), others.join('\n'));
  const entry = await system.send(orderEvent({ orderId: ORDER, data: { ...plainOrder(ORDER), total: 999 } }));
  await until('the order to be refused', () => system.reasons(entry));
  await run('trigger', ['tx-pending', '--order', BUTTON_ORDER, '--shopper', 'me']);
  await until('the transaction', () => system.transaction(`order#${BUTTON_ORDER}`));
  const { out } = await run('ops', ['accounts-list']);
  return {
    ENTRY: entry,
    ORDER_ID: ORDER,
    SHOPPER: 'me',
    ID: ORDER,
    ACCOUNT: /acc\w*-\w+/.exec(out)?.[0] ?? '',
    BUTTON_ORDER_ID: BUTTON_ORDER,
    TX_ID: BUTTON_ORDER,
  };
}

type Printed = { code: number; out: string; err: string };

async function run(script: keyof typeof RUN, args: readonly string[], input = ''): Promise<Printed> {
  const printed = { out: '', err: '' };
  const outlets: Outlets = {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
    readInput: () => Promise.resolve(input),
  };
  const isOffline = args[0] === 'check' || args[0] === 'explain' || args.includes('--help');
  const where = isOffline ? [] : ['--outputs-file', running.endpoints.outputsFile];
  const code = await RUN[script]([...args, ...where], outlets);
  return { code, ...printed };
}

const isRun = (script: string): script is keyof typeof RUN => script in RUN;

/** The commands that run against this system, each once. A sentence may leave out arguments. */
function runnable(): Map<string, { script: keyof typeof RUN; args: string[] }> {
  return new Map(
    documentedCommands().flatMap(({ words, isWhole }) => {
      const call = scriptCall(words);
      if (!call || !isRun(call.script) || !isWhole || !/^[a-z.-]/.test(call.args[0] ?? '')) return [];
      return [[[call.script, ...call.args].join(' '), { script: call.script, args: call.args }] as const];
    }),
  );
}

/** The exit codes of commands that find nothing here, or report what is wrong. All others end with 0. */
const OTHER_ENDS: Readonly<Record<string, number>> = {
  'ops doctor': 1,
  // It opens an editor, and there is no terminal here.
  'ops fix ENTRY': 2,
  'ops drift-show ACCOUNT --from 2026-01-01 --to 2026-01-07': 3,
  'ops quarantine-delete webhooks ENTRY': 3,
  'ops search quarantine --brand acme --from 2026-01-01 --to 2026-01-07 --status waiting --limit 1000': 3,
  'ops search transactions --order ORDER_ID --yes': 3,
  'ops search transactions --day 2026-01-31 --amount 1234 --yes': 3,
  'ops transaction-settle order#BUTTON_ORDER_ID --id TX_ID --reason what Button said': 3,
  'ops transaction-settle order#BUTTON_ORDER_ID --id TX_ID --status validated --amount 400 --reason what Button said': 3,
};

it('every documented command that needs no AWS ends as it should on this machine', async () => {
  const orders = await readFile(join(folder, 'orders.ndjson'), 'utf8');
  const commands = runnable();
  const [real, dry] = [true, false].map((isReal) =>
    [...commands].filter(([, { args }]) => args.includes('--yes') === isReal),
  );
  const unexpected: string[] = [];
  // A dry run needs what a real one corrects.
  for (const [line, { script, args }] of [...(dry ?? []), ...(real ?? [])]) {
    const named = args.map((arg) => arg.replaceAll(/\b[A-Z_]{2,}\b/g, (name) => names[name] ?? name));
    const { code, out, err } = await run(script, named, orders);
    if (code !== (OTHER_ENDS[line] ?? 0)) unexpected.push(`${line} ended with ${code}: ${out}${err}`);
  }

  expect(unexpected).toEqual([]);
  expect(commands.size).toBeGreaterThan(45);
  expect(Object.keys(OTHER_ENDS).filter((line) => !commands.has(line))).toEqual([]);
});

it('aws.sh points the tools of AWS at this system', async () => {
  const { stdout } = await promisify(execFile)('bash', [
    '-c',
    `. ${folder}/.local/aws.sh && echo $AWS_REGION $ORDER_QUEUE_URL_ACME`,
  ]);

  expect(stdout.trim()).toBe(`us-east-1 ${running.endpoints.orderQueueUrl ?? ''}`);
});
