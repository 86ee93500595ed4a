/** Counts events that may come in a flood, and reports their number now and then. */
export type Sampler = {
  /**
   * Counts one more. Returns how many there have been since the last report, or undefined if it does not
   * report now.
   */
  count(): number | undefined;
};

/**
 * A sampler that reports at once, and then not again for `intervalMs`, however many events there are. The
 * count that is left when the process ends is lost.
 */
export function createSampler(intervalMs: number, now: () => number = Date.now): Sampler {
  let unsaid = 0;
  let saidAt = -Infinity;
  return {
    count() {
      unsaid += 1;
      if (now() - saidAt < intervalMs) return undefined;
      const said = unsaid;
      unsaid = 0;
      saidAt = now();
      return said;
    },
  };
}
