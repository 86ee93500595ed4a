import { asJsonObject } from '@button-serverless/validation/json';
import type { NewestVersion } from '../../shared/orders/rules/order-ledger.ts';
import type { QuarantinedItem } from '../../shared/quarantine/quarantine-review.ts';
import { jsonDifferences } from '../fix/json-difference.ts';

/** The most fields of an entry that are named. */
const MOST_FIELDS = 10;

/**
 * How an entry in quarantine differs: each field that was refused, with its value in the entry and what it is
 * compared with. Personal data is never shown. Pure.
 *
 * Of an order, `newest` is the version that the ledger holds: a version with the same number and other
 * content differs from it.
 */
export function entryDifferences(entry: QuarantinedItem, newest?: NewestVersion): string[] {
  const message = parsed(entry.bytes);
  if (message === undefined) return [];
  const held = newest?.order === undefined ? undefined : { data: newest.order };
  const isOtherContent = entry.reasons.some(({ code }) => code === 'version_conflict');
  const paths =
    isOtherContent && held
      ? jsonDifferences(held.data, asJsonObject(message)?.['data']).map(
          ({ path }) => `$.data${path.slice(1)}`,
        )
      : entry.reasons.flatMap(({ path }) => path ?? []);
  const distinct = [...new Set(paths)];
  const lines = distinct.slice(0, MOST_FIELDS).map((path) => {
    const here = `${shown(path, message)} (entry ${entry.id})`;
    const others = [
      ...(held && isOrderField(path) ? [`${shown(path, held)} (the version that we hold)`] : []),
      ...sumOfLines(path, message),
    ];
    return `${path}: ${[here, ...others].join(', ')}`;
  });
  const more = distinct.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more fields of entry ${entry.id}`] : lines;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

function isOrderField(path: string): boolean {
  return path.startsWith('$.data.');
}

/** What the total of an order has to be. */
function sumOfLines(path: string, message: unknown): string[] {
  const lines = valueAt('$.data.line_items', message);
  if (path !== '$.data.total' || !Array.isArray(lines) || lines.length === 0) return [];
  const totals = lines.map((line: unknown) => asJsonObject(line)?.['total']);
  const numbers = totals.filter((total) => typeof total === 'number');
  if (numbers.length < totals.length) return [];
  return [`${numbers.reduce((sum, total) => sum + total, 0)} (the sum of the totals of its lines)`];
}

/** The value at a path such as `$.data.line_items[0].total`; undefined if there is none. */
function valueAt(path: string, from: unknown): unknown {
  let value = from;
  for (const [, name, index] of path.matchAll(/\.(\w+)|\[(\d+|\*)\]/g)) {
    if (name !== undefined) value = asJsonObject(value)?.[name];
    else
      value =
        Array.isArray(value) && index !== '*' ? (value as readonly unknown[])[Number(index)] : undefined;
  }
  return value;
}

const NUMBER = /^-?[\d.,]{1,20}$/;
const INSTANT = /^[\dTtZz:.+ -]{1,35}$/;
const WORD = /^[a-z_-]{1,20}$/;

/** The fields whose values are no personal data, and the form of these values: other texts are not shown. */
const FORMS: Readonly<Record<string, RegExp>> = {
  total: NUMBER,
  amount: NUMBER,
  quantity: NUMBER,
  order_total: NUMBER,
  publisher_commission: NUMBER,
  sequence: NUMBER,
  currency: /^[A-Za-z]{1,5}$/,
  order_currency: /^[A-Za-z]{1,5}$/,
  status: WORD,
  time: INSTANT,
  purchase_date: INSTANT,
  finalization_date: INSTANT,
  created_date: INSTANT,
  modified_date: INSTANT,
  validated_date: INSTANT,
  attribution_date: INSTANT,
};

function shown(path: string, from: unknown): string {
  const value = valueAt(path, from);
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  const form = FORMS[/\.(\w+)$/.exec(path)?.[1] ?? ''];
  const isHarmless = form?.test(String(value)) === true || typeof value === 'boolean';
  return isHarmless ? JSON.stringify(value) : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}
