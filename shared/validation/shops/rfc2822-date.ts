const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DATE =
  /^(?:[A-Z][a-z]{2},\s*)?(\d{1,2})\s+([A-Z][a-z]{2})\s+(\d{4})\s+(\d{2}:\d{2}:\d{2})\s+(?:([+-]\d{4})|GMT|UT)$/;

/**
 * Writes a date of RFC 2822 (`Tue, 20 Nov 2012 00:00:00 +0000`) in ISO 8601, with its offset. Undefined for
 * anything else; whether there is such a day is for `readOrderDate` to say.
 */
export function readRfc2822Date(text: string): string | undefined {
  const [, day, monthName, year, time, offset = '+0000'] = DATE.exec(text.trim()) ?? [];
  if (day === undefined || monthName === undefined || year === undefined || time === undefined)
    return undefined;
  const month = MONTHS.indexOf(monthName) + 1;
  if (month === 0) return undefined;
  return `${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}T${time}${offset}`;
}
