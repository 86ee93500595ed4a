// @module-tag long
import { resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSystem, type LocalSystem } from '../../local/system.ts';
import { until } from '../../local/tour/until.ts';
import accounts from '../fixtures/button/accounts-response.json' with { type: 'json' };
import vectors from '../fixtures/button/signature-vectors.json' with { type: 'json' };
import firstPage from '../fixtures/button/transactions-page-1.json' with { type: 'json' };
import secondPage from '../fixtures/button/transactions-page-2.json' with { type: 'json' };
import { startButtonStub, type ButtonStub, type StubRow } from './button-stub.ts';
import { connectSystem, orderEvent, plainOrder, type SystemClient } from './system-client.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const API_KEY = 'sk-of-a-user';

/** The transactions on Button's sample pages, from before this system was deployed. */
const HISTORY: StubRow[] = [...firstPage.objects, ...secondPage.objects];

/** The secret of the official vector that was signed with another one. */
const WRONG_SECRET = vectors.official.vectors.find(({ name }) => name === 'wrong-secret');

let stub: ButtonStub;
let running: LocalSystem;
let system: SystemClient;

const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  stub = await startButtonStub({ apiKey: API_KEY, accounts: accounts.objects, rows: HISTORY });
  started.push(() => stub.close());
  running = await startSystem({
    configFile: resolve(ROOT, 'infra', 'config', 'local.json'),
    stateDirectory: resolve(ROOT, '.local'),
    buttonUrl: stub.url,
    apiKey: API_KEY,
    webhookSecrets: [WRONG_SECRET?.secret ?? ''],
    controlPort: 0,
  });
  started.push(() => running.close());
  system = connectSystem(running.endpoints);
  started.push(() => {
    system.close();
  });
});

// Closes what was started, in reverse order.
afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

describe("a user's own Button", () => {
  it('is named as such, and has no simulator', () => {
    expect(running.endpoints.buttonUrl).toBe(stub.url);
    expect(running.endpoints.buttonApiKey).toBe(API_KEY);
    expect(running.endpoints).not.toHaveProperty('buttonControlUrl');
  });

  it('gets orders created, changed and cancelled', async () => {
    const [kept, cancelled] = ['stub-kept', 'stub/cancelled'];

    await system.sendAll([
      orderEvent({ orderId: kept, data: plainOrder(kept) }),
      orderEvent({ orderId: cancelled, data: plainOrder(cancelled) }),
      orderEvent({ type: 'order.updated.v1', orderId: kept, sequence: 2, data: plainOrder(kept, 450) }),
      orderEvent({ type: 'order.cancelled.v1', orderId: cancelled, sequence: 2 }),
    ]);
    await until('both to be reported', async () => {
      const entries = await Promise.all([kept, cancelled].map((orderId) => system.ledgerEntry(orderId)));
      const versions = entries.map((entry) => entry?.reported?.kind);
      return (versions[0] === 'updated' && versions[1] === 'cancelled') || undefined;
    });

    expect(stub.orders.get(kept)).toMatchObject({ ...plainOrder(kept, 450), status: 'open' });
    expect(stub.orders.get(cancelled)).toMatchObject({ total: 1200, status: 'deleted' });
    expect(stub.requests.filter((request) => request.includes('/v1/order')).sort()).toEqual([
      'DELETE /v1/order/btnorder-stub%2Fcancelled',
      'POST /v1/order',
      'POST /v1/order',
      'POST /v1/order/btnorder-stub-kept',
    ]);
    expect(stub.complaints).toEqual([]);
  });

  it('is read over several pages, by account and cursor, never by the URL in its answers (E11)', async () => {
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const [sample] = HISTORY;
    const live = Array.from({ length: 5 }, (_, index) => ({
      ...sample,
      id: `tx-live-${index}`,
      account_id: sample?.account_id ?? '',
      button_order_id: `btnorder-live-${index}`,
      created_date: now,
      modified_date: now,
    }));
    stub.rows.push(...live);
    const [install] = HISTORY.filter(({ category }) => category === 'app-install');

    const status = await system.reconcile();

    expect(status).toBe(200);
    const records = await Promise.all(
      live.map((_, index) => system.transaction(`order#btnorder-live-${index}`)),
    );
    expect(records.map((record) => record?.delivery)).toEqual(live.map(() => 'live'));
    const history = await Promise.all(
      ['order#btnorder-5b1e0d9c7a324f68', 'order#btnorder-1c9e7a40d8b5f263', `tx#${install?.id ?? ''}`].map(
        (key) => system.transaction(key),
      ),
    );
    expect(history.map((record) => [record?.delivery, record?.candidates[0].transaction.status])).toEqual([
      ['historical', 'pending'],
      ['historical', 'declined'],
      ['historical', 'validated'],
    ]);
    const events = await until('an event for each', async () => {
      const all = await system.events();
      return all.length >= 8 ? all : undefined;
    });
    expect(events.filter(({ detail }) => detail.delivery === 'live')).toHaveLength(5);
    const reads = stub.requests.filter((request) => request.includes('/transactions'));
    expect(reads.filter((request) => request.includes('cursor=')).length).toBeGreaterThanOrEqual(2);
    expect(reads.filter((request) => !request.startsWith('GET /v1/affiliation/accounts/acc-'))).toEqual([]);
    expect(stub.complaints).toEqual([]);
  });

  it('refuses the official vector that was signed with another secret', async () => {
    if (!WRONG_SECRET) throw new Error('The vector is missing');

    const status = await system.postWebhook(Buffer.from(WRONG_SECRET.bodyHex, 'hex'), WRONG_SECRET.signature);

    expect(status).toBe(401);
  });
});
