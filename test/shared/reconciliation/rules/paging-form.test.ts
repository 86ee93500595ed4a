import { describe, expect, it } from 'vitest';

import {
  formsToTry,
  isSamePage,
  pageOfWindow,
  type PageDates,
  type PagingForm,
} from '../../../../shared/reconciliation/rules/paging-form.ts';

const now = new Date('2026-06-15T12:00:00Z');
const both = { cursor: 'a', printed: '/v1/affiliation/acc-1/transactions?cursor=a' };

describe('formsToTry', () => {
  it('begins with cursor and filters, then the cursor alone, then the URL as printed', () => {
    expect(formsToTry(both, undefined, now)).toEqual(['cursor-and-filters', 'cursor-alone', 'printed-url']);
  });

  it('begins with what worked within the last day', () => {
    const learnt = { form: 'printed-url', learntAt: '2026-06-14T12:00:00.001Z' } as const;

    expect(formsToTry(both, learnt, now)).toEqual(['printed-url', 'cursor-and-filters', 'cursor-alone']);
    expect(formsToTry(both, { ...learnt, learntAt: '2026-06-14T12:00:00Z' }, now)[0]).toBe(
      'cursor-and-filters',
    );
  });

  it('lists only forms in which the next page can be requested', () => {
    expect(formsToTry({ ...both, cursor: null }, undefined, now)).toEqual(['printed-url']);
    expect(formsToTry({ ...both, printed: null }, undefined, now)).toEqual([
      'cursor-and-filters',
      'cursor-alone',
    ]);
  });
});

describe('pageOfWindow', () => {
  const filter = {
    timeField: 'modified_date',
    start: '2026-06-01T00:00:00Z',
    end: '2026-06-02T00:00:00Z',
  } as const;
  const rows = (...dates: unknown[]) => dates.map((modified_date) => ({ modified_date }));
  const dates = (first: string, last: string) => ({ first: Date.parse(first), last: Date.parse(last) });
  const falling = dates('2026-06-01T23:00:00Z', '2026-06-01T12:00:00Z');
  const rising = dates('2026-06-01T12:00:00Z', '2026-06-01T23:00:00Z');
  const pageIn = (form: PagingForm, after: PageDates | undefined, page: readonly unknown[]) =>
    pageOfWindow({ rows: page, next: both }, { filter, request: { form, after } });

  it.each([
    ['one is older than the window', rows('2026-06-01T12:00:00Z', '2026-05-31T23:59:59Z'), true],
    ['all are newer', rows('2026-06-02T00:00:00Z', '2026-06-03T00:00:00Z'), true],
    ['one has changed since', rows('2026-06-01T00:00:00Z', '2026-06-03T00:00:00Z'), false],
    ['there are none', [], false],
    ['none has a date', [null, 'row', 7, ...rows(null, 'soon')], false],
  ])('is outside with the filters where %s: %j', (_why, page, isOutside) => {
    for (const after of [falling, rising])
      expect(pageIn('cursor-and-filters', after, page) === 'outside').toBe(isOutside);
  });

  it.each(['cursor-alone', 'printed-url'] as const)(
    'ends the window where a list in one direction runs past its edge, without filters (%s)',
    (form) => {
      const inWindow = '2026-06-01T00:00:00Z';

      expect(pageIn(form, falling, rows(inWindow, null, '2026-05-31T00:00:00Z'))).toEqual({
        rows: rows(inWindow, null),
        next: null,
        endsWindow: true,
      });
      expect(pageIn(form, falling, rows('2026-05-31T00:00:00Z'))).toMatchObject({
        rows: [],
        endsWindow: true,
      });
      expect(pageIn(form, rising, rows('2026-06-02T00:00:00Z'))).toMatchObject({
        rows: [],
        endsWindow: true,
      });
    },
  );

  it('sees no turn within a second, of which the list may show the milliseconds of some rows only', () => {
    const page = rows('2026-05-31T00:00:00Z', '2026-05-31T00:00:00.125Z');

    expect(pageIn('cursor-alone', falling, page)).toMatchObject({ rows: [], endsWindow: true });
  });

  it.each([
    ['begins anew', falling, rows('2026-06-01T23:00:00Z', '2026-05-31T00:00:00Z')],
    ['turns', rising, rows('2026-05-31T00:00:00Z')],
    ['jumps to and fro', falling, rows('2026-05-30T00:00:00Z', '2026-05-31T00:00:00Z')],
    ['begins with the newest of all', falling, rows('2026-06-03T00:00:00Z', '2026-06-02T00:00:00Z')],
    ['follows no dated row', undefined, rows('2026-06-01T00:00:00Z', '2026-05-31T00:00:00Z')],
  ])('is outside, so that no row is missed, where the list %s', (_why, after, page) => {
    expect(pageIn('cursor-alone', after, page)).toBe('outside');
  });

  it('remembers the dates that the next page follows, over pages without any', () => {
    const page = pageIn('cursor-alone', rising, rows('2026-06-01T23:30:00Z', '2026-06-01T23:40:00Z'));

    expect(page).toMatchObject({
      next: { ...both, after: dates('2026-06-01T23:30:00Z', '2026-06-01T23:40:00Z') },
    });
    expect(pageIn('cursor-alone', rising, [])).toMatchObject({ next: { ...both, after: rising } });
  });
});

describe('isSamePage', () => {
  it('compares the cursor, whatever URL contains it', () => {
    expect(isSamePage(both, { cursor: 'a', printed: null })).toBe(true);
    expect(isSamePage(both, { ...both, cursor: 'b' })).toBe(false);
    expect(isSamePage({ ...both, cursor: null }, { cursor: null, printed: '/other' })).toBe(false);
  });
});
