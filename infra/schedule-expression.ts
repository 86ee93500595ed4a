import * as z from 'zod';

/**
 * A schedule, in the form of EventBridge Scheduler.
 *
 * Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export const ScheduleExpressionSchema = z
  .string()
  .regex(
    /^(rate\([1-9]\d* (second|minute|hour|day)s?\)|cron\(\S+( \S+){5}\))$/,
    'must be a schedule such as rate(1 minute) or cron(0/10 8-23 * * ? *)',
  );

/**
 * Whether the schedule runs every few seconds: the local Scheduler can; at AWS the shortest interval is a
 * minute.
 */
export function runsBySeconds(expression: string): boolean {
  return /^rate\(\d+ seconds?\)$/.test(expression);
}

/**
 * The interval between the runs of a rate, in minutes; undefined for a cron expression, whose intervals may
 * differ.
 */
export function minutesOfRate(expression: string): number | undefined {
  const [, count, unit = ''] = /^rate\((\d+) (second|minute|hour|day)s?\)$/.exec(expression) ?? [];
  return count === undefined ? undefined : Number(count) * (MINUTES[unit] ?? 1);
}

const MINUTES: Readonly<Record<string, number>> = { second: 1 / 60, minute: 1, hour: 60, day: 1440 };
