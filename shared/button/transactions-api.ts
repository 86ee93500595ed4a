import * as z from 'zod';

import type { ButtonHttp, ButtonResponse } from './button-http.ts';

/** An account: one per currency. */
export type Account = { id: string; currency: string };

/** One page of transactions. `nextCursor` is null on the last page. */
export type TransactionPage = { rows: readonly unknown[]; nextCursor: string | null };

/** What a read came to. */
export type ApiResult<Value> =
  | { ok: true; value: Value; serverTime?: Date }
  /** The API key is wrong. */
  | { ok: false; reason: 'unauthorized' }
  /** Button refuses the request as it is: a cursor that has expired, for example. */
  | { ok: false; reason: 'refused'; status: number }
  /** Worth another try. */
  | { ok: false; reason: 'unavailable'; detail: string; afterMs?: number };

/** Which transactions: those whose date `timeField` lies in `[start, end)`. Instants are RFC 3339 in UTC. */
export type TransactionQuery = {
  /** Null: those of all accounts. */
  accountId: string | null;
  timeField: 'modified_date' | 'created_date';
  start: string;
  end: string;
  pageSize: number;
  cursor: string | null;
};

/** Button's Accounts and Transactions API. No method throws for what Button or the network does. */
export type TransactionsApi = {
  listAccounts(): Promise<ApiResult<Account[]>>;
  listTransactions(query: TransactionQuery): Promise<ApiResult<TransactionPage>>;
};

const AccountsSchema = z.object({
  meta: z.object({ status: z.literal('ok') }),
  objects: z.array(z.object({ id: z.string().min(1), currency: z.string() })),
});

const PageSchema = z.object({
  meta: z.object({ status: z.literal('ok'), next: z.string().nullish() }),
  objects: z.array(z.unknown()),
});

/**
 * The Transactions API with one publisher's key.
 *
 * `time_field` is always sent: Button's default, `created_date`, would hide every later change of an old transaction.
 * Source: https://developer.usebutton.com/guides/publishers/transactions-api
 */
export function createTransactionsApi(http: ButtonHttp, apiKey: string): TransactionsApi {
  return {
    async listAccounts() {
      const response = await http.call({ method: 'GET', path: '/v1/affiliation/accounts', apiKey });
      return readList(response, (body) => AccountsSchema.safeParse(body).data?.objects);
    },
    async listTransactions({ accountId, timeField, start, end, pageSize, cursor }) {
      const parameters = new URLSearchParams({
        start,
        end,
        time_field: timeField,
        page_size: String(pageSize),
      });
      if (cursor !== null) parameters.set('cursor', cursor);
      const owner = accountId === null ? '' : `/accounts/${encodeURIComponent(accountId)}`;
      const path = `/v1/affiliation${owner}/transactions?${parameters.toString()}`;
      return readList(await http.call({ method: 'GET', path, apiKey }), readPage);
    },
  };
}

/** Undefined for what is no page; and for one that goes on without saying where, which must not pass for the last page. */
function readPage(body: unknown): TransactionPage | undefined {
  const page = PageSchema.safeParse(body).data;
  if (!page) return undefined;
  const next = page.meta.next ?? null;
  const nextCursor = cursorOf(next);
  return next !== null && !nextCursor ? undefined : { rows: page.objects, nextCursor };
}

/**
 * The cursor in `meta.next`; null if there is none. Never its URL: the key must not follow a URL out of an answer, and the documented
 * paths contradict each other.
 *
 * Source: docs/button/transactions-api.md, "Paging".
 */
export function cursorOf(next: string | null): string | null {
  if (next === null) return null;
  const queryStart = next.indexOf('?');
  return queryStart === -1 ? null : new URLSearchParams(next.slice(queryStart)).get('cursor');
}

function readList<Value>(
  response: ButtonResponse,
  parse: (body: unknown) => Value | undefined,
): ApiResult<Value> {
  if (response.result !== 'answered') return { ok: false, reason: 'unavailable', detail: response.reason };
  const { status, body, serverTime, retryAfterMs: afterMs } = response;
  if (status === 401 || status === 403) return { ok: false, reason: 'unauthorized' };
  if (status === 200) {
    const value = parse(body);
    if (value === undefined) return { ok: false, reason: 'unavailable', detail: 'unreadable_answer' };
    return { ok: true, value, ...(serverTime ? { serverTime } : {}) };
  }
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
  if (isRefusal) return { ok: false, reason: 'refused', status };
  return {
    ok: false,
    reason: 'unavailable',
    detail: `http_${status}`,
    ...(afterMs === undefined ? {} : { afterMs }),
  };
}
