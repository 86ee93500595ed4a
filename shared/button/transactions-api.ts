import * as z from 'zod';

import type { NextPage, PagingForm, WindowFilter } from '../reconciliation/rules/paging-form.ts';
import type { ApiResult, TransactionPage } from './api-result.ts';
import type { ButtonHttp, ButtonResponse } from './button-http.ts';
import { listAllAccounts, type AccountList } from './list-accounts.ts';
import { AFFILIATION_PATH, nextPageOf } from './next-page.ts';

/** Which transactions: those whose date `timeField` is in `[start, end)`. Instants are RFC 3339 in UTC. */
export type TransactionQuery = WindowFilter & {
  /** Null means all accounts. */
  accountId: string | null;
  pageSize: number;
  /** Null for the first page; otherwise the page, and the paging form to request it in. */
  page: { next: NextPage; form: PagingForm } | null;
};

/** Button's Accounts and Transactions API. No method throws for anything that Button or the network does. */
export type TransactionsApi = {
  /** Reads the list over all of its pages; fails only if the first page cannot be read. */
  listAccounts(): Promise<ApiResult<AccountList>>;
  listTransactions(query: TransactionQuery): Promise<ApiResult<TransactionPage>>;
};

const PageSchema = z.object({
  meta: z.object({ status: z.literal('ok'), next: z.string().nullish() }),
  objects: z.array(z.unknown()).nullable(),
});

/** A larger page is requested again with fewer rows. */
const MAX_PAGE_BYTES = 5_000_000;

/** What a function with 512 MB can parse, for a response that a smaller page does not make smaller. */
const MAX_ROW_BYTES = 24_000_000;

/**
 * The Transactions API with one publisher's key.
 *
 * `time_field` is always sent with the filters: Button's default, `created_date`, would hide every later
 * change of an old transaction.
 * Source: https://developer.usebutton.com/guides/publishers/transactions-api
 */
export function createTransactionsApi(http: ButtonHttp, apiKey: string): TransactionsApi {
  return {
    listAccounts: () =>
      listAllAccounts(async (path) => {
        const response = await http.call({ method: 'GET', path, apiKey });
        return readAnswer(response, (body) => readPage(body, path));
      }),
    async listTransactions(query) {
      const path = pathOf(query);
      const maxAnswerBytes = query.pageSize > 1 ? MAX_PAGE_BYTES : MAX_ROW_BYTES;
      const response = await http.call({ method: 'GET', path, apiKey, maxAnswerBytes });
      return readAnswer(response, (body) => readPage(body, path));
    },
  };
}

function pathOf({ accountId, timeField, start, end, pageSize, page }: TransactionQuery): string {
  if (page?.form === 'printed-url' && page.next.printed !== null) return page.next.printed;
  const filters = { start, end, time_field: timeField, page_size: String(pageSize) };
  const parameters = new URLSearchParams(page?.form === 'cursor-alone' ? {} : filters);
  if (page && page.next.cursor !== null) parameters.set('cursor', page.next.cursor);
  const owner = accountId === null ? '' : `accounts/${encodeURIComponent(accountId)}/`;
  return `${AFFILIATION_PATH}${owner}transactions?${parameters.toString()}`;
}

/**
 * Undefined if the body is not a page; also if there is a next page but no way to reach it, because such a
 * page must not be taken for the last one. `objects: null` is a page without rows; an empty `meta.next` means
 * none, as null does.
 */
function readPage(body: unknown, path: string): TransactionPage | undefined {
  const page = PageSchema.safeParse(body).data;
  if (!page) return undefined;
  const rows = page.objects ?? [];
  if (!page.meta.next) return { rows, next: null };
  const next = nextPageOf(page.meta.next, path);
  return next && { rows, next };
}

/** The result of Button's response; `parse` returns undefined for a body that it cannot read. */
export function readAnswer<Value>(
  response: ButtonResponse,
  parse: (body: unknown) => Value | undefined,
): ApiResult<Value> {
  if (response.result !== 'answered') return { ok: false, reason: 'unavailable', detail: response.reason };
  const { status, body, serverTime, retryAfterMs: afterMs } = response;
  if (status === 401 || status === 403) return { ok: false, reason: 'unauthorized' };
  if (response.isTooLarge) return { ok: false, reason: 'too-large' };
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
