/** A marker: the value after it is written as a number. */
const MARK = '\u0000number ';

const MARKED = /"\\u0000number (-?\d+)"/g;

/**
 * A field's value that `toWireJson` writes as a number with all of these digits: a JavaScript number loses
 * those beyond 2^53.
 */
export function wireNumber(digits: string): string {
  return `${MARK}${digits}`;
}

/** The text of a value for a reader that keeps every digit of its JSON: for a number, its digits. */
export function textOnWire(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value.replace(MARK, '') : null;
}

/** JSON as Button writes it, with every `wireNumber` as a number. */
export function toWireJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(MARKED, '$1');
}
