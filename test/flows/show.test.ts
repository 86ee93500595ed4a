// @module-tag long
import { createHmac } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import { runOps } from '../../ops/run.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory, type StateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

const WEBHOOK_SECRET = 'show';
const SHOPPER = 'shopper-of-the-show-test';

const FoundSchema = z.object({
  outcome: z.string(),
  found: z.object({
    findings: z
      .array(
        z.object({
          kind: z.string(),
          id: z.string(),
          answer: z.string(),
          timeline: z.array(z.object({ at: z.string(), what: z.string() })),
          next: z.array(z.string()),
        }),
      )
      .default([]),
  }),
});

let running: LocalSystem;
let system: SystemClient;
let directory: StateDirectory;
let environment: Record<string, string>;

const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  directory = await makeStateDirectory();
  started.push(() => directory.remove());
  running = await startSystem({
    configFile: await directory.writeConfig('show', QUICK_STAGES.both),
    stateDirectory: directory.path,
    apiKey: 'sk-show',
    webhookSecrets: [WEBHOOK_SECRET],
    controlPort: 0,
  });
  started.push(() => running.close());
  const { endpoints } = running;
  system = connectSystem(endpoints);
  started.push(() => {
    system.close();
  });
  environment = {
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodbEndpoint,
    AWS_ENDPOINT_URL_SQS: endpoints.sqsEndpoint,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  Object.assign(process.env, environment);
});

afterAll(async () => {
  for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
  for (const close of started.toReversed()) await close();
});

async function ops(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: '', err: '' };
  const code = await runOps([...args, '--outputs-file', running.endpoints.outputsFile], {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  });
  return { code, ...printed };
}

async function findings(...args: string[]) {
  const { out } = await ops('show', ...args, '--json');
  return FoundSchema.parse(JSON.parse(out)).found.findings;
}

