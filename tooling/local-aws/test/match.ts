import { expect } from 'vitest';

/** Equals any text that the pattern matches. */
export function textLike(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** Equals any list. */
export function anyList(): unknown {
  return expect.any(Array);
}
