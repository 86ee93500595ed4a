import { ASKED_TO_WAIT } from '../button/key-wait.ts';
import { RATE_LIMITED, type ApiResult, type TransactionPage } from '../button/api-result.ts';
import type { TransactionQuery, TransactionsApi } from '../button/transactions-api.ts';
import {
  formsToTry,
  isSamePage,
  type LearntForm,
  type NextPage,
  pageOfWindow,
  type PagingForm,
} from './rules/paging-form.ts';

import type { WindowFailure } from './rules/window-failure.ts';

/** What to read: a list, and its page; null for the first one. */
export type PageToFetch = {
  query: Omit<TransactionQuery, 'page'>;
  next: NextPage | null;
  /** The paging form that works for the account, if it is known. */
  learnt: LearntForm | undefined;
};

/** A page; `endsWindow` if its list goes on, but not within the window. */
type Page = TransactionPage & { endsWindow?: boolean };

type Answer = ApiResult<Page>;
type Refusal = Extract<Answer, { ok: false; reason: 'refused' }>;

/** A page, and the form in which it was requested, if there was a choice; or why there is none. */
export type FetchedPage =
  (Extract<Answer, { ok: true }> & { form?: PagingForm }) | Extract<Answer, { ok: false }>;

/**
 * Fetches a page. For any page but the first it tries one paging form after the other, until Button returns a
 * page of this list. That means: Button must not refuse the request, return rows from outside the window, or
 * return the same page again. If the list runs past the window's edge, the page there is the last one.
 *
 * An empty last page in a form that is not known to work proves nothing: a Button that ignores the cursor may
 * also find nothing, and rows would be missed.
 *
 * Before another form replaces the one that Button has refused, the refused form is tried once more, because
 * a single refusal may come from an outage. Never throws for anything that Button does.
 */
export async function fetchPage(
  { query, next, learnt }: PageToFetch,
  { api, now }: { api: Pick<TransactionsApi, 'listTransactions'>; now: () => Date },
): Promise<FetchedPage> {
  if (next === null) return firstPage(query, api);
  const fetchIn = async (form: PagingForm): Promise<Answer> => {
    const answer = await api.listTransactions({ ...query, page: { next, form } });
    if (!answer.ok) return answer;
    const page = pageOfWindow(answer.value, { filter: query, request: { form, after: next.after } });
    const isOther = page === 'outside' || (page.next !== null && isSamePage(page.next, next));
    return isOther ? { ok: false, reason: 'refused', status: 200 } : { ...answer, value: page };
  };

  const [first, ...others] = formsToTry(next, learnt, now());
  if (first === undefined) return { ok: false, reason: 'refused', status: 200 };
  const answer = await fetchIn(first);
  if (answer.ok) return { ...answer, form: first };
  if (answer.reason !== 'refused') return answer;
  for (const form of others) {
    const other = await fetchIn(form);
    if (other.ok && !isEmptyEnd(other.value))
      return confirmed({ answer: other, form }, { form: first, refusal: answer }, fetchIn);
    if (!other.ok && other.reason === 'unavailable') return other;
  }
  return answer;
}

/** The first page is requested with the filters: whatever is on it belongs to the list. */
async function firstPage(
  query: PageToFetch['query'],
  api: Pick<TransactionsApi, 'listTransactions'>,
): Promise<FetchedPage> {
  const answer = await api.listTransactions({ ...query, page: null });
  if (!answer.ok) return answer;
  const page = pageOfWindow(answer.value, { filter: query });
  return page === 'outside' ? { ok: false, reason: 'refused', status: 200 } : { ...answer, value: page };
}

function isEmptyEnd({ rows, next, endsWindow }: Page): boolean {
  return rows.length === 0 && next === null && endsWindow !== true;
}

/** The page in the first form, if that works now after all; otherwise in the other form. */
async function confirmed(
  other: { answer: Extract<Answer, { ok: true }>; form: PagingForm },
  first: { form: PagingForm; refusal: Refusal },
  fetchIn: (form: PagingForm) => Promise<Answer>,
): Promise<FetchedPage> {
  const again = first.refusal.status === 200 ? first.refusal : await fetchIn(first.form);
  if (again.ok) return { ...again, form: first.form };
  return again.reason === 'refused' ? { ...other.answer, form: other.form } : again;
}

/**
 * Why a page could not be read. `denied`: Button refuses the key or the account, unless it shows the account
 * at another time. Undefined after a 429 or while Button wants no request: that is about the key, never about
 * the window, even if it always meets the same one.
 */
export function failureOf(
  answer: Extract<FetchedPage, { ok: false }>,
  { isFirstPage }: { isFirstPage: boolean },
): WindowFailure | 'denied' | undefined {
  switch (answer.reason) {
    case 'unauthorized':
      return 'denied';
    case 'too-large':
      return 'too-large';
    case 'unavailable':
      return answer.detail === RATE_LIMITED || answer.detail === ASKED_TO_WAIT ? undefined : 'no-page';
    case 'refused':
      if (!isFirstPage) return 'page-refused';
      return answer.status === 404 ? 'denied' : 'refused';
  }
}

/** Why a page could not be read, in one word for logs and outcomes. */
export function reasonOf(
  answer: Extract<FetchedPage, { ok: false }>,
  failure: WindowFailure | undefined,
): string {
  if (failure === 'page-refused') return 'cursor_refused';
  if (answer.reason === 'refused') return `refused_${answer.status}`;
  if (answer.reason === 'unauthorized' && failure !== undefined) return 'window_unauthorized';
  return answer.reason === 'unavailable' ? answer.detail : answer.reason.replace('-', '_');
}
