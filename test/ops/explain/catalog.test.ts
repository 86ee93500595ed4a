import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { CODES, explain } from '../../../ops/explain/catalog.ts';
import { runOps } from '../../../ops/run.ts';
import { readTransaction } from '../../../shared/validation/webhooks/transaction-wire.ts';
import { ORDER_VIOLATIONS, ORDER_WARNINGS } from '../../../shared/validation/orders/order-violation.ts';
import { NOT_REWARDABLE_REASONS } from '../../../shared/validation/webhooks/rewardable.ts';

const ROOT = join(import.meta.dirname, '../../..');

/**
 * Properties that contain a code. A value that is only logged about a whole run is an outcome, not a code.
 */
const CODE_MEMBERS = ['code', 'reason', 'problem', 'cause', 'detail'];

/** Types whose strings are all codes. */
const CODE_TYPES = ['TransactionFlag', 'ConflictCause', 'AmountProblem', 'DiscountProblem', 'VersionRefusal'];

const CODE = /^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$/;

/**
 * The codes in the source: as members of objects and of types, in unions, and as keys next to a `problem`.
 */
function codesIn(file: string): string[] {
  const codes: string[] = [];
  const textsIn = (node: ts.Node): string[] =>
    ts.isStringLiteral(node) ? [node.text] : node.getChildren().flatMap(textsIn);
  const visit = (node: ts.Node): void => {
    const isMember = ts.isPropertyAssignment(node) || ts.isPropertySignature(node);
    if (isMember && CODE_MEMBERS.includes(node.name.getText())) {
      const value = ts.isPropertyAssignment(node) ? node.initializer : node.type;
      if (value && (ts.isStringLiteral(value) || ts.isTypeNode(value))) codes.push(...textsIn(value));
    }
    if (ts.isTypeAliasDeclaration(node) && CODE_TYPES.includes(node.name.text))
      codes.push(...textsIn(node.type));
    const nameOf = (property: ts.ObjectLiteralElementLike) => property.name?.getText();
    const members =
      ts.isPropertyAssignment(node) && ts.isObjectLiteralExpression(node.initializer)
        ? node.initializer.properties.map(nameOf)
        : [];
    const isReason =
      ts.isPropertyAssignment(node) && members.includes('problem') && !members.includes('code');
    if (isReason) codes.push(node.name.getText());
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true));
  return codes.filter((code) => CODE.test(code));
}

const FILES = globSync('{shared,functions}/**/*.ts', {
  cwd: ROOT,
  exclude: (path) => /node_modules|dist$|\.test\.ts$/.test(path),
});
const WRITTEN = [...new Set(FILES.flatMap(codesIn))].sort();

describe('explain', () => {
  it('knows every code in the source', () => {
    const named = [
      ...Object.keys(ORDER_VIOLATIONS),
      ...Object.keys(ORDER_WARNINGS),
      ...NOT_REWARDABLE_REASONS,
    ];
    expect(WRITTEN).toEqual(
      expect.arrayContaining([
        'version_conflict',
        'too_late',
        'breaker_open',
        'commission_mismatch',
        'not_stored',
      ]),
    );

    expect([...WRITTEN, ...named].filter((code) => explain(code).length === 0)).toEqual([]);
  });

  it('knows the codes of a row that is not understood', () => {
    const rows = [null, {}, { id: '' }, { id: 'x'.repeat(300) }, { status: 'paid' }, { created_date: 'x' }];
    const more = [{ pub_ref: {} }, { amount: 1e300 }, { category: '\ud83d' }, { amount: 1.5 }];
    const codes = [...rows, ...more].flatMap((row) => {
      const result = readTransaction(row);
      return result.ok ? [] : result.faults.map(({ code }) => code);
    });

    expect(new Set(codes).size).toBeGreaterThan(3);
    expect([...new Set(codes)].filter((code) => explain(code).length === 0)).toEqual([]);
  });

  it.each(CODES)('says everything about %s', (code) => {
    for (const meaning of explain(code))
      for (const text of Object.values(meaning)) expect(text.trim()).not.toBe('');
  });

  it('knows what Button and what a proxy answered', () => {
    expect(explain('http_503')[0]?.rule).toBe('Button answered 503.');
    expect(explain('foreign_http_502')[0]?.rule).toContain('a proxy');
    expect(explain('http_999')).toEqual([]);
  });

  it('suggests a code for one that is mistyped', async () => {
    let err = '';
    const code = await runOps(['explain', 'total_not_sun'], {
      out: () => undefined,
      err: (text) => (err += text),
    });

    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('"total_not_sum"') as string });
  });
});
