import type { TransactionsApi } from '../button/transactions-api.ts';
import { isEmptyEnd, type ListQuery, type PageAnswer, requestFirst, requestNext } from './request-page.ts';
import type { PagingForm } from './rules/paging-form.ts';

/** What is to be found out: whether Button follows a cursor in `form`, and refuses it in `refused`. */
export type FormInQuestion = { query: ListQuery; form: PagingForm; refused: PagingForm };

type Unavailable = Extract<PageAnswer, { reason: 'unavailable' }>;

/**
 * What an empty last page in `form` is:
 *
 * - `end`: the end of the list. A new cursor, behind the first row, leads to more rows in `form`, while
 *   Button still refuses the other form. So `form` works.
 * - `end-of-one-row`: the end of this list, which has one row although its page had room for more. That does
 *   not show that `form` works in longer lists.
 * - `unproven`: perhaps Button's answer to a cursor that it did not understand.
 */
export type EmptyEnd = 'end' | 'end-of-one-row' | 'unproven';

/**
 * Finds out what an empty last page in this form is. At most four requests. If one of them gets no answer,
 * that is the result.
 */
export async function followsCursor(
  { query, form, refused }: FormInQuestion,
  api: Pick<TransactionsApi, 'listTransactions'>,
): Promise<EmptyEnd | Unavailable> {
  const small = { ...query, pageSize: 1 };
  const first = await requestFirst(small, api);
  if (!first.ok) return unavailable(first);
  const { next } = first.value;
  if (next === null) return 'unproven';
  const other = await requestNext({ query: small, next, form: refused }, api);
  if (!isRefusal(other)) return unavailable(other);
  const page = await requestNext({ query: small, next, form }, api);
  if (!page.ok) return unavailable(page);
  const { rows, endsWindow = false } = page.value;
  if (rows.length > 0 || endsWindow) return 'end';
  if (!isEmptyEnd(page.value)) return 'unproven';
  const whole = await requestFirst({ ...query, pageSize: Math.max(2, query.pageSize) }, api);
  if (!whole.ok) return unavailable(whole);
  return whole.value.rows.length === 1 && whole.value.next !== null ? 'end-of-one-row' : 'unproven';
}

/** Whether Button itself refused the request; it may also have returned a page of another list. */
export function isRefusal(answer: PageAnswer): boolean {
  return !answer.ok && answer.reason === 'refused' && answer.status >= 400;
}

function unavailable(answer: PageAnswer): Unavailable | 'unproven' {
  return !answer.ok && answer.reason === 'unavailable' ? answer : 'unproven';
}
