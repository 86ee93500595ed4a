import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ButtonHttp, ButtonRequest, ButtonResponse } from '../../../shared/button/button-http.ts';
import { nextPageOf } from '../../../shared/button/next-page.ts';
import { createTransactionsApi } from '../../../shared/button/transactions-api.ts';
import type { PagingForm } from '../../../shared/reconciliation/rules/paging-form.ts';
import accounts from '../../fixtures/button/accounts-response.json' with { type: 'json' };
import variants from '../../fixtures/button/meta-next-variants.json' with { type: 'json' };
import firstPage from '../../fixtures/button/transactions-page-1.json' with { type: 'json' };

function answering(response: ButtonResponse) {
  const requests: ButtonRequest[] = [];
  const http: ButtonHttp = {
    call: (request) => {
      requests.push(request);
      return Promise.resolve(response);
    },
    close: () => undefined,
  };
  return { api: createTransactionsApi(http, 'sk-test'), requests };
}

const answered = (status: number, body?: unknown): ButtonResponse => ({ result: 'answered', status, body });
const query = {
  accountId: 'acc-1',
  timeField: 'modified_date' as const,
  start: '2026-01-01T00:00:00Z',
  end: '2026-01-02T00:00:00Z',
  pageSize: 100,
  page: null,
};

const page = {
  next: { cursor: 'ab+c/d==', printed: '/v1/affiliation/acc-1/transactions?cursor=ab%2Bc/d==' },
};
const PATH = '/v1/affiliation/accounts/acc-1/transactions?start=a';

describe('nextPageOf', () => {
  it.each(variants.filter(({ url }) => url !== null))(
    'reads the cursor from $url (E11)',
    ({ url, cursor }) => {
      expect(nextPageOf(url ?? '', PATH)?.cursor ?? null).toBe(cursor);
    },
  );

  it.each([
    [
      'https://api.usebutton.com/v1/affiliation/acc-1/transactions?cursor=a',
      '/v1/affiliation/acc-1/transactions?cursor=a',
    ],
    [
      'https://evil.example/v1/affiliation/accounts/acc-1/transactions?start=b&cursor=a',
      '/v1/affiliation/accounts/acc-1/transactions?start=b&cursor=a',
    ],
    [
      'http://localhost:8080/proxy/v1/affiliation/acc-1/transactions?cursor=a',
      '/v1/affiliation/acc-1/transactions?cursor=a',
    ],
    ['?cursor=a', '/v1/affiliation/accounts/acc-1/transactions?cursor=a'],
    ['transactions?cursor=a', '/v1/affiliation/accounts/acc-1/transactions?cursor=a'],
    ['https://api.usebutton.com/v1/affiliation/../order/x?cursor=a', null],
    ['//elsewhere.example/?cursor=a', null],
  ])('reduces %s to a path at Button’s own host, or to nothing', (next, printed) => {
    expect(nextPageOf(next, PATH)).toEqual({ cursor: 'a', printed });
  });

  it('follows a URL without a cursor only within the Affiliation API', () => {
    const printed = '/v1/affiliation/accounts/acc-1/transactions?page=2';

    expect(nextPageOf(`https://api.usebutton.com${printed}`, PATH)).toEqual({ cursor: null, printed });
    expect(nextPageOf('https://elsewhere.test/?page=2', PATH)).toBeUndefined();
    expect(nextPageOf('https://', PATH)).toBeUndefined();
    expect(nextPageOf(`?cursor=${'a'.repeat(9000)}`, PATH)).toBeUndefined();
  });
});

