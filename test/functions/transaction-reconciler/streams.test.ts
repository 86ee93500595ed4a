import { beforeEach, describe, expect, it } from 'vitest';

import { planReconciliation } from '../../../functions/reconciliation-planner/plan-reconciliation.ts';
import {
  streamsOf,
  type PlannedStream,
} from '../../../functions/reconciliation-planner/plan-reconciliation.ts';
import { reconcile, type ReconcilePorts } from '../../../shared/reconciliation/reconcile.ts';
import { readTransaction } from '../../../shared/validation/webhooks/transaction-wire.ts';
import type { ApiResult, TransactionPage } from '../../../shared/button/api-result.ts';
import type { TransactionQuery, TransactionsApi } from '../../../shared/button/transactions-api.ts';
import type { Measured, MetricName } from '../../../shared/runtime/metric-definitions.ts';
import type { Position } from '../../../shared/reconciliation/rules/position.ts';
import type { ReadMessage } from '../../../shared/reconciliation/rules/read-message.ts';
import { sentReadMessage } from './sent-read-message.ts';
import { recordStatus } from '../../../shared/validation/webhooks/transaction.ts';
import { applyTransaction } from '../../../shared/transactions/apply-transaction.ts';
import { backfillProgress, startBackfill } from '../../../shared/transactions/backfill.ts';
import { createInMemoryPositions, type InMemoryPositions } from '../../fakes/in-memory-positions.ts';
import { createInMemoryQuarantine } from '../../fakes/in-memory-stores.ts';
import { createInMemoryTransactions, type InMemoryTransactions } from '../../fakes/in-memory-transactions.ts';

const DEPLOYED_AT = '2026-06-01T00:00:00Z';

type Row = ReturnType<typeof rowOf>;

let now: Date;
let rows: Row[];
let listed: string[];
let onlyInAccountLists: Row[];
let requests: TransactionQuery[];
let sent: ReadMessage[];
let measured: Measured[];
let positions: InMemoryPositions;
let transactions: InMemoryTransactions;
let answer: (query: TransactionQuery) => ApiResult<TransactionPage> | undefined;

beforeEach(() => {
  now = new Date(DEPLOYED_AT);
  rows = [];
  listed = ['acc-1', 'acc-2', 'acc-3'];
  onlyInAccountLists = [];
  requests = [];
  sent = [];
  measured = [];
  positions = createInMemoryPositions();
  transactions = createInMemoryTransactions();
  answer = () => undefined;
});

function rowOf(
  number: number,
  changes: { date?: string; created?: string; amount?: number; account?: string } = {},
) {
  const { date = now.toISOString(), created = date, amount = 100, account = 'acc-1' } = changes;
  return {
    id: `tx-${number}`,
    button_order_id: `btnorder-${number}`,
    account_id: account,
    status: 'pending',
    category: 'new-user-order',
    created_date: created,
    modified_date: date,
    amount,
    currency: 'USD',
  };
}

const api: TransactionsApi = {
  listAccounts: () =>
    Promise.resolve({
      ok: true,
      value: { accounts: listed.map((id) => ({ id, currency: 'USD' })), malformed: 0 },
    }),
  listTransactions(query) {
    requests.push(query);
    const { accountId, timeField, start, end } = query;
    const shown = accountId === null ? rows : [...rows, ...onlyInAccountLists];
    const within = shown.filter((row) => {
      const date = Date.parse(timeField === 'created_date' ? row.created_date : row.modified_date);
      const isOfAccount = accountId === null || row.account_id === accountId;
      return isOfAccount && date >= Date.parse(start) && date < Date.parse(end);
    });
    return Promise.resolve(answer(query) ?? { ok: true, value: { rows: within, next: null } });
  },
};

const send = (messages: readonly ReadMessage[]) => {
  sent.push(...messages);
  return Promise.resolve();
};
const metrics = { add: (one: Measured) => measured.push(one) };

async function tick(
  streams: readonly PlannedStream[] = ['incremental'],
  changes: Partial<ReconcilePorts> = {},
) {
  await planReconciliation({
    api,
    positions,
    send,
    metrics,
    firstRead: 'historical',
    readFrom: '2026-01-01T00:00:00Z',
    streams,
    sweepDays: 120,
    lagMs: 120_000,
    now: () => now,
    tickId: now.toISOString(),
  });
  return work(changes);
}

