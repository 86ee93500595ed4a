/** The most by which the clock of a function may be ahead of another's, in milliseconds. */
export const CLOCKS_APART_MS = 60_000;

/**
 * How long before a read another function must have seen a change for the read to show it with certainty, in
 * milliseconds: Button shows changes late, and clocks differ. A lag of 0 means that an operator has already
 * waited. Pure.
 */
export function shownAfterMs(lagMs: number): number {
  return lagMs === 0 ? 0 : lagMs + CLOCKS_APART_MS;
}
