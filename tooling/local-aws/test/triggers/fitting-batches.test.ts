import { expect, it } from 'vitest';
import { fittingBatches } from '../../triggers/fitting-batches.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, "Invocation payload" */
const LIMIT_BYTES = 6_291_456;

function divide(sizes: readonly number[]): { counts: number[]; bytes: number[] } {
  const bodies = sizes.map((size, index) => `${index}`.padEnd(size, 'é'));
  const batches = fittingBatches(bodies, (body) => ({ body }));
  expect(batches.flat()).toEqual(bodies);
  return {
    counts: batches.map(({ length }) => length),
    bytes: batches.map((batch) =>
      Buffer.byteLength(JSON.stringify({ Records: batch.map((body) => ({ body })) })),
    ),
  };
}

it.each<[string, number[], number[]]>([
  ['nothing', [], []],
  ['what fits into one invocation', [500_000, 500_000, 500_000], [3]],
  ['what does not', Array.from({ length: 8 }, () => 500_000), [6, 2]],
  ['records of several sizes', [3_000_000, 1_000_000, 200, 3_000_000], [1, 2, 1]],
])('divides %s, in order', (_what, sizes, expected) => {
  const { counts, bytes } = divide(sizes);

  expect(counts).toEqual(expected);
  for (const size of bytes) expect(size).toBeLessThanOrEqual(LIMIT_BYTES);
});

it('leaves a record alone that does not fit by itself: Lambda refuses it', () => {
  expect(divide([4_000_000, 10]).counts).toEqual([1, 1]);
});
