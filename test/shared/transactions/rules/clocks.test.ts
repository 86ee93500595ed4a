import fc from 'fast-check';
import { expect, it } from 'vitest';

import { CLOCKS_APART_MS, shownAfterMs } from '../../../../shared/transactions/rules/clocks.ts';

it('a read counts only for what it must show, however far apart the two clocks may be', () => {
  const apart = fc.integer({ min: -CLOCKS_APART_MS, max: CLOCKS_APART_MS });
  const lag = fc.integer({ min: 1, max: 3_600_000 });
  fc.assert(
    fc.property(fc.nat(10_000_000), fc.nat(10_000_000), apart, lag, (seenMs, readMs, aheadMs, lagMs) => {
      const isCounted = seenMs <= readMs + aheadMs - shownAfterMs(lagMs);
      if (isCounted) expect(seenMs).toBeLessThanOrEqual(readMs - lagMs);
    }),
  );
});

it('a read counts a minute after the lag, because the clocks may be that far apart', () => {
  expect(shownAfterMs(120_000)).toBe(180_000);
});

it('without a lag nothing is added: the operator has already waited', () => {
  expect(shownAfterMs(0)).toBe(0);
});
