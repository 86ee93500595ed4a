import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import { readConsoleArguments } from '../../../ops/console/arguments.ts';
import { runConsole } from '../../../ops/console/run-console.ts';
import { startSmallStage, type SmallStage } from './small-stage.ts';

const ACCOUNT = '000000000000';
const ARN = `arn:aws:iam::${ACCOUNT}:user/operator`;

let stage: SmallStage;
let directory: string;
/** The functions that were invoked. */
const invoked: string[] = [];
let isPlannerBroken = false;
let account = ACCOUNT;

/** Fakes of STS and Lambda. */
const aws = createServer((request, response) => {
  request.resume();
  if (request.url?.includes('/invocations') === true) {
    invoked.push(request.url);
    response.writeHead(200, isPlannerBroken ? { 'x-amz-function-error': 'Unhandled' } : {}).end('null');
    return;
  }
  response.setHeader('content-type', 'text/xml');
  response.end(
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
      `<Arn>${ARN}</Arn><UserId>U</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
  );
});

beforeAll(async () => {
  stage = await startSmallStage('production');
  directory = await mkdtemp(join(tmpdir(), 'button-console-'));
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
  const own = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
  const { dynamodb, sqs, cloudWatch } = stage.endpoints;
  const environment = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_SQS: sqs,
    AWS_ENDPOINT_URL_CLOUDWATCH: cloudWatch,
    AWS_ENDPOINT_URL_STS: own,
    AWS_ENDPOINT_URL_LAMBDA: own,
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  aws.closeAllConnections();
  aws.close();
  await stage.close();
  await rm(directory, { recursive: true, force: true });
});

async function configFile(content: string): Promise<string> {
  const file = join(directory, `${String(Math.random()).slice(2)}.jsonc`);
  await writeFile(file, content);
  return file;
}

/** The console of the deployed stage, and how its page asks. */
async function open(write: boolean, config?: string) {
  const printed: string[] = [];
  const options = { outputsFile: stage.outputsFile, write, port: 0, ...(config !== undefined && { config }) };
  const { url, close } = await runConsole(options, (line) => printed.push(line));
  onTestFinished(close);
  const { origin, port, searchParams } = new URL(url);
  const cookie = `button-console-${port}=${searchParams.get('token') ?? ''}`;
  const get = (path: string) => fetch(`${origin}${path}`, { headers: { cookie } });
  const act = (name: string, input: object) => {
    const headers = { cookie, origin, 'content-type': 'application/json' };
    return fetch(`${origin}/actions/${name}`, { method: 'POST', headers, body: JSON.stringify(input) });
  };
  return { printed, get, act };
}

const ENTRY = { kind: 'order', brand: 'acme', entry: 'message-of-B08' };

describe('npm run console', () => {
  it('operators, requirement 1: only reads a deployed stage, unless --write is given', async () => {
    const { printed, get, act } = await open(false, await configFile('{ "stage": "production" } // ours'));

    expect(printed).toEqual([`Stage production, account ${ACCOUNT}, region us-east-1, as ${ARN}`]);
    expect(await (await get('/stage')).json()).toEqual({
      name: 'production',
      account: ACCOUNT,
      region: 'us-east-1',
      actions: [],
      boards: [{ title: 'Business board', url: 'https://console.aws.example/business' }],
    });
    expect(await (await get('/timeline?id=B07')).text()).toContain('Button holds version 3');
    for (const name of ['replay', 'reconcile', 'send-order', 'break-button'])
      expect((await act(name, ENTRY)).status).toBe(403);
    expect([await stage.receive(), invoked]).toEqual([[], []]);
  });

  it('offers replays and reconciliation with --write, never samples or faults, and records who did it', async () => {
    const { get, act } = await open(true);
    expect(await (await get('/stage')).json()).toMatchObject({ actions: ['replay', 'reconcile'] });
    isPlannerBroken = true;
    expect(await (await act('reconcile', {})).json()).toMatchObject({ ok: false });
    isPlannerBroken = false;
    expect(await (await act('reconcile', {})).json()).toMatchObject({ ok: true });
    expect(await (await act('replay', ENTRY)).json()).toMatchObject({ ok: true });

    expect(invoked).toEqual(Array(2).fill(expect.stringContaining('/functions/planner/invocations')));
    expect(await stage.receive()).toHaveLength(1);
    expect(await (await get('/timeline?id=B08')).text()).toContain(ARN);
  });

  it('shows the alarms of its own stage', async () => {
    const { get } = await open(false);
    const response = await get('/events');
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes('event: alarms')) break;
    }

    expect(text).toContain('"name":"Brand-acme/Quarantine"');
    expect(text).not.toContain('another');
  });

  it('refuses a stage other than the named one, and credentials for another account', async () => {
    const other = await configFile('{ "stage": "development" }');
    await expect(open(false, other)).rejects.toThrow(/about the stage development.* about production/);
    await expect(open(false, await configFile('{}'))).rejects.toThrow(/names no stage/);
    await expect(open(false, await configFile('{'))).rejects.toThrow(/is not JSON/);
    await expect(open(false, join(directory, 'missing.json'))).rejects.toThrow(/cannot be read/);
    account = '999999999999';
    onTestFinished(() => {
      account = ACCOUNT;
    });
    await expect(open(true)).rejects.toThrow(/account 999999999999, but the stage production is in/);
  });

  it.each([
    [['a.json', 'b.json'], /One configuration file/],
    [['--port', '70000'], /--port/],
    [['--port', 'x'], /--port/],
    [['--writ'], /--writ/],
  ])('refuses the arguments %j', (args, problem) => {
    expect(() => readConsoleArguments(args)).toThrow(problem);
  });

  it('reads its arguments', () => {
    expect(readConsoleArguments([])).toEqual({ help: false, write: false, port: 0 });
    expect(readConsoleArguments(['c.json', '--write', '--port=8080', '--outputs-file', 'o.json'])).toEqual({
      help: false,
      write: true,
      port: 8080,
      config: 'c.json',
      outputsFile: 'o.json',
    });
  });
});
