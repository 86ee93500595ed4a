import type { ApiResult, TransactionPage } from '../button/api-result.ts';
import type { TransactionQuery, TransactionsApi } from '../button/transactions-api.ts';
import { isSamePage, type NextPage, pageOfWindow, type PagingForm } from './rules/paging-form.ts';

/** Which list: a query without its page. */
export type ListQuery = Omit<TransactionQuery, 'page'>;

/** A page; `endsWindow` if its list goes on, but not within the window. */
export type WindowPage = TransactionPage & { endsWindow?: boolean };

/** The result of one request. `refused` with the status 200: Button returned a page of another list. */
export type PageAnswer = ApiResult<WindowPage>;

type ListApi = Pick<TransactionsApi, 'listTransactions'>;

const IS_OTHER_LIST: PageAnswer = { ok: false, reason: 'refused', status: 200 };

/** The first page is requested with the filters: whatever is on it belongs to the list. */
export async function requestFirst(query: ListQuery, api: ListApi): Promise<PageAnswer> {
  const answer = await api.listTransactions({ ...query, page: null });
  if (!answer.ok) return answer;
  const page = pageOfWindow(answer.value, { filter: query });
  return page === 'outside' ? IS_OTHER_LIST : { ...answer, value: page };
}

/** The page behind `next`, requested in this form. */
export async function requestNext(
  { query, next, form }: { query: ListQuery; next: NextPage; form: PagingForm },
  api: ListApi,
): Promise<PageAnswer> {
  const answer = await api.listTransactions({ ...query, page: { next, form } });
  if (!answer.ok) return answer;
  const page = pageOfWindow(answer.value, { filter: query, request: { form, after: next.after } });
  const isOther = page === 'outside' || (page.next !== null && isSamePage(page.next, next));
  return isOther ? IS_OTHER_LIST : { ...answer, value: page };
}

/** Whether the page has no rows and no next page, which a misunderstood request has too. */
export function isEmptyEnd({ rows, next, endsWindow }: WindowPage): boolean {
  return rows.length === 0 && next === null && endsWindow !== true;
}
