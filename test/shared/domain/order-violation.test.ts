import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import {
  isOrderViolationCode,
  ORDER_VIOLATIONS,
  ORDER_WARNINGS,
} from '../../../shared/domain/order-violation.ts';
import { REFUSED_MESSAGES, REFUSED_ORDERS, WARNED_MESSAGES } from './refused-examples.ts';

const PAGE = readFileSync(new URL('../../../docs/order-messages.md', import.meta.url), 'utf8');

function codesOfSection(heading: string): string[] {
  const [, section = ''] = PAGE.split(`\n## ${heading}\n`);
  const [body = ''] = section.split('\n## ');
  return [...body.matchAll(/^\| `([a-z0-9_]+)` /gm)].map(([, code = '']) => code);
}

describe('the codes of violations and warnings', () => {
  it('are each provoked by an example in these tests', () => {
    // time_missing depends on a brand's setting, the last one on the number of violations: both have tests of their own.
    const provoked = [...REFUSED_ORDERS, ...REFUSED_MESSAGES].map(({ code }) => code);

    expect(new Set([...provoked, 'time_missing', 'more_violations'])).toEqual(
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

  it('belong to either a violation or a warning', () => {
    const both = Object.keys(ORDER_VIOLATIONS).filter((code) => code in ORDER_WARNINGS);

    expect(both).toEqual([]);
  });

  it('are not confused with the names that every object has', () => {
    expect(isOrderViolationCode('constructor')).toBe(false);
    expect(isOrderViolationCode('not_json')).toBe(true);
  });
});
