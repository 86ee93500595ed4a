import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { followTrail, type PageTrail } from '../../../../shared/reconciliation/rules/page-trail.ts';

type Page = { rows: readonly unknown[]; next: string };

/** The number of pages read until the list is considered endless; undefined if it is read to its end. */
function endlessAfter(pageAt: (index: number) => Page, length: number): number | undefined {
  let trail: PageTrail | undefined;
  for (let number = 1; number <= length; number += 1) {
    const { rows, next } = pageAt(number - 1);
    const followed = followTrail(trail, { number, rows, next: { cursor: next, printed: null } });
    if (followed === 'endless') return number;
    trail = followed;
  }
  return undefined;
}

const row = (id: number, modified = '2026-06-01T00:00:00Z') => ({ id: `tx-${id}`, modified_date: modified });

describe('followTrail', () => {
  it('notices every circle of cursors within three times its pages, and none in a list that ends (E12)', () => {
    fc.assert(
      fc.property(fc.nat({ max: 40 }), fc.integer({ min: 1, max: 40 }), (before, circle) => {
        const at = (index: number) => (index < before ? index : before + ((index - before) % circle));
        const noticed = endlessAfter((index) => ({ rows: [], next: `c${at(index)}` }), 900);

        expect(noticed).toBeLessThanOrEqual(3 * (before + circle) + 1);
        expect(endlessAfter((index) => ({ rows: [row(index)], next: `c${index}` }), 900)).toBeUndefined();
      }),
    );
  });

  it('does not consider a list endless that ends, whatever its rows are (E12)', () => {
    const malformed = fc.oneof(
      fc.constantFrom(null, 'x', 7, true, [], {}, [1]),
      fc.record({ id: fc.constantFrom(null, '', {}, true), modified_date: fc.constantFrom(null, 'never') }),
    );
    fc.assert(
      fc.property(fc.array(malformed, { minLength: 1, maxLength: 3 }), fc.boolean(), (rows, isBetween) => {
        const page = (index: number) => ({
          rows: isBetween && index % 2 === 1 ? [{ id: index }] : rows,
          next: `c${index}`,
        });

        expect(endlessAfter(page, 900)).toBeUndefined();
      }),
    );
  });

  it('notices the same rows under new cursors', () => {
    const noticed = endlessAfter((index) => ({ rows: [row(1), row(2)], next: `c${index}` }), 100);

    expect(noticed).toBe(2);
  });

  it('notices an endless sequence of pages without rows, but lets a thousand pass', () => {
    const empty = (index: number) => ({ rows: [], next: `c${index}` });

    expect(endlessAfter(empty, 5000)).toBe(1001);
    expect(
      endlessAfter(
        (index) => (index % 1000 === 0 ? { rows: [row(index)], next: `c${index}` } : empty(index)),
        5000,
      ),
    ).toBeUndefined();
  });

  it('distinguishes rows that have only changed, and accepts anything as a row', () => {
    const changing = (index: number) => ({ rows: [row(1, `v${index}`), null, 'x', {}], next: `c${index}` });

    expect(endlessAfter(changing, 100)).toBeUndefined();
  });

  it('uses as much memory for ten million pages as for two', () => {
    const page = (number: number) => ({
      number,
      rows: [row(number)],
      next: { cursor: `c${number}`, printed: null },
    });
    const first = followTrail(undefined, page(1));
    const later = first === 'endless' ? first : followTrail(first, page(10_000_000));

    expect(Math.abs(JSON.stringify(later).length - JSON.stringify(first).length)).toBeLessThan(10);
  });
});