async function work(changes: Partial<ReconcilePorts> = {}): Promise<string[]> {
  const outcomes: string[] = [];
  for (let message = sent.shift(); message; message = sent.shift()) {
    const toRead = sentReadMessage(message.body);
    const result = await reconcile(toRead, {
      api,
      positions,
      transactions,
      quarantine: createInMemoryQuarantine(),
      send,
      metrics,
      windows: { overlapMs: 900_000, lagMs: 120_000 },
      pageSize: 100,
      driftRetentionDays: 400,
      timeLeft: () => true,
      now: () => now,
      ...changes,
    });
    const reason = 'reason' in result ? ` ${result.reason}` : '';
    outcomes.push(`${toRead.account} ${toRead.stream}: ${result.outcome}${reason}`);
  }
  return outcomes.sort();
}

function pass(hours: number): void {
  now = new Date(now.getTime() + hours * 3_600_000);
}

async function positionOf(stream: string, account = 'acc-1'): Promise<Position> {
  const position = await positions.read(account, stream);
  if (position === undefined || position === 'unreadable') throw new Error(`no position of ${stream}`);
  return position;
}

function sum(name: MetricName): number {
  return measured.filter((one) => one.name === name).reduce((total, { value }) => total + value, 0);
}

const stored = () =>
  transactions
    .all()
    .map(({ key }) => key)
    .sort();

const deliveries = () => Object.fromEntries(transactions.all().map(({ key, delivery }) => [key, delivery]));

describe('an account that Button did not list at first', () => {
  const old = { date: '2026-02-03T00:00:00Z', account: 'acc-9' };

  it.each([
    ['although Button listed none', []],
    ['although the key was another organisation’s', ['acc-other']],
  ])('brings what is older than the deployment as historical, %s (E9)', async (_why, first) => {
    listed = first;
    await tick();
    listed = ['acc-9'];
    rows = [rowOf(1, old), rowOf(2, { ...old, date: DEPLOYED_AT })];
    pass(24);

    await tick();

    expect(deliveries()).toEqual({ 'order#btnorder-1': 'historical', 'order#btnorder-2': 'live' });
    expect(sum('MissingTransactionsRepaired')).toBe(1);
  });

  it('keeps its transactions historical or live as stored, even if another stream would decide otherwise', async () => {
    await positions.markDeployment(DEPLOYED_AT);
    await positions.create({
      ...{ account: 'acc-9', stream: 'incremental', fence: 0, readThrough: '2026-01-01T00:00:00Z' },
      historicalBefore: null,
    });
    listed = ['acc-9'];
    rows = [rowOf(1, old)];
    pass(1);
    await tick();
    const before = deliveries();
    rows = [rowOf(1, { ...old, date: DEPLOYED_AT, created: old.date, amount: 70 })];
    pass(24);

    await tick(['incremental', 'sweep-daily', 'sweep-weekly']);

    expect([before, deliveries()]).toEqual([{ 'order#btnorder-1': 'live' }, { 'order#btnorder-1': 'live' }]);
    expect((await positionOf('sweep-weekly', 'acc-9')).historicalBefore).toBe(DEPLOYED_AT);
  });
});

describe('an account that Button no longer lists', () => {
  const recent = () => new Date(now.getTime() - 600_000).toISOString();

  it.each([
    ['all of them are gone', []],
    ['only this one is gone', ['acc-1', 'acc-3']],
  ])('is read as before: %s (E14)', async (_why, left) => {
    await tick();
    listed = left;
    pass(1);
    rows = [rowOf(1, { date: recent(), account: 'acc-2' })];
    measured = [];

    const outcomes = await tick(['incremental', 'sweep-daily']);

    expect(outcomes).toContain('acc-2 incremental: complete');
    expect(stored()).toEqual(['order#btnorder-1']);
    expect(sum('AccountsPlanned')).toBe(3);
  });

  it.each([
    ['not found', { reason: 'refused', status: 404 }, 'refused_404'],
    ['forbidden', { reason: 'unauthorized' }, 'unauthorized'],
  ] as const)('grows older from tick to tick if it is %s (E10, E20)', async (_what, refusal, reason) => {
    await tick();
    listed = ['acc-1', 'acc-3'];
    answer = ({ accountId }) => (accountId === 'acc-2' ? { ok: false, ...refusal } : undefined);
    pass(1);
    await tick();
    pass(3);
    measured = [];

    const outcomes = await tick();

    expect(outcomes).toEqual([
      'acc-1 incremental: complete',
      `acc-2 incremental: partial ${reason}`,
      'acc-3 incremental: complete',
    ]);
    expect(sum('OldestWindowAgeSeconds')).toBe(4 * 3600);
  });
});

