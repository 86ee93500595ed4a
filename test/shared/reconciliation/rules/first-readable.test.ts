import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { firstReadable } from '../../../../shared/reconciliation/rules/first-readable.ts';

async function search(range: { from: number; to: number }, isReadable: (second: number) => boolean) {
  const tried: number[] = [];
  const found = await firstReadable(range, (second) => {
    tried.push(second);
    return Promise.resolve(isReadable(second));
  });
  return { found, tried };
}

describe('firstReadable', () => {
  it('finds the end of any unreadable stretch in a few dozen tries', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.nat(3_000_000), fc.nat(3_000_000), async (from, bad, length) => {
        const { found, tried } = await search({ from, to: from + length }, (second) => second >= from + bad);

        expect(found).toBe(bad < length ? from + bad : undefined);
        expect(tried.length).toBeLessThan(60);
        for (const second of tried) {
          expect(second).toBeGreaterThanOrEqual(from);
          expect(second).toBeLessThan(from + length);
        }
      }),
    );
  });

  it('never returns a second that cannot be read, whatever the pattern', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 200 }), async (pattern) => {
        const { found } = await search({ from: 0, to: pattern.length }, (second) => pattern[second] ?? false);

        if (found !== undefined) expect(pattern[found]).toBe(true);
        const first = pattern.indexOf(true);
        if (first !== -1 && first < 8) expect(found).toBe(first);
        if (pattern.at(-1) === true) expect(found).toBeDefined();
      }),
    );
  });
});
