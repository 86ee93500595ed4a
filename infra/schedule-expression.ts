import * as z from 'zod';

import { cronProblem } from './cron-problem.ts';

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
  )
  .check(({ value: expression, issues }) => {
    const message = cronProblem(expression);
    if (message !== undefined) issues.push({ code: 'custom', input: expression, message });
  });

/**
 * A schedule in the form of an EventBridge rule, whose unit is singular after 1, and plural otherwise.
 *
 * Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html
 */
export const RuleScheduleSchema = ScheduleExpressionSchema.refine(
  (expression) => !runsBySeconds(expression),
  'must be a minute or more: an EventBridge rule has no unit of seconds',
).refine(
  (expression) => !/^rate\((1 \w+s|(?!1 )\d+ \w+[^s])\)$/.test(expression),
  'must be such as rate(1 day) or rate(2 days): in an EventBridge rule, the unit is singular after 1 and plural otherwise',
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
