/** A field of a cron expression. */
type CronField = {
  name: string;
  least: number;
  most: number;
  /** The names of the values, from `least` on. */
  names?: readonly string[];
  /** What the field accepts besides values, ranges and steps. */
  besides?: RegExp;
};

/**
 * The fields, in their order.
 *
 * Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html, "Cron
 * expressions"
 */
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

/** Why EventBridge refuses a cron expression; undefined for one that it accepts, and for a rate. Pure. */
export function cronProblem(expression: string): string | undefined {
  const fields = /^cron\((.*)\)$/.exec(expression)?.[1]?.split(' ');
  if (fields?.length !== CRON_FIELDS.length) return undefined;
  const wrong = CRON_FIELDS.find((field, index) => !isOfField(fields[index] ?? '', field));
  if (wrong) return `must have valid ${wrong.name}: EventBridge does not accept ${expression}`;
  const [, , dayOfMonth, , dayOfWeek] = fields;
  return (dayOfMonth === '?') === (dayOfWeek === '?')
    ? 'must have ? as day-of-month or as day-of-week, and not as both: cron(0 8 * * ? *) is every day'
    : undefined;
}

function isOfField(text: string, field: CronField): boolean {
  return field.besides?.test(text) === true || text.split(',').every((part) => isPart(part, field));
}

/** Whether the field accepts a part such as `*`, `5`, `MON-FRI` or `0/10`. */
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

/** The number of a value; NaN for what is neither a number nor a name. */
function valueOf(text: string, { least, names }: { least: number; names: readonly string[] }): number {
  const index = names.indexOf(text.toUpperCase());
  if (index !== -1) return least + index;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
