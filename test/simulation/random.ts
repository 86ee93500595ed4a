/** Pseudo-random numbers: the same seed gives the same numbers. */
export type Random = {
  /** In [0, 1). */
  next: () => number;
  /** True with this probability. */
  chance: (probability: number) => boolean;
  /** An integer from `least` to `most`, both included. */
  between: (least: number, most: number) => number;
  pick: <const Items extends readonly [unknown, ...unknown[]]>(items: Items) => Items[number];
  /** `length` lower-case hex digits. */
  hex: (length: number) => string;
};

/** Pseudo-random numbers from a seed. The same parts give the same numbers (FNV-1a, then mulberry32). */
export function randomFrom(...seed: readonly (string | number)[]): Random {
  let state = 0x811c9dc5;
  for (const character of seed.join('/')) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    chance: (probability) => probability > 0 && next() < probability,
    between,
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
    hex(length) {
      let digits = '';
      while (digits.length < length)
        digits += Math.floor(next() * 2 ** 32)
          .toString(16)
          .padStart(8, '0');
      return digits.slice(0, length);
    },
  };
}
