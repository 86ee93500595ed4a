import { describe, expect, it } from 'vitest';
import { parseCron } from '../../triggers/cron-expression.ts';

// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
describe('a cron expression', () => {
  it.each([
    { fields: '15 10 * * ? *', timeZone: 'UTC', due: '2026-11-23T10:15:00Z', notDue: '2026-11-23T10:16:00Z' },
    {
      fields: '0/20 8-17 ? * MON-FRI *',
      timeZone: 'UTC',
      due: '2026-11-23T08:40:00Z',
      notDue: '2026-11-22T08:40:00Z',
    },
    {
      fields: '5,35 * * * ? *',
      timeZone: 'UTC',
      due: '2026-11-23T01:35:00Z',
      notDue: '2026-11-23T01:36:00Z',
    },
    {
      fields: '0 0 1 JAN,jul ? *',
      timeZone: 'UTC',
      due: '2026-07-01T00:00:00Z',
      notDue: '2026-06-01T00:00:00Z',
    },
    { fields: '0 0 L * ? *', timeZone: 'UTC', due: '2028-02-29T00:00:00Z', notDue: '2028-02-28T00:00:00Z' },
    { fields: '0 0 ? * 6L *', timeZone: 'UTC', due: '2026-11-27T00:00:00Z', notDue: '2026-11-20T00:00:00Z' },
    { fields: '0 0 ? * 2#3 *', timeZone: 'UTC', due: '2026-11-16T00:00:00Z', notDue: '2026-11-23T00:00:00Z' },
    { fields: '0 0 ? * L *', timeZone: 'UTC', due: '2026-11-28T00:00:00Z', notDue: '2026-11-29T00:00:00Z' },
    {
      fields: '0 9 * * ? 2026-2027',
      timeZone: 'UTC',
      due: '2027-01-01T09:00:00Z',
      notDue: '2028-01-01T09:00:00Z',
    },
    {
      fields: '0 9 * * ? *',
      timeZone: 'America/New_York',
      due: '2026-07-01T13:00:00Z',
      notDue: '2026-12-01T13:00:00Z',
    },
    {
      fields: '0 9 * * ? *',
      timeZone: 'America/New_York',
      due: '2026-12-01T14:00:30Z',
      notDue: '2026-07-01T14:00:00Z',
    },
  ])('cron($fields) in $timeZone is due at $due and not at $notDue', ({ fields, timeZone, due, notDue }) => {
    const isDue = parseCron(fields, timeZone);

    expect(isDue(new Date(due))).toBe(true);
    expect(isDue(new Date(notDue))).toBe(false);
  });

  it.each([
    '* * * * *',
    '* * * * * *',
    '0 0 ? * ? *',
    '60 * * * ? *',
    '0 0 15W * ? *',
    '5-1 * * * ? *',
    'x * * * ? *',
    '*/0 * * * ? *',
  ])('refuses cron(%s)', (fields) => {
    expect(() => parseCron(fields, 'UTC')).toThrow(/cron|not supported/);
  });
});
