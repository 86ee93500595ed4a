import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { planReconciliation } from '../../../functions/reconciliation-planner/plan-reconciliation.ts';
import type { PlannedStream } from '../../../functions/reconciliation-planner/plan-reconciliation.ts';
import { reconcile, type ReconcilePorts } from '../../../shared/reconciliation/reconcile.ts';
import { startButtonSimulator, type ButtonSimulator } from '../../../tooling/button-simulator/simulator.ts';
import { createButtonHttp, type ButtonHttp } from '../../../shared/button/button-http.ts';
import { createTransactionsApi, type TransactionsApi } from '../../../shared/button/transactions-api.ts';
import type { Measured, MetricName } from '../../../shared/runtime/metric-definitions.ts';
import { LONGEST_CHAIN, type ReadMessage } from '../../../shared/reconciliation/rules/read-message.ts';
import { sentReadMessage } from './sent-read-message.ts';
import {
  createPositionStore,
  type PositionStore,
} from '../../../shared/reconciliation/store/position-store.ts';
import { createQuarantineStore } from '../../../shared/quarantine/quarantine-store.ts';
import {
  createTransactionStore,
  type TransactionStore,
} from '../../../shared/transactions/store/transaction-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';

let dynamodb: TestDynamoDB;
let button: ButtonSimulator;
let http: ButtonHttp;
let api: TransactionsApi;
let positions: PositionStore;
let transactions: TransactionStore;
let sent: ReadMessage[];
let measured: Measured[];

const windows = { overlapMs: 60_000, lagMs: 0 };

beforeAll(async () => {
  button = await startButtonSimulator();
  http = createButtonHttp({ baseUrl: button.url, timeoutMs: 60_000 });
  api = createTransactionsApi(http, 'sk-simulated-publisher');
});

afterAll(async () => {
  http.close();
  await button.close();
});

beforeEach(async () => {
  dynamodb = await startTestDynamoDB();
  const { client, tables } = dynamodb;
  positions = createPositionStore({ client, table: tables.positions });
  transactions = createTransactionStore({ client, table: tables.transactions, shopperField: 'none' });
  button.controls.reset();
  sent = [];
  measured = [];
  return () => dynamodb.close();
});

const send = (messages: readonly ReadMessage[]) => {
  sent.push(...messages);
  return Promise.resolve();
};
const metrics = { add: (one: Measured) => measured.push(one) };

function plan(
  changes: {
    api?: TransactionsApi | 'api_key_not_set';
    firstRead?: 'historical' | 'live' | 'none';
    streams?: readonly PlannedStream[];
  } = {},
) {
  return planReconciliation({
    api,
    positions,
    send,
    metrics,
    firstRead: 'historical',
    readFrom: '2026-01-01T00:00:00Z',
    streams: ['incremental'],
    sweepDays: 120,
    lagMs: 0,
    now: () => new Date(),
    tickId: `tick-${sent.length}`,
    ...changes,
  });
}

function ports(changes: Partial<ReconcilePorts> = {}): ReconcilePorts {
  const { client, tables } = dynamodb;
  return {
    api,
    positions,
    transactions,
    quarantine: createQuarantineStore({ client, table: tables.quarantine, retentionDays: 30 }),
    send,
    metrics,
    windows,
    pageSize: 2,
    driftRetentionDays: 400,
    timeLeft: () => true,
    now: () => new Date(),
    ...changes,
  };
}

/** Handles every read message on the queue, including those that it sends itself. */
async function work(changes: Partial<ReconcilePorts> = {}): Promise<string[]> {
  const outcomes: string[] = [];
  for (let message = sent.shift(); message; message = sent.shift()) {
    outcomes.push((await reconcile(sentReadMessage(message.body), ports(changes))).outcome);
  }
  return outcomes;
}

/** Adds transactions to Button without webhooks. */
function inject(count: number, changes: object = {}): string[] {
  return Array.from({ length: count }, (_, index) => {
    const view = button.controls.injectTransaction({
      button_order_id: `btnorder-${index}`,
      amount: 100 + index,
      currency: 'USD',
      webhook: false,
      ...changes,
    });
    return view.row['button_order_id'] as string;
  });
}

