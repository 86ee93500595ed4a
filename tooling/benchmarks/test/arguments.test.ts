import { describe, expect, it } from 'vitest';

import { readArguments } from '../arguments.ts';
import { isMet } from '../measurement.ts';

describe('readArguments', () => {
  it('reads options and cases', () => {
    expect(readArguments(['--quick', 'cold-start', 'loading'])).toMatchObject({
      options: { quick: true, json: false, cases: ['cold-start', 'loading'] },
    });
  });

  it('says what is wrong', () => {
    expect(readArguments(['--fast'])).toMatchObject({ problem: expect.stringContaining('--fast') as string });
    expect(readArguments(['--rows', 'many'])).toMatchObject({
      problem: expect.stringContaining('--rows') as string,
    });
  });
});

describe('isMet', () => {
  it.each([
    [{ claim: '', value: 0.5, atMost: 0.5 }, true],
    [{ claim: '', value: 0.51, atMost: 0.5 }, false],
    [{ claim: '', value: 0.2, atLeast: 0.2 }, true],
    [{ claim: '', value: 0.19, atLeast: 0.2 }, false],
    [{ claim: '', value: NaN, atMost: 1 }, false],
  ])('checks %o against its limit', (bar, met) => {
    expect(isMet(bar)).toBe(met);
  });
});
