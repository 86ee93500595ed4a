/** An instant as a shop wrote it. */
export type OrderDate = {
  /** Milliseconds since 1970-01-01T00:00:00Z; a finer fraction is cut off. */
  epochMs: number;
  /** Whether the text has a time of day and an offset from UTC. Without an offset, it was read as UTC. */
  hasOffset: boolean;
};

// Numbered groups and plain classes only: the JSON Schemas give the same pattern to other languages.
const CALENDAR_DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}';
const ORDINAL_DATE = '[0-9]{4}-[0-9]{3}|[0-9]{7}';
const WEEK_DATE = '[0-9]{4}-W[0-9]{2}-[1-7]|[0-9]{4}W[0-9]{2}[1-7]';
const TIME_OF_DAY = '([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,]([0-9]+))?)?';
const OFFSET = '[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?';

const DATE = `${CALENDAR_DATE}|${ORDINAL_DATE}|${WEEK_DATE}`;

/**
 * The accepted forms of a date, as the source of a regular expression. It does not know how long a month is.
 */
export const ORDER_DATE_PATTERN = `^(${DATE})(?:[Tt ]${TIME_OF_DAY}(${OFFSET})?)?$`;

const ORDER_DATE = new RegExp(ORDER_DATE_PATTERN);

const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Reads an ISO 8601 date, or date and time; undefined for anything else.
 *
 * Dates: calendar (`2017-07-25`), ordinal (`2017-206`) and week (`2017-W30-2`), in extended or basic form.
 * Times: hours and minutes at least, a fraction of the second after a point or a comma, `T` or a space before
 * them, and `Z`, `+hh:mm`, `+hhmm` or `+hh` after them. `24:00` is the end of the day. A leap second
 * (23:59:60 UTC at the end of a month) is read as the second that follows. What has no offset is read as UTC.
 * Source: ISO 8601-1; RFC 3339, section 5.6, for small letters and the space.
 */
export function readOrderDate(text: string): OrderDate | undefined {
  const [, date, hours, minutes, seconds = '00', fraction = '', offset, sign, offsetHours, offsetMinutes] =
    ORDER_DATE.exec(text) ?? [];
  const dayMs = date === undefined ? undefined : startOfDay(date);
  if (dayMs === undefined) return undefined;
  if (hours === undefined || minutes === undefined) return inRange({ epochMs: dayMs, hasOffset: false });

  const offsetMs = sign === undefined ? 0 : readOffset(sign, offsetHours, offsetMinutes);
  const time = { hours: Number(hours), minutes: Number(minutes), seconds: Number(seconds) };
  const fractionMs = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const timeMs = (time.hours * 3600 + time.minutes * 60 + time.seconds) * 1000;
  if (offsetMs === undefined || !isTimeOfDay(time, fractionMs)) return undefined;

  const epochMs = dayMs + timeMs - offsetMs;
  const hasOffset = offset !== undefined;
  if (time.seconds < 60) return inRange({ epochMs: epochMs + fractionMs, hasOffset });
  return isEndOfMonth(epochMs) ? inRange({ epochMs, hasOffset }) : undefined;
}

/**
 * The form of Button's documents: UTC to the second, such as `2017-07-25T08:23:52Z`. A fraction of a second
 * is cut off.
 */
export function toButtonDate({ epochMs }: Pick<OrderDate, 'epochMs'>): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Midnight UTC of a calendar, ordinal or week date; undefined if there is no such day. */
function startOfDay(date: string): number | undefined {
  const digits = date.replaceAll(/[-W]/g, '');
  const year = Number(digits.slice(0, 4));
  if (date.includes('W')) return weekDay(year, Number(digits.slice(4, 6)), Number(digits.slice(6)));
  if (digits.length === 7) return ordinalDay(year, Number(digits.slice(4)));
  const iso = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
  const epochMs = Date.parse(`${iso}T00:00:00Z`);
  // Some engines accept a 31st of June: the day must be the same after parsing.
  return Number.isNaN(epochMs) || new Date(epochMs).toISOString().slice(0, 10) !== iso ? undefined : epochMs;
}

function ordinalDay(year: number, day: number): number | undefined {
  const epochMs = startOfYear(year) + (day - 1) * DAY_MS;
  return day >= 1 && epochMs < startOfYear(year + 1) ? epochMs : undefined;
}

/** Week 1 is the one with January 4 in it; weeks begin on Monday. */
function weekDay(year: number, week: number, day: number): number | undefined {
  const monday = firstMonday(year) + (week - 1) * 7 * DAY_MS;
  return week >= 1 && monday < firstMonday(year + 1) ? monday + (day - 1) * DAY_MS : undefined;
}

function firstMonday(year: number): number {
  const fourth = startOfYear(year) + 3 * DAY_MS;
  const daysAfterMonday = (new Date(fourth).getUTCDay() + 6) % 7;
  return fourth - daysAfterMonday * DAY_MS;
}

/** `Date.UTC` alone would read the years 0 to 99 as 1900 to 1999. */
function startOfYear(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}

function readOffset(sign: string, hours = '', minutes = '00'): number | undefined {
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -offsetMs : offsetMs;
}

function isTimeOfDay(
  { hours, minutes, seconds }: { hours: number; minutes: number; seconds: number },
  fractionMs: number,
): boolean {
  if (hours === 24) return minutes === 0 && seconds === 0 && fractionMs === 0;
  return hours < 24 && minutes < 60 && seconds <= 60;
}

function isEndOfMonth(epochMs: number): boolean {
  return epochMs % DAY_MS === 0 && new Date(epochMs).getUTCDate() === 1;
}

function inRange(date: OrderDate): OrderDate | undefined {
  return date.epochMs >= FIRST_MS && date.epochMs <= LAST_MS ? date : undefined;
}
