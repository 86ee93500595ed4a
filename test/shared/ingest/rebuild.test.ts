import { describe, expect, it } from 'vitest';

import type { ApiResult, TransactionPage } from '../../../shared/button/api-result.ts';
import type { TransactionQuery } from '../../../shared/button/transactions-api.ts';
import { recordStatus } from '../../../shared/domain/transaction.ts';
import { applyWebhook } from '../../../shared/ingest/apply-webhook.ts';
import { rebuild, type RebuildPorts, type RebuildRange } from '../../../shared/ingest/rebuild.ts';
import type { QuarantineEntry } from '../../../shared/store/quarantine-store.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';
import webhook from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };

const range: RebuildRange = {
  accountId: 'acc-1',
  start: '2025-03-01T00:00:00Z',
  end: '2025-03-03T12:00:00Z',
  newTransactionsAre: 'historical',
};

/** Button's own list, three rows a page; `answers` may put something else in the place of a request. */
function button(
  rows: readonly { modified_date: string }[],
  answers: Record<number, ApiResult<TransactionPage>> = {},
) {
  const queries: TransactionQuery[] = [];
  return {
    queries,
    listTransactions(query: TransactionQuery): Promise<ApiResult<TransactionPage>> {
      queries.push(query);
      const instead = answers[queries.length];
      if (instead) return Promise.resolve(instead);
      const inRange = rows.filter(({ modified_date: at }) => at >= query.start && at < query.end);
      const from = Number(query.page?.next.cursor ?? 0);
      const next = inRange.length > from + 3 ? { cursor: String(from + 3), printed: null } : null;
      return Promise.resolve({ ok: true, value: { rows: inRange.slice(from, from + 3), next } });
    },
  };
}

function row(order: number, changes: object = {}) {
  const day = `2025-03-0${1 + (order % 3)}T10:00:00Z`;
  return { ...webhook.data, button_order_id: `btnorder-${order}`, modified_date: day, ...changes };
}

function ports(api: RebuildPorts['api'], transactions = createInMemoryTransactions()) {
  const kept: QuarantineEntry[] = [];
  const quarantine = { put: (entry: QuarantineEntry) => Promise.resolve(void kept.push(entry)) };
  const now = () => new Date('2026-06-01T12:00:00.000Z');
  return { api, transactions, quarantine, kept, pageSize: 3, now, metrics: { add: () => undefined } };
}

describe('rebuild', () => {
  it('brings back every transaction of the range, day by day and page by page, and finds nothing to do the next time', async () => {
    const all = Array.from({ length: 30 }, (_, order) => row(order));
    const api = button(all);
    const system = ports(api);

    const first = await rebuild(range, system);
    const second = await rebuild(range, system);

    const inRange = all.filter(({ modified_date: at }) => at < range.end);
    expect(first).toEqual({ outcome: 'complete', changed: inRange.length, unchanged: 0, quarantined: 0 });
    expect(second).toEqual({ outcome: 'complete', changed: 0, unchanged: inRange.length, quarantined: 0 });
    expect(system.transactions.all()).toHaveLength(inRange.length);
    expect([...new Set(api.queries.map(({ start, end }) => `${start} ${end}`))]).toEqual([
      '2025-03-01T00:00:00Z 2025-03-02T00:00:00Z',
      '2025-03-02T00:00:00Z 2025-03-03T00:00:00Z',
      '2025-03-03T00:00:00Z 2025-03-03T12:00:00Z',
    ]);
  });

  it('takes what nobody knew as the caller says, and leaves what is known as live as it was', async () => {
    const system = ports(button([row(1), row(4)]));
    const body = Buffer.from(JSON.stringify({ ...webhook, data: row(1) }));
    await applyWebhook({ body, receivedAt: '2026-01-01T00:00:00.000Z' }, system);

    await rebuild(range, system);

    expect(system.transactions.all().map(({ key, delivery, changes }) => [key, delivery, changes])).toEqual([
      ['order#btnorder-1', 'live', 1],
      ['order#btnorder-4', 'historical', 1],
    ]);
  });

  it('settles a conflict by what it reads (D3)', async () => {
    const system = ports(button([row(1, { amount: 400 })]));
    for (const amount of [600, 400]) {
      const body = Buffer.from(JSON.stringify({ ...webhook, data: row(1, { amount }) }));
      await applyWebhook({ body, receivedAt: '2026-01-01T00:00:00.000Z' }, system);
    }
    const before = system.transactions.all().map(recordStatus);

    await rebuild(range, system);

    expect(before).toEqual(['conflict']);
    expect(
      system.transactions.all()[0]?.candidates.map(({ transaction }) => transaction.amountMinor),
    ).toEqual([400]);
  });

  it('keeps a row that it does not understand, and goes on with the next', async () => {
    const system = ports(button([row(1, { status: 'SENTINEL' }), row(4)]));

    const outcome = await rebuild(range, system);

    expect(outcome).toMatchObject({ outcome: 'complete', changed: 1, quarantined: 1 });
    expect(system.kept).toMatchObject([{ kind: 'transaction-row', origin: 'account:acc-1' }]);
  });

  it.each<[string, ApiResult<TransactionPage>]>([
    ['unavailable', { ok: false, reason: 'unavailable', detail: 'http_503' }],
    ['unauthorized', { ok: false, reason: 'unauthorized' }],
    ['repeated_cursor', { ok: true, value: { rows: [], next: { cursor: '3', printed: null } } }],
  ])('says from where to go on if it stops: %s', async (reason, answer) => {
    const rows = Array.from({ length: 12 }, (_, order) => row(order));
    const api = button(rows, { 4: answer });

    const outcome = await rebuild(range, ports(api));

    expect(outcome).toMatchObject({
      outcome: 'partial',
      reason,
      readThrough: '2025-03-02T00:00:00Z',
      changed: 7,
    });
  });
});
