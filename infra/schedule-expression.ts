import * as z from 'zod';

/**
 * When something runs, as EventBridge Scheduler writes it.
 *
 * Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export const ScheduleExpressionSchema = z
  .string()
  .regex(
    /^(rate\([1-9]\d* (second|minute|hour|day)s?\)|cron\(\S+( \S+){5}\))$/,
    'must be a schedule such as rate(1 minute) or cron(0/10 8-23 * * ? *)',
  );

/** Whether the schedule runs by the second: the local stand-in can, AWS's finest is a minute. */
export function runsBySeconds(expression: string): boolean {
  return /^rate\(\d+ seconds?\)$/.test(expression);
}

/**
 * How far apart the runs of a rate are, in minutes; undefined for a cron expression, whose runs may be at any
 * distance.
 */
export function minutesOfRate(expression: string): number | undefined {
  const [, count, unit = ''] = /^rate\((\d+) (second|minute|hour|day)s?\)$/.exec(expression) ?? [];
  return count === undefined ? undefined : Number(count) * (MINUTES[unit] ?? 1);
}

const MINUTES: Readonly<Record<string, number>> = { second: 1 / 60, minute: 1, hour: 60, day: 1440 };
