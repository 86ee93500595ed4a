// @module-tag long
import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import { runOps } from '../../ops/run.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder } from './system-client.ts';

const SECRET = 'doctor';

const DoctorSchema = z.object({
  outcome: z.string(),
  found: z.object({
    ok: z.number(),
    problems: z.number(),
    unknown: z.number(),
    checks: z.array(
      z.object({ check: z.string(), state: z.string(), says: z.string(), remedy: z.string().optional() }),
    ),
  }),
});

async function start(name: keyof typeof QUICK_STAGES): Promise<LocalSystem> {
  const directory = await makeStateDirectory();
  onTestFinished(() => directory.remove());
  const running = await startSystem({
    configFile: await directory.writeConfig(name, QUICK_STAGES[name]),
    stateDirectory: directory.path,
    apiKey: 'sk-doctor',
    webhookSecrets: [SECRET],
    controlPort: 0,
  });
  onTestFinished(() => running.close());
  return running;
}

async function ops(file: string, ...args: string[]) {
  const printed = { out: '', err: '' };
  const code = await runOps([...args, '--outputs-file', file], {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  });
  return { code, ...printed };
}

/** The doctor's findings, without AWS variables in the environment: the outputs file has all addresses. */
async function examine(file: string) {
  const { code, out } = await ops(file, 'doctor', '--json');
  const { found } = DoctorSchema.parse(JSON.parse(out));
  const line = (check: string) => found.checks.find((known) => known.check === check);
  return { code, line, found, notOk: found.checks.filter(({ state }) => state !== 'ok') };
}

async function sendWebhook(system: LocalSystem): Promise<void> {
  const body = JSON.stringify({ ...pendingWebhook, id: 'hook-doctor-test' });
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const response = await fetch(system.endpoints.webhookUrl ?? '', {
    method: 'POST',
    body,
    headers: { 'x-button-signature': signature, 'user-agent': 'Button Webhooks/1.0' },
  });
  expect(response.status).toBe(200);
}

describe('doctor', () => {
  it('finds everything right once a webhook has arrived and an account is read, on the local system', async () => {
    const system = await start('both');
    const { outputsFile } = system.endpoints;
    const fresh = await examine(outputsFile);
    await sendWebhook(system);
    await system.reconcile();
    const { code, notOk, line } = await examine(outputsFile);
    const { out } = await ops(outputsFile, 'doctor');

    expect(fresh.code).toBe(1);
    expect(fresh.line('last webhook')).toMatchObject({ state: 'problem' });
    expect({ code, notOk }).toEqual({ code: 0, notOk: [] });
    expect(line('acme: API key')?.says).toBe('It is set, and Button accepts it.');
    expect(line('webhook URL')?.says).toContain('accepts a signed Ping');
    expect(line('API key and accounts')?.says).toContain('acc-');
    expect(line('events')?.says).toContain('They name the shopper');
    expect(out).toContain('ok   acme: breaker: Closed.');
  });

  it('names the fix for what is wrong: a key, secrets, quarantine', async () => {
    const system = await start('both');
    const { outputsFile, secretsManagerEndpoint } = system.endpoints;
    const client = connectSystem(system.endpoints);
    onTestFinished(() => {
      client.close();
    });
    const outputs = z
      .record(z.string(), z.record(z.string(), z.string()))
      .parse(JSON.parse(await readFile(outputsFile, 'utf8')));
    const arns = Object.assign({}, ...Object.values(outputs)) as Record<string, string>;
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const secrets = new SecretsManagerClient({
      region: 'us-east-1',
      endpoint: secretsManagerEndpoint,
      credentials,
    });
    const put = (SecretId: string | undefined, SecretString: string) =>
      secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
    await put(arns['ApiKeySecretArnAcme'], 'sk-wrong');
    await put(arns['ApiKeySecretArn'], 'two words');
    await put(arns['WebhookSecretsArn'], '[{"name":"one"}]');
    secrets.destroy();
    const data = { ...plainOrder('D1'), total: 999 };
    const entry = await client.send(orderEvent({ orderId: 'D1', data }));
    await until('the order to be refused', () => client.reasons(entry));

    const { code, line } = await examine(outputsFile);

    expect(code).toBe(1);
    expect(line('acme: API key')).toMatchObject({ state: 'problem', says: 'Button refuses it.' });
    expect(line('acme: API key')?.remedy).toContain('aws secretsmanager put-secret-value');
    expect(line('API key and accounts')?.says).toBe('The key is set, but it is not an API key.');
    expect(line('webhook secrets')?.says).toBe('Entry 1 has no usable text in "secret".');
    expect(line('webhook URL')?.state).toBe('unknown');
    expect(line('acme: quarantine')).toMatchObject({ says: '1 entry waits to be fixed.' });
  });

  it.each(['brandOnly', 'publisherOnly'] as const)('checks only what a stage has: %s', async (name) => {
    const system = await start(name);
    const { found, line } = await examine(system.endpoints.outputsFile);

    expect(found.unknown).toBe(0);
    expect(line('acme: API key')?.state).toBe(name === 'brandOnly' ? 'ok' : undefined);
    expect(line('webhook secrets')?.state).toBe(name === 'brandOnly' ? undefined : 'ok');
  });

  it('prints a line, not a stack trace, for a system that has ended and for missing tables', async () => {
    const system = await start('brandOnly');
    const directory = await makeStateDirectory();
    onTestFinished(() => directory.remove());
    const text = await readFile(system.endpoints.outputsFile, 'utf8');
    const file = join(directory.path, 'outputs.json');
    await writeFile(file, text.replace(/"OrderLedgerTableName": "[^"]*"/, '"OrderLedgerTableName": "gone"'));

    const gone = await examine(file);
    await system.close();
    const ended = await examine(file);

    expect(gone.line('table OrderLedger')).toMatchObject({ state: 'problem', says: 'It does not exist.' });
    expect(ended.line('table OrderLedger')).toMatchObject({
      state: 'problem',
      says: 'Nothing answers there.',
    });
    await expect(readFile(system.endpoints.outputsFile)).rejects.toThrow('ENOENT');
  });
});
