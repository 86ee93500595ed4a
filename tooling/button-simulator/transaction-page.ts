import * as z from 'zod';
import { cutToSecond } from './instants.ts';
import type { TransactionVersion } from './transaction-rows.ts';
import type { World } from './world.ts';

const InstantSchema = z.iso.datetime({ offset: true }).transform((instant) => Date.parse(instant));

/**
 * The parameters of a list and their defaults (docs/button/transactions-api.md, "Transactions: parameters").
 */
export const TransactionQuerySchema = z.object({
  start: InstantSchema.optional(),
  end: InstantSchema.optional(),
  time_field: z.enum(['created_date', 'modified_date', 'attribution_date']).default('created_date'),
  page_size: z
    .string()
    .regex(/^[1-9]\d{0,9}$/, 'must be a positive integer')
    .transform(Number)
    .pipe(z.int32())
    .default(50),
  country: z
    .string()
    .regex(/^[A-Za-z]{2}$/, 'must be an ISO 3166 alpha-2 code')
    .optional(),
});
export type TransactionQuery = z.infer<typeof TransactionQuerySchema>;

/** Where a page begins: at that row, or after that number of rows. */
export const PagePositionSchema = z.union([
  z.strictObject({ timeMs: z.int(), id: z.string() }),
  z.int().nonnegative(),
]);
export type PagePosition = z.infer<typeof PagePositionSchema>;

/** The rows of a page, and where its neighbours begin. */
export type TransactionPage = {
  versions: TransactionVersion[];
  next: PagePosition | null;
  previous: PagePosition | null;
};

type PageRequest = { query: TransactionQuery; from: PagePosition | undefined; world: Readonly<World> };
type Row = { version: TransactionVersion; timeMs: number };

/** Cuts the requested page out of all versions that the API shows. */
export function pageOf(
  versions: readonly TransactionVersion[],
  { query, from, world }: PageRequest,
): TransactionPage {
  const rows = listedRows(versions, query).sort((a, b) => compareRows(a, b, world));
  const size = Math.min(query.page_size, world.maxPageSize);
  if (world.cursorFilters === 'forgotten' && from === undefined)
    return beginningOf(rows.slice(0, size), versions, { query, world });
  const begin = from === undefined ? 0 : indexOf(from, rows, world);
  return {
    versions: rows.slice(begin, begin + size).map(({ version }) => version),
    next: positionAt(begin + size, rows, world),
    previous: begin === 0 ? null : positionAt(Math.max(0, begin - size), rows, world),
  };
}

/** The first page of a list that goes on without its filters. */
function beginningOf(
  rows: readonly Row[],
  versions: readonly TransactionVersion[],
  { query, world }: Pick<PageRequest, 'query' | 'world'>,
): TransactionPage {
  const { start: _start, end: _end, country: _country, ...rest } = query;
  const all = listedRows(versions, rest).sort((a, b) => compareRows(a, b, world));
  const last = rows.at(-1);
  const end = all.findIndex(({ version }) => version === last?.version);
  return {
    versions: rows.map(({ version }) => version),
    next: last === undefined ? null : positionAt(end + 1, all, world),
    previous: null,
  };
}

/** The rows within [start, end) of the chosen date, which is compared in whole seconds, as rows show it. */
function listedRows(versions: readonly TransactionVersion[], query: TransactionQuery): Row[] {
  return versions
    .flatMap((version) => {
      const timeMs = dateOf(version, query.time_field);
      return timeMs === null ? [] : [{ version, timeMs }];
    })
    .filter(({ timeMs }) => query.start === undefined || cutToSecond(timeMs) >= query.start)
    .filter(({ timeMs }) => query.end === undefined || cutToSecond(timeMs) < query.end)
    .filter(({ version }) => query.country === undefined || isIn(query.country, version));
}

function dateOf(version: TransactionVersion, field: TransactionQuery['time_field']): number | null {
  if (field === 'created_date') return version.createdMs;
  return field === 'modified_date' ? version.modifiedMs : version.attributionMs;
}

function isIn(country: string, version: TransactionVersion): boolean {
  return version.country?.toUpperCase() === country.toUpperCase();
}

function positionAt(index: number, rows: readonly Row[], world: Readonly<World>): PagePosition | null {
  const row = rows[index];
  if (row === undefined) return null;
  return world.paging === 'offset' ? index : { timeMs: row.timeMs, id: row.version.id };
}

function indexOf(from: PagePosition, rows: readonly Row[], world: Readonly<World>): number {
  if (typeof from === 'number') return from;
  const index = rows.findIndex(({ timeMs, version }) => {
    return compareRows({ timeMs, version }, { timeMs: from.timeMs, version: { id: from.id } }, world) >= 0;
  });
  return index === -1 ? rows.length : index;
}

type Sortable = { timeMs: number; version: { id: string } };

function compareRows(one: Sortable, other: Sortable, world: Readonly<World>): number {
  const byTime = one.timeMs - other.timeMs;
  const byId = Number(one.version.id > other.version.id) - Number(one.version.id < other.version.id);
  return (world.rowOrder === 'oldest-first' ? 1 : -1) * (byTime === 0 ? byId : byTime);
}
