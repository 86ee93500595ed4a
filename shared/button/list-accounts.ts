import * as z from 'zod';

import type { ApiResult, TransactionPage } from './api-result.ts';
import { EntryIdSchema, listAllEntries } from './list-entries.ts';
import { AFFILIATION_PATH } from './next-page.ts';

/** An account: one per currency. `currency` is for people; nothing depends on it. */
export type Account = { id: string; currency: string | null };

/** Every account that Button lists, as far as the list could be read. */
export type AccountList = {
  accounts: Account[];
  /** Entries that do not name an account. */
  malformed: number;
  /** Why the list was not read to its end; undefined if it was. */
  cutShortBy?: string;
};

/** `*` stands for all accounts in our own tables; `.` and `..` cannot be a part of a path. */
const AccountSchema = z.object({
  id: EntryIdSchema.refine((id) => !['*', '.', '..'].includes(id) && !id.startsWith('#')),
  currency: z.string().nullable().catch(null),
});

/**
 * Every account in the list, page by page (`listAllEntries`). An entry that does not name an account is
 * skipped and counted.
 */
export async function listAllAccounts(
  readPath: (path: string) => Promise<ApiResult<TransactionPage>>,
): Promise<ApiResult<AccountList>> {
  const listing = await listAllEntries(`${AFFILIATION_PATH}accounts`, readPath);
  if (!listing.ok) return listing;
  const { entries, cutShortBy } = listing.value;
  const value = { ...toList(entries), ...(cutShortBy === undefined ? {} : { cutShortBy }) };
  return { ...listing, value };
}

function toList(entries: readonly unknown[]): AccountList {
  const accounts = entries
    .map((entry) => AccountSchema.safeParse(entry).data)
    .filter((one) => one !== undefined);
  const byId = new Map<string, Account>(accounts.map((account) => [account.id, account]));
  return { accounts: [...byId.values()], malformed: entries.length - accounts.length };
}
