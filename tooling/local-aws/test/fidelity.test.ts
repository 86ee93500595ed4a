import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(import.meta.dirname, '../FIDELITY.md'), 'utf8');

/** The cells of the table under a heading, without its header row. */
function rowsUnder(heading: string): string[][] {
  const [, section = ''] = page.split(`## ${heading}\n`);
  const [text = ''] = section.split('\n## ');
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('each imitated behaviour', () => {
  it.each(rowsUnder('What is imitated, and the test that shows it'))(
    '%s: has its AWS page and its test',
    (_behaviour, _where, source, test) => {
      const file = /^`(.+)`$/u.exec(test)?.[1] ?? '';
      const path = file.startsWith('test/') ? file : join('tooling/local-aws/test', file);

      expect(source).toMatch(/^\[.+\]\(https:\/\/docs\.aws\.amazon\.com\/.+\.html\)$/u);
      expect(existsSync(join(ROOT, path))).toBe(true);
    },
  );

  it('is in the list', () => {
    expect(rowsUnder('What is imitated, and the test that shows it').length).toBeGreaterThan(20);
  });
});

it.each(rowsUnder('What differs, and what that could hide'))(
  'the difference "%s" says what it could hide',
  (_here, onAws, hides) => {
    expect(onAws).not.toBe('');
    expect(hides).not.toBe('');
  },
);
