import * as z from 'zod';

import { followTrail, type PageTrail } from '../reconciliation/rules/page-trail.ts';
import type { NextPage } from '../reconciliation/rules/paging-form.ts';
import type { ApiResult, TransactionPage } from './api-result.ts';

/**
 * The id of an entry, which becomes a key. An id that is written as a number stands for its digits, as in a
 * transaction.
 */
export const EntryIdSchema = z.union([z.string(), z.int().nonnegative().transform(String)]).pipe(
  z
    .string()
    .min(1)
    .max(255)
    .refine((id) => id.isWellFormed()),
);

/** The entries of a list, as far as it could be read. */
export type ListedEntries = {
  entries: readonly unknown[];
  /** Why the list was not read to its end; undefined if it was. */
  cutShortBy?: string;
};

/** A list of accounts or brands has no more pages than this. */
const MAX_PAGES = 50;

type Answer = ApiResult<TransactionPage>;

/**
 * Every entry of the list at `path`, page by page. If a later page cannot be read, or the pages lead in a
 * circle or are too many, the list ends with what was read; the read fails only if the first page cannot be
 * read.
 */
export async function listAllEntries(
  path: string,
  readPath: (path: string) => Promise<Answer>,
): Promise<ApiResult<ListedEntries>> {
  const entries: unknown[] = [];
  const first = await readPath(path);
  if (!first.ok) return first;
  let { rows, next } = first.value;
  let trail: PageTrail | undefined;
  for (let number = 1; ; number += 1) {
    entries.push(...rows);
    if (next === null) return { ok: true, value: { entries } };
    const followed = number < MAX_PAGES ? followTrail(trail, { number, rows, next }) : 'endless';
    if (followed === 'endless') return { ok: true, value: { entries, cutShortBy: 'endless_pages' } };
    trail = followed;
    const answer = await readNext(path, next, readPath);
    if (!answer.ok) {
      if (answer.reason !== 'unavailable') return { ok: true, value: { entries, cutShortBy: answer.reason } };
      const { detail: cutShortBy, afterMs } = answer;
      return { ok: true, value: { entries, cutShortBy }, ...(afterMs === undefined ? {} : { afterMs }) };
    }
    ({ rows, next } = answer.value);
  }
}

/** With the cursor on the documented path; if Button refuses that, with the URL as printed. */
async function readNext(
  path: string,
  { cursor, printed }: NextPage,
  readPath: (path: string) => Promise<Answer>,
): Promise<Answer> {
  const byCursor = `${path}?${new URLSearchParams({ cursor: cursor ?? '' }).toString()}`;
  const [wanted = byCursor, other] = [cursor === null ? undefined : byCursor, printed ?? undefined].filter(
    (one) => one !== undefined,
  );
  const answer = await readPath(wanted);
  return !answer.ok && answer.reason === 'refused' && other !== undefined ? readPath(other) : answer;
}