describe('createTransactionsApi', () => {
  it('lists the accounts', async () => {
    const { api } = answering(answered(200, accounts));

    const listing = await api.listAccounts();

    expect(listing).toMatchObject({
      ok: true,
      value: { accounts: [{ currency: 'USD' }, { currency: 'GBP' }], malformed: 0 },
    });
  });

  it('always says which date it filters by, and encodes the instants (E17)', async () => {
    const { api, requests } = answering(answered(200, firstPage));

    await api.listTransactions(query);

    expect(requests[0]?.path).toBe(
      '/v1/affiliation/accounts/acc-1/transactions?start=2026-01-01T00%3A00%3A00Z&end=2026-01-02T00%3A00%3A00Z&time_field=modified_date&page_size=100',
    );
  });

  it('requests the list of all accounts if no account is given', async () => {
    const { api, requests } = answering(answered(200, firstPage));

    await api.listTransactions({ ...query, accountId: null, timeField: 'created_date' });

    expect(requests[0]?.path).toMatch(/^\/v1\/affiliation\/transactions\?.*time_field=created_date/);
  });

  it('sends the filters again together with the cursor', async () => {
    const { api, requests } = answering(answered(200, firstPage));

    await api.listTransactions({ ...query, page: { ...page, form: 'cursor-and-filters' } });

    expect(requests[0]?.path).toContain('time_field=modified_date&page_size=100&cursor=ab%2Bc%2Fd%3D%3D');
  });

  it.each<[PagingForm, string]>([
    ['cursor-alone', '/v1/affiliation/accounts/acc-1/transactions?cursor=ab%2Bc%2Fd%3D%3D'],
    ['printed-url', '/v1/affiliation/acc-1/transactions?cursor=ab%2Bc/d=='],
  ])('requests the next page in the form %s', async (form, path) => {
    const { api, requests } = answering(answered(200, firstPage));

    await api.listTransactions({ ...query, page: { ...page, form } });

    expect(requests.map((request) => request.path)).toEqual([path]);
  });

  it('reads `objects: null` as a page without rows, and an empty `meta.next` as the end', async () => {
    const { api } = answering(answered(200, { meta: { status: 'ok', next: '' }, objects: null }));

    expect(await api.listTransactions(query)).toEqual({ ok: true, value: { rows: [], next: null } });
  });

  it('returns the rows unchanged, and the start of the next page', async () => {
    const { api, requests } = answering(answered(200, firstPage));

    const page = await api.listTransactions(query);

    expect(page).toEqual({
      ok: true,
      value: {
        rows: firstPage.objects,
        next: nextPageOf(firstPage.meta.next, requests[0]?.path ?? ''),
      },
    });
  });

  it.each([
    [401, undefined, { reason: 'unauthorized' }],
    [403, undefined, { reason: 'unauthorized' }],
    [400, undefined, { reason: 'refused', status: 400 }],
    [404, undefined, { reason: 'refused', status: 404 }],
    [429, undefined, { reason: 'unavailable' }],
    [503, undefined, { reason: 'unavailable' }],
    [200, undefined, { reason: 'unavailable', detail: 'unreadable_answer' }],
    [200, { meta: { status: 'error' } }, { reason: 'unavailable' }],
    [200, { meta: { status: 'ok' } }, { reason: 'unavailable' }],
    [200, { meta: null, objects: [] }, { reason: 'unavailable' }],
    [
      200,
      { meta: { status: 'ok', next: 'https://elsewhere.test/' }, objects: [] },
      { reason: 'unavailable' },
    ],
    [200, { meta: { status: 'ok', next: '?cursor=' }, objects: [] }, { reason: 'unavailable' }],
  ])('reports a %i (%j) as not read (E8, E18)', async (status, body, expected) => {
    const { api } = answering(answered(status, body));

    expect(await api.listTransactions(query)).toMatchObject({ ok: false, ...expected });
  });

  it('returns one of its results whatever Button answers, and never mistakes a page for the last one (E18, B6)', async () => {
    const next = fc.oneof(
      fc.constantFrom(null, undefined, '', '?cursor=', 'https://elsewhere.test/?cursor=a', '?cursor=a%2Fb'),
      fc.string(),
      fc.jsonValue(),
    );
    const body = fc.oneof(
      fc.jsonValue(),
      fc.constant(undefined),
      fc.record(
        {
          meta: fc.oneof(fc.record({ status: fc.constantFrom('ok', 'error'), next }), fc.jsonValue()),
          objects: fc.oneof(fc.array(fc.jsonValue(), { maxLength: 3 }), fc.jsonValue()),
        },
        { requiredKeys: [] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 100, max: 599 }), body, async (status, answer) => {
        const { api } = answering(answered(status, answer));

        const page = await api.listTransactions(query);
        const accounts = await api.listAccounts();

        const { meta } = (answer ?? {}) as { meta?: { status?: unknown; next?: unknown } | null };
        for (const reading of [page, accounts]) {
          if (reading.ok) expect([status, meta?.status]).toEqual([200, 'ok']);
          else expect(['unauthorized', 'refused', 'unavailable']).toContain(reading.reason);
        }
        if (page.ok && page.value.next === null) expect(meta?.next || null).toBeNull();
      }),
      { numRuns: 3000 },
    );
  });
});
