import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const rows = readFileSync('docs/security.md', 'utf8')
  .split('\n')
  .filter((line) => /^\| [STRIDE] /.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, , threat = '', control = '', proof = '']) => ({ threat, control, proof }));

describe('the threat model (S26)', () => {
  it('covers every kind of threat, each with a control', () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const { threat, control } of rows) {
      expect(threat).not.toBe('');
      expect(control).not.toBe('');
    }
  });

  it.each(rows)('names an existing test against: $threat', ({ proof }) => {
    const [, file = '', title = ''] = /^`(test\/\S+\.test\.ts)`: "(.+)"$/.exec(proof) ?? [];

    expect(existsSync(file), file).toBe(true);
    expect(titlesIn(file).some((each) => each.includes(title))).toBe(true);
  });
});

/** Titles of tests that run, not of those that are skipped, marked as todo or mentioned in a comment. */
function titlesIn(file: string): string[] {
  const source = readFileSync(file, 'utf8').replaceAll(/^\s*\/\/.*$/gm, '');
  const calls = source.matchAll(/\bit(?:\.each\([\s\S]*?\))?\(\s*(['"`])([\s\S]*?)\1,/g);
  return [...calls].map(([, , title = '']) => title.replaceAll("\\'", "'"));
}
