import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatElapsed, formatFigure, formatPeriod, ticks } from '../figures.ts';

describe('a figure', () => {
  it.each([
    [0, '0'],
    [0.256, '0.26'],
    [12.34, '12.3'],
    [1234, '1,234'],
    [12_345, '12.3k'],
    [-2_500_000, '-2.5M'],
  ])('%d is written %s', (value, text) => {
    expect(formatFigure(value)).toBe(text);
  });
});

describe('a time', () => {
  it('since the beginning is written in minutes and seconds', () => {
    expect([0, 5400, 65_000].map(formatElapsed)).toEqual(['0:00', '0:05', '1:05']);
  });

  it('of a period is written in its largest unit', () => {
    expect([2000, 300_000, 21_600_000].map(formatPeriod)).toEqual(['2 s', '5 min', '6 h']);
  });
});

describe('the marks of an axis', () => {
  it.each([
    [0, 1, 4, [0, 0.5, 1]],
    [0, 7, 4, [0, 2, 4, 6, 8]],
    [-3, 12, 4, [-5, 0, 5, 10, 15]],
  ])('from %d to %d are round', (lowest, highest, count, expected) => {
    expect(ticks(lowest, highest, count)).toEqual(expected);
  });

  it('contain every value between them and are few', () => {
    const values = fc.double({ min: -1e6, max: 1e6, noNaN: true });

    fc.assert(
      fc.property(values, values, (one, other) => {
        const [lowest, highest] = [Math.min(one, other), Math.max(one, other)];
        fc.pre(highest - lowest > 1e-6);

        const marks = ticks(lowest, highest, 4);

        const slack = (highest - lowest) * 1e-6;
        expect(marks[0]).toBeLessThanOrEqual(lowest + slack);
        expect(marks.at(-1)).toBeGreaterThanOrEqual(highest - slack);
        expect(marks.length).toBeLessThanOrEqual(8);
      }),
    );
  });
});
