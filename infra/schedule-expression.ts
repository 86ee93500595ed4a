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
