import { asJsonObject } from '@button-serverless/validation/json';
import type { NewestVersion } from '../../shared/orders/rules/order-ledger.ts';
import type { QuarantinedItem } from '../../shared/quarantine/quarantine-review.ts';
import { jsonDifferences } from '../fix/json-difference.ts';

/** The most fields of an entry that are named. */
const MOST_FIELDS = 10;

/**
 * How an entry in quarantine differs: each field that was refused, with its value in the entry and what it is
 * compared with. Values that may be personal data are not shown. Pure.
 *
 * Of an order, `newest` is the version that the ledger holds: another message with the same version differs
 * from it.
 */
export function entryDifferences(
  entry: Pick<QuarantinedItem, 'bytes' | 'reasons'>,
  newest?: NewestVersion,
): string[] {
  const message = parsed(entry.bytes);
  if (message === undefined) return [];
  const held = newest?.order === undefined ? undefined : { data: newest.order };
  const isConflict = entry.reasons.some(({ code }) => code === 'version_conflict');
  const paths =
    isConflict && held ? conflictingPaths(held, message) : entry.reasons.flatMap(({ path }) => path ?? []);
  const isNotSum = entry.reasons.some(({ code }) => code === 'total_not_sum');
  const lines = [...new Set(paths)].flatMap((path) => {
    const value = valueAt(path, message);
    const here = shown(path, value);
    const others = [
      ...(isNotSum && path === '$.data.total' ? sumOfLines(message) : []),
      ...comparison(path, { value, held: valueAt(path, held) }),
    ];
    if (others.length === 0 && here === HIDDEN) return [];
    const but = others.length === 0 ? '' : `, but ${others.join(', and ')}`;
    return [`${path}: ${here}${but}`];
  });
  const more = lines.length - MOST_FIELDS;
  return more > 0 ? [...lines.slice(0, MOST_FIELDS), `and ${more} more fields`] : lines;
}

/** The ledger keeps the token apart, and dates in whole seconds. */
function conflictingPaths(held: { data: unknown }, message: unknown): string[] {
  return jsonDifferences(held.data, asJsonObject(message)?.['data'])
    .filter(({ path, before, after }) => path !== '$.btn_ref' && !isSameSecond(before, after))
    .map(({ path }) => `$.data${path.slice(1)}`);
}

function isSameSecond(one: unknown, other: unknown): boolean {
  const [first, second] = [one, other].map((value) =>
    typeof value === 'string' && INSTANT.test(value) ? Math.floor(Date.parse(value) / 1000) : NaN,
  );
  return first === second;
}

function comparison(path: string, { value, held }: { value: unknown; held: unknown }): string[] {
  if (held === undefined || held === value) return [];
  const there = shown(path, held);
  return [`the version that we hold has ${there === HIDDEN ? 'another' : there}`];
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

function sumOfLines(message: unknown): string[] {
  const lines = valueAt('$.data.line_items', message);
  if (!Array.isArray(lines)) return [];
  const totals = lines.map((line: unknown) => asJsonObject(line)?.['total']);
  const numbers = totals.filter((total) => typeof total === 'number');
  if (numbers.length < totals.length) return [];
  return [`its lines add up to ${numbers.reduce((sum, total) => sum + total, 0)}`];
}

/** The value at a path such as `$.data.line_items[0].total`; undefined if there is none. */
function valueAt(path: string, from: unknown): unknown {
  let value = from;
  for (const [, name, index] of path.matchAll(/\.(\w+)|\[(\d+|\*)\]/g)) {
    const list: readonly unknown[] = Array.isArray(value) ? value : [];
    value = name === undefined ? list[Number(index)] : asJsonObject(value)?.[name];
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

/** A text may be personal data. */
const HIDDEN = 'a value that is not shown';

function shown(path: string, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== 'string' && typeof value !== 'number') return 'an object';
  const form = FORMS[/\.(\w+)$/.exec(path)?.[1] ?? ''];
  return form?.test(String(value)) === true ? JSON.stringify(value) : HIDDEN;
}
