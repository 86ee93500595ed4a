import { Readable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { countedPace } from '../../ops/pace.ts';
import { countedPasses, createProgressLine, progressText } from '../../ops/progress.ts';

describe('progressText', () => {
  it.each([
    [{ count: 0, total: 200, elapsedMs: 0 }, '0 of 200 orders (0 %)'],
    [{ count: 50, total: 200, elapsedMs: 10_000 }, '50 of 200 orders (25 %), 5.0 a second, 30 s left'],
    [
      { count: 1200, total: 50_000, elapsedMs: 60_000 },
      '1,200 of 50,000 orders (2 %), 20 a second, 41 min left',
    ],
    [
      { count: 1200, total: 1_000_000, elapsedMs: 60_000 },
      '1,200 of 1,000,000 orders (0 %), 20 a second, 14 h left',
    ],
    [{ count: 1200, total: undefined, elapsedMs: 60_000 }, '1,200 orders, 20 a second'],
    [{ count: 12, total: 10, elapsedMs: 2000 }, '12 of 10 orders (120 %), 6.0 a second'],
  ])('of %o is "%s"', (job, text) => {
    expect(progressText({ unit: 'orders', ...job })).toBe(text);
  });

  it('states no time that is left before anything is done', () => {
    expect(progressText({ unit: 'orders', count: 0, total: 9, elapsedMs: 5000 })).toBe(
      '0 of 9 orders (0 %), 0.0 a second',
    );
  });
});

describe('the progress line', () => {
  function onTerminal(columns?: number) {
    let nowMs = 0;
    const written: string[] = [];
    const line = createProgressLine({ columns, write: (text) => written.push(text) }, () => nowMs);
    return { line, written, pass: (ms: number) => (nowMs += ms) };
  }

  it('is renewed in its place, five times a second at most, and removed at the end', () => {
    const { line, written, pass } = onTerminal();
    const advance = line.start('orders', 1000);
    for (let count = 0; count < 100; count += 1) {
      advance();
      pass(10);
    }
    line.clear();
    line.clear();

    expect(written).toHaveLength(6);
    expect(written.every((text) => text.startsWith('\r\u001B[K'))).toBe(true);
    expect(written.at(-2)).toContain('81 of 1,000 orders (8 %)');
    expect(written.at(-1)).toBe('\r\u001B[K');
  });

  it('never breaks into two lines', () => {
    const { line, written } = onTerminal(12);

    line.start('orders', 1000)(3);

    expect(written[0]?.replace('\r\u001B[K', '')).toBe('3 of 1,000 ');
  });

  it('is not shown without a terminal', () => {
    const line = createProgressLine(undefined);

    expect(() => {
      line.start('orders')();
      line.clear();
    }).not.toThrow();
  });
});

describe('a long job', () => {
  it('knows from its first whole pass how many items the next one has', async () => {
    const begun: [string, number | undefined, { count: number }][] = [];
    const pass = countedPasses((unit, total) => {
      const job = { count: 0 };
      begun.push([unit, total, job]);
      return () => (job.count += 1);
    }, 'orders');
    const take = async (most: number): Promise<void> => {
      const items = pass(Readable.from(['a', 'b', 'c']));
      let taken = 0;
      while (taken < most && !(await items.next()).done) taken += 1;
    };

    for (const most of [2, 9, 9]) await take(most);

    expect(begun).toEqual([
      ['orders', undefined, { count: 2 }],
      ['orders', undefined, { count: 3 }],
      ['orders', 3, { count: 3 }],
    ]);
  });

  it('counts what its pace lets through', async () => {
    const counts: (number | undefined)[] = [];
    const pace = countedPace(
      () => Promise.resolve(),
      (count) => counts.push(count),
    );

    await pace(1);
    await pace(100);

    expect(counts).toEqual([1, 100]);
  });
});
