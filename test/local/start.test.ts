import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';

import { until } from '../../local/tour/until.ts';
import { makeStateDirectory, type StateDirectory } from '../flows/state-directory.ts';
import { startButtonStub } from '../flows/button-stub.ts';
import accounts from '../fixtures/button/accounts-response.json' with { type: 'json' };
import { descendantsOf, isAlive } from './process-tree.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

const DOCUMENTED_ENDPOINTS = [
  'webhookUrl',
  'orderQueueUrl',
  'sqsEndpoint',
  'dynamodbEndpoint',
  'tables',
  'buttonUrl',
  'buttonControlUrl',
  'buttonApiKey',
  'webhookSecret',
  'reconcileUrl',
  'eventsUrl',
  'metricsUrl',
  'alarmsUrl',
];

const TourSchema = z.object({
  ok: z.boolean(),
  steps: z.array(z.object({ id: z.string(), outcome: z.string(), facts: z.array(z.string()) })),
  counts: z.record(z.string(), z.number()),
  endpoints: z.record(z.string(), z.unknown()),
});

type Command = {
  child: ChildProcessByStdio<null, Readable, Readable>;
  pid: number;
  stdout: () => string;
  stderr: () => string;
  /** The exit code once it has ended and all it printed is read; null if a signal killed it. */
  ended: Promise<number | null>;
};

let directory: StateDirectory;

beforeAll(async () => {
  directory = await makeStateDirectory();
});

afterAll(async () => {
  await directory.remove();
});

/**
 * `npm start -- …` without npm. It gets a process group of its own, which is what Ctrl-C in a terminal
 * reaches.
 */
function start(...args: string[]): Command {
  const child = spawn(process.execPath, [join(ROOT, 'local', 'start.ts'), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => (printed[name] += chunk));
  }
  return {
    child,
    pid: child.pid ?? 0,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    ended: once(child, 'close').then(() => child.exitCode),
  };
}

function untilPrinted(command: Command, text: string): Promise<true> {
  return until(`"${text}" to be printed`, () => {
    if (command.child.exitCode !== null) throw new Error(`It ended: ${command.stderr()}`);
    return Promise.resolve(command.stdout().includes(text) || undefined);
  });
}

/**
 * Ends the command as a terminal or a supervisor does; returns its exit code and which of its processes are
 * still there.
 */
async function end(
  command: Command,
  signal: 'SIGINT' | 'SIGTERM',
): Promise<{ code: number | null; left: number[] }> {
  const started = descendantsOf(command.pid);
  expect(started).not.toEqual([]);
  if (signal === 'SIGINT') process.kill(-command.pid, signal);
  else command.child.kill(signal);
  const code = await command.ended;
  // The kernel takes a moment to end what was killed.
  await until('its processes to end', () => Promise.resolve(!started.some(isAlive) || undefined)).catch(
    () => undefined,
  );
  return { code, left: started.filter(isAlive) };
}

