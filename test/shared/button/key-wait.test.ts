import { describe, expect, it } from 'vitest';

import { withKeyWait } from '../../../shared/button/key-wait.ts';
import type { TransactionsApi } from '../../../shared/button/transactions-api.ts';

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
  it('asks nothing before the instant that Button named, and says how long that is', async () => {
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
    ['it is no instant', 'soon'],
  ])('asks where %s', async (_why, until) => {
    const { api, asked, extended } = open(until);

    await api.listAccounts();

    expect([asked, extended]).toEqual([['accounts'], []]);
  });

  it('keeps how long Button wants to be left alone', async () => {
    const { api, extended } = open(undefined, 90_000);

    await api.listAccounts();

    expect(extended).toEqual(['2026-06-01T12:01:30.000Z']);
  });
});
