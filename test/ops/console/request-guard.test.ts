import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { refusalOf, type RequestOrigin } from '../../../ops/console/request-guard.ts';

const KNOWN = { port: 4567, token: 'the-token-of-this-run' };
const OWN: RequestOrigin = {
  method: 'GET',
  host: '127.0.0.1:4567',
  origin: undefined,
  fetchSite: 'same-origin',
  token: KNOWN.token,
};

describe('a request to the live page', () => {
  it.each<[string, Partial<RequestOrigin>]>([
    ['the page itself', {}],
    ['the link that was printed', { fetchSite: 'none' }],
    ['a browser that does not say from where', { fetchSite: undefined }],
    ['the page under the name localhost', { host: 'localhost:4567' }],
    ['an action of the page', { method: 'POST', origin: 'http://127.0.0.1:4567' }],
  ])('is answered if it comes from %s', (_from, change) => {
    expect(refusalOf({ ...OWN, ...change }, KNOWN)).toBeUndefined();
  });

  it.each<[string, Partial<RequestOrigin>, number]>([
    ['another host name (DNS rebinding)', { host: 'evil.example:4567' }, 421],
    ['another port', { host: '127.0.0.1:80' }, 421],
    ['no host', { host: undefined }, 421],
    ['another origin', { origin: 'https://evil.example' }, 403],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
    ['another site', { fetchSite: 'cross-site' }, 403],
    ['another port as the same site', { fetchSite: 'same-site' }, 403],
    ['an action without an origin', { method: 'POST' }, 403],
    [
      'an action that the address bar sent',
      { method: 'POST', origin: 'http://127.0.0.1:4567', fetchSite: 'none' },
      403,
    ],
    ['nobody with a token', { token: undefined }, 401],
    ['a wrong token', { token: 'another' }, 401],
    ['an empty token', { token: '' }, 401],
  ])('is refused if it comes from %s', (_from, change, status) => {
    expect(refusalOf({ ...OWN, ...change }, KNOWN)?.status).toBe(status);
  });

  it('operators, requirement 2: is never answered with another token, host or origin, whatever they are', () => {
    const other = (own: string | undefined) =>
      fc.option(fc.string(), { nil: undefined }).filter((it) => it !== own);
    fc.assert(
      fc.property(
        fc.oneof(
          other(KNOWN.token).map((token) => ({ token })),
          other(OWN.host)
            .filter((it) => it !== 'localhost:4567')
            .map((host) => ({ host })),
          fc
            .string()
            .filter((it) => it !== 'http://127.0.0.1:4567')
            .map((origin) => ({ origin })),
        ),
        fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS'),
        (change, method) => {
          expect(
            refusalOf({ ...OWN, origin: 'http://127.0.0.1:4567', method, ...change }, KNOWN),
          ).toBeDefined();
        },
      ),
    );
  });
});