/** What a command that fails says. */
async function failureOf(
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = start(...args);
  const code = await command.ended;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

async function endsClean(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
  const file = join(directory.path, `endpoints-${signal}.json`);
  const command = start('--no-tour', '--endpoints-file', file);
  await until('the endpoints', () => {
    if (command.child.exitCode !== null) throw new Error(command.stderr());
    return Promise.resolve(existsSync(file) || undefined);
  });
  const endpoints = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
  const events = await fetch(endpoints['eventsUrl'] ?? '');

  const { code, left } = await end(command, signal);

  expect(Object.keys(endpoints)).toEqual(expect.arrayContaining(DOCUMENTED_ENDPOINTS));
  expect(events.status).toBe(200);
  expect(await events.json()).toEqual([]);
  expect({ code, left, stderr: command.stderr() }).toEqual({ code: 0, left: [], stderr: '' });
}

describe('npm start', () => {
  it(
    'writes every documented endpoint once it is ready, stays up, and leaves nothing behind after SIGTERM',
    { tags: ['long'] },
    () => endsClean('SIGTERM'),
  );

  it('leaves nothing behind after SIGINT', { tags: ['long'] }, () => endsClean('SIGINT'));

  it('does not synthesize again what has not changed', { tags: ['long'] }, async () => {
    const first = start('--no-tour');
    await untilPrinted(first, 'Everything is running');
    const second = start('--no-tour');
    await untilPrinted(second, 'Everything is running');
    await untilPrinted(second, 'docs/README.md');

    const ends = [await end(second, 'SIGTERM'), await end(first, 'SIGTERM')];

    expect(second.stdout()).toContain('Nothing has changed since the last synthesis');
    // Its commands name its own outputs, so that they do not reach the first system.
    expect(second.stdout()).toMatch(/trigger -- .* --outputs-file \.local\/\d\/cdk-outputs\.json/);
    expect(ends).toEqual([
      { code: 0, left: [] },
      { code: 0, left: [] },
    ]);
  });

  it('plays the tour with --once --json and prints one JSON document, and nothing else, on standard output', async () => {
    const command = start('--once', '--json');

    const code = await command.ended;

    const tour = TourSchema.parse(JSON.parse(command.stdout()));
    expect(tour.steps.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(tour.ok).toBe(true);
    expect(tour.steps.length).toBeGreaterThanOrEqual(10);
    expect(tour.counts).toMatchObject({ passed: tour.steps.length, failed: 0, skipped: 0 });
    expect(Object.keys(tour.endpoints)).toEqual(expect.arrayContaining(DOCUMENTED_ENDPOINTS));
    expect(code).toBe(0);
  });

  it.each([
    [
      'a brand',
      {
        stage: 'local',
        orderReporting: { brands: [{ id: 'acme', retrySweep: { schedule: 'rate(2 seconds)' } }] },
      },
      ['order-reported', 'order-adjusted', 'order-cancelled', 'bad-order-refused'],
    ],
    [
      'a publisher',
      {
        stage: 'local',
        transactions: { rewardQueue: {}, reconciler: { lagSeconds: 0, overlapSeconds: 60 } },
      },
      [
        'transaction-pending',
        'transaction-adjusted',
        'transaction-validated',
        'transaction-declined',
        'forged-webhook-refused',
        'lost-webhook-repaired',
        'rewards-shown',
        'events-published',
        'user-rewarded',
      ],
    ],
  ])('plays a tour of its own for %s alone', { tags: ['long'] }, async (name, config, ids) => {
    const file = await directory.writeConfig(name.replace(' ', '-'), config);
    const command = start('--once', '--json', '--config', file);

    const code = await command.ended;

    const { steps } = TourSchema.parse(JSON.parse(command.stdout()));
    expect(steps.map(({ id, outcome }) => [id, outcome])).toEqual(ids.map((id) => [id, 'passed']));
    expect(code).toBe(0);
  });

  it(
    "plays what it can of the tour with a user's own Button, and says what it left out",
    { tags: ['long'] },
    async () => {
      const stub = await startButtonStub({ apiKey: 'sk-mine', accounts: accounts.objects, rows: [] });
      onTestFinished(() => stub.close());
      const command = start('--once', '--json', '--button-url', stub.url, '--button-api-key', 'sk-mine');

      const code = await command.ended;

      const { steps, counts } = TourSchema.parse(JSON.parse(command.stdout()));
      expect(steps.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
      expect(steps.filter(({ outcome }) => outcome === 'passed').map(({ id }) => id)).toEqual([
        'order-reported',
        'order-adjusted',
        'order-cancelled',
        'bad-order-refused',
        'forged-webhook-refused',
      ]);
      expect(counts['skipped']).toBe(steps.length - 5);
      expect([...stub.orders.values()].map(({ status }) => status)).toEqual(['open', 'deleted']);
      expect(code).toBe(0);
    },
  );

  it(
    'ends with 1 when a step of the tour fails, says why, and does not wait for what builds on it',
    { tags: ['long'] },
    async () => {
      const stub = await startButtonStub({ apiKey: 'sk-mine', accounts: [], rows: [] });
      onTestFinished(() => stub.close());
      stub.refuseOrders(422);
      const command = start('--once', '--json', '--button-url', stub.url, '--button-api-key', 'sk-mine');

      const code = await command.ended;

      const { ok, steps } = TourSchema.parse(JSON.parse(command.stdout()));
      const failed = new Map(
        steps.filter(({ outcome }) => outcome === 'failed').map(({ id, facts }) => [id, facts.join()]),
      );
      expect([...failed.keys()]).toEqual(['order-reported', 'order-adjusted', 'order-cancelled']);
      expect(failed.get('order-reported')).toMatch(
        /^Order \S+ was not reported \(refused: refused_by_button/,
      );
      expect(failed.get('order-adjusted')).toMatch(/^Not played, because this failed: /);
      expect(ok).toBe(false);
      expect(command.stderr()).toContain(failed.get('order-reported'));
      expect(command.stderr()).toContain('At least one step failed.');
      expect(code).toBe(1);
    },
  );

  it('ends at once when it is interrupted in the middle of the tour', { tags: ['long'] }, async () => {
    const command = start('--once');
    await untilPrinted(command, '1. ');

    const { code, left } = await end(command, 'SIGINT');

    expect({ code, left }).toEqual({ code: 130, left: [] });
    expect(command.stdout()).not.toMatch(/✘|Every step succeeded/);
  });

  it('ends at once when it is interrupted while it builds', async () => {
    const config = await directory.writeConfig('interrupted', { stage: 'local', transactions: {} });
    const command = start('--no-tour', '--config', config);
    await until('the build', () => Promise.resolve(descendantsOf(command.pid).length > 0 || undefined));

    const { code, left } = await end(command, 'SIGTERM');

    expect({ code, left, stdout: command.stdout() }).toEqual({
      code: 0,
      left: [],
      stdout: 'Synthesizing the stacks and bundling the functions\n',
    });
  });
});

describe('npm start, when it cannot', () => {
  it('names a control port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    const { code, stderr } = await failureOf('--no-tour', '--control-port', String(port));

    expect(stderr.trim()).toBe(`Port ${port} is taken; choose another with --control-port.`);
    expect(code).toBe(1);
  });

  it.each([
    [['--frobnicate'], /^Unknown option '--frobnicate'.*--help lists the options\)\n$/],
    [['--control-port', 'eighty'], /^--control-port must be a number.*\n$/],
    [['--button-url', 'ftp://button'], /^--button-url must be an http or https URL.*\n$/],
  ])('says in one line what is wrong with %s', async (args, line) => {
    const { code, stdout, stderr } = await failureOf(...args);

    expect(stderr).toMatch(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('says in one line that a configuration is missing', async () => {
    const { code, stderr } = await failureOf('--no-tour', '--config', 'no/such.json');

    expect(stderr.trim()).toBe('There is no configuration no/such.json.');
    expect(code).toBe(1);
  });

  it('says what is wrong with a configuration, without a stack trace', { tags: ['long'] }, async () => {
    const file = join(directory.path, 'wrong.json');
    await writeFile(file, '{"stage":"local","orderReporting":{"brands":[]}}');

    const { code, stderr } = await failureOf('--no-tour', '--config', file);

    expect(stderr).toMatch(/orderReporting\.brands: must name at least one/);
    expect(stderr).not.toMatch(/^ +at |node:internal/m);
    expect(code).toBe(1);
  });
});
