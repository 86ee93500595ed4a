import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import { COMMANDS, runOps, usage } from '../../ops/run.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'button-ops-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const OUTPUTS = {
  'Button-production-Transactions': {
    TransactionsTableName: 'transactions',
    WebhookQuarantineTableName: 'quarantine',
    EventBusArn: 'arn:aws:events:eu-west-1:111122223333:event-bus/bus',
    ApiKeySecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:key-AbCdEf',
  },
};

async function outputsFile(outputs: unknown): Promise<string> {
  const file = join(directory, `${String(Math.random()).slice(2)}.json`);
  await writeFile(file, JSON.stringify(outputs));
  return file;
}

async function ops(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: '', err: '' };
  const code = await runOps(args, {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  });
  return { code, ...printed };
}

/** A fake AWS: STS returns an account, DynamoDB is empty, and every call is recorded. */
async function startAws(account: string): Promise<string[]> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const target = String(request.headers['x-amz-target'] ?? 'STS');
    calls.push(target);
    if (target === 'STS') {
      const arn = `arn:aws:iam::${account}:user/operator`;
      response.setHeader('content-type', 'text/xml');
      response.end(
        `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
          `<Arn>${arn}</Arn><UserId>U</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      );
      return;
    }
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end('{"Items":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })) {
    vi.stubEnv(name, value);
  }
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  });
  return calls;
}

