import type { NextPage } from '../reconciliation/rules/paging-form.ts';

/** Every list of the Affiliation API is below this path. */
export const AFFILIATION_PATH = '/v1/affiliation/';

/** Servers reject longer URLs, and they would not fit into the position. */
const MAX_LENGTH = 8192;

/**
 * Where `meta.next` leads, if it leads anywhere. `requestPath` is the path of the request that returned it: a
 * relative URL is resolved against it, and a URL of another list is not followed. The host in `meta.next` is
 * dropped, so the API key never goes there.
 *
 * Source: docs/button/transactions-api.md, "Paging".
 */
export function nextPageOf(next: string, requestPath: string): NextPage | undefined {
  const base = `https://api.usebutton.com${requestPath}`;
  if (next.length > MAX_LENGTH || !URL.canParse(next, base)) return undefined;
  const { pathname, search, searchParams } = new URL(next, base);
  const path = fromRoot(pathname, requestPath);
  const cursor = searchParams.get('cursor');
  if (cursor === '') return undefined;
  const isSameList = path !== undefined && listOf(path) === listOf(new URL(base).pathname);
  const printed = isSameList && search !== '' ? `${path}${search}` : null;
  return cursor === null && printed === null ? undefined : { cursor, printed };
}

/** A base URL may have its own path before Button's. The request's path then begins with it, too. */
function fromRoot(pathname: string, requestPath: string): string | undefined {
  const [root] = /^\/v1\/[a-z]+/.exec(requestPath) ?? [];
  const begin = root === undefined ? -1 : pathname.indexOf(root);
  return begin === -1 ? undefined : pathname.slice(begin);
}

/** Button prints an account's path with or without `accounts/`, and ids in upper or lower case. */
function listOf(path: string): string {
  return path.replace(`${AFFILIATION_PATH}accounts/`, AFFILIATION_PATH).toLowerCase();
}
