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
  )
  .check(({ value: expression, issues }) => {
    const message = cronProblem(expression);
    if (message !== undefined) issues.push({ code: 'custom', input: expression, message });
  });

/**
 * A schedule in the form of an EventBridge rule, whose unit is in the singular for 1, and else in the plural.
 *
 * Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html
 */
export const RuleScheduleSchema = ScheduleExpressionSchema.refine(
  (expression) => !runsBySeconds(expression),
  'must be a minute or more: an EventBridge rule knows no seconds',
).refine(
  (expression) => !/^rate\((1 \w+s|(?!1 )\d+ \w+[^s])\)$/.test(expression),
  'must be such as rate(1 day) or rate(2 days): an EventBridge rule takes only 1 with the singular',
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

/** A field of a cron expression: its values, their names from the least on, and what it takes besides. */
type CronField = { name: string; least: number; most: number; names?: readonly string[]; besides?: RegExp };

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html, "Cron expressions" */
const CRON_FIELDS: readonly CronField[] = [
  { name: 'minutes', least: 0, most: 59 },
  { name: 'hours', least: 0, most: 23 },
  { name: 'day-of-month', least: 1, most: 31, besides: /^(\?|L|L?W|\d{1,2}W)$/ },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  {
    name: 'day-of-week',
    least: 1,
    most: 7,
    names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
    besides: /^(\?|([1-7]|[A-Z]{3})?L|([1-7]|[A-Z]{3})#[1-5])$/,
  },
  { name: 'year', least: 1970, most: 2199 },
];

/** What EventBridge has against a cron expression; undefined for one that it takes, and for a rate. */
function cronProblem(expression: string): string | undefined {
  const fields = /^cron\((.*)\)$/.exec(expression)?.[1]?.split(' ');
  if (fields?.length !== CRON_FIELDS.length) return undefined;
  const wrong = CRON_FIELDS.find((field, index) => !isOfField(fields[index] ?? '', field));
  if (wrong) return `must have other ${wrong.name}: EventBridge does not know ${expression}`;
  const [, , dayOfMonth, , dayOfWeek] = fields;
  return (dayOfMonth === '?') === (dayOfWeek === '?')
    ? 'must have ? as day-of-month or as day-of-week, and not as both: cron(0 8 * * ? *) is every day'
    : undefined;
}

function isOfField(text: string, field: CronField): boolean {
  return field.besides?.test(text) === true || text.split(',').every((part) => isPart(part, field));
}

/** Such as `*`, `5`, `MON-FRI` or `0/10`. */
function isPart(part: string, { least, most, names = [] }: CronField): boolean {
  const [range = '', step = '1', ...more] = part.split('/');
  const ends = range === '*' ? [least, most] : range.split('-').map((end) => valueOf(end, { least, names }));
  return (
    more.length === 0 &&
    /^[1-9]\d*$/.test(step) &&
    ends.length <= 2 &&
    ends.every((end) => end >= least && end <= most)
  );
}

/** NaN for what is neither a number nor a name. */
function valueOf(text: string, { least, names }: { least: number; names: readonly string[] }): number {
  const index = names.indexOf(text.toUpperCase());
  if (index !== -1) return least + index;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