describe('npm run ops', () => {
  it('explains one command in its own --help', async () => {
    const { code, out } = await ops('fix', '--help');

    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}fix ENTRY \[--body FILE\] .*\n {6}Checks a corrected body/);
    expect(out).not.toContain('order-retry');
  });

  it('shows every command in --help, and which of them change something', async () => {
    const { code, out } = await ops('--help');
    const [look = '', change = ''] = out.split('\nChange ');

    expect(code).toBe(0);
    for (const { name, changes } of COMMANDS) {
      expect(changes ? change : look).toContain(`\n  ${name} `.trimEnd());
    }
  });

  it('has a page that documents every command, and no other', () => {
    const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const named = [...page.matchAll(/^\| `([a-z-]+)/gm)].map(([, name]) => name);

    expect(named).toEqual(COMMANDS.map(({ name }) => name));
  });

  it('is called in the runbook by existing commands, with their options', () => {
    const page = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
    const lines = [...page.matchAll(/npm run (?:-s )?ops -- ([a-z-]+)([^\n`|]*)/g)];

    expect(lines.length).toBeGreaterThan(5);
    for (const [, name = '', rest = ''] of lines) {
      const command = COMMANDS.find((known) => known.name === name);
      const options = [...rest.matchAll(/--([a-z-]+)/g)].map(([, option = '']) => option);
      const known = ['yes', 'json', 'outputs-file', ...Object.keys(command?.options ?? {})];
      expect({ name, unknown: options.filter((option) => !known.includes(option)) }).toEqual({
        name: command?.name,
        unknown: [],
      });
    }
  });

  it('documents each exit code', () => {
    expect(usage()).toMatch(/Exit codes: 0 [^]*; 1 [^]*; 2 [^]*; 3 /);
  });

  it.each([
    [[], 'Which command?'],
    [['no-such-command'], 'There is no command "no-such-command"'],
    [['order-shw', '5'], 'Did you mean "order-show"?'],
    [['order-show', '5', '--brnd', 'acme'], 'Did you mean "--brand"?'],
    [['order-show', '5', '--zzzzzz'], "Unknown option '--zzzzzz'."],
    [['order-show', '5'], '--brand: names the brand'],
    [['order-show', '--brand', 'acme'], 'ORDER --brand ID'],
    [['order-show', '5', '--brand', 'acme', '--wrong'], '--wrong'],
    [['orders-audit', '--brand', 'acme', '--after', 'o-1'], '--after: goes with --all'],
    [['orders-audit', 'o-1', '--brand', 'acme', '--all'], '--all: goes without orders'],
    [['quarantine-list', 'cats'], 'is orders, webhooks or rows'],
    [['quarantine-list', 'webhooks', '--limit', 'many'], '--limit: must be a positive whole number'],
    [['transactions-rebuild', 'acc-1', '--from', 'yesterday', '--to', 'today'], '--from: is an ISO 8601'],
    [
      ['transactions-rebuild', 'acc-1', '--from', '2026-01-01T00:00:00Z', '--to', '2026-01-02T00:00:00Z'],
      '--new-transactions-are: says what new transactions are',
    ],
    [
      ['events-republish', '--from', '2026-01-02T00:00:00Z', '--to', '2026-01-01T00:00:00Z'],
      '--to: is later than --from',
    ],
    [['shopper-erase'], 'Name the shopper'],
    [['show', 'two', 'words'], 'there are too many arguments: quote what has spaces'],
    [['show', ''], 'argument 1: is the id of what happened'],
    [['drift-show', 'acc-1', '--from', '2026-01-31', '--to', '2026-01-01'], '--to: is not before --from'],
    [['brand-pause', '--brand', 'acme', '--reason', ' '], '--reason: says why, in up to 200 characters'],
    [['brand-pause', '--brand', 'acme', '--reason', 'x'.repeat(201)], '--reason: says why, in up to 200'],
    [['brand-pause', '--brand', 'acme', '--reason', 'a\u001Bb'], '--reason: has no control characters'],
    [['transaction-settle', 'tx#1', '--id', 'tx-1', '--amount', '', '--reason', 'x'], '--amount: is a whole'],
    [
      ['transaction-settle', 'tx#1', '--id', 'tx-1', '--amount', '1e3', '--reason', 'x'],
      '--amount: is a whole number of minor units',
    ],
    [['transaction-show', 'btnorder-1'], 'is order#BUTTON_ORDER_ID or tx#ID'],
    [['drift-show', 'acc-1', '--from', '2026-13-01'], 'is a day such as'],
    [['order-show', '5', '--brand', 'acme', '--outputs-file', 'no-such-file.json'], 'cannot be read'],
  ])('refuses %j with exit code 2, before it calls AWS', async (args, problem) => {
    const { code, out, err } = await ops(...args);

    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(problem);
  });

  it('prints exactly one JSON document with --json, even if it does nothing', async () => {
    for (const args of [['no-such-command'], ['order-show', '5'], ['order-show', '5', '--brand', 'acme']]) {
      const { code, out } = await ops(...args, '--json', '--outputs-file', 'no-such-file.json');

      expect(code).toBe(2);
      expect(JSON.parse(out)).toMatchObject({
        outcome: 'failed',
        found: { problem: expect.any(String) as string },
      });
    }
  });

  it('does what it was asked, and says nothing, if nobody reads its output', async () => {
    const child = spawn(process.execPath, ['ops/main.ts', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();

    const [text] = await Promise.all([textOf(child.stderr), once(child, 'close')]);

    expect({ code: child.exitCode, text }).toEqual({ code: 0, text: '' });
  });

  it('prints its help as one JSON document with --json', async () => {
    const { code, out } = await ops('fix', '--help', '--json');

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      outcome: 'done',
      found: { help: expect.stringContaining('fix ENTRY') as string },
    });
  });

  it.each([
    ['brand-pause', '--reason', 'a test'],
    ['breaker-show'],
    ['orders-waiting'],
    ['orders-audit'],
    ['order-show', 'B07'],
    ['show', 'B07'],
    ['quarantine-list', 'orders'],
    ['quarantine-reasons'],
    ['search', 'quarantine', '--order', 'B07'],
  ])('knows a brand only by its exact id: %s', async (...line) => {
    await startAws('111122223333');
    const file = await outputsFile({
      'Button-production-OrderReporting': {
        OrderLedgerTableName: 'ledger',
        OrderQuarantineTableName: 'quarantine',
        LedgerArn: 'arn:aws:dynamodb:eu-west-1:111122223333:table/ledger',
      },
      'Button-production-Brand-acme': { OrderQueueUrlAcme: 'https://sqs/q', OrderSettingsAcme: '{}' },
    });

    const { code, err } = await ops(...line, '--brand', 'Acme', '--outputs-file', file);

    expect(code).toBe(2);
    expect(err).toContain('The stage production has no brand "Acme". Did you mean "acme"?');
  });

  it('resolves a relative path from where npm was called', async () => {
    const file = await outputsFile(OUTPUTS);
    vi.stubEnv('INIT_CWD', directory);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });

    const { err } = await ops('order-show', '5', '--brand', 'acme', '--outputs-file', basename(file));

    expect(err).toContain('The stage production has no output');
  });

  it.each([
    ['two stages', { ...OUTPUTS, 'Button-development-Dashboards': { Url: 'https://x' } }],
    [
      'two accounts',
      { ...OUTPUTS, 'Button-production-Dashboards': { A: 'arn:aws:sqs:eu-west-1:999922223333:q' } },
    ],
    ['no stage of ours', { Other: { A: 'arn:aws:sqs:eu-west-1:111122223333:q' } }],
    ['something else', ['a list']],
  ])('refuses outputs of %s', async (_, outputs) => {
    const file = await outputsFile(outputs);

    const { code } = await ops('transactions-list', 'stale', '--outputs-file', file);

    expect(code).toBe(2);
  });

  it('refuses to look for orders if only transactions are deployed', async () => {
    const file = await outputsFile(OUTPUTS);

    const { code, err } = await ops('order-show', '5', '--brand', 'acme', '--outputs-file', file);

    expect(code).toBe(2);
    expect(err).toContain('The stage production has no output');
  });

  it('shows stage, account, region and operator before a change, and without --yes only reads (S25)', async () => {
    const file = await outputsFile(OUTPUTS);
    const calls = await startAws('111122223333');

    const { code, out, err } = await ops('shopper-erase', '--pub-ref', 'x', '--outputs-file', file);

    expect(code).toBe(0);
    expect(err).toBe(
      'Stage production, account 111122223333, region eu-west-1, as arn:aws:iam::111122223333:user/operator\n' +
        'Dry run: nothing is changed. Add --yes to do it.\n',
    );
    expect(out).toBe('wouldErase: 0\ncheckouts: 0\nleftOverParts: 0\nunreadable: none\ninQuarantine: none\n');
    expect(new Set(calls)).toEqual(new Set(['STS', 'DynamoDB_20120810.Query', 'DynamoDB_20120810.Scan']));
  });

  it('changes nothing with credentials for another account than the shown one (S25)', async () => {
    const file = await outputsFile(OUTPUTS);
    const calls = await startAws('999900009999');

    const { code, err } = await ops('shopper-erase', '--pub-ref', 'x', '--yes', '--outputs-file', file);

    expect(code).toBe(2);
    expect(err).toContain('The credentials are for the account 999900009999');
    expect(calls).toEqual(['STS']);
  });

  it('records a change before the first write, without naming the person it is about (S25, S17)', async () => {
    const file = await outputsFile({
      'Button-production-Transactions': {
        ...OUTPUTS['Button-production-Transactions'],
        ShopperField: 'pub_ref',
        RewardableCategories: '["new-user-order"]',
        PositionsTableName: 'positions',
      },
    });
    const calls = await startAws('111122223333');

    const { code, out } = await ops('shopper-erase', '--pub-ref', 'x', '--yes', '--outputs-file', file);

    expect(code).toBe(0);
    expect(out).toContain('remaining: 0');
    expect(calls.map((call) => call.split('.')[1] ?? call)).toEqual([
      'STS',
      'PutItem',
      'UpdateItem',
      'Scan',
      'Scan',
      // The quarantine, last of all: a webhook may have been refused meanwhile.
      'Query',
      'Query',
      'UpdateItem',
    ]);
  });
});
