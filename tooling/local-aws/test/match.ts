import { expect } from 'vitest';

/** Stands for any text that the pattern matches. */
export function textLike(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** Stands for any list. */
export function anyList(): unknown {
  return expect.any(Array);
}
