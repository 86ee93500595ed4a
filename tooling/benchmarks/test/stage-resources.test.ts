import { describe, expect, it } from 'vitest';

import { runsInAMonth } from '../stage-resources.ts';

describe('runsInAMonth', () => {
  it.each([
    ['rate(1 minute)', 43_200],
    ['rate(1 hour)', 720],
    ['rate(1 day)', 30],
    ['cron(0/10 7-23 * * ? *)', 30 * 17 * 6],
    ['cron(20 4 * * ? *)', 30],
  ])('of %s are %i', (expression, runs) => {
    expect(
      runsInAMonth({ ScheduleExpression: expression, ScheduleExpressionTimezone: 'America/New_York' }),
    ).toBe(runs);
  });
});
