import * as z from 'zod';

import { followTrail, type PageTrail } from '../reconciliation/rules/page-trail.ts';
import type { NextPage } from '../reconciliation/rules/paging-form.ts';
import type { ApiResult, TransactionPage } from './api-result.ts';
import { AFFILIATION_PATH } from './next-page.ts';

/** An account: one per currency. `currency` is for people; nothing depends on it. */
export type Account = { id: string; currency: string | null };

/** Every account that Button lists, as far as the list could be read. */
export type AccountList = {
  accounts: Account[];
  /** Entries that name no account. */
  malformed: number;
  /** Why the list was not read to its end, if it was not. */
  cutShortBy?: string;
};

/** One account per currency: more pages than this are no list of accounts. */
const MAX_PAGES = 50;

/** An id becomes a key and a part of a path; `*` stands for all accounts in our own tables. */
const AccountSchema = z.object({
  id: z
    .string()
    .min(1)
    .max(255)
    .refine((id) => id.isWellFormed() && !['*', '.', '..'].includes(id) && !id.startsWith('#')),
  currency: z.string().nullable().catch(null),
});

type Answer = ApiResult<TransactionPage>;

/**
 * Every account in the list, page by page. An entry that names no account is left out and counted; a later page
 * that can't be read, a circle or too many pages end the list with what was read of it.
 */
export async function listAllAccounts(
  readPath: (path: string) => Promise<Answer>,
): Promise<ApiResult<AccountList>> {
  const entries: unknown[] = [];
  const first = await readPath(`${AFFILIATION_PATH}accounts`);
  if (!first.ok) return first;
  let { rows, next } = first.value;
  let trail: PageTrail | undefined;
  for (let number = 1; ; number += 1) {
    entries.push(...rows);
    if (next === null) return { ok: true, value: toList(entries) };
    const followed = number < MAX_PAGES ? followTrail(trail, { number, rows, next }) : 'endless';
    if (followed === 'endless') return cutShort(entries, 'endless_pages');
    trail = followed;
    const answer = await readNext(next, readPath);
    if (!answer.ok) return cutShort(entries, answer.reason === 'unavailable' ? answer.detail : answer.reason);
    ({ rows, next } = answer.value);
  }
}

/** By the cursor on the documented path; if Button refuses that, by the URL as printed. */
async function readNext(
  { cursor, printed }: NextPage,
  readPath: (path: string) => Promise<Answer>,
): Promise<Answer> {
  const byCursor = `${AFFILIATION_PATH}accounts?${new URLSearchParams({ cursor: cursor ?? '' }).toString()}`;
  const [path = byCursor, other] = [cursor === null ? undefined : byCursor, printed ?? undefined].filter(
    (one) => one !== undefined,
  );
  const answer = await readPath(path);
  return !answer.ok && answer.reason === 'refused' && other !== undefined ? readPath(other) : answer;
}

function cutShort(entries: readonly unknown[], cutShortBy: string): ApiResult<AccountList> {
  return { ok: true, value: { ...toList(entries), cutShortBy } };
}

function toList(entries: readonly unknown[]): AccountList {
  const accounts = entries
    .map((entry) => AccountSchema.safeParse(entry).data)
    .filter((one) => one !== undefined);
  const byId = new Map<string, Account>(accounts.map((account) => [account.id, account]));
  return { accounts: [...byId.values()], malformed: entries.length - accounts.length };
}
