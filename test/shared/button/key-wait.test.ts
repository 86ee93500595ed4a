import { describe, expect, it } from 'vitest';

import type { ButtonResponse } from '../../../shared/button/button-http.ts';
import { keepingListWait, withKeyWait, type KeyWait } from '../../../shared/button/key-wait.ts';
import { createBrandsApi } from '../../../shared/button/list-brands.ts';
import {
  createTransactionsApi,
  type TransactionQuery,
  type TransactionsApi,
} from '../../../shared/button/transactions-api.ts';

const now = new Date('2026-06-01T12:00:00.000Z');

function createWait(until?: string) {
  const extended: string[] = [];
  const wait: KeyWait = {
    read: () => Promise.resolve(until),
    extend: (later) => Promise.resolve(void extended.push(later)),
  };
  return { wait, extended };
}

type Opened = { until?: string; listUntil?: string; afterMs?: number; detail?: string };

function open({ until, listUntil, afterMs, detail = 'http_503' }: Opened) {
  const asked: string[] = [];
  const refusal = { ok: false, reason: 'unavailable', detail, ...(afterMs ? { afterMs } : {}) } as const;
  const answer = (what: string) => {
    asked.push(what);
    return Promise.resolve(refusal);
  };
  const api: TransactionsApi = {
    listAccounts: () => answer('accounts'),
    listTransactions: () => answer('transactions'),
  };
  const key = createWait(until);
  const list = createWait(listUntil);
  const waiting = { wait: key.wait, listWait: list.wait, now: () => now };
  return { asked, extended: { key: key.extended, list: list.extended }, api: withKeyWait(api, waiting) };
}

const QUERY: TransactionQuery = {
  ...{ accountId: 'acc-1', timeField: 'modified_date', pageSize: 100, page: null },
  ...{ start: '2026-06-01T00:00:00Z', end: '2026-06-02T00:00:00Z' },
};

describe('withKeyWait', () => {
  it('sends no request before the instant that Button named, and returns how long that is', async () => {
    const { api, asked } = open({ until: '2026-06-01T12:01:00.000Z' });

    expect(await api.listAccounts()).toEqual({
      ...{ ok: false, reason: 'unavailable', detail: 'asked_to_wait', afterMs: 60_000 },
    });
    expect(asked).toEqual([]);
  });

  it.each([
    ['it is over', '2026-06-01T12:00:00.000Z'],
    ['Button never asked to wait', undefined],
    ['it is longer than Button can ask for', '2026-06-01T12:15:00.001Z'],
    ['it is not an instant', 'soon'],
  ])('sends a request if %s', async (_why, until) => {
    const { api, asked, extended } = open(until === undefined ? {} : { until });

    await api.listAccounts();

    expect([asked, extended]).toEqual([['accounts'], { key: [], list: [] }]);
  });

  it.each([
    ['a 503 of a list of transactions', 'http_503', 'transactions', 'key'],
    ['a 429 of a list of transactions', 'http_429', 'transactions', 'key'],
    ['a 429 of the list of accounts', 'http_429', 'accounts', 'key'],
    ['a 503 of the list of accounts', 'http_503', 'accounts', 'list'],
  ] as const)('stores how long Button asks to wait: after %s', async (_what, detail, call, whose) => {
    const { api, extended } = open({ afterMs: 90_000, detail });

    await (call === 'accounts' ? api.listAccounts() : api.listTransactions(QUERY));

    expect(extended).toEqual({ key: [], list: [], [whose]: ['2026-06-01T12:01:30.000Z'] });
  });

  it('reads transactions, but no list of accounts, while only that list has to wait', async () => {
    const { api, asked } = open({ listUntil: '2026-06-01T12:01:00.000Z' });

    await api.listTransactions(QUERY);

    expect(await api.listAccounts()).toMatchObject({ detail: 'asked_to_wait', afterMs: 60_000 });
    expect(asked).toEqual(['transactions']);
  });

  it.each([
    ['accounts', 1],
    ['accounts', 2],
    ['accounts', 3],
    ['brands', 1],
    ['brands', 2],
    ['brands', 3],
  ] as const)('stores it whichever page of the list of %s asks for it: page %i', async (list, page) => {
    let asked = 0;
    const http = {
      call: (): Promise<ButtonResponse> => {
        asked += 1;
        const next = `?cursor=${asked}`;
        const body = { meta: { status: 'ok', next }, objects: [{ id: `acc-${asked}` }] };
        const isRefused = asked === page;
        return Promise.resolve({
          ...{ result: 'answered', status: isRefused ? 429 : 200, body },
          ...(isRefused ? { retryAfterMs: 90_000 } : {}),
        });
      },
      close: () => undefined,
    };
    const { wait, extended } = createWait();
    const waiting = { wait, listWait: createWait().wait, now: () => now };
    const brands = createBrandsApi(http, 'sk-1');

    if (list === 'brands') await keepingListWait(waiting, () => brands.listBrands());
    else await withKeyWait(createTransactionsApi(http, 'sk-1'), waiting).listAccounts();

    expect([asked, extended]).toEqual([page, ['2026-06-01T12:01:30.000Z']]);
  });
});
