import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readJson } from '../../../../shared/validation/json/json-text.ts';

function flawsOf(text: string): string[] {
  const reading = readJson(text);
  return reading.ok
    ? reading.flaws.map(({ code, segments }) => `${code} ${segments.join('/')}`)
    : ['unreadable'];
}

describe('readJson', () => {
  it('reads what JSON.parse reads and nothing else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => json.slice(1)),
        ),
        (text) => {
          let expected: unknown;
          let isJson = true;
          try {
            expected = JSON.parse(text);
          } catch {
            isJson = false;
          }

          const reading = readJson(text);

          expect(reading.ok).toBe(isJson);
          expect(reading.ok ? reading.value : undefined).toEqual(expected);
        },
      ),
    );
  });

  it('reports no problem in what JSON.stringify writes of texts and small integers', () => {
    const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null));
    const names = fc.string({ unit: 'binary' }).filter((name) => name !== '__proto__');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie('tree')), fc.dictionary(names, tie('tree'))),
    }));

    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 2), (value, indent) => {
        expect(flawsOf(JSON.stringify(value, null, indent))).toEqual([]);
      }),
    );
  });

  it('finds a name that occurs twice in one object, however it is escaped', () => {
    expect(flawsOf('{"a":[{"b":1,"c":{"b":2},"\\u0062":3}]}')).toEqual(['duplicate_key a/0/b']);
  });

  it('accepts the same name in two objects', () => {
    expect(flawsOf('[{"a":1},{"a":{"a":1}}]')).toEqual([]);
  });

  it('accepts the same text as name and as value', () => {
    expect(flawsOf('{"a":"a","b":["a","b"],"c":"a\\"b"}')).toEqual([]);
  });

  it('finds __proto__ at any depth', () => {
    expect(flawsOf('{"a":{"\\u005f_proto__":{"admin":true}}}')).toEqual(['proto_key a/__proto__']);
  });

  it.each([
    ['{"total":70.00}', 'number_with_decimal_point total'],
    ['{"a":[1,-2,3E2]}', 'number_with_decimal_point a/2'],
    ['1.5', 'number_with_decimal_point '],
    ['{"a":1e-7}', 'number_with_decimal_point a'],
  ])('finds the number in %s that is not written as an integer', (text, flaw) => {
    expect(flawsOf(text)).toEqual([flaw]);
  });

  it('accepts 32 levels of nesting and stops at the next', () => {
    expect(flawsOf('['.repeat(32) + ']'.repeat(32))).toEqual([]);
    expect(flawsOf('['.repeat(33) + ']'.repeat(33))).toHaveLength(1);
  });

  it('survives a million levels of nesting', () => {
    const reading = readJson('['.repeat(1_000_000) + ']'.repeat(1_000_000));

    expect(reading).toMatchObject({ ok: true, flaws: [{ code: 'nested_too_deep' }] });
  });
});
