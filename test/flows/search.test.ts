// @module-tag long
import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import { runOps } from '../../ops/run.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

const SECRET = 'search';
const SHOPPER = 'shopper-of-the-search-test';

let running: LocalSystem;
let system: SystemClient;

const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  const directory = await makeStateDirectory();
  started.push(() => directory.remove());
  running = await startSystem({
    configFile: await directory.writeConfig('both', QUICK_STAGES.both),
    stateDirectory: directory.path,
    apiKey: 'sk-search',
    webhookSecrets: [SECRET],
    controlPort: 0,
  });
  started.push(() => running.close());
  system = connectSystem(running.endpoints);
  started.push(() => {
    system.close();
  });
  await purchase('early', { created_date: '2026-01-31T23:59:59Z', amount: 111, order_id: 'shop-1' });
  await purchase('late', { created_date: '2026-02-01T00:00:00Z', amount: 222, order_id: 'shop-2' });
});

afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

const DocumentSchema = z.object({
  outcome: z.string(),
  found: z.looseObject({
    read: z.number().optional(),
    transactions: z.array(z.looseObject({ key: z.string() })).optional(),
    quarantine: z.array(z.looseObject({ id: z.string() })).optional(),
  }),
});

async function search(...args: string[]) {
  const printed = { out: '', err: '' };
  const code = await runOps(['search', ...args, '--json', '--outputs-file', running.endpoints.outputsFile], {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  });
  const { found } = DocumentSchema.parse(JSON.parse(printed.out));
  const keys = found.transactions?.map(({ key }) => key).toSorted();
  return { code, ...printed, found, keys, ids: found.quarantine?.map(({ id }) => id) };
}

async function purchase(name: string, data: { created_date: string; amount: number; order_id: string }) {
  const body = JSON.stringify({
    ...pendingWebhook,
    id: `hook-${name}`,
    data: {
      ...pendingWebhook.data,
      id: `tx-${name}`,
      button_order_id: name,
      publisher_customer_id: SHOPPER,
      attribution_date: data.created_date,
      order_purchase_date: data.created_date,
      modified_date: data.created_date,
      ...data,
    },
  });
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  expect(await system.postWebhook(Buffer.from(body), signature)).toBe(200);
  await until(`the transaction ${name}`, () => system.transaction(`order#${name}`));
}

describe('search for transactions', () => {
  it('first shows the cost of reading, and reads nothing without --yes or --limit', async () => {
    const { code, found, keys } = await search('transactions', '--amount', '111');

    expect(code).toBe(0);
    expect(found).toMatchObject({
      searched: false,
      cost: expect.stringMatching(/^reads about \d+ items \(.* read request units, USD /) as string,
    });
    expect(keys).toBeUndefined();
  });

  it.each([
    ['a day, from midnight to midnight', ['--day', '2026-01-31'], ['order#early']],
    [
      'a range, to the end of its last day',
      ['--from', '2026-01-31', '--to', '2026-02-01'],
      ['order#early', 'order#late'],
    ],
    ['instants, the last of which is left out', ['--to', '2026-02-01T00:00:00Z'], ['order#early']],
    ['an amount', ['--amount', '222'], ['order#late']],
    ["the Brand's order", ['--order', 'shop-1'], ['order#early']],
    ['a status', ['--status', 'pending'], ['order#early', 'order#late']],
    ['the lack of a shopper', ['--without-shopper'], []],
    ['all of what is given', ['--status', 'pending', '--amount', '222', '--day', '2026-01-31'], []],
  ])('finds by %s', async (_, criteria, keys) => {
    const result = await search('transactions', ...criteria, '--yes');

    expect(result.keys).toEqual(keys);
    expect(result.code).toBe(keys.length === 0 ? 3 : 0);
    expect(result.out).not.toContain(SHOPPER);
  });

  it("finds a shopper's transactions by key, without reading the whole table", async () => {
    const all = await search('transactions', '--shopper', SHOPPER);
    const one = await search('transactions', '--shopper', SHOPPER, '--day', '2026-02-01');

    expect(all).toMatchObject({
      code: 0,
      keys: ['order#early', 'order#late'],
      found: { read: 2, isWhole: true },
    });
    expect(one.keys).toEqual(['order#late']);
  });

  it('stops at a limit, and says that there may be more', async () => {
    const { found } = await search('transactions', '--status', 'pending', '--limit', '1');

    expect(found).toMatchObject({ read: 1, isWhole: false });
  });
});

describe('search for order messages in quarantine', () => {
  it('finds an entry by its order without a scan, and by amount, shopper, day, status and brand with one; finds no replayed entry before one is replayed', async () => {
    const data = { ...plainOrder('S1'), total: 4321, customer: { id: SHOPPER } };
    const entry = await system.send(orderEvent({ orderId: 'S1', data }));
    await until('the order to be refused', () => system.reasons(entry));
    const today = new Date().toISOString().slice(0, 10);

    const byOrder = await search('quarantine', '--order', 'S1');
    const other = await search('quarantine', '--order', 'S2');
    const scans = [];
    for (const criteria of [
      ['--amount', '4321'],
      ['--shopper', SHOPPER],
      ['--day', today, '--status', 'waiting'],
      ['--day', '2025-03-14', '--brand', 'acme', '--amount', '4321'],
    ])
      scans.push((await search('quarantine', ...criteria, '--limit', '100')).ids);

    expect(byOrder).toMatchObject({ code: 0, ids: [entry], found: { read: 1 } });
    expect(byOrder.out).not.toContain(SHOPPER);
    expect(other.found).toMatchObject({ searched: false });
    expect(scans).toEqual([[entry], [entry], [entry], [entry]]);
    expect(await search('quarantine', '--status', 'replayed', '--yes')).toMatchObject({ code: 3, ids: [] });
  });
});

describe('search', () => {
  it.each([
    [['transactions'], 'Say what to search for'],
    [['cats', '--amount', '1'], 'is transactions or quarantine'],
    [['transactions', '--status', 'waiting'], '--status: is pending, validated'],
    [['transactions', '--day', '2026-01-31', '--from', '2026-01-01'], '--day: goes without'],
    [['transactions', '--amount', '12.34'], '--amount: is a whole number of minor units'],
    [['transactions', '--from', 'yesterday'], '--from: is a day such as'],
    [['transactions', '--amount', '1', '--brand', 'acme'], '--brand: goes with quarantine'],
  ])('refuses %j with an explanation', async (args, problem) => {
    const { code, err } = await search(...args);

    expect(code).toBe(2);
    expect(err).toContain(problem);
  });
});
