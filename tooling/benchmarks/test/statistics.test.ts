import { describe, expect, it } from 'vitest';

import { inRounds, median, ratioOf, spreadOf } from '../statistics.ts';

describe('median', () => {
  it('is the value in the middle, whatever the extremes are', () => {
    expect(median([1000, 2, 3])).toBe(3);
  });

  it('is the mean of the two in the middle of an even number', () => {
    expect(median([4, 1, 3, 1000])).toBe(3.5);
  });

  it('of no values is not a number', () => {
    expect(median([])).toBeNaN();
  });
});

describe('spreadOf', () => {
  it('returns the median, and the quartiles between the nearest values', () => {
    expect(spreadOf([5, 1, 2, 3, 4])).toEqual({ value: 3, quartiles: [2, 4] });
    expect(spreadOf([1, 2, 3, 4])).toEqual({ value: 2.5, quartiles: [1.75, 3.25] });
    expect(spreadOf([7])).toEqual({ value: 7, quartiles: [7, 7] });
  });
});

describe('ratioOf', () => {
  it('compares within rounds, so that a slow round does not affect it', () => {
    const ours = [10, 100, 10];
    const others = [20, 200, 20];

    expect(ratioOf(ours, others)).toEqual({ value: 0.5, quartiles: [0.5, 0.5] });
  });
});

describe('inRounds', () => {
  it('measures everything once a round and starts each round with a different subject', async () => {
    const turns: string[] = [];

    const measured = await inRounds(['a', 'b', 'c'], 2, (subject) => {
      turns.push(subject);
      return Promise.resolve(turns.length);
    });

    expect(turns).toEqual(['a', 'b', 'c', 'b', 'c', 'a']);
    expect(measured).toEqual({ a: [1, 6], b: [2, 4], c: [3, 5] });
  });
});
