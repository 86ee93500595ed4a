import { describe, expect, it } from 'vitest';
import { createMappingPace } from '../../triggers/mapping-pace.ts';

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html, "Backoff strategy"
describe('the pace of a queue’s mapping', () => {
  it('halves its concurrency and doubles its pause with each failure', () => {
    const pace = createMappingPace(5);

    const seen = Array.from({ length: 9 }, () => {
      pace.slowDown();
      return [pace.concurrency, pace.pauseMs];
    });

    expect(seen).toEqual([
      [2, 100],
      [1, 200],
      [1, 400],
      [1, 800],
      [1, 1600],
      [1, 3200],
      [1, 6400],
      [1, 10_000],
      [1, 10_000],
    ]);
  });

  it('does not pause after a success, and returns to its maximum one batch at a time', () => {
    const pace = createMappingPace(3);
    pace.slowDown();
    pace.slowDown();

    const seen = [1, 2, 3].map(() => {
      pace.speedUp();
      return [pace.concurrency, pace.pauseMs];
    });

    expect(seen).toEqual([
      [2, 0],
      [3, 0],
      [3, 0],
    ]);
  });
});
