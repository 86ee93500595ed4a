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
    { fields: '0 0 1W * ? *', timeZone: 'UTC', due: '2026-08-03T00:00:00Z', notDue: '2026-08-01T00:00:00Z' },
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
      due: '2026-12-01T14:00:00Z',
      notDue: '2026-07-01T14:00:00Z',
    },
  ])('cron($fields) in $timeZone is due at $due and not at $notDue', ({ fields, timeZone, due, notDue }) => {
    const nextDue = parseCron(fields, timeZone);
    const isDue = (text: string) => {
      const minute = new Date(text);
      return nextDue(new Date(minute.getTime() - 1))?.getTime() === minute.getTime();
    };

    expect(isDue(due)).toBe(true);
    expect(isDue(notDue)).toBe(false);
  });

  it('continues from one due time to the next, and ends with its last year', () => {
    const nextDue = parseCron('30 6 1 1/6 ? 2026', 'UTC');

    const first = nextDue(new Date('2026-01-01T06:29:59.999Z'));
    const second = nextDue(first ?? new Date(0));

    expect(first).toEqual(new Date('2026-01-01T06:30:00Z'));
    expect(second).toEqual(new Date('2026-07-01T06:30:00Z'));
    expect(nextDue(second ?? new Date(0))).toBeUndefined();
  });

  // https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
  it('skips a local time that a clock change skips', () => {
    const nextDue = parseCron('30 2 * * ? *', 'America/New_York');

    expect(nextDue(new Date('2026-03-07T12:00:00Z'))).toEqual(new Date('2026-03-09T06:30:00Z'));
  });

  it('is due once in a local time that a clock change repeats', () => {
    const nextDue = parseCron('30 1 * * ? *', 'America/New_York');
    const first = nextDue(new Date('2026-10-31T12:00:00Z'));

    expect(first).toEqual(new Date('2026-11-01T05:30:00Z'));
    expect(nextDue(first ?? new Date(0))).toEqual(new Date('2026-11-02T06:30:00Z'));
  });

  it.each([
    '* * * * *',
    '* * * * * *',
    '0 0 ? * ? *',
    '60 * * * ? *',
    '5-1 * * * ? *',
    'x * * * ? *',
    '*/0 * * * ? *',
  ])('refuses cron(%s)', (fields) => {
    expect(() => parseCron(fields, 'UTC')).toThrow(/^cron|not supported/);
  });
});
