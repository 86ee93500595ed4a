import { describe, expect, it } from 'vitest';

import { costInWords } from '../../../ops/look-up/scan-cost.ts';
import { namesOrder, scanFor } from '../../../ops/look-up/scan.ts';
import { sampleEntry } from '../timeline/samples.ts';

async function* numbers(count: number) {
  for (let number = 0; number < count; number += 1) yield await Promise.resolve(number);
}

describe('a search without a key', () => {
  it('reads everything, or no more items than it is allowed to', async () => {
    const matches = (number: number): boolean => number % 10 === 9;

    expect(await scanFor(numbers(20), { matches, limit: 20 })).toEqual({
      found: [9, 19],
      read: 20,
      isWhole: true,
    });
    expect(await scanFor(numbers(21), { matches, limit: 20 })).toEqual({
      found: [9, 19],
      read: 20,
      isWhole: false,
    });
  });

  it('stops after fifty matches, because the value is not an id', async () => {
    const { found, isWhole } = await scanFor(numbers(1000), { matches: () => true, limit: 1000 });

    expect({ count: found.length, isWhole }).toEqual({ count: 50, isWhole: false });
  });

  it('shows its cost', () => {
    expect(costInWords({ items: 3, bytes: 8193 })).toBe(
      'reads about 3 items (0.0 MB, 3 read request units, USD 0.0000)',
    );
  });

  it.each(['B07', 'm-0', 'e-1', 'btnorder-1', 'token'])('finds an order by %s', (asked) => {
    const entry = { ...sampleEntry({ state: 'settled' }), btnRef: 'token' };

    expect(namesOrder(entry, asked)).toBe(true);
    expect(namesOrder(entry, `${asked}-other`)).toBe(false);
  });
});