function sum(name: MetricName): number {
  return measured.filter((one) => one.name === name).reduce((total, { value }) => total + value, 0);
}

async function storedCount(keys: readonly string[]): Promise<number> {
  return (await transactions.readMany(keys.map((key) => `order#${key}`))).size;
}

describe('planning', () => {
  it('reports how long ago each account was read, and the longest of all for the alarm', async () => {
    inject(1);
    inject(1, { currency: 'EUR' });

    await plan();

    const ages = measured.filter(({ name }) => name === 'WindowAgeSeconds');
    expect(ages.map((one) => 'dimensions' in one && one.dimensions)).toEqual([
      { Account: expect.stringMatching(/^acc-/) as string },
      { Account: expect.stringMatching(/^acc-/) as string },
    ]);
    expect(sum('OldestWindowAgeSeconds')).toBe(Math.max(...ages.map(({ value }) => value)));
  });

  it('counts a refused key in addition to what it could not do (B4)', async () => {
    const refused = { ok: false, reason: 'unauthorized' } as const;

    await plan({ api: { ...api, listAccounts: () => Promise.resolve(refused) } });

    expect(measured.slice(0, 2)).toEqual([
      { name: 'AccountsUnavailable', value: 1 },
      { name: 'PublisherKeyUnusable', value: 1 },
    ]);
  });

  it('gives every account a position and sends one read message to a worker for each', async () => {
    expect(await plan()).toEqual({ outcome: 'planned', accounts: 1, list: 'listed' });
    expect(sent).toHaveLength(1);
  });

  it('finds a new currency and reads it from its beginning; only what is older than the deployment is historical (E9)', async () => {
    const deployedAt = await positions.markDeployment('2026-05-01T00:00:00.750Z');
    await plan();
    inject(1, { currency: 'GBP' });

    expect(await plan()).toEqual({ outcome: 'planned', accounts: 2, list: 'listed' });
    const gbp = button.controls.accounts().find(({ currency }) => currency === 'GBP');
    expect(await positions.read(gbp?.id ?? '', 'incremental')).toMatchObject({
      readThrough: '2026-01-01T00:00:00Z',
      historicalBefore: deployedAt.replace('.750', ''),
    });
  });

  it('stores the list of accounts once', async () => {
    await plan();
    dynamodb.resetCounts();

    await plan();

    // It reads the deployment mark, the accounts, the notes of conflicts and the streams of the one account.
    // It writes nothing.
    expect(dynamodb.counts()).toEqual({ GetItem: 1, Query: 4 });
  });

  it('does nothing, without an error, until the API key is set (F10)', async () => {
    expect(await plan({ api: 'api_key_not_set' })).toEqual({ outcome: 'not-configured' });
    expect(measured).toEqual([{ name: 'ReconcilerNotConfigured', value: 1 }]);
    expect(sent).toEqual([]);
  });
});

