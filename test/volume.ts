import { seedOfCommit } from './commit-seed.ts';

/** The size of a test: `short` in `npm test`, where it proves the same, and `long` in `npm run test:long`. */
export type Volume = { short: number; long: number };

const isLong = process.env['LONG_TESTS'] === '1';

/** The number for this run; `npm run test:long` sets `LONG_TESTS=1`. */
export function volume({ short, long }: Volume): number {
  return isLong ? long : short;
}

/**
 * The cases of this run: all of them in `npm run test:long`, and one of `parts` in `npm test`. The commit
 * determines which part, so that the commits together run every case.
 */
export function share<Case>(cases: readonly Case[], parts: number): Case[] {
  if (isLong) return [...cases];
  const turn = seedOfCommit() % Math.min(parts, cases.length);
  return cases.filter((_, index) => index % parts === turn);
}
