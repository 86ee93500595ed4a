import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { testTitles } from './test-titles.ts';

const HERE = import.meta.dirname;

/** An id, or a range of them: `A1-A7`, `E5–E8`, `D1 to D10`. */
const IDS = /\b([A-F])(\d{1,2})\b(?:(?:-|–| to )\1(\d{1,2})\b)?/g;

function idsIn(text: string): string[] {
  return [...text.matchAll(IDS)].flatMap(([, letter = '', first = '', last = first]) =>
    Array.from(
      { length: Number(last) - Number(first) + 1 },
      (_, index) => `${letter}${Number(first) + index}`,
    ),
  );
}

const tested = new Set(testTitles().flatMap(idsIn));

/** The rows of docs/scenarios.md: an id, what happens, and why it does not apply, if so. */
const rows = readFileSync(join(HERE, '../docs/scenarios.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, id = '']) => /^[A-F]\d+$/.test(id))
  .map(([, id = '', what = '', reason = '']) => ({ id, what, reason }));

it('every scenario that applies has a test with its id in the title, and one that does not has a reason', () => {
  const missing = rows.filter(({ id, reason }) => reason === '' && !tested.has(id));

  expect(missing).toEqual([]);
  expect(rows.filter(({ what }) => what === '')).toEqual([]);
});

it('every id in a title of a test is a scenario that applies', () => {
  const known = new Set(rows.filter(({ reason }) => reason === '').map(({ id }) => id));

  expect([...tested].filter((id) => !known.has(id))).toEqual([]);
});

it('the list of scenarios has each id once', () => {
  expect(rows.map(({ id }) => id)).toEqual([...new Set(rows.map(({ id }) => id))]);
  expect(rows).toHaveLength(104);
});
