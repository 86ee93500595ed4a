import { describe, expect, it } from 'vitest';

import { tracesRecorded } from '../duration-model.ts';

describe('tracesRecorded', () => {
  // Source: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
  it.each([
    ['nearly all of requests that are minutes apart', 10_000, 0.998],
    ['most of a million requests in a month', 1_000_000, 0.838],
    ['little more than a twentieth of very many', 1_000_000_000, 0.0525],
  ])('are %s', (_what, requests, share) => {
    expect(tracesRecorded(requests) / requests).toBeCloseTo(share, 3);
  });
});
