import { hash } from 'node:crypto';

import { asJsonObject } from '@button-serverless/validation/json';
import { placeOf, type NextPage } from './paging-form.ts';

/**
 * What is remembered of the pages of one list, to notice that it never ends. Its size does not depend on the
 * length of the list. It is stored with the position, so that the next worker has it too.
 */
export type PageTrail = {
  /** The page from which `rows` and `next` were taken; 1 is the first page. */
  markedPage: number;
  /** Digest of that page's rows. */
  rows: string;
  /** Digest of where that page's next one is. */
  next: string;
  /** How many pages in a row had no row with an id. */
  emptyPages: number;
};

/** With more of these pages in a row, the list counts as endless. */
const MAX_EMPTY_PAGES = 1000;

/**
 * The trail after page number `page` of a list; or `endless` if the list leads back to a page that was read
 * before, shows the same rows again, or continues without rows. A row without an id looks like any other, and
 * proves nothing.
 *
 * A circle of n pages that begins at page m is noticed within 3 (m + n) pages: the page for comparison is
 * replaced each time the number of pages has doubled (Brent's algorithm). Pure.
 */
export function followTrail(
  trail: PageTrail | undefined,
  page: { number: number; rows: readonly unknown[]; next: NextPage },
): PageTrail | 'endless' {
  const names = page.rows.map(nameOf).filter((name) => name !== undefined);
  const isEmpty = names.length === 0;
  const emptyPages = isEmpty ? (trail?.emptyPages ?? 0) + 1 : 0;
  const seen = { rows: digestOf(names), next: digestOf([placeOf(page.next)]) };
  const isSeenAgain = trail?.next === seen.next || (!isEmpty && trail?.rows === seen.rows);
  if (isSeenAgain || emptyPages > MAX_EMPTY_PAGES) return 'endless';
  if (trail && page.number < 2 * trail.markedPage) return { ...trail, emptyPages };
  return { markedPage: page.number, ...seen, emptyPages };
}

/** What distinguishes a version of a transaction from others; undefined for a row without an id. */
function nameOf(row: unknown): string | undefined {
  const { id, modified_date: modified } = asJsonObject(row) ?? {};
  if (id === '' || (typeof id !== 'string' && typeof id !== 'number')) return undefined;
  return typeof modified === 'string' ? `${id} ${modified}` : String(id);
}

function digestOf(parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 22);
}
