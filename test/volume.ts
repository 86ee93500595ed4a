/** The size of a test: `short` in `npm test`, where it proves the same, and `long` in `npm run test:long`. */
export type Volume = { short: number; long: number };

/** The number for this run; `npm run test:long` sets `LONG_TESTS=1`. */
export function volume({ short, long }: Volume): number {
  return process.env['LONG_TESTS'] === '1' ? long : short;
}
