import { hash, timingSafeEqual } from 'node:crypto';

/** The parts of a request that say who sent it. */
export type RequestOrigin = {
  method: string;
  host: string | undefined;
  origin: string | undefined;
  /** `Sec-Fetch-Site`: how the page that sent it is related to this server, in browsers that say so. */
  fetchSite: string | undefined;
  /** The token in the link, or else in the cookie. */
  token: string | undefined;
};

/** Why a request is refused, for people. */
export type Refusal = { status: 401 | 403 | 421; problem: string };

/**
 * Refuses every request that does not come from the page itself, or from its link; undefined if it may be
 * answered. Pure.
 *
 * - Host: a page of another name that resolves to this machine (DNS rebinding) is refused.
 * - Origin and Sec-Fetch-Site: a page of another origin is refused, even one that knows the token, and so is
 *   a link on it.
 * - Token: another user of this machine does not know it.
 */
export function refusalOf(
  request: RequestOrigin,
  { port, token }: { port: number; token: string },
): Refusal | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(request.host ?? ''))
    return { status: 421, problem: `This server is ${hosts.join(' or ')} and nothing else.` };
  const isOwn = request.origin === `http://${request.host ?? ''}`;
  const reads = request.method === 'GET';
  if (request.origin === undefined ? !reads : !isOwn)
    return { status: 403, problem: 'Only the page itself may send requests.' };
  if (!isTrustedSite(request.fetchSite, reads))
    return { status: 403, problem: 'Another site must not send requests.' };
  if (!isSame(request.token ?? '', token))
    return { status: 401, problem: 'Open the link that the command printed: it has the token of this run.' };
  return undefined;
}

/** `none` is a link that the user opened outside of any page, for example in a terminal. */
function isTrustedSite(fetchSite: string | undefined, reads: boolean): boolean {
  return fetchSite === undefined || fetchSite === 'same-origin' || (reads && fetchSite === 'none');
}

/** In a time that does not depend on where they differ. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));
}