async function postWebhook(buttonOrderId: string, data: object): Promise<void> {
  const body = JSON.stringify({
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
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
  await system.postWebhook(Buffer.from(body), signature);
}

/** Lets commands find a terminal until the test ends; returns its temporary directory. */
async function sitAtTerminal(): Promise<string> {
  const temporary = join(directory.path, 'temporary');
  await mkdir(temporary);
  vi.stubEnv('TMPDIR', temporary);
  vi.stubEnv('VISUAL', '');
  const { isTTY } = process.stdin;
  process.stdin.isTTY = true;
  onTestFinished(() => {
    process.stdin.isTTY = isTTY;
    vi.unstubAllEnvs();
  });
  return temporary;
}

describe('show', () => {
  it('finds a quarantined order by its order id and by its message, with the reason and the commands', async () => {
    const data = { ...plainOrder('B07'), total: 999 };
    const entry = await system.send(orderEvent({ orderId: 'B07', data }));
    await until('the order to be refused', () => system.reasons(entry));

    const { code, out } = await ops('show', 'B07');
    const [byOrder] = await findings('B07');
    const [byEntry] = await findings(entry);

    expect(code).toBe(0);
    expect(out).toContain('We refused it');
    expect(out).toContain('total_not_sum at $.data.total');
    expect(byOrder).toMatchObject({ kind: 'order', id: 'B07' });
    expect(byOrder?.next.join('\n')).toContain(entry);
    expect(byEntry).toEqual(byOrder);
  });

  it('ends in one step: fix validates, shows the differences, and waits until Button has the order; a dry run sends nothing', async () => {
    const data = { ...plainOrder('B09'), total: 999 };
    const entry = await system.send(orderEvent({ orderId: 'B09', data }));
    await until('the order to be refused', () => system.reasons(entry));
    const [wrong, right] = [join(directory.path, 'wrong.json'), join(directory.path, 'right.json')];
    await writeFile(wrong, orderEvent({ orderId: 'B09', data: { ...data, total: 998 } }).body);
    await writeFile(right, orderEvent({ orderId: 'B09', data: plainOrder('B09') }).body);

    const refused = await ops('fix', entry, '--body', wrong, '--yes', '--json');
    const dry = await ops('fix', entry, '--body', right, '--json');
    const fixed = await ops('fix', entry, '--body', right, '--yes', '--json');

    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.out)).toMatchObject({
      outcome: 'refused',
      found: { sent: 0, reasons: [{ code: 'total_not_sum' }] },
    });
    expect(JSON.parse(dry.out)).toMatchObject({
      outcome: 'done',
      found: { wouldSend: 1, differs: expect.arrayContaining([{ path: '$.data.total' }]) as unknown },
    });
    expect(JSON.parse(fixed.out)).toMatchObject({ outcome: 'done', found: { sent: 1, result: 'reported' } });
    expect((await system.ledgerEntry('B09'))?.progress.state).toBe('settled');
    expect(await ops('fix', 'no-such-entry', '--body', right)).toMatchObject({ code: 3 });
  });

  it('opens an editor on a terminal: fix keeps the file while it may be needed, and deletes it once Button has the order', async () => {
    const data = { ...plainOrder('B10'), total: 999 };
    const entry = await system.send(orderEvent({ orderId: 'B10', data }));
    await until('the order to be refused', () => system.reasons(entry));
    const temporary = await sitAtTerminal();
    const right = orderEvent({ orderId: 'B10', data: plainOrder('B10') }).body;
    await writeFile(join(directory.path, 'right-B10.json'), right);

    vi.stubEnv('EDITOR', 'sed -i s/B10/B11/');
    const rejected = await ops('fix', entry, '--yes', '--json');
    const [other = ''] = await readdir(temporary);
    await rm(join(temporary, other), { recursive: true });
    vi.stubEnv('EDITOR', 'sed -i s/999/998/');
    const refused = await ops('fix', entry, '--yes', '--json');
    const [kept] = await readdir(temporary);
    vi.stubEnv('EDITOR', `cp ${join(directory.path, 'right-B10.json')}`);
    const fixed = await ops('fix', entry, '--yes', '--json');

    expect(JSON.parse(rejected.out)).toMatchObject({
      outcome: 'failed',
      found: { problem: expect.stringContaining(join(temporary, other, 'message.json')) as string },
    });
    expect(JSON.parse(refused.out)).toMatchObject({
      outcome: 'refused',
      found: { sent: 0, body: join(temporary, kept ?? '', 'message.json') },
    });
    expect(await readFile(join(temporary, kept ?? '', 'message.json'), 'utf8')).toContain('998');
    expect(JSON.parse(fixed.out)).toMatchObject({ outcome: 'done', found: { sent: 1, result: 'reported' } });
    expect(await readdir(temporary)).toEqual([kept]);
  });

  it("shows an order from the queue to Button, and finds it by Button's id with a scan", async () => {
    await system.send(orderEvent({ orderId: 'B08', data: plainOrder('B08') }));
    const entry = await until('the order to be reported', async () => {
      const stored = await system.ledgerEntry('B08');
      return stored?.progress.state === 'settled' ? stored : undefined;
    });
    const buttonId = entry.reported?.buttonOrderId ?? '';

    const [found] = await findings('B08');
    const withoutScan = await ops('show', buttonId);
    const [scanned] = await findings(buttonId, '--scan');

    expect(found?.answer).toMatch(/^Button holds version 1 \(created\), USD 12\.00/);
    expect(found?.timeline.map(({ what }) => what.split(':')[0])).toContain('Sent');
    expect(withoutScan).toMatchObject({
      code: 3,
      out: expect.stringMatching(/reads about \d+ items/) as string,
    });
    expect(scanned).toEqual(found);
  });

  it("answers where a shopper's reward is, and finds the transaction by every id that it has", async () => {
    const createdDate = new Date().toISOString();
    await postWebhook('btnorder-show', {
      btn_ref: 'srctok-show',
      order_id: 'shop-4711',
      created_date: createdDate,
      modified_date: createdDate,
    });
    await until('the transaction', () => system.transaction('order#btnorder-show'));

    const [byShopper] = await findings(SHOPPER);
    const byKey = await Promise.all(['btnorder-show', 'tx-btnorder-show'].map((id) => findings(id)));
    const byScan = [];
    for (const id of ['hook-btnorder-show', 'shop-4711', 'srctok-show'])
      byScan.push(await findings(id, '--scan'));

    expect(byShopper).toMatchObject({ kind: 'shopper' });
    expect(byShopper?.timeline[0]?.what).toMatch(/Pending: USD .* is expected/);
    const [first] = byKey.flat();
    expect(first).toMatchObject({ kind: 'transaction', id: 'order#btnorder-show' });
    for (const found of [...byKey, ...byScan]) expect(found).toEqual([first]);
    expect(JSON.stringify(byKey)).not.toContain(SHOPPER);
  });

  it('says of an unknown id that nothing was received, and writes nothing', async () => {
    const before = await system.items('OrderQuarantine');
    const { code, out } = await ops('show', "nobody's");

    expect(code).toBe(3);
    expect(out).toContain("npm run ops -- show 'nobody'\\''s' --scan");
    expect(await ops('show', "nobody's", '--scan')).toMatchObject({ code: 3 });
    expect(await system.items('OrderQuarantine')).toEqual(before);
  });
});