describe('faults', () => {
  it('a refused account blocks no other, and is reported as partial (E10)', async () => {
    rows = [rowOf(1), rowOf(2, { account: 'acc-2' }), rowOf(3, { account: 'acc-3' })];
    answer = ({ accountId }) => (accountId === 'acc-2' ? { ok: false, reason: 'unauthorized' } : undefined);
    pass(1);

    expect(await tick()).toEqual([
      'acc-1 incremental: complete',
      'acc-2 incremental: partial unauthorized',
      'acc-3 incremental: complete',
    ]);
    expect(stored()).toEqual(['order#btnorder-1', 'order#btnorder-3']);
    expect(sum('PublisherKeyUnusable')).toBe(1);
  });

  it('an account that cannot be read grows old alone, and determines the alarm for all (E10, E20)', async () => {
    await tick();
    answer = ({ accountId }) =>
      accountId === 'acc-2' ? { ok: false, reason: 'unavailable', detail: 'http_503' } : undefined;
    pass(1);
    await tick();
    measured = [];
    pass(1);

    await tick();

    const ages = [3600, 7200, 3600].map((value, index) => ({
      ...{ name: 'WindowAgeSeconds', value },
      dimensions: { Account: `acc-${index + 1}` },
    }));
    expect(measured.filter(({ name }) => name === 'WindowAgeSeconds')).toEqual(ages);
    expect(sum('OldestWindowAgeSeconds')).toBe(7200);
  });

  it('sends no request before Button allows it, and goes on then (E8)', async () => {
    await tick();
    pass(1);
    answer = () => ({ ok: false, reason: 'unavailable', detail: 'http_429', afterMs: 900_000 });
    const reported = await tick();
    requests = [];

    pass(0.1);
    const early = await tick();
    const asked = requests.length;
    answer = () => undefined;
    pass(1);
    const late = await tick();

    expect(reported[0]).toBe('acc-1 incremental: partial http_429');
    expect([early[0], asked]).toEqual(['acc-1 incremental: partial asked_to_wait', 0]);
    expect(late[0]).toBe('acc-1 incremental: complete');
  });

  it('reads a window in halves if Button refuses its length, and remembers that', async () => {
    answer = ({ start, end }) =>
      Date.parse(end) - Date.parse(start) > 6 * 86_400_000
        ? { ok: false, reason: 'refused', status: 400 }
        : undefined;
    rows = [rowOf(1, { date: '2026-02-03T00:00:00Z' })];
    pass(1);

    expect((await tick())[0]).toBe('acc-1 incremental: complete');
    expect(stored()).toEqual(['order#btnorder-1']);
    expect(sum('ReconcilerWindowsRestarted')).toBeGreaterThan(0);
  });

  it('gives up for this tick if even a short window is refused, moves nothing, and tries again (E12)', async () => {
    await tick();
    const before = await positionOf('incremental');
    answer = ({ page }) => ({
      ok: true,
      value: { rows: [], next: { cursor: page?.next.cursor === 'a' ? 'b' : 'a', printed: null } },
    });
    pass(24);
    requests = [];

    const circling = await tick();
    const asked = requests.length;
    const after = await positionOf('incremental');
    answer = () => undefined;

    expect(circling[0]).toBe('acc-1 incremental: partial endless_pages');
    expect(asked).toBeLessThan(3 * 100);
    expect(after).toMatchObject({ readThrough: before.readThrough, maxWindowSeconds: 1 });
    expect((await tick())[0]).toBe('acc-1 incremental: complete');
  });

  it('goes on after an empty page that is not the last (E18)', async () => {
    await tick();
    pass(1);
    rows = [rowOf(1, { date: new Date(now.getTime() - 600_000).toISOString() })];
    answer = ({ page }) =>
      page === null ? { ok: true, value: { rows: [], next: { cursor: 'more', printed: null } } } : undefined;

    await tick();

    expect(stored()).toEqual(['order#btnorder-1']);
  });

  it('moves no further than Button’s own clock (E1)', async () => {
    await tick();
    pass(2);
    const serverTime = new Date(now.getTime() - 3_600_000);
    answer = () => ({ ok: true, value: { rows: [], next: null }, serverTime });

    await tick();

    expect(Date.parse((await positionOf('incremental')).readThrough)).toBeLessThan(serverTime.getTime());
  });

  it('finds, by its overlap, what Button shows later than the lag (E1, E3)', async () => {
    await tick();
    pass(1);
    await tick();
    rows = [rowOf(1, { date: new Date(now.getTime() - 900_000).toISOString() })];
    pass(0.1);

    await tick();

    expect(stored()).toEqual(['order#btnorder-1']);
  });

  it('refuses a position in the future, starts again at the account’s beginning, and reports it (E4)', async () => {
    rows = [rowOf(1, { date: '2026-02-03T00:00:00Z' })];
    await tick();
    await positions.save({ ...(await positionOf('incremental')), readThrough: '2027-01-01T00:00:00Z' });
    transactions = createInMemoryTransactions();
    pass(1);

    const refused = await reconcileOnly('incremental');
    const repaired = await tick();

    expect(refused).toEqual(['acc-1 incremental: unusable-position']);
    expect(repaired[0]).toBe('acc-1 incremental: complete');
    expect(stored()).toEqual(['order#btnorder-1']);
    expect(sum('UnusablePositions')).toBeGreaterThan(0);
  });

  it('keeps only the id of a row that is nested too deeply to be stored, and goes on', async () => {
    await tick();
    pass(1);
    const date = new Date(now.getTime() - 600_000).toISOString();
    let deep: unknown = [];
    for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
    rows = [{ ...rowOf(1, { date }), deep } as Row, rowOf(2, { date })];

    expect((await tick())[0]).toBe('acc-1 incremental: complete');
    expect(stored()).toEqual(['order#btnorder-2']);
    expect(sum('RowsQuarantined')).toBe(1);
  });
});