describe('reconciling', () => {
  it('finds what no webhook brought, over several pages (E14)', async () => {
    await plan();
    const keys = inject(5);

    expect(await work()).toEqual(['complete']);
    expect(await storedCount(keys)).toBe(5);
    expect(sum('MissingTransactionsRepaired')).toBe(5);
    const drift = measured.filter(({ name }) => name === 'DriftAmountMinor');
    expect(sum('DriftAmountMinor')).toBe(100 + 101 + 102 + 103 + 104);
    for (const one of drift) expect(one).toMatchObject({ dimensions: { Currency: 'USD' } });
  });

  it('reports how late the latest repair of a page was', async () => {
    await plan({ firstRead: 'live' });
    // At noon, the three rows are on one day, so on one page.
    const now = new Date('2026-03-01T12:00:00Z');
    for (const seconds of [600, 3600, 60]) {
      const modified = new Date(now.getTime() - seconds * 1000).toISOString();
      const dates = { created_date: '2026-02-01T00:00:00Z', modified_date: modified };
      inject(1, { button_order_id: `btnorder-late-${seconds}`, ...dates });
    }

    await work({ now: () => now, pageSize: 3 });

    expect(measured.filter(({ name }) => name === 'RepairDelaySeconds')).toEqual([
      { name: 'RepairDelaySeconds', value: 3600 },
    ]);
  });

  it('does not move past a row that is not understood and could not be stored in quarantine (E2)', async () => {
    await plan();
    const account = button.controls.accounts()[0]?.id ?? '';
    const before = await positions.read(account, 'incremental');
    const odd: TransactionsApi = {
      ...api,
      listTransactions: () => Promise.resolve({ ok: true, value: { rows: [{ id: 'tx-odd' }], next: null } }),
    };
    const down = { put: () => Promise.reject(new Error('throttled')) };

    await expect(work({ api: odd, quarantine: down })).rejects.toThrow('throttled');

    expect(await positions.read(account, 'incremental')).toEqual({ ...(before as object), fence: 1 });
  });

  it('asks for the window and the latest second of an account that Button does not know, and tries no shorter window', async () => {
    await plan();
    let asked = 0;
    const unknown: TransactionsApi = {
      ...api,
      listTransactions: () => {
        asked += 1;
        return Promise.resolve({ ok: false, reason: 'refused', status: 404 });
      },
    };

    expect(await work({ api: unknown })).toEqual(['partial']);
    expect([asked, sum('ReconcilerWindowsRestarted')]).toEqual([2, 0]);
  });

  it('writes nothing for rows that have not changed', async () => {
    await plan();
    inject(3);
    await work();
    await plan();
    dynamodb.resetCounts();

    await work();

    // The position is claimed once, saved once per page and once with the report. No transaction is written.
    expect(dynamodb.counts()).toEqual({
      GetItem: 1,
      UpdateItem: 1,
      BatchGetItem: 2,
      PutItem: 2,
      TransactWriteItems: 1,
    });
  });

  it('imports what an account held at deployment as historical, and what comes later as live', async () => {
    const [old = ''] = inject(1, {
      created_date: '2026-02-01T00:00:00Z',
      modified_date: '2026-02-01T00:00:00Z',
    });
    await plan();
    const [fresh = ''] = inject(1, { button_order_id: 'btnorder-fresh' });

    await work();

    const delivery = async (key: string) => (await transactions.read(`order#${key}`))?.value.delivery;
    expect([await delivery(old), await delivery(fresh)]).toEqual(['historical', 'live']);
  });

  it('sends the next read message after its slice, and the next worker continues where it stopped (E7)', async () => {
    await plan();
    const keys = inject(5);
    let pages = 0;

    const outcomes = await work({ timeLeft: () => (pages += 1) % 2 === 1 });

    expect(outcomes.at(-1)).toBe('complete');
    expect(outcomes.filter((outcome) => outcome === 'handed-on').length).toBeGreaterThan(1);
    expect(await storedCount(keys)).toBe(5);
  });

  it('AWS, requirement 1: soon ends a chain whose slices have no time for a page', async () => {
    await plan();
    const keys = inject(3);

    const stopped = await work({ timeLeft: () => false });

    expect(stopped).toEqual([...Array.from({ length: 9 }, () => 'handed-on'), 'partial']);
    expect(measured).toContainEqual({ name: 'ReconcilerChainsStopped', value: 1 });
    await plan();
    expect(await work()).toEqual(['complete']);
    expect(await storedCount(keys)).toBe(3);
  });

  it('AWS, requirement 1: ends a chain at its maximum number of slices, and the planner goes on', async () => {
    await plan();
    const keys = inject(5);
    let pages = 0;
    const slice = { timeLeft: () => (pages += 1) % 2 === 1 };
    const [first] = sent;
    const lastOfChain = { ...sentReadMessage(first?.body ?? ''), slice: LONGEST_CHAIN };
    sent = [{ body: JSON.stringify(lastOfChain), groupId: '', deduplicationId: '' }];

    const stopped = await work(slice);

    expect(stopped).toEqual(['partial']);
    expect(measured).toContainEqual({ name: 'ReconcilerChainsStopped', value: 1 });
    await plan();
    expect((await work(slice)).at(-1)).toBe('complete');
    expect(await storedCount(keys)).toBe(5);
  });

  it('numbers the slices of a chain', async () => {
    await plan();
    inject(5);
    let pages = 0;
    const numbers: (number | undefined)[] = [];
    const note = (messages: readonly ReadMessage[]) => {
      numbers.push(...messages.map(({ body }) => sentReadMessage(body).slice));
      return send(messages);
    };

    await work({ timeLeft: () => (pages += 1) % 2 === 1, send: note });

    expect(numbers.length).toBeGreaterThan(2);
    expect(numbers).toEqual(numbers.map((_, index) => index + 2));
  });

  it('keeps its progress and reports a partial run when Button fails midway (E2, E8)', async () => {
    await plan();
    const keys = inject(5);
    let failed = false;
    const flaky: TransactionsApi = {
      ...api,
      listTransactions: (query) => {
        if (query.page === null || failed) return api.listTransactions(query);
        failed = true;
        return Promise.resolve({ ok: false, reason: 'unavailable', detail: 'http_429' });
      },
    };

    const first = await work({ api: flaky });
    const current = await positions.read(button.controls.accounts()[0]?.id ?? '', 'incremental');
    await plan();
    const second = await work();

    expect([first, second]).toEqual([['partial'], ['complete']]);
    expect(current).toMatchObject({ window: { pages: 1, rows: 2 } });
    expect(await storedCount(keys)).toBe(5);
  });

  it('lets no overtaken worker move the position (E6)', async () => {
    await plan();
    inject(5);
    const account = button.controls.accounts()[0]?.id ?? '';
    let asked = 0;
    const overtaking: TransactionsApi = {
      ...api,
      listTransactions: async (query) => {
        asked += 1;
        const current = await positions.read(account, 'incremental');
        if (current && current !== 'unreadable') await positions.take(current);
        return api.listTransactions(query);
      },
    };

    expect(await work({ api: overtaking })).toEqual(['overtaken']);
    // It reads no page after the one that it could not save.
    expect(asked).toBe(1);
    expect(await positions.read(account, 'incremental')).toMatchObject({
      readThrough: '2026-01-01T00:00:00Z',
    });
  });

  it('starts the window again when Button refuses a cursor (E13)', async () => {
    await plan();
    const keys = inject(5);
    let hasExpired = false;
    let isRefusing = true;
    const expiring: TransactionsApi = {
      ...api,
      listTransactions: (query) => {
        if (hasExpired && query.page === null) isRefusing = false;
        if (query.page === null || !isRefusing) return api.listTransactions(query);
        hasExpired = true;
        return Promise.resolve({ ok: false, reason: 'refused', status: 400 });
      },
    };

    expect(await work({ api: expiring })).toEqual(['complete']);
    expect(await storedCount(keys)).toBe(5);
    expect(sum('ReconcilerWindowsRestarted')).toBe(1);
  });

  it('fails without advancing on a cursor that does not move (E12)', async () => {
    await plan();
    const stuck: TransactionsApi = {
      ...api,
      listTransactions: () =>
        Promise.resolve({ ok: true, value: { rows: [], next: { cursor: 'again', printed: null } } }),
    };

    expect(await work({ api: stuck })).toEqual(['partial']);
  });

  it('quarantines a row that it does not understand and stores the other rows', async () => {
    await plan();
    const keys = inject(1);
    const withNoise: TransactionsApi = {
      ...api,
      listTransactions: async (query) => {
        const page = await api.listTransactions(query);
        return page.ok
          ? { ...page, value: { ...page.value, rows: [{ id: 'tx-odd' }, ...page.value.rows] } }
          : page;
      },
    };

    expect(await work({ api: withNoise })).toEqual(['complete']);
    expect(await storedCount(keys)).toBe(1);
    expect(measured).toContainEqual({ name: 'RowsQuarantined', value: 1 });
  });
});
