/** Counts something that may come in a flood, and says now and then how much has come. */
export type Sampler = {
  /**
   * Counts one more. Returns how many have come since it last said so, or undefined while it keeps silent.
   */
  count(): number | undefined;
};

/**
 * A sampler that speaks at once, and then not again for `intervalMs`, however much comes. What is left when
 * the process ends is lost.
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
