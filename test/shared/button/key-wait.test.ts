import { describe, expect, it } from 'vitest';

import type { ButtonResponse } from '../../../shared/button/button-http.ts';
import { keepingWait, withKeyWait } from '../../../shared/button/key-wait.ts';
import { createBrandsApi } from '../../../shared/button/list-brands.ts';
import { createTransactionsApi, type TransactionsApi } from '../../../shared/button/transactions-api.ts';

const now = new Date('2026-06-01T12:00:00.000Z');

function open(until: string | undefined, afterMs?: number) {
  const asked: string[] = [];
  const extended: string[] = [];
  const refusal = {
    ok: false,
    reason: 'unavailable',
    detail: 'http_503',
    ...(afterMs ? { afterMs } : {}),
  } as const;
  const answer = (what: string) => {
    asked.push(what);
    return Promise.resolve(refusal);
  };
  const api: TransactionsApi = {
    listAccounts: () => answer('accounts'),
    listTransactions: () => answer('transactions'),
  };
  const wait = {
    read: () => Promise.resolve(until),
    extend: (later: string) => {
      extended.push(later);
      return Promise.resolve();
    },
  };
  return { asked, extended, api: withKeyWait(api, { wait, now: () => now }) };
}

describe('withKeyWait', () => {
  it('sends no request before the instant that Button named, and returns how long that is', async () => {
    const { api, asked } = open('2026-06-01T12:01:00.000Z');

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
    const { api, asked, extended } = open(until);

    await api.listAccounts();

    expect([asked, extended]).toEqual([['accounts'], []]);
  });

  it('stores how long Button asks to wait', async () => {
    const { api, extended } = open(undefined, 90_000);

    await api.listAccounts();

    expect(extended).toEqual(['2026-06-01T12:01:30.000Z']);
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
    const extended: string[] = [];
    const waiting = {
      wait: {
        read: () => Promise.resolve(undefined),
        extend: (until: string) => Promise.resolve(void extended.push(until)),
      },
      now: () => now,
    };
    const api = withKeyWait(createTransactionsApi(http, 'sk-1'), waiting);
    const call = keepingWait(waiting);

    await (list === 'accounts' ? api.listAccounts() : call(() => createBrandsApi(http, 'sk-1').listBrands()));

    expect([asked, extended]).toEqual([page, ['2026-06-01T12:01:30.000Z']]);
  });
});
