import { describe, expect, it } from 'vitest';

import { dollarsOf, PRICES, PRICES_AS_OF } from '../prices.ts';

describe('dollarsOf', () => {
  it('prices each quantity by its unit and adds up', () => {
    const { parts, total } = dollarsOf({ lambdaRequest: 2_000_000, dynamodbWriteUnit: 1_000_000, secret: 3 });

    expect(parts.lambdaRequest).toBeCloseTo(0.4);
    expect(parts.dynamodbWriteUnit).toBeCloseTo(0.625);
    expect(parts.secret).toBeCloseTo(1.2);
    expect(total).toBeCloseTo(2.225);
  });

  it('leaves out unused quantities', () => {
    expect(dollarsOf({ lambdaRequest: 0 })).toEqual({ parts: {}, total: 0 });
  });
});

describe('the prices', () => {
  it('state where and when they were read, and on which AWS page', () => {
    expect(PRICES_AS_OF).toEqual({
      region: 'us-east-1',
      on: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as string,
    });
    expect(
      Object.values(PRICES).filter(({ source }) => !source.startsWith('https://aws.amazon.com/')),
    ).toEqual([]);
  });
});