async function reconcileOnly(stream: string): Promise<string[]> {
  sent = [{ body: JSON.stringify({ account: 'acc-1', stream }), groupId: 'g', deduplicationId: 'd' }];
  return work();
}

describe('the wider sweeps', () => {
  it('are due on their schedule; a run by hand reads the incremental streams', () => {
    expect(streamsOf({ streams: ['sweep-daily'] })).toEqual(['sweep-daily']);
    expect([streamsOf({}), streamsOf(null), streamsOf(undefined)]).toEqual([
      ['incremental'],
      ['incremental'],
      ['incremental'],
    ]);
    expect(() => streamsOf({ streams: ['hourly'] })).toThrow();
  });

  it('find what the incremental stream can no longer see, and never move its position (E15)', async () => {
    await tick();
    pass(240);
    await tick();
    const before = await positionOf('incremental');
    rows = [
      rowOf(1, { date: new Date(now.getTime() - 3 * 86_400_000).toISOString() }),
      rowOf(2, { created: '2026-03-01T00:00:00Z', date: '2026-06-02T00:00:00Z' }),
    ];

    await tick();
    const seenLive = stored();
    await tick(['sweep-daily']);
    const seenDaily = stored();
    await tick(['sweep-weekly']);

    expect([seenLive, seenDaily, stored()]).toEqual([
      [],
      ['order#btnorder-1'],
      ['order#btnorder-1', 'order#btnorder-2'],
    ]);
    expect(requests.at(-1)?.timeField).toBe('created_date');
    expect((await positionOf('incremental')).readThrough).toBe(before.readThrough);
  });

  it('request pages in the form that works for the incremental stream', async () => {
    await tick();
    const learnt = { form: 'cursor-alone', learntAt: now.toISOString() } as const;
    await positions.save({ ...(await positionOf('incremental')), learnt });

    await tick(['sweep-daily', 'sweep-weekly']);

    expect((await positionOf('sweep-daily')).learnt).toEqual(learnt);
    expect((await positionOf('sweep-weekly')).learnt).toEqual(learnt);
  });

  it('start again when they are due again, and go on with any tick until they are done', async () => {
    await tick(['sweep-daily']);
    const first = await positionOf('sweep-daily');
    pass(24);
    answer = () => ({ ok: false, reason: 'unavailable', detail: 'http_503' });
    await tick(['sweep-daily']);
    answer = () => undefined;

    const next = await tick(['incremental']);
    const afterwards = await tick(['incremental']);

    expect(next).toContain('acc-1 sweep-daily: complete');
    expect(afterwards).not.toContain('acc-1 sweep-daily: complete');
    expect((await positionOf('sweep-daily')).readUntil).not.toBe(first.readUntil);
  });
});

