import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ButtonResponse } from '../../../shared/button/button-http.ts';
import { createBrandsApi } from '../../../shared/button/list-brands.ts';

const answered = (body: unknown, status = 200): ButtonResponse => ({ result: 'answered', status, body });

/** An API whose Button always gives this answer, and the requests that it got. */
function brandsApi(response: ButtonResponse) {
  const asked: string[] = [];
  const http = {
    call({ method, path }: { method: string; path: string }) {
      asked.push(`${method} ${path}`);
      return Promise.resolve(response);
    },
    close: () => undefined,
  };
  return { asked, api: createBrandsApi(http, 'sk-1') };
}

const list = (body: unknown) => brandsApi(answered(body)).api.listBrands();
const meta = { status: 'ok' };
const terms = (minutes: unknown) => ({
  reporting_window_days: 0,
  finalization_window_minutes: minutes,
  additional_terms: null,
});
const brand = (id: unknown, minutes: unknown) => ({ id, name: 'x', terms_and_conditions: terms(minutes) });

describe('the list of brands', () => {
  it('is requested on the documented path', async () => {
    const { api, asked } = brandsApi(answered({ meta, objects: [] }));

    await api.listBrands();

    expect(asked).toEqual(['GET /v1/brands']);
  });

  it.each([
    ['objects', { meta, objects: [brand('org-1', 129_600)] }],
    ['object, as a list', { meta, object: [brand('org-1', 129_600)] }],
    ['object, one brand', { meta, object: brand('org-1', 129_600) }],
  ])('is read from %s', async (_name, body) => {
    expect(await list(body)).toEqual({
      ok: true,
      value: { windows: new Map([['org-1', 129_600]]), malformed: 0 },
    });
  });

  it.each([
    null,
    7,
    {},
    brand('', 1),
    brand(7.5, 1),
    brand('org-2', 0),
    brand('org-2', -1),
    brand('org-2', 1.5),
  ])('leaves %j out and counts it', async (entry) => {
    expect(await list({ meta, objects: [entry, brand('org-1', 60)] })).toEqual({
      ok: true,
      value: { windows: new Map([['org-1', 60]]), malformed: 1 },
    });
  });

  it('takes an id that is a number for its digits', async () => {
    expect(await list({ meta, objects: [brand(4711, 60)] })).toMatchObject({
      value: { windows: new Map([['4711', 60]]), malformed: 0 },
    });
  });

  it('never throws, and says why it could not be read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (body) => {
        expect(typeof (await list(body)).ok).toBe('boolean');
      }),
    );
    const results = [
      answered(undefined),
      answered({ meta, objects: null }),
      answered({}, 401),
      answered({}, 404),
      { result: 'unclear', reason: 'timeout' } as const,
    ].map((response) => brandsApi(response).api.listBrands());
    expect((await Promise.all(results)).map((one) => !one.ok && one.reason)).toEqual([
      'unavailable',
      'unavailable',
      'unauthorized',
      'refused',
      'unavailable',
    ]);
  });

  it('is read page by page, by the cursor on the documented path', async () => {
    const { api, asked } = pagesOf({
      '/v1/brands': {
        objects: [brand('org-1', 60)],
        next: 'https://api.usebutton.com/v1/brands?cursor=a%2Bb',
      },
      '/v1/brands?cursor=a%2Bb': { objects: [brand('org-2', 120), null], next: '' },
    });

    expect(await api.listBrands()).toEqual({
      ok: true,
      value: {
        windows: new Map([
          ['org-1', 60],
          ['org-2', 120],
        ]),
        malformed: 1,
      },
    });
    expect(asked).toEqual(['/v1/brands', '/v1/brands?cursor=a%2Bb']);
  });

  it.each([
    [
      'a page that leads back',
      { objects: [brand('org-1', 60)], next: '/v1/brands?cursor=a' },
      'endless_pages',
    ],
    ['a page that is not there', undefined, 'refused'],
  ])('ends with the pages read so far at %s', async (_name, second, cutShortBy) => {
    const first = { objects: [brand('org-1', 60)], next: '/v1/brands?cursor=a' };
    const { api } = pagesOf({ '/v1/brands': first, ...(second ? { '/v1/brands?cursor=a': second } : {}) });

    expect(await api.listBrands()).toEqual({
      ok: true,
      value: { windows: new Map([['org-1', 60]]), malformed: 0, cutShortBy },
    });
  });
});

/** An API whose Button has these pages, by path, and the paths that were requested. */
function pagesOf(pages: Record<string, { objects: unknown[]; next: string }>) {
  const asked: string[] = [];
  const http = {
    call({ path }: { path: string }) {
      asked.push(path);
      const { objects, next } = pages[path] ?? { objects: undefined, next: undefined };
      return Promise.resolve(objects ? answered({ meta: { ...meta, next }, objects }) : answered({}, 404));
    },
    close: () => undefined,
  };
  return { asked, api: createBrandsApi(http, 'sk-1') };
}
