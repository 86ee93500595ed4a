import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** Every regular expression in a file. */
function expressionsIn(path: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text);
    if (ts.isNewExpression(node) && node.expression.getText() === 'RegExp') found.push(node.getText());
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true));
  return found;
}

/** Whether a repetition is itself repeated: a text that almost matches can then take exponential time. */
function nestsRepetitions(expression: string): boolean {
  let text = expression.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  for (;;) {
    const group = /\(([^()]*)\)([*+]|\{\d+,\d*\})?/.exec(text);
    if (!group) return false;
    const [whole, inner = '', repetition] = group;
    const isRepeating = /[*+]|\{\d+,\d*\}/.test(inner);
    if (isRepeating && repetition !== undefined) return true;
    text = text.replace(whole, isRepeating || repetition !== undefined ? 'x+' : 'x');
  }
}

const files = ['shared', 'functions'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules') && !file.includes('dist'))
    .map((file) => join(folder, file)),
);
const expressions = files.flatMap((file) =>
  expressionsIn(join(ROOT, file)).map((expression) => ({ file, expression })),
);

describe('the regular expressions that run on untrusted input', () => {
  it('are found', () => {
    expect(expressions.length).toBeGreaterThan(10);
  });

  it('contain no nested repetition, so that no text takes them exponential time (S28)', () => {
    expect(expressions.filter(({ expression }) => nestsRepetitions(expression))).toEqual([]);
  });

  it('would be detected if they did', () => {
    const hostile = [
      '/^(a+)+$/',
      String.raw`/^(?:\d+)*x$/`,
      '/([a-z]*,)*$/',
      '/(x{1,}){2,}/',
      '/((ab?)*c)+/',
    ];

    expect(hostile.filter(nestsRepetitions)).toEqual(hostile);
  });
});
