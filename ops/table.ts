import { styleText } from 'node:util';

import stringWidth from 'fast-string-width';
import * as z from 'zod';

import { onOneLine } from './visible.ts';

/** A table as lines of text, and what stands below it. */
export type Table = { lines: string[]; below: Readonly<Record<string, string[]>> };

const GAP = '  ';
const LEAST_COLUMNS = 2;

/**
 * The items of a list as an aligned table of at most `width` characters. Columns that do not fit are left
 * out, the last ones first, and named. Sentences, such as commands to paste, stand below the table. Undefined
 * if the items have values that no cell can show, or if not even two columns fit. Pure.
 */
export function tableOf(items: readonly unknown[], width: number): Table | undefined {
  const rows = z.array(z.record(z.string(), z.unknown())).min(1).safeParse(items).data;
  if (!rows || items.some((item) => Array.isArray(item))) return undefined;
  const below: Record<string, string[]> = {};
  const columns: Column[] = [];
  for (const name of new Set(rows.flatMap((row) => Object.keys(row)))) {
    const values = rows.map((row) => row[name]);
    if (values.some((value) => SentencesSchema.safeParse(value).success)) {
      below[name] = values.flatMap((value) => SentencesSchema.safeParse(value).data ?? []);
      continue;
    }
    const column = columnOf(name, values);
    if (!column) return undefined;
    if (column.width > name.length || column.cells.some((cell) => cell !== '')) columns.push(column);
  }
  const fitting = columnsWithin(columns, width);
  if (fitting.length < Math.min(LEAST_COLUMNS, columns.length)) return undefined;
  const left = columns.slice(fitting.length).map(({ name }) => name);
  const note = left.length === 0 ? [] : [`(too narrow for ${left.join(', ')}: see --json)`];
  return { lines: [...linesOf(fitting, rows.length), ...note], below };
}

type Column = { name: string; cells: readonly string[]; width: number; isNumeric: boolean };

function columnOf(name: string, values: readonly unknown[]): Column | undefined {
  const cells = values.map(cellOf);
  if (!cells.every((cell) => cell !== undefined)) return undefined;
  const width = Math.max(stringWidth(name), ...cells.map((cell) => stringWidth(cell)));
  return { name, cells, width, isNumeric: values.every((value) => typeof value === 'number') };
}

/** Two or more words; a list of them is no cell. */
const SentencesSchema = z.array(z.string().regex(/ /)).min(1);
const WordsSchema = z.array(z.string());
/** Of a reason, its code says the most; of anything else that has an id, the id. */
const CodesSchema = z.array(z.object({ code: z.string() }));
const NamedSchema = z.object({ id: z.string() });

/** The value in a cell; undefined if a cell cannot show it. */
function cellOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return shown(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  const codes = CodesSchema.safeParse(value).data?.map(({ code }) => code);
  const words = WordsSchema.safeParse(value).data ?? codes;
  const text = words ? [...new Set(words)].join(', ') : NamedSchema.safeParse(value).data?.id;
  return text === undefined ? undefined : shown(text);
}

function shown(text: string): string {
  return onOneLine(text.replaceAll(/\s+/g, ' '));
}

function columnsWithin(columns: readonly Column[], width: number): Column[] {
  let end = -GAP.length;
  return columns.filter((column) => (end += GAP.length + column.width) <= width);
}

function linesOf(columns: readonly Column[], count: number): string[] {
  const heading = columns.map(({ name, ...column }) => styleText('bold', aligned(name, column)));
  const rows = Array.from({ length: count }, (_, row) =>
    columns.map(({ cells, ...column }) => aligned(cells[row] ?? '', column)),
  );
  return [heading, ...rows].map((cells) => cells.join(GAP).trimEnd());
}

/** `padEnd` would count characters, of which some are twice as wide as others. */
function aligned(text: string, { width, isNumeric }: Pick<Column, 'width' | 'isNumeric'>): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return isNumeric ? space + text : text + space;
}
