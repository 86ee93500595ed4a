import { describe, expect, it } from 'vitest';

import { areOutside, formsToTry, isSamePage } from '../../../../shared/reconciliation/rules/paging-form.ts';

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

  it('names only forms that the next page can be asked for in', () => {
    expect(formsToTry({ ...both, cursor: null }, undefined, now)).toEqual(['printed-url']);
    expect(formsToTry({ ...both, printed: null }, undefined, now)).toEqual([
      'cursor-and-filters',
      'cursor-alone',
    ]);
  });
});

describe('areOutside', () => {
  const filter = {
    timeField: 'modified_date',
    start: '2026-06-01T00:00:00Z',
    end: '2026-06-02T00:00:00Z',
  } as const;
  const rows = (...dates: unknown[]) => dates.map((modified_date) => ({ modified_date }));

  it.each([
    ['one is older than the window', rows('2026-06-01T12:00:00Z', '2026-05-31T23:59:59Z'), true],
    ['all are newer', rows('2026-06-02T00:00:00Z', '2026-06-03T00:00:00Z'), true],
    ['one has changed since', rows('2026-06-01T00:00:00Z', '2026-06-03T00:00:00Z'), false],
    ['there are none', [], false],
    ['none has a date', [null, 'row', 7, ...rows(null, 'soon')], false],
  ])('where %s: %j', (_why, page, isOutside) => {
    expect(areOutside(page, filter)).toBe(isOutside);
  });
});

describe('isSamePage', () => {
  it('goes by the cursor, whatever URL it is printed in', () => {
    expect(isSamePage(both, { cursor: 'a', printed: null })).toBe(true);
    expect(isSamePage(both, { ...both, cursor: 'b' })).toBe(false);
    expect(isSamePage({ ...both, cursor: null }, { cursor: null, printed: '/other' })).toBe(false);
  });
});
