import { ASKED_TO_WAIT } from '../button/key-wait.ts';
import { RATE_LIMITED } from '../button/api-result.ts';
import type { TransactionsApi } from '../button/transactions-api.ts';
import { followsCursor, isRefusal } from './follows-cursor.ts';
import { isEmptyEnd, type ListQuery, type PageAnswer, requestFirst, requestNext } from './request-page.ts';
import { formsToTry, type LearntForm, type NextPage, type PagingForm } from './rules/paging-form.ts';
import type { WindowFailure } from './rules/window-failure.ts';

/** What to read: a list, and its page; null for the first one. */
export type PageToFetch = {
  query: ListQuery;
  next: NextPage | null;
  /** The paging form that works for the account, if it is known. */
  learnt: LearntForm | undefined;
};

type Ok = Extract<PageAnswer, { ok: true }>;
type Refusal = Extract<PageAnswer, { ok: false; reason: 'refused' }>;

/** A page, and the form that has been shown to work, if there was a choice; or why there is none. */
export type FetchedPage = (Ok & { form?: PagingForm }) | Extract<PageAnswer, { ok: false }>;

/**
 * Fetches a page. For any page but the first it tries one paging form after the other, until Button returns a
 * page of this list. That means: Button must not refuse the request, return rows from outside the window, or
 * return the same page again. If the list runs past the window's edge, the page there is the last one.
 *
 * An empty last page in a form that is not known to work proves nothing by itself: a Button that ignores the
 * cursor may also find nothing, and rows would be missed. It counts if Button itself refuses every form with
 * another result, and the form is shown to work (`followsCursor`).
 *
 * Before another form replaces the one that Button has refused, the refused form is tried once more, because
 * a single refusal may come from an outage. Never throws for anything that Button does.
 */
export async function fetchPage(
  { query, next, learnt }: PageToFetch,
  { api, now }: { api: ListApi; now: () => Date },
): Promise<FetchedPage> {
  if (next === null) return requestFirst(query, api);
  const fetchIn = (form: PagingForm): Promise<PageAnswer> => requestNext({ query, next, form }, api);

  const [first, ...others] = formsToTry(next, learnt, now());
  if (first === undefined) return { ok: false, reason: 'refused', status: 200 };
  const answer = await fetchIn(first);
  if (answer.ok) return { ...answer, form: first };
  if (answer.reason !== 'refused') return answer;
  const tried: Tried[] = [];
  for (const form of others) {
    const other = await fetchIn(form);
    if (other.ok && !isEmptyEnd(other.value))
      return confirmed({ answer: other, form }, { form: first, refusal: answer }, fetchIn);
    if (!other.ok && other.reason === 'unavailable') return other;
    tried.push({ form, answer: other });
  }
  const isContradicted = [answer, ...tried.map((one) => one.answer)].some(
    (one) => !one.ok && !isRefusal(one),
  );
  const end = isContradicted ? undefined : await provenEnd(tried, { query, refused: first }, api);
  return end ?? answer;
}

type ListApi = Pick<TransactionsApi, 'listTransactions'>;

/** A form that was tried, with an answer that is an empty last page if it is a page. */
type Tried = { form: PagingForm; answer: PageAnswer };

/** The empty last page if it is shown to be the end of the list; undefined if none is. */
async function provenEnd(
  tried: readonly Tried[],
  list: { query: ListQuery; refused: PagingForm },
  api: ListApi,
): Promise<FetchedPage | undefined> {
  for (const { form, answer } of tried) {
    if (!answer.ok) continue;
    const found = await followsCursor({ ...list, form }, api);
    if (found === 'end') return { ...answer, form };
    if (found === 'end-of-one-row') return answer;
    if (found !== 'unproven') return found;
  }
  return undefined;
}

/** The page in the first form, if that works now after all; otherwise in the other form. */
async function confirmed(
  other: { answer: Ok; form: PagingForm },
  first: { form: PagingForm; refusal: Refusal },
  fetchIn: (form: PagingForm) => Promise<PageAnswer>,
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
