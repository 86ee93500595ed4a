/**
 * Minute by minute: whether a schedule is due.
 * @param instant any time within the minute
 */
export type CronMatcher = (instant: Date) => boolean;

type Moment = {
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
  year: number;
  lastDay: number;
};

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/**
 * Understands the six fields of EventBridge Scheduler's cron expressions with `* ? , - /`, names, `L` and
 * `#`; throws for anything else, `W` included. A local time that a clock change skips is skipped, one that it
 * repeats is due twice.
 * Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 * @param fields the text between the brackets of `cron(...)`
 */
export function parseCron(fields: string, timeZone: string): CronMatcher {
  const [minute, hour, day, month, weekday, year, ...rest] = fields.trim().split(/\s+/);
  if (year === undefined || rest.length > 0 || minute === undefined || hour === undefined)
    throw unreadable(fields);
  if (day === undefined || month === undefined || weekday === undefined) throw unreadable(fields);
  if ((day === '?') === (weekday === '?')) {
    throw new Error(`cron(${fields}): exactly one of day-of-month and day-of-week must be "?".`);
  }

  const matchers = [
    field(minute, { first: 0, last: 59, read: (moment) => moment.minute }),
    field(hour, { first: 0, last: 23, read: (moment) => moment.hour }),
    dayField(day),
    field(month, { first: 1, last: 12, names: MONTHS, read: (moment) => moment.month }),
    weekdayField(weekday),
    field(year, { first: 1970, last: 2199, read: (moment) => moment.year }),
  ];
  const readMoment = momentReader(timeZone);
  return (instant) => {
    const moment = readMoment(instant);
    return matchers.every((matches) => matches(moment));
  };
}

type Matcher = (moment: Moment) => boolean;
type Field = { first: number; last: number; names?: string[]; read: (moment: Moment) => number };

function field(text: string, { first, last, names = [], read }: Field): Matcher {
  const values = new Set(text.split(',').flatMap((part) => expand(part, { first, last, names })));
  return (moment) => values.has(read(moment));
}

function dayField(text: string): Matcher {
  if (text === '?') return () => true;
  if (text === 'L') return ({ day, lastDay }) => day === lastDay;
  return field(text, { first: 1, last: 31, read: ({ day }) => day });
}

/** Weekdays are 1 (Sunday) to 7. `6L` is the month's last Friday, `6#3` its third. */
function weekdayField(text: string): Matcher {
  if (text === '?') return () => true;
  const bounds = { first: 1, last: 7, names: WEEKDAYS };
  const [, name, ordinal] = /^(\w+)#([1-5])$/.exec(text) ?? [];
  if (name !== undefined) {
    const weekday = numberOf(name, bounds);
    return (moment) => moment.weekday === weekday && Math.ceil(moment.day / 7) === Number(ordinal);
  }
  const [, lastName] = /^(\w+)L$/.exec(text) ?? [];
  if (lastName !== undefined) {
    const weekday = numberOf(lastName, bounds);
    return (moment) => moment.weekday === weekday && moment.day > moment.lastDay - 7;
  }
  return field(text === 'L' ? '7' : text, { ...bounds, read: (moment) => moment.weekday });
}

type Bounds = { first: number; last: number; names: string[] };

function expand(part: string, bounds: Bounds): number[] {
  const [, range = '', step = '1'] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
  const [from = '', to] = range === '*' ? [String(bounds.first), String(bounds.last)] : range.split('-');
  const start = numberOf(from, bounds);
  // "5/10" counts on from 5; "5" alone is only 5.
  const end = to === undefined ? (part.includes('/') ? bounds.last : start) : numberOf(to, bounds);
  if (end < start || Number(step) < 1) throw unreadable(part);
  const values = [];
  for (let value = start; value <= end; value += Number(step)) values.push(value);
  return values;
}

function numberOf(text: string, { first, last, names }: Bounds): number {
  const named = names.indexOf(text.toUpperCase());
  const value = named === -1 && /^\d+$/.test(text) ? Number(text) : named === -1 ? NaN : named + 1;
  if (!(value >= first && value <= last)) throw unreadable(text);
  return value;
}

/** Offsets from UTC, and their changes, are multiples of so much; within it, minutes count on. */
const BLOCK_MS = 15 * 60_000;

/** Formats the first minute of a block only: schedules are asked about every minute of long times. */
function momentReader(timeZone: string): (instant: Date) => Moment {
  const readFirst = zonedReader(timeZone);
  let known: { startMs: number; first: Moment } | undefined;
  return (instant) => {
    const startMs = Math.floor(instant.getTime() / BLOCK_MS) * BLOCK_MS;
    if (known?.startMs !== startMs) known = { startMs, first: readFirst(new Date(startMs)) };
    const { first } = known;
    return { ...first, minute: first.minute + Math.floor((instant.getTime() - startMs) / 60_000) };
  };
}

function zonedReader(timeZone: string): (instant: Date) => Moment {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const [year = 0, month = 0, day = 0] = [parts.get('year'), parts.get('month'), parts.get('day')];
    return {
      year,
      month,
      day,
      hour: parts.get('hour') ?? 0,
      minute: parts.get('minute') ?? 0,
      weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1,
      lastDay: new Date(Date.UTC(year, month, 0)).getUTCDate(),
    };
  };
}

function unreadable(text: string): Error {
  return new Error(`The schedule expression part "${text}" is not supported locally.`);
}
