import { Cron } from 'croner';

/**
 * When a schedule is due next: the first minute after the instant, or undefined if there is none any more.
 */
export type NextDue = (after: Date) => Date | undefined;

/**
 * Understands the six fields of EventBridge Scheduler's cron expressions; throws for anything else. A local
 * time that a clock change skips is skipped. One that it repeats is due once, unless the minute or the hour
 * says "every".
 * Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
 * @param fields the text between the brackets of `cron(...)`
 */
export function parseCron(fields: string, timeZone: string): NextDue {
  const parts = fields.trim().split(/\s+/);
  const [, , day, , weekday] = parts;
  if (parts.length !== 6 || weekday === undefined)
    throw new Error(`cron(${fields}): exactly six fields are needed.`);
  if ((day === '?') === (weekday === '?'))
    throw new Error(`cron(${fields}): exactly one of day-of-month and day-of-week must be "?".`);

  const cron = openCron(parts.with(4, weekday === 'L' ? SATURDAY : weekday).join(' '), timeZone);
  return (after) => {
    let due = cron.nextRun(after);
    // Croner moves a local time that does not exist to the end of the gap.
    while (due && !cron.match(due)) due = cron.nextRun(due);
    return due ?? undefined;
  };
}

/** EventBridge counts weekdays from Sunday, which is 1. */
const SATURDAY = '7';

function openCron(fields: string, timezone: string): Cron {
  try {
    return new Cron(`0 ${fields}`, {
      timezone,
      paused: true,
      mode: '7-part',
      alternativeWeekdays: true,
      // `5/10` counts on from 5.
      sloppyRanges: true,
    });
  } catch (error) {
    throw new Error(`The schedule expression cron(${fields}) is not supported locally.`, { cause: error });
  }
}
