import { readdirSync, readFileSync } from 'node:fs';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import {
  isOrderViolationCode,
  ORDER_VIOLATIONS,
  ORDER_WARNINGS,
} from '../../../../shared/validation/orders/order-violation.ts';
import { REFUSED_MESSAGES, REFUSED_ORDERS, WARNED_MESSAGES } from './refused-examples.ts';

const PAGE = readFileSync(new URL('../../../../docs/order-messages.md', import.meta.url), 'utf8');

function codesOfSection(heading: string): string[] {
  const [, section = ''] = PAGE.split(`\n## ${heading}\n`);
  const [body = ''] = section.split('\n## ');
  return [...body.matchAll(/^\| `([a-z0-9_]+)` /gm)].map(([, code = '']) => code);
}

/** The codes of the reasons in a file: each is next to a `problem`, or above one. */
function reasonCodesIn(file: URL): string[] {
  const codes: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const valueOf = (name: string): ts.Node | undefined =>
        node.properties.find((property) => property.name?.getText() === name);
      const code = valueOf('code');
      if (valueOf('problem') && code && ts.isPropertyAssignment(code) && ts.isStringLiteral(code.initializer))
        codes.push(code.initializer.text);
      if (valueOf('problem') && !code && ts.isPropertyAssignment(node.parent))
        codes.push(node.parent.name.getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file.pathname, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));
  return codes;
}

/** The codes in the reporter and its rules, except the tables that this test checks. */
function reasonCodesOfReporter(): string[] {
  const folders = ['functions/order-reporter', 'shared/orders/rules', 'shared/validation/orders'].map(
    (folder) => `../../../../${folder}/`,
  );
  const files = folders.flatMap((folder) =>
    readdirSync(new URL(folder, import.meta.url))
      .filter((name) => name.endsWith('.ts') && name !== 'order-violation.ts')
      .map((name) => new URL(`${folder}${name}`, import.meta.url)),
  );
  const ledgers = new URL('../../../../shared/orders/version-reasons.ts', import.meta.url);
  return [...new Set([...files, ledgers].flatMap(reasonCodesIn))];
}

describe('the codes of violations and warnings', () => {
  it('each have an example in these tests', () => {
    // Codes that depend on a brand's setting, on several events, or on the number of violations have their
    // own tests.
    const provoked = [...REFUSED_ORDERS, ...REFUSED_MESSAGES].map(({ code }) => code);

    expect(new Set([...provoked, 'time_missing', 'event_id_repeated', 'more_violations'])).toEqual(
      new Set(Object.keys(ORDER_VIOLATIONS)),
    );
    expect(new Set([...WARNED_MESSAGES.map(({ code }) => code), 'more_warnings'])).toEqual(
      new Set(Object.keys(ORDER_WARNINGS)),
    );
  });

  it('are listed in docs/order-messages.md, each once and no other', () => {
    expect(codesOfSection('Violations').toSorted()).toEqual(Object.keys(ORDER_VIOLATIONS).toSorted());
    expect(codesOfSection('Warnings').toSorted()).toEqual(Object.keys(ORDER_WARNINGS).toSorted());
  });

  it('are in docs/order-messages.md even if only the ledger or Button knows the reason', () => {
    const codes = reasonCodesOfReporter();

    expect(codes).toEqual(
      expect.arrayContaining(['version_conflict', 'refused_by_button', 'retry_of_unknown_order']),
    );
    expect(codesOfSection('Refusals by the ledger and by Button').toSorted()).toEqual(codes.toSorted());
  });

  it('belong to either a violation or a warning', () => {
    const both = Object.keys(ORDER_VIOLATIONS).filter((code) => code in ORDER_WARNINGS);

    expect(both).toEqual([]);
  });

  it('are not confused with the property names that every object has', () => {
    expect(isOrderViolationCode('constructor')).toBe(false);
    expect(isOrderViolationCode('not_json')).toBe(true);
  });
});
