// @module-tag long
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import aws4 from 'aws4';
import { afterAll, expect, it } from 'vitest';
import * as z from 'zod';

import { RewardsSchema } from '../../functions/publisher-api/api-schemas.ts';
import { startSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import pending from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { LOCAL_CONFIG_FILE } from './stage-configs.ts';

const WEBHOOK_SECRET = 'secret-of-a-webhook';
const ConfigSchema = z.looseObject({ transactions: z.looseObject({}) });

const closers: (() => Promise<unknown>)[] = [];

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

it('answers a signed request about the shopper of a webhook, and refuses an unsigned one', async () => {
  const config = ConfigSchema.parse(JSON.parse(await readFile(LOCAL_CONFIG_FILE, 'utf8')));
  const configFile = join(await mkdtemp(join(tmpdir(), 'button-publisher-api-')), 'config.json');
  const transactions = { ...config.transactions, publisherApi: {} };
  await writeFile(configFile, JSON.stringify({ ...config, transactions }));
  const system = await startSystem({
    configFile,
    stateDirectory: resolve(import.meta.dirname, '../../.local'),
    apiKey: 'sk-local',
    webhookSecrets: [WEBHOOK_SECRET],
    controlPort: 0,
  });
  closers.push(() => system.close());
  const created = new Date().toISOString();
  const data = {
    ...pending.data,
    created_date: created,
    modified_date: created,
    publisher_customer_id: 'user 1/ü',
  };
  const body = JSON.stringify({ ...pending, data });
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
  await fetch(system.endpoints.webhookUrl ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-button-signature': signature },
    body,
  });

  const base = system.endpoints.publisherApiUrl ?? '';
  const path = `/v1/rewards?${new URLSearchParams({ shopper: 'user 1/ü' }).toString()}`;
  const { headers } = aws4.sign(
    { host: new URL(base).host, path, service: 'execute-api', region: 'us-east-1' },
    { accessKeyId: 'local', secretAccessKey: 'local' },
  );
  const ask = async () => {
    const answer = await fetch(`${base}${path}`, { headers: headers as Record<string, string> });
    const rewards = RewardsSchema.parse(await answer.json());
    return rewards.pending.length > 0 ? rewards : undefined;
  };
  const unsigned = await fetch(`${base}${path}`);

  expect((await until('the reward to be in the index', ask)).pending).toEqual([
    { currency: 'USD', amountMinor: pending.data.amount, transactions: 1 },
  ]);
  expect([unsigned.status, await unsigned.json()]).toEqual([403, { message: 'Forbidden' }]);
  expect(system.access.denied()).toEqual([]);
});
