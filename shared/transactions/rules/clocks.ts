/** The most by which the clock of a function may be ahead of another's, in milliseconds. */
export const CLOCKS_APART_MS = 60_000;

/**
 * A read shows for sure what another function saw this long before it, in milliseconds: Button shows changes
 * late, and clocks differ. An operator who sets no lag has waited. Pure.
 */
export function shownAfterMs(lagMs: number): number {
  return lagMs === 0 ? 0 : lagMs + CLOCKS_APART_MS;
}
