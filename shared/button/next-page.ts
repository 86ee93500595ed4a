import type { NextPage } from '../domain/paging-form.ts';

/** Every list of the Affiliation API stands below this path. */
export const AFFILIATION_PATH = '/v1/affiliation/';

/** Longer URLs are refused by servers, and would not fit the position. */
const MAX_LENGTH = 8192;

/**
 * Where `meta.next` leads, if it leads anywhere. `requestPath` is the path of the request that brought it: a
 * relative URL is resolved against it. The host in `meta.next` is dropped, so the API key never follows it.
 *
 * Source: docs/button/transactions-api.md, "Paging".
 */
export function nextPageOf(next: string, requestPath: string): NextPage | undefined {
  const base = `https://api.usebutton.com${requestPath}`;
  if (next.length > MAX_LENGTH || !URL.canParse(next, base)) return undefined;
  const { pathname, search, searchParams } = new URL(next, base);
  const cursor = searchParams.get('cursor');
  if (cursor === '') return undefined;
  // A base URL may have a path of its own before Button's.
  const begin = pathname.indexOf(AFFILIATION_PATH);
  const printed = begin === -1 || search === '' ? null : `${pathname.slice(begin)}${search}`;
  return cursor === null && printed === null ? undefined : { cursor, printed };
}