describe('a backfill', () => {
  const range = { account: 'acc-1', id: 'march', from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' };
  const start = (changes: object = {}) =>
    startBackfill({ ...range, delivery: 'historical', ...changes }, { positions, send, now: () => now });

  beforeEach(async () => {
    await tick();
    rows = [rowOf(1, { date: '2026-02-28T23:59:59Z' }), rowOf(2, { date: '2026-03-15T00:00:00Z' })];
    requests = [];
  });

  it('reads its range and nothing else, as historical or as live', async () => {
    expect(await start()).toEqual({ outcome: 'started', stream: 'backfill-march' });
    await work();

    expect(transactions.all()).toMatchObject([{ key: 'order#btnorder-2', delivery: 'historical' }]);
    expect(await backfillProgress(range, positions)).toMatchObject({ finished: true, share: 1 });
    expect(await backfillProgress({ ...range, id: 'april' }, positions)).toBeUndefined();
  });

  it('continues where it stopped, with any tick, and leaves the incremental stream alone (E19)', async () => {
    const incremental = await positionOf('incremental');
    await start({ from: '2026-01-01T00:00:00Z', delivery: 'live' });
    answer = () =>
      requests.length > 2 ? { ok: false, reason: 'unavailable', detail: 'http_503' } : undefined;
    const stopped = await work();
    const midway = await backfillProgress(range, positions);
    answer = () => undefined;
    requests = [];

    const resumed = await tick();

    expect(stopped).toEqual(['acc-1 backfill-march: partial http_503']);
    expect(midway).toMatchObject({ finished: false, readThrough: '2026-03-04T00:00:00Z' });
    expect(resumed).toContain('acc-1 backfill-march: complete');
    expect(requests.map(({ start: from }) => from)).toContain('2026-03-04T00:00:00Z');
    expect((await positionOf('incremental')).readThrough).toBe(incremental.readThrough);
  });

  it('is started once, and refuses an invalid range', async () => {
    await start();

    await work();
    pass(0.1);
    expect(await start({ from: '2020-01-01T00:00:00Z' })).toMatchObject({ outcome: 'resumed' });
    expect(sent.map(({ body }) => sentReadMessage(body).stream)).toEqual(['backfill-march']);
    expect((await positionOf('backfill-march')).readFrom).toBe(range.from);
    expect(await start({ id: 'a b' })).toEqual({ outcome: 'refused', reason: 'id_malformed' });
    expect(await start({ to: range.from })).toEqual({ outcome: 'refused', reason: 'range_malformed' });
    expect(await start({ from: 'soon' })).toEqual({ outcome: 'refused', reason: 'range_malformed' });
  });
});

describe('a conflict of an old transaction', () => {
  const created = '2026-02-03T00:00:00Z';
  const noting: Partial<ReconcilePorts> = { noteConflicts: (notes) => positions.leave(notes) };

  async function webhook(row: Row, status: 'validated' | 'declined'): Promise<void> {
    const reading = readTransaction({ ...row, status });
    if (!reading.ok) throw new Error('not a row');
    await applyTransaction(
      { transactions, noteConflicts: (notes) => positions.leave(notes), now: () => now },
      {
        transaction: reading.transaction,
        payload: row,
        source: { kind: 'webhook', eventId: `hook-${status}` },
        seenAt: now.toISOString(),
        delivery: 'live',
      },
    );
  }
  const statusOf = async (number: number) => {
    const stored = await transactions.read(`order#btnorder-${number}`);
    return stored && recordStatus(stored.value);
  };
  const minutes = (count: number) => {
    pass(count / 60);
  };

  it('is read again, within 30 minutes, without a sweep', async () => {
    rows = [{ ...rowOf(1, { created, date: '2026-03-01T00:00:00Z' }), status: 'declined' }];
    await tick(['incremental'], noting);
    minutes(60 * 24 * 3);
    const changed = rowOf(1, { created, date: '2026-03-01T00:00:00Z' });
    transactions = createInMemoryTransactions();
    await webhook(changed, 'validated');
    await webhook(changed, 'declined');
    expect(await statusOf(1)).toBe('conflict');

    for (let tickOf = 0; tickOf < 3; tickOf += 1) {
      minutes(tickOf === 0 ? 1 : 10);
      await tick(['incremental'], noting);
    }

    expect(await statusOf(1)).toBe('declined');
  });

  it('is not read if Button has never listed the account that a webhook names', async () => {
    await tick(['incremental'], noting);
    await webhook(rowOf(1, { created, account: 'acc-elsewhere' }), 'validated');
    await webhook(rowOf(1, { created, account: 'acc-elsewhere' }), 'declined');
    minutes(10);

    const outcomes = await tick(['incremental'], noting);

    expect(outcomes.filter((outcome) => outcome.includes('reread-'))).toEqual([]);
  });

  it('is left to the sweeps once it is old, so that what Button never shows costs nothing', async () => {
    await webhook(rowOf(1, { created }), 'validated');
    await webhook(rowOf(1, { created }), 'declined');
    await tick(['incremental'], noting);
    minutes(120);
    await tick(['incremental'], noting);
    requests = [];

    minutes(10);
    await tick(['incremental'], noting);

    expect(requests.filter(({ timeField }) => timeField === 'created_date')).toEqual([]);
  });

  it('that a backfill has brought is read again as well, so that none remains', async () => {
    await tick(['incremental'], noting);
    minutes(60);
    await tick(['incremental'], noting);
    await webhook(rowOf(1, { created, date: '2026-03-01T00:00:00Z' }), 'validated');
    rows = [{ ...rowOf(1, { created, date: '2026-03-01T00:00:00Z' }), status: 'declined' }];
    const range = { from: '2026-02-01T00:00:00Z', to: '2026-04-01T00:00:00Z' };
    await startBackfill(
      { ...range, account: 'acc-1', id: 'spring', delivery: 'historical' },
      { positions, send, now: () => now },
    );
    await work(noting);
    expect(await statusOf(1)).toBe('conflict');

    for (const count of [1, 10, 10]) {
      minutes(count);
      await tick(['incremental'], noting);
    }

    expect(await statusOf(1)).toBe('declined');
  });
});

describe('the report of a day', () => {
  async function webhook(row: Row): Promise<void> {
    const reading = readTransaction(row);
    if (!reading.ok) throw new Error('not a row');
    await applyTransaction(
      { transactions, now: () => new Date() },
      {
        transaction: reading.transaction,
        payload: row,
        source: { kind: 'webhook', eventId: `hook-${row.id}-${row.amount}` },
        seenAt: now.toISOString(),
        delivery: 'live',
      },
    );
  }

  it('counts missing, stale and settled transactions separately, with the money at stake and the delay', async () => {
    await tick();
    pass(1);
    const date = new Date(now.getTime() - 600_000).toISOString();
    rows = [1, 2, 3, 4].map((number) => rowOf(number, { date }));
    await webhook(rowOf(2, { date: DEPLOYED_AT, amount: 70 }));
    await webhook(rowOf(3, { date }));
    await webhook(rowOf(3, { date, amount: 40 }));
    await webhook(rowOf(4, { date }));
    // Longer than Button's lag with clocks that differ; otherwise the read could not settle a conflict.
    pass(0.06);

    await tick();

    expect(await positions.readReport({ account: 'acc-1', day: '2026-06-01' })).toEqual({
      rows: 4,
      webhookRows: 2,
      missing: 1,
      'missingAmountMinor#USD': 100,
      stale: 1,
      'staleAmountMinor#USD': 30,
      settledConflicts: 1,
      'settledConflictsAmountMinor#USD': 60,
      repairSeconds: 3 * 816,
    });
    expect(sum('SettledConflicts')).toBe(1);
    expect(sum('DriftAmountMinor')).toBe(190);
    expect(measured).toContainEqual({ name: 'RepairDelaySeconds', value: 816 });
  });

  it('counts a pending version that a read corrects although its date is later', async () => {
    await tick();
    pass(1);
    const date = new Date(now.getTime() - 600_000).toISOString();
    await webhook(rowOf(1, { created: date, date: '2099-01-01T00:00:00Z', amount: 70 }));
    rows = [rowOf(1, { date })];
    pass(0.06);

    await tick();

    const stored = await transactions.read('order#btnorder-1');
    expect(stored?.value.candidates.map(({ transaction }) => transaction.amountMinor)).toEqual([100]);
    expect(sum('PendingTransactionsCorrected')).toBe(1);
    expect(sum('StaleTransactionsRepaired')).toBe(1);
  });

  it('counts what Button held before deployment as an import, not as drift', async () => {
    rows = [rowOf(1, { date: '2026-02-03T00:00:00Z' })];

    await tick();

    expect(await positions.readReport({ account: 'acc-1', day: '2026-06-01' })).toEqual({
      rows: 1,
      webhookRows: 0,
      imported: 1,
    });
    expect(sum('MissingTransactionsRepaired')).toBe(0);
  });
});

describe('the comparison of lists', () => {
  it('counts rows that only one of the lists shows, and stores those that no account shows (K12)', async () => {
    pass(24);
    const created = new Date(now.getTime() - 5 * 3_600_000).toISOString();
    // The creation date decides the day, so a later change moves no row out of it.
    rows = [rowOf(1, { date: created }), rowOf(2, { created, account: 'acc-unlisted' })];
    onlyInAccountLists = [3, 4].map((number) => rowOf(number, { date: created, account: 'acc-2' }));

    const outcomes = await tick(['cross-check']);

    expect(outcomes).toContain('* cross-check: complete');
    expect(sum('RowsOnlyInAllAccountsList')).toBe(1);
    expect(sum('RowsOnlyInAccountLists')).toBe(2);
    expect(stored()).toContain('order#btnorder-2');
  });

  it('counts what is older than the deployment as historical, although no account lists it (E9)', async () => {
    listed = [];
    await tick();
    rows = [
      rowOf(1, { date: '2026-05-31T23:59:59Z', account: 'acc-unlisted' }),
      rowOf(2, { date: DEPLOYED_AT, account: 'acc-unlisted' }),
    ];
    pass(12);

    await tick(['cross-check']);

    expect(deliveries()).toEqual({ 'order#btnorder-1': 'historical', 'order#btnorder-2': 'live' });
  });

  it('runs only if a tick asks for it', async () => {
    pass(24);

    expect((await tick(['incremental', 'sweep-daily'])).join()).not.toContain('cross-check');
    expect(requests.map(({ accountId }) => accountId)).not.toContain(null);
  });

  it('keeps its place when Button fails, and reads in halves if a slice has too little time', async () => {
    pass(24);
    let pages = 0;
    const hurried = await tick(['cross-check'], { timeLeft: () => (pages += 1) % 2 === 1 });
    const shortened = (await positionOf('cross-check', '*')).maxWindowSeconds;
    answer = ({ accountId }) =>
      accountId === null ? { ok: false, reason: 'unavailable', detail: 'http_503' } : undefined;

    pass(24);
    const failed = await tick(['cross-check']);
    const afterFailure = (await positionOf('cross-check', '*')).maxWindowSeconds;
    answer = () => undefined;

    expect(hurried.join()).toContain('* cross-check: partial out_of_time');
    expect(shortened).toBeLessThan(86_400);
    expect(failed).toContain('* cross-check: partial http_503');
    expect(afterFailure).toBe(shortened);
    expect(await tick(['cross-check'])).toContain('* cross-check: complete');
  });
});
